//! What stands on a page, named by CSS selectors. Whatever is not there yet is waited for: the page is alive.

use serde_json::{Value, json};

use crate::{driver::Browser, installation::patience::until_told};

/// The key under which the protocol hides an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// What a click meets while the page replaces or moves its element, or gives way to the next page. None of them has
/// clicked, so clicking again is no second click.
const PASSING: [&str; 7] = [
    "stale element reference",
    "no such element",
    "element not interactable",
    "element click intercepted",
    "does not belong to the document",
    "aborted by navigation",
    "no such execution context",
];

impl Browser {
    /// The ids of all elements that a selector names.
    pub(crate) async fn all(&self, selector: &str) -> Vec<String> {
        until_told(selector, async || self.find(selector).await).await
    }

    /// Clicks an element where a mouse or a finger would.
    pub(crate) async fn click(&self, selector: &str) {
        until_told(selector, async || {
            let found = self.find(selector).await?;
            let id = found.first().ok_or("nothing on the page matches")?;
            match self.call(&format!("element/{id}/click"), &json!({})).await {
                Err(error) if !PASSING.iter().any(|passing| error.contains(passing)) => {
                    panic!("{selector}: {error}")
                }
                clicked => clicked,
            }
        })
        .await;
    }

    /// Types a text into a field. A field that went away while it was typed into has kept nothing of it.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        until_told(selector, async || {
            let found = self.find(selector).await?;
            let id = found.first().ok_or("nothing on the page matches")?;
            match self.call(&format!("element/{id}/value"), &json!({"text": text})).await {
                Err(error) if !PASSING.iter().any(|passing| error.contains(passing)) => {
                    panic!("{selector}: {error}")
                }
                typed => typed,
            }
        })
        .await;
    }

    /// Waits until an element shows `text`; gives all that it shows.
    pub(crate) async fn text_with(&self, selector: &str, text: &str) -> String {
        until_told(&format!("`{text}` in {selector}"), async || {
            let shown = self.look(selector, "element.innerText").await?;
            let shown = shown.as_str().unwrap_or_default();
            if shown.contains(text) { Ok(shown.to_owned()) } else { Err(format!("`{shown}`")) }
        })
        .await
    }

    /// Waits until the page that shows `text` is there as a whole, its script included: a page that is still being
    /// read has its first lines, and no keys yet.
    pub(crate) async fn whole_page_with(&self, selector: &str, text: &str) {
        self.text_with(selector, text).await;
        until_told("the whole page", async || {
            let state = self.look("html", "document.readyState").await?;
            if state == "complete" { Ok(()) } else { Err(state.to_string()) }
        })
        .await;
    }

    /// The shown texts of all elements that a selector names.
    pub(crate) async fn texts(&self, selector: &str) -> Vec<String> {
        let script = format!(
            "return [...document.querySelectorAll({})].map((element) => element.innerText)",
            json!(selector)
        );
        serde_json::from_value(self.evaluate(&script).await).expect("texts")
    }

    /// An element can be seen and is large enough for a finger, within the screen's width.
    pub(crate) async fn expect_within_reach(&self, selector: &str) {
        let place = until_told(selector, async || {
            let place = "element.checkVisibility() && element.getBoundingClientRect().toJSON()";
            self.look(selector, place).await
        })
        .await;
        assert_ne!(place, false, "{selector} cannot be seen");
        let side = |name: &str| place[name].as_f64().expect("a number");
        assert!(side("width") >= 44.0 && side("height") >= 44.0, "{selector} is small: {place}");
        let is_within =
            side("x") >= 0.0 && side("x") + side("width") <= f64::from(self.screen.width);
        assert!(is_within, "{selector} reaches beyond the screen: {place}");
    }

    async fn find(&self, selector: &str) -> Result<Vec<String>, String> {
        let query = json!({"using": "css selector", "value": selector});
        let found = self.call("elements", &query).await?;
        let found = found.as_array().expect("a list").iter();
        Ok(found.map(|element| element[ELEMENT].as_str().expect("an id").to_owned()).collect())
    }

    /// What an expression over the first `element` that a selector names comes to. One question to the page: an element
    /// that was found in one question may belong to the page before when the next one comes. Looking changes nothing,
    /// so whatever goes wrong is no more than a reason to look again.
    async fn look(&self, selector: &str, expression: &str) -> Result<Value, String> {
        let script = format!(
            "const element = document.querySelector({}); return element && ({expression})",
            json!(selector)
        );
        match self.call("execute/sync", &json!({"script": script, "args": []})).await? {
            Value::Null => Err("nothing on the page matches".to_owned()),
            found => Ok(found),
        }
    }
}
