//! Somebody looks at an incident's page: one installation, one bot, one browser.

use serde_json::{Value, json};

use crate::{
    driver::Browser,
    installation::{CUSTOMERS, Installation, ORDERS, Serving, Warehouse},
    screen::Screen,
};

/// A visit to the page of an incident that waits for a decision.
pub(crate) struct Visit {
    pub(crate) browser: Browser,
    pub(crate) page: String,
    serving: Serving,
    installation: Installation,
}

/// Details that two people of the first level may decide on.
pub(crate) fn ordinary() -> Value {
    json!({"models": format!("{ORDERS}, {CUSTOMERS}")})
}

/// Details that nobody below the fourth level may decide on.
pub(crate) fn grave() -> Value {
    json!({"models": ORDERS, "trigger": "security_breach_identified"})
}

impl Visit {
    /// The alert has arrived, the proposal stands, and the browser shows it. `None`: browsers are left out.
    pub(crate) async fn begin(screen: Screen, details: &Value) -> Option<Self> {
        let browser = Browser::open(screen).await?;
        let installation = Installation::fresh().await;
        let serving = installation.serve().await;
        installation.alert(&serving, "Duplicate rows in the marts", details).await;
        let incident = serving.incident_in("Waiting for a decision").await;
        let page = format!("{}/incidents/{incident}", serving.address);
        browser.go(&page).await;
        Some(Self { browser, page, serving, installation })
    }

    pub(crate) fn warehouse(&self) -> &Warehouse {
        &self.installation.warehouse
    }

    /// Chooses as whom to act.
    pub(crate) async fn act_as(&self, person: &str, name: &str) {
        self.browser.click(&format!(".personas button[value={person}]")).await;
        self.browser.whole_page_with(".demo", &format!("You act as {name}")).await;
        self.browser.text_with("#card .state", "Waiting for a decision").await;
    }

    /// The page is no wider than the screen, and nothing on it was cut off for that.
    pub(crate) async fn expect_no_sideways_scrolling(&self) {
        let widths = "return [document.documentElement.scrollWidth, window.innerWidth]";
        let widths = self.browser.evaluate(widths).await;
        let screen = u64::from(self.browser.screen.width);
        assert_eq!(widths[1], screen, "the page was laid out for another screen: {widths}");
        assert!(widths[0].as_u64().expect("a number") <= screen, "it scrolls sideways: {widths}");
    }

    /// Marks the page as it is loaded now.
    pub(crate) async fn mark(&self) {
        self.browser.evaluate("window.loadedOnce = true").await;
    }

    /// The page is the one that was marked: it changed without being loaded again.
    pub(crate) async fn expect_marked(&self) {
        assert_eq!(
            self.browser.evaluate("return window.loadedOnce").await,
            true,
            "it was loaded again"
        );
    }

    /// Nothing was reported as an error; browser and bot end in good order.
    pub(crate) async fn end(self) {
        assert_eq!(self.browser.console_errors().await, [""; 0], "the console reports errors");
        self.browser.close().await;
        let (code, log) = self.serving.process.terminate().await;
        assert_eq!(code, Some(0), "{log}");
        assert!(!log.contains("\"ERROR\""), "errors were logged: {log}");
    }
}
