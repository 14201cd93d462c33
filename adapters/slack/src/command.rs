//! The slash command as a person typed it.

use domain::person::{ChatName, Identity};
use serde_json::Value;

use crate::ParseError;

/// A command that a person typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Who typed it.
    pub identity: Identity,
    /// The command with its slash, such as `/countersign`.
    pub name: String,
    /// What stands behind it, without blanks around.
    pub text: String,
    /// The channel in which it was typed.
    pub channel: String,
    /// Opens a modal within 3 seconds, once.
    pub trigger_id: String,
    /// Takes later answers: five at most, within 30 minutes.
    pub response_url: String,
}

/// Reads a command from the fields of Slack's form.
pub(crate) fn read(fields: &Value) -> Result<Command, ParseError> {
    let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
    let required = |name: &'static str| {
        let found = Some(text(name)).filter(|text| !text.is_empty());
        found.ok_or(ParseError::Missing { what: name })
    };
    Ok(Command {
        identity: Identity {
            chat: ChatName::Slack,
            team: required("team_id")?,
            user: required("user_id")?,
        },
        name: required("command")?,
        // No database takes NUL in a text.
        text: text("text").replace('\0', "").trim().to_owned(),
        channel: text("channel_id"),
        trigger_id: text("trigger_id"),
        response_url: text("response_url"),
    })
}
