//! A visitor of the web page who acts as the people of the demo: opens the page, fills in its forms, reads the answer.
//!
//! Everything goes through the page, so that what a demo shows without a person is what a person can do.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Context as _, Result, bail};
use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE},
};

use super::{
    alert::client,
    form::{Button, Form, forms, text_of},
};

/// Acts as one person of the demo after the other.
#[derive(Debug)]
pub(super) struct Personas {
    visitor: Visitor,
    page: String,
    /// What `waiting` is about: something else is decided on from the beginning.
    ask: Option<Ask>,
    waiting: VecDeque<Button>,
}

/// What the people of the demo say yes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The rollback.
    Approve,
    /// The question between two of its steps.
    Confirm,
}

/// A question to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) verdict: Verdict,
    pub(super) proposal: String,
    /// The place at which the run waits for the answer.
    pub(super) stop: serde_json::Value,
    /// A level for each approval that the proposal needs, highest first.
    pub(super) levels: Vec<u8>,
}

/// What came of a click.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Click {
    /// Who clicked: the button's text, name and level.
    pub(super) person: String,
    /// What the page answered.
    pub(super) answer: String,
}

impl Personas {
    /// The people of the server at `url`, in front of the page of `incident`.
    pub(super) fn of(url: &str, incident: &str) -> Result<Self> {
        let visitor = Visitor { client: client()?, url: url.to_owned(), cookies: BTreeMap::new() };
        let page = format!("/incidents/{incident}");
        Ok(Self { visitor, page, ask: None, waiting: VecDeque::new() })
    }

    /// The next person who has not yet tried it says yes to what the page shows; `None` where there is nobody left, or
    /// nothing to say yes to any more.
    pub(super) async fn press(&mut self, ask: Ask) -> Result<Option<Click>> {
        let verdict = ask.verdict.name();
        let page = self.visitor.open(&self.page).await?;
        let personas =
            form(&page, "/persona", None).context("find the choice of people on the page")?;
        if self.ask.as_ref() != Some(&ask) {
            self.waiting = in_order(&personas.buttons, &ask.levels);
            self.ask = Some(ask);
        }
        let Some(person) = self.waiting.pop_front() else { return Ok(None) };
        let page = self.visitor.submit(&personas, Some(&person)).await?;
        let decide = format!("{}/decide", self.page);
        let Some(form) = form(&page, &decide, Some(verdict)) else {
            // The buttons went away in this moment; this person may be needed later.
            self.waiting.push_front(person);
            return Ok(None);
        };
        let page = self.visitor.submit(&form, form.buttons.first()).await?;
        let answer = text_of(&page, "answer").unwrap_or_else(|| "(no answer)".to_owned());
        Ok(Some(Click { person: person.text, answer }))
    }
}

impl Verdict {
    /// Its name on the page's forms.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Confirm => "confirm",
        }
    }

    /// What its button says.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Confirm => "Confirm",
        }
    }
}

/// The form that is sent to `action`, and whose verdict is `verdict` where one is given.
fn form(page: &str, action: &str, verdict: Option<&str>) -> Option<Form> {
    forms(page).into_iter().find(|form| {
        form.action == action
            && verdict.is_none_or(|verdict| form.field("verdict") == Some(verdict))
    })
}

/// Whoever is on call tries first; then one person for each level that is needed, lowest first; then everybody else in
/// the order of their levels. Watchers are left out.
fn in_order(buttons: &[Button], needed: &[u8]) -> VecDeque<Button> {
    let level = |button: &Button| button.text.rsplit_once("level ")?.1.parse::<u8>().ok();
    let mut people: Vec<(u8, &Button)> =
        buttons.iter().filter_map(|button| Some((level(button)?, button))).collect();
    people.sort_by_key(|(level, _)| *level);
    let lowest = people.first().map(|(level, _)| *level);
    let mut order = VecDeque::new();
    for wanted in lowest.into_iter().chain(needed.iter().rev().copied()) {
        // Where the lowest level is enough, its first person has said yes by then.
        if let Some(at) = people.iter().position(|(level, _)| *level == wanted) {
            order.push_back(people.remove(at).1.clone());
        }
    }
    order.extend(people.into_iter().map(|(_, button)| button.clone()));
    order
}

/// A browser as far as forms need one: it keeps cookies and follows redirects.
#[derive(Debug)]
struct Visitor {
    client: Client,
    url: String,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    async fn open(&mut self, path: &str) -> Result<String> {
        self.send(self.client.get(format!("{}{path}", self.url)), path).await
    }

    async fn submit(&mut self, form: &Form, button: Option<&Button>) -> Result<String> {
        let pressed = button.and_then(|button| button.field.as_ref());
        let fields: Vec<_> = form.fields.iter().chain(pressed).collect();
        let request = self.client.post(format!("{}{}", self.url, form.action)).form(&fields);
        self.send(request.header(ORIGIN, &self.url), &form.action).await
    }

    async fn send(&mut self, request: RequestBuilder, path: &str) -> Result<String> {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, cookies.join("; ")).send().await;
        let answer = answer.with_context(|| format!("ask for {path}"))?;
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair =
                cookie.to_str().ok().and_then(|cookie| cookie.split(';').next()?.split_once('='));
            self.cookies
                .extend(pair.map(|(name, value)| (name.trim().to_owned(), value.to_owned())));
        }
        let status = answer.status();
        if status == StatusCode::SEE_OTHER {
            let place = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok());
            let place = place.context("a redirect leads nowhere")?.to_owned();
            return Box::pin(self.open(&place)).await;
        }
        let page = answer.text().await.with_context(|| format!("read {path}"))?;
        if !status.is_success() {
            bail!("{path} was answered with {status}: {}", text_of(&page, "main").unwrap_or(page));
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_asked_by_the_levels_that_are_needed_and_watchers_never() {
        let button = |text: &&str| Button { field: None, text: (*text).to_owned() };
        let people = [
            "Ana level 1",
            "Bo level 1",
            "Ben level 2",
            "Tess level 2",
            "Mia level 3",
            "Cleo level 4",
            "Sam watches",
        ];
        let people: Vec<_> = people.iter().map(button).collect();
        for (needed, expected) in [
            (&[1][..], ["Ana", "Bo", "Ben", "Tess", "Mia", "Cleo"]),
            (&[2, 2], ["Ana", "Ben", "Tess", "Bo", "Mia", "Cleo"]),
            (&[4, 3, 2], ["Ana", "Ben", "Mia", "Cleo", "Bo", "Tess"]),
        ] {
            let order = in_order(&people, needed);
            let order: Vec<_> = order.iter().filter_map(|is| is.text.split(' ').next()).collect();
            assert_eq!(order, expected, "{needed:?}");
        }
    }
}
