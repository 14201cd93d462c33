//! What an alerting system told us, before anybody decided what it means.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An alert as it arrived. All of it is somebody else's text: never a command, never markup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The alerting system's id of the incident, such as `PagerDuty`'s `Q1ABC`.
    pub external_id: String,
    /// The headline.
    pub title: String,
    /// The alerting system's id of the service.
    pub service_id: String,
    /// The service's name for readers.
    pub service_name: String,
    /// Where the alert can be looked at.
    pub url: Option<String>,
    /// `high` or `low` in `PagerDuty`'s words; kept as told.
    pub urgency: Option<String>,
    /// Keys and values of the alert's body, when they could be read.
    pub details: BTreeMap<String, String>,
}
