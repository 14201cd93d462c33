//! One call of the Web API: faults first, then the token, then the arguments, then the method.

use std::sync::{Arc, Mutex};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    BOT_TOKEN, BOT_USER, TEAM, chat, conversations, lock, membership, people, reactions,
    signing::form, state::State, views,
};
use crate::{
    faults::Fault,
    server::{bare, hang, lost},
};

/// Slack's "no".
#[derive(Debug)]
pub(super) struct Refused {
    error: String,
    details: Vec<String>,
    retry_after: Option<u32>,
}

pub(super) type Answer = Result<Value, Refused>;

impl From<&str> for Refused {
    fn from(error: &str) -> Self {
        Self { error: error.to_owned(), details: Vec::new(), retry_after: None }
    }
}

impl Refused {
    pub(super) fn with_details(error: &str, details: Vec<String>) -> Self {
        Self { details, ..Self::from(error) }
    }

    pub(super) fn error(&self) -> &str {
        &self.error
    }

    pub(super) fn rate_limited(seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..Self::from("ratelimited") }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut body = json!({"ok": false, "error": self.error});
        if !self.details.is_empty() {
            body["response_metadata"] = json!({"messages": self.details});
        }
        match self.retry_after {
            Some(seconds) => {
                let headers = [(header::RETRY_AFTER, seconds.to_string())];
                (StatusCode::TOO_MANY_REQUESTS, headers, Json(body)).into_response()
            }
            None => Json(body).into_response(),
        }
    }
}

pub(super) async fn answer(
    Shared(shared): Shared<Arc<Mutex<State>>>,
    Path(method): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (is_down, fault) = {
        let mut state = lock(&shared);
        (state.faults.is_down, state.faults.take(&method))
    };
    if is_down {
        return bare(503);
    }
    match fault {
        Some(Fault::Hang) => hang().await,
        Some(Fault::Status(status)) => bare(status),
        Some(Fault::RateLimited(seconds)) => Refused::rate_limited(seconds).into_response(),
        Some(Fault::Error(error)) => Refused::from(error.as_str()).into_response(),
        Some(Fault::LoseReply) => {
            // What the method answers is what nobody hears.
            let _unheard = call(&mut lock(&shared), &method, &headers, &body);
            lost()
        }
        None => match call(&mut lock(&shared), &method, &headers, &body) {
            Ok(answer) => Json(answer).into_response(),
            Err(refused) => refused.into_response(),
        },
    }
}

fn call(state: &mut State, method: &str, headers: &HeaderMap, body: &[u8]) -> Answer {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match header(header::AUTHORIZATION).strip_prefix("Bearer ") {
        None => return Err("not_authed".into()),
        Some(token) if token != BOT_TOKEN => return Err("invalid_auth".into()),
        Some(_) => {}
    }
    let arguments = arguments(header(header::CONTENT_TYPE), body)?;
    state.calls.push((method.to_owned(), arguments.clone()));
    let mut answer = match method {
        "auth.test" => Ok(json!({
            "url": "https://fake.slack.com/", "team": "Fake", "team_id": TEAM,
            "user": "countersign", "user_id": BOT_USER, "bot_id": "B0BOT",
        })),
        "chat.postMessage" => chat::post_message(state, &arguments),
        "chat.update" => chat::update(state, &arguments),
        "chat.getPermalink" => chat::permalink(state, &arguments),
        "reactions.add" => reactions::add(state, &arguments),
        "chat.postEphemeral" => chat::post_ephemeral(state, &arguments),
        "conversations.open" => membership::open(state, &arguments),
        "conversations.info" => membership::info(state, &arguments),
        "conversations.members" => membership::members(state, &arguments),
        "conversations.invite" => membership::invite(state, &arguments),
        "conversations.history" => conversations::history(state, &arguments),
        "conversations.replies" => conversations::replies(state, &arguments),
        "users.info" => people::info(state, &arguments),
        "usergroups.list" => people::groups(state, &arguments),
        "usergroups.users.list" => people::group_users(state, &arguments),
        "views.open" => views::open(state, &arguments),
        "views.push" => views::push(state, &arguments),
        "views.update" => views::update(state, &arguments),
        "views.publish" => views::publish(state, &arguments),
        _ => Err("unknown_method".into()),
    }?;
    answer["ok"] = json!(true);
    Ok(answer)
}

fn arguments(content_type: &str, body: &[u8]) -> Answer {
    if content_type.starts_with("application/json") {
        let arguments: Value = serde_json::from_slice(body).map_err(|_| "invalid_json")?;
        return if arguments.is_object() { Ok(arguments) } else { Err("json_not_object".into()) };
    }
    Ok(form(body)?)
}

/// A text argument; empty where it is missing.
pub(super) fn text<'a>(arguments: &'a Value, name: &str) -> &'a str {
    arguments[name].as_str().unwrap_or_default()
}

/// A switch, which a form writes as text.
pub(super) fn flag(arguments: &Value, name: &str) -> bool {
    arguments[name] == true || matches!(text(arguments, name), "true" | "1")
}
