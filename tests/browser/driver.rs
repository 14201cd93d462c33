//! A small client of the `WebDriver` protocol: one Chromium with a fresh profile, driven through a chromedriver of its own.
//!
//! Knows the protocol and nothing of our page.

use std::{fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    installation::{client, process::Process},
    screen::Screen,
};

const DRIVER: &str = "COUNTERSIGN_TEST_CHROMEDRIVER";
const CHROMIUM: &str = "COUNTERSIGN_TEST_CHROMIUM";
const SKIP: &str = "skip";

/// A browser; dropping it ends it.
pub(crate) struct Browser {
    http: Client,
    /// The address of the session.
    session: String,
    pub(crate) screen: Screen,
    // The profile goes after the processes that use it.
    _driver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Opens a browser of this size; `None` where it is to be left out.
    pub(crate) async fn open(screen: Screen) -> Option<Self> {
        let driver = place(DRIVER, "chromedriver")?;
        let driver = start(&driver);
        let line = driver.line_with("started successfully on port").await;
        let port: u16 = line
            .rsplit(' ')
            .find_map(|word| word.trim_end_matches('.').parse().ok())
            .expect("chromedriver names its port");
        let (http, profile) = (client(), tempfile::tempdir().expect("a folder"));
        let url = format!("http://127.0.0.1:{port}/session");
        let answer = post(&http, &url, &capabilities(profile.path())).await.expect("a session");
        let session = format!("{url}/{}", answer["sessionId"].as_str().expect("its id"));
        let browser = Self { http, session, screen, _driver: driver, _profile: profile };
        browser.fit().await;
        Some(browser)
    }

    /// A command of the session; the error is the protocol's word for what went wrong.
    pub(crate) async fn call(&self, path: &str, body: &Value) -> Result<Value, String> {
        post(&self.http, &format!("{}/{path}", self.session), body).await
    }

    /// A question to the session.
    pub(crate) async fn ask(&self, path: &str) -> Result<Value, String> {
        request(&self.http, Method::GET, &format!("{}/{path}", self.session), None).await
    }

    /// A command of Chromium's own protocol.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.call("goog/cdp/execute", &body).await.expect("a command that Chromium knows")
    }

    /// Goes to an address and waits until the page is loaded.
    pub(crate) async fn go(&self, url: &str) {
        self.call("url", &json!({"url": url})).await.expect("the page is loaded");
    }

    /// What a piece of script returns.
    pub(crate) async fn evaluate(&self, script: &str) -> Value {
        let body = json!({"script": script, "args": []});
        self.call("execute/sync", &body).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Presses a key, as `'\u{e004}'` (Tab) or `'\u{e007}'` (Enter), and lets it go.
    pub(crate) async fn press(&self, key: char) {
        let strokes = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        let actions = json!({"actions": [{"type": "key", "id": "keys", "actions": strokes}]});
        self.call("actions", &actions).await.expect("a key can be pressed");
    }

    /// Opens another tab and shows it.
    pub(crate) async fn open_tab(&self) {
        let tab = self.call("window/new", &json!({"type": "tab"})).await.expect("a tab");
        self.call("window", &json!({"handle": tab["handle"]})).await.expect("shows the tab");
        self.fit().await;
    }

    /// Shows a tab, counted from 0 in the order in which they were opened.
    pub(crate) async fn show_tab(&self, number: usize) {
        let tabs = self.ask("window/handles").await.expect("the tabs");
        self.call("window", &json!({"handle": tabs[number]})).await.expect("shows the tab");
    }

    /// What the tab's console has been told as an error, a failed request among it.
    pub(crate) async fn console_errors(&self) -> Vec<String> {
        let log = self.call("se/log", &json!({"type": "browser"})).await.expect("the console");
        let lines = log.as_array().expect("a list").iter();
        let errors = lines.filter(|line| line["level"] == "SEVERE");
        errors.map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Keeps the whole page as `target/screenshots/SCREEN-STATE.png`.
    pub(crate) async fn screenshot(&self, state: &str) {
        let size = &self.devtools("Page.getLayoutMetrics", json!({})).await["cssContentSize"];
        let clip =
            json!({"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1});
        let wanted = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.devtools("Page.captureScreenshot", wanted).await;
        let picture = BASE64_STANDARD.decode(picture["data"].as_str().expect("a picture"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        fs::create_dir_all(&folder).expect("makes a folder");
        fs::write(folder.join(format!("{}-{state}.png", self.screen.name)), picture.expect("PNG"))
            .expect("writes the picture");
    }

    /// Ends the browser in good order.
    pub(crate) async fn close(self) {
        request(&self.http, Method::DELETE, &self.session, None).await.expect("the session ends");
    }

    /// What the tab's system asks of pages, besides standing still, so that a click meets what it aims at and a
    /// picture shows no half-faded line.
    pub(crate) async fn prefer(&self, colours: &str) {
        let features = json!([
            {"name": "prefers-reduced-motion", "value": "reduce"},
            {"name": "prefers-color-scheme", "value": colours},
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    async fn fit(&self) {
        self.devtools("Emulation.setDeviceMetricsOverride", self.screen.metrics()).await;
        self.prefer("light").await;
    }
}

fn capabilities(profile: &Path) -> Value {
    let mut options = json!({"args": [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        format!("--user-data-dir={}", profile.display()),
    ]});
    if let Some(chromium) = variable(CHROMIUM) {
        options["binary"] = json!(chromium);
    }
    json!({"capabilities": {"alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
    }}})
}

fn start(driver: &str) -> Process {
    let mut command = Command::new(driver);
    command.arg("--port=0");
    Process::start(command)
}

/// Where a program is, or `None` where it is to be left out.
fn place(name: &str, program: &str) -> Option<String> {
    match variable(name) {
        Some(place) if place == SKIP => None,
        Some(place) => Some(place),
        None if is_on_path(program) => Some(program.to_owned()),
        None => panic!(
            "there is no {program}: `cargo xtask test` installs it; else set {name} to its place, or to `{SKIP}`"
        ),
    }
}

#[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn is_on_path(program: &str) -> bool {
    let path = variable("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

async fn post(http: &Client, url: &str, body: &Value) -> Result<Value, String> {
    request(http, Method::POST, url, Some(body)).await
}

async fn request(
    http: &Client,
    method: Method,
    url: &str,
    body: Option<&Value>,
) -> Result<Value, String> {
    let request = http.request(method, url);
    let request = if let Some(body) = body { request.json(body) } else { request };
    let answer = request.send().await.expect("chromedriver answers");
    let is_success = answer.status().is_success();
    let mut answer: Value = answer.json().await.expect("chromedriver speaks JSON");
    let value = answer["value"].take();
    if is_success { Ok(value) } else { Err(format!("{}: {}", value["error"], value["message"])) }
}
