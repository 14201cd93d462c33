//! What people did in Slack with buttons and modals.
//!
//! A person is `user.id` in that user's own workspace, never a name. Only a person can have decided something:
//! what bots, workflows and nobody press is `Other`. Whether the person *may* decide is not asked here.

use domain::{
    card::Button,
    digest::{Digest, DigestError},
    id::{IdError, IncidentId, ProposalId},
    person::{ChatName, Identity},
    port::MessageRef,
    run::{Stop, StopError},
};
use serde_json::Value;

use crate::{card::action_id, greeting, modal};

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// A button of a card was pressed.
    Click {
        /// Who pressed it.
        identity: Identity,
        /// Which button.
        button: Button,
        /// The proposal that the card showed.
        proposal: ProposalId,
        /// The plan that the card showed.
        plan: Digest,
        /// The place of the run that the card showed, where it waited for an answer.
        stop: Option<Stop>,
        /// Opens a modal within 3 seconds, once.
        trigger_id: String,
        /// The card's thread; `None` on the home page, which belongs to no channel.
        thread: Option<MessageRef>,
    },
    /// The reason for what a button does was given.
    Submitted {
        /// Who gave it.
        identity: Identity,
        /// The button.
        button: Button,
        /// The proposal that the card showed.
        proposal: ProposalId,
        /// The plan that the card showed.
        plan: Digest,
        /// The place of the run that the card showed, where it waited for an answer.
        stop: Option<Stop>,
        /// Why; blanks around it are gone, so it may be empty.
        reason: String,
    },
    /// Somebody whom nobody knows asks to be added.
    AsksToBeKnown {
        /// Who.
        identity: Identity,
        /// In which incident they pressed something.
        incident: IncidentId,
    },
    /// Something that decides nothing; what it was, for the log.
    Other(String),
}

/// Why signed bytes could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// The body is not a form with a payload.
    #[error("find the payload of an interaction")]
    NoPayload,
    /// The payload is not JSON.
    #[error("read the payload of an interaction as JSON")]
    NotJson(#[source] serde_json::Error),
    /// A button or modal of ours lacks what it was made with.
    #[error("find {what} in an interaction")]
    Missing {
        /// What is missing.
        what: &'static str,
    },
    /// A button or modal of ours names no proposal.
    #[error("read the proposal of an interaction")]
    Proposal(#[source] IdError),
    /// A button of ours names no incident.
    #[error("read the incident of an interaction")]
    Incident(#[source] IdError),
    /// A button or modal of ours names no plan.
    #[error("read the plan of an interaction")]
    Plan(#[source] DigestError),
    /// A button or modal of ours names no place of a run.
    #[error("read the stop of an interaction")]
    Stop(#[source] StopError),
}

/// Reads an interaction from its payload.
pub(crate) fn read(payload: &Value) -> Result<Interaction, ParseError> {
    let kind = payload["type"].as_str().unwrap_or("an interaction without a type");
    let Some(identity) = identity(payload) else {
        return Ok(Interaction::Other(format!("{kind} by nobody who could decide")));
    };
    match kind {
        "block_actions" => click(payload, identity),
        "view_submission" => submitted(payload, identity),
        _ => Ok(Interaction::Other(kind.to_owned())),
    }
}

/// The person, or `None` where a bot, a workflow or nobody acts.
fn identity(payload: &Value) -> Option<Identity> {
    let user = &payload["user"];
    let is_machine = user["is_bot"] == true
        || user["is_workflow_bot"] == true
        || !user["bot_id"].is_null()
        || !payload["bot_id"].is_null()
        || user["id"] == "USLACKBOT";
    let id = user["id"].as_str().filter(|id| !id.is_empty() && !is_machine)?;
    // In a shared channel `team` may be ours while the user is not: the user's own workspace goes first.
    let team = user["team_id"].as_str().or_else(|| payload["team"]["id"].as_str())?;
    Some(Identity { chat: ChatName::Slack, team: team.to_owned(), user: id.to_owned() })
}

fn click(payload: &Value, identity: Identity) -> Result<Interaction, ParseError> {
    let action = &payload["actions"][0];
    let id = action["action_id"].as_str().unwrap_or_default();
    if id == greeting::ASK_TO_BE_KNOWN {
        let incident = action["value"].as_str().unwrap_or_default().parse();
        let incident = incident.map_err(ParseError::Incident)?;
        return Ok(Interaction::AsksToBeKnown { identity, incident });
    }
    let Some(button) = Button::ALL.into_iter().find(|button| action_id(*button) == id) else {
        return Ok(Interaction::Other(format!("block_actions of {id:?}")));
    };
    let (proposal, plan, stop) = decided_on(&action["value"])?;
    Ok(Interaction::Click {
        identity,
        button,
        proposal,
        plan,
        stop,
        trigger_id: payload["trigger_id"].as_str().unwrap_or_default().to_owned(),
        thread: thread(payload)?,
    })
}

fn thread(payload: &Value) -> Result<Option<MessageRef>, ParseError> {
    let (container, message) = (&payload["container"], &payload["message"]);
    if container["type"] == "view" {
        return Ok(None);
    }
    let text = |value: &Value, what| match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(ParseError::Missing { what }),
    };
    let thread = [&message["thread_ts"], &container["thread_ts"], &message["ts"]]
        .into_iter()
        .find(|value| value.is_string())
        .unwrap_or(&container["message_ts"]);
    let channel = text(&container["channel_id"], "the channel")?;
    Ok(Some(MessageRef { channel, message: text(thread, "the message")? }))
}

fn submitted(payload: &Value, identity: Identity) -> Result<Interaction, ParseError> {
    let view = &payload["view"];
    let asked = Button::ALL.into_iter().find(|button| {
        button.asks_why() && view["callback_id"].as_str() == Some(action_id(*button))
    });
    let Some(button) = asked else {
        return Ok(Interaction::Other(format!("view_submission of {}", view["callback_id"])));
    };
    let (proposal, plan, stop) = decided_on(&view["private_metadata"])?;
    let reason = &view["state"]["values"][modal::REASON][modal::REASON]["value"];
    // No database takes NUL in a text.
    let reason = reason.as_str().unwrap_or_default().replace('\0', "").trim().to_owned();
    Ok(Interaction::Submitted { identity, button, proposal, plan, stop, reason })
}

fn decided_on(value: &Value) -> Result<(ProposalId, Digest, Option<Stop>), ParseError> {
    let (proposal, rest) = value
        .as_str()
        .and_then(|value| value.split_once(' '))
        .ok_or(ParseError::Missing { what: "the proposal and the plan" })?;
    let (plan, stop) = match rest.split_once(' ') {
        Some((plan, stop)) => (plan, Some(stop.parse().map_err(ParseError::Stop)?)),
        None => (rest, None),
    };
    let proposal = proposal.parse().map_err(ParseError::Proposal)?;
    let plan = Digest::try_from(plan.to_owned()).map_err(ParseError::Plan)?;
    Ok((proposal, plan, stop))
}
