//! One request of a step, and what its answer says.

use std::time::Duration;

use domain::plan::{Finding, Outcome, Request};
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;

use crate::{
    CallError, Header, Outbound,
    client::{Call, Reply, address},
};

/// How much of a value is shown.
const SHOWN: usize = 120;

impl Outbound {
    /// Sends a request once and compares its answer with what the plan expects. `headers` are the plan's, with their
    /// secrets filled in.
    pub async fn request(
        &self,
        request: &Request,
        headers: &[Header],
        timeout: Duration,
    ) -> Result<Finding, CallError> {
        let url = address(&request.url)?;
        let mut headers = headers.to_vec();
        let is_json = request
            .body
            .as_ref()
            .is_some_and(|body| serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok());
        let names_type =
            headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()));
        if is_json && !names_type {
            headers.push((CONTENT_TYPE.to_string(), "application/json".into()));
        }
        let subject = format!("{} {}", request.method, request.url);
        let call = Call {
            method: &request.method,
            url,
            headers: &headers,
            body: request.body.as_deref(),
            timeout,
        };
        let reply = self.send(call).await?;
        let (outcome, detail) = judge(request, &reply);
        Ok(Finding { check: "http".to_owned(), subject, outcome, detail })
    }

    /// The single value at a JSON pointer of the answer; the error says why there is none, a sentence.
    pub async fn value_at(
        &self,
        request: &Request,
        pointer: &str,
        headers: &[Header],
        timeout: Duration,
    ) -> Result<String, String> {
        let sent = async {
            let url = address(&request.url)?;
            let call = Call { method: &request.method, url, headers, body: None, timeout };
            self.send(call).await
        };
        let reply = sent.await.map_err(|error| format!("The server cannot be asked: {error}."))?;
        value_of(request, pointer, &reply)
    }
}

fn value_of(request: &Request, pointer: &str, reply: &Reply) -> Result<String, String> {
    if !request.status.contains(&reply.status) {
        return Err(format!("The server answered {}.", reply.status));
    }
    let body: Value = serde_json::from_slice(&reply.body)
        .map_err(|_| "The server's answer is not JSON that can be read.".to_owned())?;
    match body.pointer(pointer) {
        Some(Value::String(text)) => Ok(shortened(text)),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
        Some(_) => Err(format!("There is no single value at {pointer}.")),
        None => Err(format!("The answer holds no {pointer}.")),
    }
}

/// What a reply says. A server that could not or would not answer says nothing about what was asked.
fn judge(request: &Request, reply: &Reply) -> (Outcome, String) {
    let status = reply.status;
    if !request.status.contains(&status) {
        let detail =
            format!("The server answered {status}, and {} is expected.", list(&request.status));
        let says_nothing =
            matches!(status, 300..=399 | 401 | 403 | 407 | 408 | 425 | 429 | 500..=599);
        return (if says_nothing { Outcome::Inconclusive } else { Outcome::Fail }, detail);
    }
    if request.json.is_empty() {
        return (Outcome::Pass, format!("The server answered {status}."));
    }
    let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
        let why = if reply.is_cut { "is too long to be read" } else { "is not JSON" };
        return (
            Outcome::Inconclusive,
            format!("The server answered {status}, but its answer {why}."),
        );
    };
    for (pointer, expected) in &request.json {
        match body.pointer(pointer) {
            Some(found) if is_equal(found, expected) => {}
            Some(found) => {
                let detail = format!("{pointer} is {}, and {expected} is expected.", shown(found));
                return (Outcome::Fail, detail);
            }
            None => return (Outcome::Fail, format!("The answer holds no {pointer}.")),
        }
    }
    let found = request.json.iter().map(|(pointer, value)| format!("{pointer} is {value}"));
    (Outcome::Pass, format!("{}.", found.collect::<Vec<_>>().join(", ")))
}

/// Numbers are equal by value: servers write 1 and 1.0 as they like.
fn is_equal(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() < f64::EPSILON,
        _ => found == expected,
    }
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn list(statuses: &[u16]) -> String {
    statuses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(status: u16, body: &str, expected: Outcome, words: &str) {
        let json = BTreeMap::from([("/pool/active".to_owned(), json!("blue"))]);
        let request = Request {
            method: "GET".to_owned(),
            url: "http://lb/".to_owned(),
            headers: BTreeMap::new(),
            body: None,
            status: vec![200],
            json,
        };
        let reply = Reply { status, body: body.as_bytes().to_vec(), is_cut: false };
        let (outcome, detail) = judge(&request, &reply);
        assert_eq!((outcome, detail.as_str()), (expected, words));
    }

    #[test]
    fn a_single_value_is_read_from_an_answer() {
        let request = Request {
            method: "GET".to_owned(),
            url: "http://lb/".to_owned(),
            headers: BTreeMap::new(),
            body: None,
            status: vec![200],
            json: BTreeMap::new(),
        };
        let body = br#"{"rate": 0.25, "state": "up", "on": true, "none": null, "list": [1]}"#;
        let read = |status, pointer: &str| {
            let reply = Reply { status, body: body.to_vec(), is_cut: false };
            value_of(&request, pointer, &reply)
        };
        for (pointer, value) in
            [("/rate", "0.25"), ("/state", "up"), ("/on", "true"), ("/list/0", "1")]
        {
            assert_eq!(read(200, pointer), Ok(value.to_owned()));
        }
        for pointer in ["/none", "/list", "", "/other"] {
            assert!(read(200, pointer).is_err(), "{pointer}");
        }
        assert_eq!(read(503, "/rate"), Err("The server answered 503.".to_owned()));
    }

    #[test]
    fn an_answer_passes_fails_or_says_nothing() {
        use Outcome::{Fail, Inconclusive, Pass};
        let blue = r#"{"pool": {"active": "blue"}}"#;
        check(200, blue, Pass, "/pool/active is \"blue\".");
        let green = r#"{"pool": {"active": "green"}}"#;
        check(200, green, Fail, "/pool/active is \"green\", and \"blue\" is expected.");
        check(200, "{}", Fail, "The answer holds no /pool/active.");
        check(200, "<html>", Inconclusive, "The server answered 200, but its answer is not JSON.");
        check(404, blue, Fail, "The server answered 404, and 200 is expected.");
        for status in [302, 401, 429, 503] {
            let words = format!("The server answered {status}, and 200 is expected.");
            check(status, blue, Inconclusive, &words);
        }
    }
}
