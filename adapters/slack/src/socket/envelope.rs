//! What comes over a connection.

use serde_json::Value;

use crate::{Door, Inbound, ParseError, inbound};

/// Something that was heard.
#[derive(Debug)]
pub enum Heard {
    /// Something that wants an acknowledgement.
    Envelope(Envelope),
    /// The connection ends soon: another one should be open before.
    EndsSoon,
    /// The app has as many connections as Slack allows, and this one is over.
    TooMany,
    /// Somebody has switched Socket Mode off in the app's settings.
    SwitchedOff,
}

/// What Slack would post to an HTTP endpoint, and waits three seconds for.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// Its id, by which it is acknowledged.
    pub id: String,
    /// Slack's word for what it holds, such as `interactive`.
    pub kind: String,
    /// Whether an answer may go with the acknowledgement.
    pub accepts_answer: bool,
    payload: Value,
}

impl Envelope {
    /// Reads what it holds; `None` where it is of a kind that nothing is known of.
    pub fn read(&self) -> Result<Option<Inbound>, ParseError> {
        let door = match self.kind.as_str() {
            "interactive" => Door::Interactions,
            "slash_commands" => Door::Commands,
            "events_api" => Door::Events,
            _ => return Ok(None),
        };
        inbound::read(door, &self.payload).map(Some)
    }
}

/// Reads a message; `None` where there is nothing to do about it.
pub(super) fn heard(text: &str) -> Option<Heard> {
    let Ok(mut message) = serde_json::from_str::<Value>(text) else {
        tracing::warn!("a message of Socket Mode is not JSON and is passed over");
        return None;
    };
    let kind = message["type"].as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "hello" => return None,
        "disconnect" => {
            return Some(match message["reason"].as_str().unwrap_or_default() {
                "link_disabled" => Heard::SwitchedOff,
                "too_many_websockets" => Heard::TooMany,
                // Whatever else Slack may say some day: it asks for another connection.
                _ => Heard::EndsSoon,
            });
        }
        _ => {}
    }
    let id = message["envelope_id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    let Some(id) = id else {
        tracing::debug!("a message of Socket Mode of kind {kind:?} wants no answer");
        return None;
    };
    let accepts_answer = message["accepts_response_payload"] == true;
    Some(Heard::Envelope(Envelope { id, kind, accepts_answer, payload: message["payload"].take() }))
}
