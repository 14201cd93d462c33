//! The pages: one method for each thing that the web page can answer with.
//!
//! Owns the template engine and hides it. Templates are strict (a field they do not know is an error), escape
//! everything, and burn fuel, so that no text from outside can become markup or keep a request busy.

use domain::{person::People, words::Words};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use crate::{
    IncidentView, IndexView, asset,
    document::{IncidentDocument, IndexDocument, MessageDocument},
    error::Error,
};

/// Far above a thread of a thousand lines, far below a second.
const FUEL: u64 = 5_000_000;

const TEMPLATES: [(&str, &str); 8] = [
    ("parts.html", include_str!("templates/parts.html")),
    ("layout.html", include_str!("templates/layout.html")),
    ("card.html", include_str!("templates/card.html")),
    ("decisions.html", include_str!("templates/decisions.html")),
    ("live.html", include_str!("templates/live.html")),
    ("incident.html", include_str!("templates/incident.html")),
    ("index.html", include_str!("templates/index.html")),
    ("message.html", include_str!("templates/message.html")),
];

/// Renders every page of the web page.
#[derive(Debug)]
pub struct Pages {
    environment: Environment<'static>,
    public_url: String,
}

impl Pages {
    /// Reads the templates. `public_url` is where PagerDuty reaches this program.
    pub fn new(public_url: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_syntax(
            SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()
                .expect("the default delimiters are well-formed"),
        );
        environment.set_fuel(Some(FUEL));
        environment.add_global("assets", asset::version());
        for (name, source) in TEMPLATES {
            environment
                .add_template(name, source)
                .map_err(|source| Error::Template { name, source: source.into() })?;
        }
        Ok(Self { environment, public_url: public_url.trim_end_matches('/').to_owned() })
    }

    /// The list of incidents: a whole page.
    pub fn index(&self, view: &IndexView<'_>) -> Result<String, Error> {
        self.render("index.html", &IndexDocument::of(view, &self.public_url))
    }

    /// One incident: a whole page.
    pub fn incident(&self, view: &IncidentView<'_>) -> Result<String, Error> {
        self.render("incident.html", &IncidentDocument::page(view))
    }

    /// The card and the thread of [`Pages::incident`] alone: the data of an SSE event named `thread`. It does not
    /// depend on `now`, so that the same text means the same state (the page's script fills the countdowns in),
    /// and holds no carriage return, which would end a line of the event.
    pub fn fragment(&self, view: &IncidentView<'_>) -> Result<String, Error> {
        self.render("live.html", &IncidentDocument::fragment(view))
    }

    /// A page that says one thing: not found, not allowed, not now.
    pub fn message(&self, title: &str, words: &Words, people: &People) -> Result<String, Error> {
        self.render("message.html", &MessageDocument::of(title, words, people))
    }

    fn render<D: Serialize>(&self, name: &'static str, document: &D) -> Result<String, Error> {
        let html = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(Serde(document)))
            .map_err(|source| Error::Render { name, source: source.into() })?;
        Ok(html.replace("\r\n", "\n").replace('\r', "\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Known {
        known: &'static str,
    }

    fn pages_with(source: &'static str) -> Pages {
        let mut pages = Pages::new("http://127.0.0.1:8080").unwrap();
        pages.environment.add_template("trial.html", source).unwrap();
        pages
    }

    #[test]
    fn a_field_that_does_not_exist_is_an_error() {
        let strict = |source| pages_with(source).render("trial.html", &Known { known: "yes" });
        assert_eq!(strict("{{ known }}").unwrap(), "yes");
        for source in ["{{ unknown }}", "{% if unknown %}{% endif %}", "{{ known.unknown.more }}"] {
            assert!(strict(source).is_err(), "{source} was let through");
        }
    }

    #[test]
    fn a_template_that_runs_on_is_stopped() {
        let endless =
            "{% for i in range(9999) %}{% for j in range(9999) %}.{% endfor %}{% endfor %}";
        assert!(pages_with(endless).render("trial.html", &Known { known: "yes" }).is_err());
    }

    #[test]
    fn no_template_marks_anything_as_safe() {
        for (name, source) in TEMPLATES {
            let marks = source.contains("safe") || source.contains("autoescape");
            assert!(!marks, "{name} switches escaping off");
        }
    }
}
