//! What Slack sends, whichever way it comes: by one of the three HTTP endpoints, or by Socket Mode.
//!
//! All of them carry the same payloads. Only signed bytes, or a connection that was opened with the app's own token,
//! lead here.

use reqwest::Url;
use serde_json::{Map, Value};

use crate::{
    Command, Event, Interaction, ParseError, command, event, interaction, signature::Signed,
};

/// Which of the endpoints something came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `/slack/interactions`: buttons, modals, selects.
    Interactions,
    /// `/slack/commands`: the slash command.
    Commands,
    /// `/slack/events`: what happened in the workspace.
    Events,
}

/// What Slack sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// A person pressed, sent or chose something.
    Interaction(Interaction),
    /// A person typed the slash command.
    Command(Command),
    /// Something happened in the workspace.
    Event(Event),
}

/// Reads what came to an endpoint.
pub(crate) fn parse(door: Door, signed: &Signed<'_>) -> Result<Inbound, ParseError> {
    let payload = match door {
        Door::Interactions => {
            let form = form(signed.body())?;
            let payload = form["payload"].as_str().ok_or(ParseError::NoPayload)?;
            serde_json::from_str(payload).map_err(ParseError::NotJson)?
        }
        Door::Commands => form(signed.body())?,
        Door::Events => serde_json::from_slice(signed.body()).map_err(ParseError::NotJson)?,
    };
    read(door, &payload)
}

/// Reads a payload.
pub(crate) fn read(door: Door, payload: &Value) -> Result<Inbound, ParseError> {
    match door {
        Door::Interactions => interaction::read(payload).map(Inbound::Interaction),
        Door::Commands => command::read(payload).map(Inbound::Command),
        Door::Events => event::read(payload).map(Inbound::Event),
    }
}

/// A form as an object of texts.
fn form(body: &[u8]) -> Result<Value, ParseError> {
    let form = std::str::from_utf8(body).map_err(|_| ParseError::NoPayload)?;
    let mut query = Url::parse("form://body").expect("a constant address");
    query.set_query(Some(form));
    let fields: Map<String, Value> = query
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Ok(Value::Object(fields))
}
