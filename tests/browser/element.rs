//! What stands on a page, named by CSS selectors. Whatever is not there yet is waited for: the page is alive.

use serde_json::{Value, json};

use crate::{driver::Browser, installation::patience::until};

/// The key under which the protocol hides an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// What happens to an element that the page replaces or moves at this moment.
const PASSING: [&str; 4] = [
    "stale element reference",
    "no such element",
    "element not interactable",
    "element click intercepted",
];

impl Browser {
    /// The ids of all elements that a selector names.
    pub(crate) async fn all(&self, selector: &str) -> Vec<String> {
        let query = json!({"using": "css selector", "value": selector});
        let found = self.call("elements", &query).await.expect("a selector");
        let found = found.as_array().expect("a list").iter();
        found.map(|element| element[ELEMENT].as_str().expect("an id").to_owned()).collect()
    }

    /// Clicks an element where a mouse or a finger would.
    pub(crate) async fn click(&self, selector: &str) {
        let clicked = async |id: &str| self.call(&format!("element/{id}/click"), &json!({})).await;
        self.first(selector, clicked).await;
    }

    /// Types a text into a field.
    pub(crate) async fn type_into(&self, selector: &str, text: &str) {
        let typed = async |id: &str| {
            self.call(&format!("element/{id}/value"), &json!({"text": text})).await
        };
        self.first(selector, typed).await;
    }

    /// The text of an element as it is shown.
    pub(crate) async fn text(&self, selector: &str) -> String {
        let text =
            self.first(selector, async |id: &str| self.ask(&format!("element/{id}/text")).await);
        text.await.as_str().expect("text").to_owned()
    }

    /// Waits until an element shows `text`; gives all that it shows.
    pub(crate) async fn text_with(&self, selector: &str, text: &str) -> String {
        until(&format!("`{text}` in {selector}"), async || {
            Some(self.text(selector).await).filter(|shown| shown.contains(text))
        })
        .await
    }

    /// Waits until the page that shows `text` is there as a whole, its script included: a page that is still being
    /// read has its first lines, and no keys yet.
    pub(crate) async fn whole_page_with(&self, selector: &str, text: &str) {
        self.text_with(selector, text).await;
        until("the whole page", async || {
            (self.evaluate("return document.readyState").await == "complete").then_some(())
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
        let shown = self
            .first(selector, async |id: &str| self.ask(&format!("element/{id}/displayed")).await);
        assert_eq!(shown.await, true, "{selector} cannot be seen");
        let place = self
            .first(selector, async |id: &str| self.ask(&format!("element/{id}/rect")).await)
            .await;
        let side = |name: &str| place[name].as_f64().expect("a number");
        assert!(side("width") >= 44.0 && side("height") >= 44.0, "{selector} is small: {place}");
        let is_within =
            side("x") >= 0.0 && side("x") + side("width") <= f64::from(self.screen.width);
        assert!(is_within, "{selector} reaches beyond the screen: {place}");
    }

    /// What is done with the first element that a selector names, tried again while the page changes under it.
    async fn first(
        &self,
        selector: &str,
        deed: impl AsyncFn(&str) -> Result<Value, String>,
    ) -> Value {
        until(selector, async || {
            let found = self.all(selector).await;
            match deed(found.first()?).await {
                Ok(value) => Some(value),
                Err(error) if PASSING.iter().any(|passing| error.contains(passing)) => None,
                Err(error) => panic!("{selector}: {error}"),
            }
        })
        .await
    }
}
