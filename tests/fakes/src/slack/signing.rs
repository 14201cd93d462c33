//! Requests as Slack signs them: forms for what people do, JSON for what happened.

use serde_json::{Map, Value};

use super::{FakeSlack, SIGNING_SECRET};
use crate::signed_request::{SignedRequest, hmac_hex};

const FORM: &str = "application/x-www-form-urlencoded";

impl FakeSlack {
    /// Any payload, signed as Slack signs at the fake's time.
    pub fn interaction(&self, payload: &Value) -> SignedRequest {
        self.sign(format!("payload={}", percent_encoded(&payload.to_string())).into_bytes())
    }

    /// Any form, signed as Slack signs at the fake's time.
    pub fn sign(&self, body: Vec<u8>) -> SignedRequest {
        self.sign_as(FORM, body)
    }

    /// The request once more, as Slack repeats an event that nobody answered in time: signed anew.
    pub fn retried(&self, request: &SignedRequest, number: u32) -> SignedRequest {
        let mut retried = self.sign_as(request.header("content-type"), request.body.clone());
        retried.headers.push(("x-slack-retry-num", number.to_string()));
        retried.headers.push(("x-slack-retry-reason", "http_timeout".to_owned()));
        retried
    }

    pub(super) fn sign_json(&self, body: &Value) -> SignedRequest {
        self.sign_as("application/json", body.to_string().into_bytes())
    }

    pub(super) fn sign_form(&self, fields: &[(&str, &str)]) -> SignedRequest {
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
            .collect();
        self.sign(pairs.join("&").into_bytes())
    }

    fn sign_as(&self, content_type: &str, body: Vec<u8>) -> SignedRequest {
        let timestamp = self.lock().now().timestamp().to_string();
        let message = [b"v0:", timestamp.as_bytes(), b":", body.as_slice()].concat();
        let signature = format!("v0={}", hmac_hex(SIGNING_SECRET, &message));
        let headers = vec![
            ("content-type", content_type.to_owned()),
            ("x-slack-request-timestamp", timestamp),
            ("x-slack-signature", signature),
        ];
        SignedRequest { headers, body }
    }
}

/// A form as an object of texts.
pub(super) fn form(body: &[u8]) -> Result<Value, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "invalid_form_data")?;
    let uri = format!("/?{text}").parse().map_err(|_| "invalid_form_data")?;
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri)
        .map_err(|_| "invalid_form_data")?;
    let fields: Map<String, Value> =
        query.0.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    Ok(Value::Object(fields))
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
            char::from(byte).to_string()
        }
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
