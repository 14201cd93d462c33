//! The REST API: `GET /incidents` and `GET /incidents/{id}/alerts`, page by page, with PagerDuty's error bodies.

use std::sync::{Arc, Mutex};

use axum::{
    Json,
    extract::{Path, Query, State as Shared},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{API_TOKEN, Incident, State, lock};
use crate::{
    faults::Fault,
    server::{bare, hang, lost},
};

/// Faults are not told apart by path.
pub(super) const ANY: &str = "any";

type Account = Shared<Arc<Mutex<State>>>;
type Parameters = Vec<(String, String)>;

pub(super) async fn incidents(
    Shared(account): Account,
    uri: Uri,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    if let Some(answer) = gate(&account, &uri.to_string(), &headers).await {
        return answer;
    }
    let state = lock(&account);
    let wanted = |name: &str, value: &str| {
        let mut values = parameters.iter().filter(|(known, _)| known == name).peekable();
        values.peek().is_none() || values.any(|(_, wanted)| wanted == value)
    };
    let all: Vec<Value> = state
        .incidents
        .iter()
        .filter(|incident| wanted("statuses[]", &incident.status))
        .filter(|incident| wanted("service_ids[]", &incident.service_id))
        .map(as_json)
        .collect();
    page("incidents", &all, &parameters)
}

pub(super) async fn alerts(
    Shared(account): Account,
    Path(id): Path<String>,
    uri: Uri,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Response {
    if let Some(answer) = gate(&account, &uri.to_string(), &headers).await {
        return answer;
    }
    let state = lock(&account);
    if !state.incidents.iter().any(|incident| incident.id == id) {
        return refused(StatusCode::NOT_FOUND, 2100, "Not Found");
    }
    let own = state.alerts.iter().filter(|(incident, _)| *incident == id);
    let all: Vec<Value> = own.map(|(_, alert)| alert.clone()).collect();
    page("alerts", &all, &parameters)
}

pub(super) async fn unknown() -> Response {
    refused(StatusCode::NOT_FOUND, 2100, "Not Found")
}

/// An answer that comes before any work: a fault, or a "no" to the token.
async fn gate(account: &Mutex<State>, call: &str, headers: &HeaderMap) -> Option<Response> {
    let (is_down, fault) = {
        let mut state = lock(account);
        (state.faults.is_down, state.faults.take(ANY))
    };
    if is_down {
        return Some(bare(503));
    }
    match fault {
        Some(Fault::Hang) => return Some(hang().await),
        Some(Fault::LoseReply) => return Some(lost()),
        Some(Fault::Status(status)) => return Some(bare(status)),
        Some(Fault::RateLimited(seconds)) => {
            let reset = [("ratelimit-reset", seconds.to_string())];
            let body = refused(StatusCode::TOO_MANY_REQUESTS, 2020, "Rate Limit Exceeded");
            return Some((reset, body).into_response());
        }
        Some(Fault::Error(error)) => return Some(refused(StatusCode::BAD_REQUEST, 2001, &error)),
        None => {}
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header(header::AUTHORIZATION) != format!("Token token={API_TOKEN}") {
        return Some(refused(StatusCode::UNAUTHORIZED, 2006, "Unauthorized"));
    }
    if !header(header::ACCEPT).contains("application/vnd.pagerduty+json;version=2") {
        return Some(refused(StatusCode::NOT_ACCEPTABLE, 2001, "Not Acceptable"));
    }
    lock(account).calls.push(call.to_owned());
    None
}

fn page(name: &str, all: &[Value], parameters: &Parameters) -> Response {
    let number = |name: &str, default: usize| {
        let value = parameters.iter().find(|(known, _)| known == name);
        value.and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
    };
    let (limit, offset) = (number("limit", 25), number("offset", 0));
    if limit > 100 {
        return refused(StatusCode::BAD_REQUEST, 2001, "Invalid Input Provided");
    }
    let page: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
    let more = offset + page.len() < all.len();
    Json(json!({name: page, "limit": limit, "offset": offset, "more": more, "total": null}))
        .into_response()
}

fn refused(status: StatusCode, code: u16, message: &str) -> Response {
    (status, Json(json!({"error": {"code": code, "message": message}}))).into_response()
}

fn as_json(incident: &Incident) -> Value {
    json!({
        "id": incident.id,
        "type": "incident",
        "summary": format!("[#1] {}", incident.title),
        "incident_number": 1,
        "title": incident.title,
        "status": incident.status,
        "urgency": incident.urgency,
        "created_at": incident.created_at,
        "html_url": super::webhook::page_of(&incident.id),
        "service": {
            "id": incident.service_id, "type": "service_reference",
            "summary": incident.service_name,
        },
        "assignments": [],
        "priority": null,
    })
}
