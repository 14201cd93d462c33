//! One call of the Web API: faults first, then the token, then the arguments, then the method.

use std::sync::{Arc, Mutex};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State as Shared},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    BOT_USER, TEAM, chat, conversations, hanging, lock, membership, people, reactions,
    signing::form, socket, state::State, views,
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
    /// The scope that is needed, and those that the token has.
    scopes: Option<(String, String)>,
}

pub(super) type Answer = Result<Value, Refused>;

impl From<&str> for Refused {
    fn from(error: &str) -> Self {
        Self { error: error.to_owned(), details: Vec::new(), retry_after: None, scopes: None }
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

    pub(super) fn missing_scope(needed: &str, provided: &str) -> Self {
        let scopes = Some((needed.to_owned(), provided.to_owned()));
        Self { scopes, ..Self::from("missing_scope") }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut body = json!({"ok": false, "error": self.error});
        if !self.details.is_empty() {
            body["response_metadata"] = json!({"messages": self.details});
        }
        if let Some((needed, provided)) = &self.scopes {
            body["needed"] = json!(needed);
            body["provided"] = json!(provided);
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
    if hanging::held(&shared, &method).await {
        return lost();
    }
    let (is_down, fault, scopes) = {
        let mut state = lock(&shared);
        (state.faults.is_down, state.faults.take(&method), state.scopes())
    };
    if is_down {
        return bare(503);
    }
    let mut response = match fault {
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
    };
    if let Ok(scopes) = HeaderValue::from_str(&scopes) {
        response.headers_mut().insert("x-oauth-scopes", scopes);
    }
    response
}

fn call(state: &mut State, method: &str, headers: &HeaderMap, body: &[u8]) -> Answer {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = header(header::AUTHORIZATION).strip_prefix("Bearer ");
    let arguments = arguments(header(header::CONTENT_TYPE), body)?;
    state.admit(token, method, &arguments)?;
    let now_ms = state.now().timestamp_millis();
    state.rates.take(method, text(&arguments, "channel"), now_ms)?;
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
        "apps.connections.open" => Ok(socket::open(state)),
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
