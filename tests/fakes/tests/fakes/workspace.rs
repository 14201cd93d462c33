//! A fake workspace with one channel and one person, and a client that asks as a bot does.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::DateTime;
use fakes::{
    SignedRequest,
    slack::{BOT_TOKEN, FakeSlack, Message},
};
use reqwest::Client;
use serde_json::{Value, json};

use crate::client;

/// The id of the one channel.
pub(crate) const CHANNEL: &str = "C1";

pub(crate) struct Workspace {
    pub(crate) fake: FakeSlack,
    pub(crate) client: Client,
    now_ms: Arc<AtomicI64>,
}

impl Workspace {
    pub(crate) async fn start() -> Self {
        let now_ms = Arc::new(AtomicI64::new(1_795_412_780_000));
        let clock = Arc::clone(&now_ms);
        let fake = FakeSlack::start(move || {
            DateTime::from_timestamp_millis(clock.load(Ordering::SeqCst)).expect("a moment")
        })
        .await;
        fake.add_channel(CHANNEL, "#one");
        fake.add_user("U1");
        Self { fake, client: client(), now_ms }
    }

    pub(crate) fn advance(&self, milliseconds: i64) {
        self.now_ms.fetch_add(milliseconds, Ordering::SeqCst);
    }

    pub(crate) async fn call(&self, method: &str, arguments: Value) -> Value {
        self.call_as(BOT_TOKEN, method, arguments).await
    }

    pub(crate) async fn call_as(&self, token: &str, method: &str, arguments: Value) -> Value {
        let url = format!("{}/{method}", self.fake.api_url());
        let request = self.client.post(url).bearer_auth(token).json(&arguments);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    pub(crate) async fn error(&self, method: &str, arguments: Value) -> String {
        let answer = self.call(method, arguments).await;
        assert_eq!(answer["ok"], false, "{answer}");
        answer["error"].as_str().expect("an error").to_owned()
    }

    pub(crate) async fn post(&self, arguments: Value) -> String {
        let answer = self.call("chat.postMessage", arguments).await;
        answer["ts"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub(crate) async fn post_blocks(&self, blocks: Value) -> Message {
        let ts = self.post(json!({"channel": CHANNEL, "text": "x", "blocks": blocks})).await;
        self.fake.message(CHANNEL, &ts)
    }

    /// Says something by a response address; gives Slack's error, or nothing.
    pub(crate) async fn respond(&self, url: &Value, said: Value) -> Option<String> {
        let request = self.client.post(url.as_str().expect("an address")).json(&said);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        answer["error"].as_str().map(str::to_owned)
    }
}

/// What a signed request carries: an interaction's payload, a command's fields, an event's envelope.
pub(crate) fn payload(request: &SignedRequest) -> Value {
    if request.header("content-type") == "application/json" {
        return serde_json::from_slice(&request.body).expect("JSON");
    }
    let body = std::str::from_utf8(&request.body).expect("text");
    let url = reqwest::Url::parse(&format!("form://body?{body}")).expect("a form");
    let fields: serde_json::Map<String, Value> = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    match fields.get("payload").and_then(Value::as_str) {
        Some(payload) => serde_json::from_str(payload).expect("JSON"),
        None => Value::Object(fields),
    }
}

/// A row with one button.
pub(crate) fn with_button(action_id: &str) -> Value {
    json!({"type": "actions", "elements": [{
        "type": "button", "action_id": action_id, "value": "v",
        "text": {"type": "plain_text", "text": "Press"},
    }]})
}

/// A plain text.
pub(crate) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}
