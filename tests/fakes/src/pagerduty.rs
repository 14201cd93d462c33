//! A PagerDuty account: incidents with alerts behind the REST API, and signed V3 webhooks.
//!
//! The caller says what happened and when; the fake keeps what it is told and signs what it would send.

mod rest;
mod webhook;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Router, routing::get};
use serde_json::{Value, json};

use crate::{
    faults::{Fault, Faults},
    server::Server,
};

pub use webhook::Happening;

/// The API token that the fake accepts.
pub const API_TOKEN: &str = "fake-api-token";
/// The secret that the fake signs with.
pub const WEBHOOK_SECRET: &str = "fake-webhook-secret";

/// An incident as the account has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id, letters and digits.
    pub id: String,
    /// The headline.
    pub title: String,
    /// `triggered`, `acknowledged` or `resolved`.
    pub status: String,
    /// The id of its service.
    pub service_id: String,
    /// The name of its service.
    pub service_name: String,
    /// `high` or `low`.
    pub urgency: String,
    /// When it was created, as PagerDuty writes times.
    pub created_at: String,
}

#[derive(Debug, Default)]
struct State {
    faults: Faults,
    incidents: Vec<Incident>,
    alerts: Vec<(String, Value)>,
    calls: Vec<String>,
}

/// A PagerDuty account on 127.0.0.1.
#[derive(Debug)]
pub struct FakePagerDuty {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl FakePagerDuty {
    /// Starts an empty account.
    pub async fn start() -> Self {
        Self::start_on(0).await.expect("a free port on 127.0.0.1")
    }

    /// Starts an empty account on this port, if nobody else has it.
    pub async fn start_on(port: u16) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let router = Router::new()
            .route("/incidents", get(rest::incidents))
            .route("/incidents/{id}/alerts", get(rest::alerts))
            .fallback(rest::unknown)
            .with_state(Arc::clone(&state));
        Ok(Self { state, server: Server::start_on(port, router).await? })
    }

    /// The base of the API's addresses.
    pub fn api_url(&self) -> String {
        self.server.url()
    }

    /// Adds an incident, or replaces the one with its id. No webhook comes of it.
    pub fn put_incident(&self, incident: Incident) {
        let mut state = self.lock();
        match state.incidents.iter_mut().find(|known| known.id == incident.id) {
            Some(known) => *known = incident,
            None => state.incidents.push(incident),
        }
    }

    /// Adds an alert to an incident; `details` is what its sender attached, of any shape.
    pub fn add_alert(&self, incident_id: &str, summary: &str, details: &Value) {
        let mut state = self.lock();
        let alert = json!({
            "id": format!("PALERT{}", state.alerts.len() + 1),
            "type": "alert",
            "status": "triggered",
            "summary": summary,
            "severity": "critical",
            "incident": {"id": incident_id, "type": "incident_reference"},
            "body": {"type": "alert_body", "contexts": [], "details": details},
        });
        state.alerts.push((incident_id.to_owned(), alert));
    }

    /// The next call is answered with an HTTP status, such as 500.
    pub fn fail_next_with_status(&self, status: u16) {
        self.lock().faults.add(rest::ANY, Fault::Status(status));
    }

    /// The next call is answered with 429; PagerDuty names the seconds until the limit is reset.
    pub fn rate_limit_next(&self, seconds: u32) {
        self.lock().faults.add(rest::ANY, Fault::RateLimited(seconds));
    }

    /// The next call is never answered.
    pub fn hang_next(&self) {
        self.lock().faults.add(rest::ANY, Fault::Hang);
    }

    /// The connection of the next call breaks.
    pub fn lose_reply_of_next(&self) {
        self.lock().faults.add(rest::ANY, Fault::LoseReply);
    }

    /// While down, every call is answered with 503.
    pub fn down(&self, is_down: bool) {
        self.lock().faults.is_down = is_down;
    }

    /// The paths and queries of the calls that got through, oldest first.
    pub fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // A test that failed while it held the lock has its own message; the others need the state.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
