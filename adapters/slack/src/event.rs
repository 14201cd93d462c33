//! What happened in the workspace, as the Events API tells it.

use serde_json::Value;

use crate::ParseError;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Slack asks whether the endpoint is ours; the answer is the challenge.
    Challenge(String),
    /// Something that nothing is done about; what it was, for the log.
    Other {
        /// The event's id, the same on every delivery; empty where it has none.
        id: String,
        /// Its type.
        kind: String,
    },
}

/// Reads an event from its envelope.
pub(crate) fn read(envelope: &Value) -> Result<Event, ParseError> {
    if envelope["type"] == "url_verification" {
        let challenge = envelope["challenge"].as_str();
        let challenge = challenge.ok_or(ParseError::Missing { what: "the challenge" })?;
        return Ok(Event::Challenge(challenge.to_owned()));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(Event::Other { id: text(&envelope["event_id"]), kind: text(&envelope["event"]["type"]) })
}
