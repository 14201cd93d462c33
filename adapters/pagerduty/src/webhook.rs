//! A webhook's body as an event.
//!
//! Owns the reading of the envelope. PagerDuty drops a subscription that answers an authentic event with
//! an error, so only two things are refused, a body that is not JSON and one without an event id, and the
//! caller accepts even those, keeping the bytes. It must never be called before the signature was verified.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    IncidentData,
    field::{text, time},
};

/// One event of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The same on every delivery of this event: what repetitions are recognised by.
    pub event_id: String,
    /// What happened.
    pub event_type: EventType,
    /// When it happened; absent when it was not readable as a time.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The incident, when the event is about one and carries it.
    pub incident: Option<IncidentData>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventType {
    /// An incident began.
    IncidentTriggered,
    /// Somebody took it.
    IncidentAcknowledged,
    /// It was given back.
    IncidentUnacknowledged,
    /// It is over.
    IncidentResolved,
    /// It was over and is not any more.
    IncidentReopened,
    /// PagerDuty's own escalation moved on.
    IncidentEscalated,
    /// Somebody else has it.
    IncidentReassigned,
    /// Its priority changed.
    PriorityUpdated,
    /// The test button of the subscription.
    Ping,
    /// Anything else, by PagerDuty's name of it; empty when there was none.
    Other(String),
}

/// Why an authentic body could not be read as an event.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The bytes are not JSON.
    #[error("could not read the webhook's body as JSON")]
    NotJson(#[source] serde_json::Error),
    /// It is JSON, but repetitions of it could not be recognised.
    #[error("could not find the event's id in the webhook's body")]
    NoEventId,
}

/// Reads the body of a webhook whose signature was verified.
pub fn parse(raw_body: &[u8]) -> Result<Webhook, ParseError> {
    let body: Value = serde_json::from_slice(raw_body).map_err(ParseError::NotJson)?;
    let event = &body["event"];
    let event_id = text(&event["id"]).ok_or(ParseError::NoEventId)?;
    let event_type = EventType::from(text(&event["event_type"]).unwrap_or_default());
    let data = &event["data"];
    let is_incident = match data["type"].as_str() {
        Some(kind) => matches!(kind, "incident" | "incident_reference"),
        // Without a type, only an event of which an incident is the documented content is trusted to carry
        // one: the data of a note has an id as well.
        None => !matches!(event_type, EventType::Ping | EventType::Other(_)),
    };
    let incident = if is_incident { IncidentData::read(data) } else { None };
    Ok(Webhook { event_id, event_type, occurred_at: time(&event["occurred_at"]), incident })
}

impl EventType {
    /// PagerDuty's name of it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::IncidentTriggered => "incident.triggered",
            Self::IncidentAcknowledged => "incident.acknowledged",
            Self::IncidentUnacknowledged => "incident.unacknowledged",
            Self::IncidentResolved => "incident.resolved",
            Self::IncidentReopened => "incident.reopened",
            Self::IncidentEscalated => "incident.escalated",
            Self::IncidentReassigned => "incident.reassigned",
            Self::PriorityUpdated => "incident.priority_updated",
            Self::Ping => "pagey.ping",
            Self::Other(name) => name,
        }
    }
}

impl From<String> for EventType {
    fn from(name: String) -> Self {
        match name.as_str() {
            "incident.triggered" => Self::IncidentTriggered,
            "incident.acknowledged" => Self::IncidentAcknowledged,
            "incident.unacknowledged" => Self::IncidentUnacknowledged,
            "incident.resolved" => Self::IncidentResolved,
            "incident.reopened" => Self::IncidentReopened,
            "incident.escalated" => Self::IncidentEscalated,
            "incident.reassigned" => Self::IncidentReassigned,
            "incident.priority_updated" => Self::PriorityUpdated,
            "pagey.ping" => Self::Ping,
            _ => Self::Other(name),
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
