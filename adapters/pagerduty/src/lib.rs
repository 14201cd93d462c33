//! PagerDuty: verifies and parses V3 webhooks, reads alert details over REST.
//!
//! Inbound, in this order: [`WebhookSecrets::verify`] over the raw body, then [`parse`]. Outbound:
//! [`PagerDutyApi`], for what a webhook does not carry (the alerts of an incident) and for what it may have
//! missed (the incidents that are open).

mod alert;
mod api;
mod api_error;
mod field;
mod incident;
mod signature;
mod webhook;

pub use alert::AlertDetails;
pub use api::{OpenIncidents, PagerDutyApi};
pub use api_error::ApiError;
pub use incident::{Assignee, IncidentData, IncidentStatus};
pub use signature::{SignatureError, WebhookSecrets, sign};
pub use webhook::{EventType, ParseError, Webhook, parse};
