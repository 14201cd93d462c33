//! What happened in the workspace, as the Events API tells it.

use domain::{
    person::{ChatName, Identity},
    port::MessageRef,
    standing::Standing,
};
use serde_json::Value;

use crate::{ParseError, members};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Slack asks whether the endpoint is ours; the answer is the challenge.
    Challenge(String),
    /// A person opened the app's home page.
    HomeOpened {
        /// The event's id, the same on every delivery.
        id: String,
        /// Who.
        identity: Identity,
    },
    /// A person put a reaction on a message.
    Reacted {
        /// The event's id, the same on every delivery.
        id: String,
        /// Who.
        identity: Identity,
        /// The emoji's name, without colons and without its tone of skin.
        emoji: String,
        /// The message.
        at: MessageRef,
    },
    /// Somebody's account was changed.
    UserChanged {
        /// The event's id, the same on every delivery.
        id: String,
        /// Whose.
        identity: Identity,
        /// What they are from now on.
        standing: Standing,
    },
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
    let (id, event) = (text(&envelope["event_id"]), &envelope["event"]);
    let kind = text(&event["type"]);
    let known = match kind.as_str() {
        "app_home_opened" => home_opened(envelope, event, &id),
        "reaction_added" => reacted(envelope, event, &id),
        "user_change" => user_changed(envelope, event, &id),
        // Members of a group that come or go change nobody's authority: people.yaml names people.
        _ => None,
    };
    Ok(known.unwrap_or(Event::Other { id, kind }))
}

fn home_opened(envelope: &Value, event: &Value, id: &str) -> Option<Event> {
    if event["tab"].as_str().is_some_and(|tab| tab != "home") {
        return None;
    }
    Some(Event::HomeOpened { id: id.to_owned(), identity: identity(envelope, &event["user"])? })
}

fn reacted(envelope: &Value, event: &Value, id: &str) -> Option<Event> {
    let item = &event["item"];
    if item["type"] != "message" {
        return None;
    }
    let emoji = event["reaction"].as_str()?;
    let emoji = emoji.split_once("::").map_or(emoji, |(name, _)| name);
    Some(Event::Reacted {
        id: id.to_owned(),
        identity: identity(envelope, &event["user"])?,
        emoji: emoji.to_owned(),
        at: MessageRef {
            channel: item["channel"].as_str()?.to_owned(),
            message: item["ts"].as_str()?.to_owned(),
        },
    })
}

fn user_changed(envelope: &Value, event: &Value, id: &str) -> Option<Event> {
    let user = &event["user"];
    let home = envelope["team_id"].as_str()?;
    let team = user["team_id"].as_str().unwrap_or(home).to_owned();
    let user_id = user["id"].as_str().filter(|user| !user.is_empty())?.to_owned();
    Some(Event::UserChanged {
        id: id.to_owned(),
        identity: Identity { chat: ChatName::Slack, team, user: user_id },
        standing: members::standing(user, home),
    })
}

fn identity(envelope: &Value, user: &Value) -> Option<Identity> {
    let user = user.as_str().filter(|user| !user.is_empty() && *user != "USLACKBOT")?;
    let team = envelope["team_id"].as_str()?;
    Some(Identity { chat: ChatName::Slack, team: team.to_owned(), user: user.to_owned() })
}
