//! An incident as PagerDuty describes it, in a webhook or in the answer of its REST API.
//!
//! Owns the differences between the two (`number` and `incident_number`, `assignees` and `assignments`).
//! Only the id is certain; it must never be mistaken for the id of a note or another thing that an event
//! is about.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::field::{elements, text, time, whole_number};

/// What is known of an incident. Texts are untrusted: alerts of any origin end up in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentData {
    /// PagerDuty's id, `PGR0VU2`.
    pub id: String,
    /// The number that people use.
    pub number: Option<u64>,
    /// The headline.
    pub title: Option<String>,
    /// Where the incident stands.
    pub status: Option<IncidentStatus>,
    /// The page of the incident.
    pub html_url: Option<String>,
    /// The id of the service that it belongs to.
    pub service_id: Option<String>,
    /// The name of the service.
    pub service_summary: Option<String>,
    /// `high` or `low`.
    pub urgency: Option<String>,
    /// The name of the priority, `P1`.
    pub priority: Option<String>,
    /// When it was triggered.
    pub created_at: Option<DateTime<Utc>>,
    /// The sender's key for de-duplication.
    pub incident_key: Option<String>,
    /// The people it is assigned to.
    pub assignees: Vec<Assignee>,
    /// The id of the escalation policy that it follows.
    pub escalation_policy_id: Option<String>,
}

/// Somebody an incident is assigned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignee {
    /// PagerDuty's id of the person.
    pub id: String,
    /// The name to show.
    pub summary: Option<String>,
}

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentStatus {
    /// Nobody has taken it.
    Triggered,
    /// Somebody works on it.
    Acknowledged,
    /// It is over.
    Resolved,
    /// A word that was not documented when this was written.
    Other(String),
}

impl IncidentData {
    /// Reads an incident; `None` when it has no id.
    pub(crate) fn read(incident: &Value) -> Option<Self> {
        let own = elements(&incident["assignees"]).iter();
        let assigned = elements(&incident["assignments"]).iter();
        Some(Self {
            id: text(&incident["id"])?,
            number: whole_number(&incident["number"])
                .or_else(|| whole_number(&incident["incident_number"])),
            title: text(&incident["title"]).or_else(|| text(&incident["summary"])),
            status: text(&incident["status"]).map(IncidentStatus::read),
            html_url: text(&incident["html_url"]),
            service_id: text(&incident["service"]["id"]),
            service_summary: text(&incident["service"]["summary"]),
            urgency: text(&incident["urgency"]),
            priority: text(&incident["priority"]["summary"]),
            created_at: time(&incident["created_at"]),
            incident_key: text(&incident["incident_key"]),
            assignees: own
                .chain(assigned.map(|assignment| &assignment["assignee"]))
                .filter_map(Assignee::read)
                .collect(),
            escalation_policy_id: text(&incident["escalation_policy"]["id"]),
        })
    }
}

impl Assignee {
    fn read(person: &Value) -> Option<Self> {
        Some(Self { id: text(&person["id"])?, summary: text(&person["summary"]) })
    }
}

impl IncidentStatus {
    fn read(word: String) -> Self {
        match word.as_str() {
            "triggered" => Self::Triggered,
            "acknowledged" => Self::Acknowledged,
            "resolved" => Self::Resolved,
            _ => Self::Other(word),
        }
    }
}
