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
    /// The proposal that `waiting` is about: another one is decided on from the beginning.
    proposal: String,
    waiting: VecDeque<Button>,
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
        Ok(Self { visitor, page, proposal: String::new(), waiting: VecDeque::new() })
    }

    /// The next person who has not yet tried it approves what the page shows; `None` where there is nobody left, or
    /// nothing to approve any more.
    pub(super) async fn approve(&mut self, proposal: &str) -> Result<Option<Click>> {
        let page = self.visitor.open(&self.page).await?;
        let personas =
            form(&page, "/persona", None).context("find the choice of people on the page")?;
        if self.proposal != proposal {
            proposal.clone_into(&mut self.proposal);
            self.waiting = in_order(&personas.buttons);
        }
        let Some(person) = self.waiting.pop_front() else { return Ok(None) };
        let page = self.visitor.submit(&personas, Some(&person)).await?;
        let decide = format!("{}/decide", self.page);
        let Some(approve) = form(&page, &decide, Some("approve")) else {
            // The buttons went away in this moment; this person may be needed later.
            self.waiting.push_front(person);
            return Ok(None);
        };
        let page = self.visitor.submit(&approve, approve.buttons.first()).await?;
        let answer = text_of(&page, "answer").unwrap_or_else(|| "(no answer)".to_owned());
        Ok(Some(Click { person: person.text, answer }))
    }
}

/// The form that is sent to `action`, and whose verdict is `verdict` where one is given.
fn form(page: &str, action: &str, verdict: Option<&str>) -> Option<Form> {
    forms(page).into_iter().find(|form| {
        form.action == action
            && verdict.is_none_or(|verdict| form.field("verdict") == Some(verdict))
    })
}

/// One of each level first, lowest level first; then the second of each level, and so on. Watchers are left out.
fn in_order(buttons: &[Button]) -> VecDeque<Button> {
    let level = |button: &Button| button.text.rsplit_once("level ")?.1.parse::<u8>().ok();
    let mut seen = BTreeMap::new();
    let mut order: Vec<(usize, u8, &Button)> = Vec::new();
    for button in buttons {
        let Some(level) = level(button) else { continue };
        let round = seen.entry(level).or_insert(0);
        order.push((*round, level, button));
        *round += 1;
    }
    order.sort_by_key(|(round, level, _)| (*round, *level));
    order.into_iter().map(|(_, _, button)| button.clone()).collect()
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
    fn people_are_asked_by_level_and_watchers_never() {
        let button = |text: &&str| Button { field: None, text: (*text).to_owned() };
        let people = [
            "Ana level 1",
            "Bo level 1",
            "Ben level 2",
            "Tess level 2",
            "Mia level 3",
            "Sam watches",
        ];
        let order = in_order(&people.iter().map(button).collect::<Vec<_>>());
        let order: Vec<_> = order.iter().map(|button| button.text.as_str()).collect();
        assert_eq!(
            order,
            ["Ana level 1", "Ben level 2", "Mia level 3", "Bo level 1", "Tess level 2"]
        );
    }
}
