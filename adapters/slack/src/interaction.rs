//! What people did in Slack with buttons and modals, and where they looked when they did it.
//!
//! A person is `user.id` in that user's own workspace, never a name. Only a person can have decided something:
//! what bots, workflows and nobody press is `Other`. Whether the person *may* decide is not asked here.

use domain::{
    card::Button,
    digest::{Digest, DigestError},
    id::{IdError, IncidentId, ProposalId},
    person::{ChatName, Identity},
    place::Place,
    run::{Stop, StopError},
};
use serde_json::Value;

use crate::{
    Chosen, Kept, answer,
    card::{MENU, action_id},
    details, greeting, modal, place, propose,
};

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
        /// Takes an answer that they alone see; empty where Slack gave none, as on the app's home.
        response_url: String,
        /// Where they look for the answer.
        place: Place,
    },
    /// Somebody wants to read more than the card says.
    Details {
        /// Who.
        identity: Identity,
        /// The proposal that was shown.
        proposal: ProposalId,
        /// Which page, from 0.
        page: usize,
        /// Where it is shown.
        opens: Opens,
        /// Where they look for an answer.
        place: Place,
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
        /// The name that they typed, where it was asked for.
        typed: String,
        /// Where they looked when the modal opened.
        place: Place,
    },
    /// Another page of an answer was asked for.
    Turned {
        /// Who asked.
        identity: Identity,
        /// The command that shows it, without the command's name.
        command: String,
        /// Takes the page in place of the one that was shown.
        response_url: String,
    },
    /// Something was chosen in the form to propose with.
    Choosing {
        /// Who chose.
        identity: Identity,
        /// The view.
        view: String,
        /// Which state of the view they saw.
        hash: String,
        /// All that is chosen.
        chosen: Chosen,
        /// What the form remembers.
        kept: Kept,
    },
    /// A select of that form asks for what there is to choose from.
    Suggest {
        /// Who searches.
        identity: Identity,
        /// The input.
        input: String,
        /// What they have typed.
        typed: String,
    },
    /// The form to propose with was sent.
    Proposed {
        /// Who sent it.
        identity: Identity,
        /// The view; sent again, it is the same.
        view: String,
        /// All that is chosen.
        chosen: Chosen,
        /// What the form remembers.
        kept: Kept,
    },
    /// Somebody whom nobody knows asks to be added.
    AsksToBeKnown {
        /// Who.
        identity: Identity,
        /// In which incident they pressed something.
        incident: IncidentId,
        /// Where they look for the answer.
        place: Place,
    },
    /// Something that decides nothing; what it was, for the log.
    Other(String),
}

/// Where a modal is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opens {
    /// In front of what the person looks at; good once and for 3 seconds.
    Trigger(String),
    /// In place of what this modal shows.
    View(String),
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
    if let Some(interaction) = propose::read(payload, &identity) {
        return Ok(interaction);
    }
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
    if let Some(page) = details::asked_page(id) {
        return read_on(payload, identity, page);
    }
    if id.starts_with(answer::TURN) {
        let command = action["value"].as_str().unwrap_or_default().to_owned();
        let response_url = response_url(payload);
        return Ok(Interaction::Turned { identity, command, response_url });
    }
    if id == greeting::ASK_TO_BE_KNOWN {
        let incident = action["value"].as_str().unwrap_or_default().parse();
        let incident = incident.map_err(ParseError::Incident)?;
        let place = place::of(payload)?;
        return Ok(Interaction::AsksToBeKnown { identity, incident, place });
    }
    let Some((button, value)) = pressed(action) else {
        return Ok(Interaction::Other(format!("block_actions of {id:?}")));
    };
    let (proposal, plan, stop) = decided_on(&value)?;
    let (trigger_id, response_url) = (trigger(payload), response_url(payload));
    let place = place::of(payload)?;
    Ok(Interaction::Click {
        identity,
        button,
        proposal,
        plan,
        stop,
        trigger_id,
        response_url,
        place,
    })
}

fn read_on(payload: &Value, identity: Identity, page: usize) -> Result<Interaction, ParseError> {
    let (proposal, ..) = decided_on(&payload["actions"][0]["value"])?;
    let view = &payload["view"];
    let (opens, place) = match view["id"].as_str().filter(|_| view["type"] == "modal") {
        Some(id) => (Opens::View(id.to_owned()), place::kept(&view["private_metadata"])),
        None => (Opens::Trigger(trigger(payload)), place::of(payload)?),
    };
    Ok(Interaction::Details { identity, proposal, page, opens, place })
}

fn trigger(payload: &Value) -> String {
    payload["trigger_id"].as_str().unwrap_or_default().to_owned()
}

fn response_url(payload: &Value) -> String {
    payload["response_url"].as_str().unwrap_or_default().to_owned()
}

/// The button that was pressed, or chosen in the card's menu, and what it carries.
fn pressed(action: &Value) -> Option<(Button, Value)> {
    let named = |name: &str| Button::ALL.into_iter().find(|button| action_id(*button) == name);
    let id = action["action_id"].as_str()?;
    if action["type"] == "overflow" && id.starts_with(MENU) {
        let (name, value) = action["selected_option"]["value"].as_str()?.split_once(' ')?;
        return Some((named(name)?, value.into()));
    }
    Some((named(id)?, action["value"].clone()))
}

fn submitted(payload: &Value, identity: Identity) -> Result<Interaction, ParseError> {
    let view = &payload["view"];
    let asked = Button::ALL.into_iter().find(|button| {
        modal::asks(*button) && view["callback_id"].as_str() == Some(action_id(*button))
    });
    let Some(button) = asked else {
        return Ok(Interaction::Other(format!("view_submission of {}", view["callback_id"])));
    };
    let metadata = &view["private_metadata"];
    let kept = metadata.as_str().map(|text| text.lines().next().unwrap_or_default());
    let (proposal, plan, stop) = decided_on(&kept.map_or(Value::Null, Value::from))?;
    let values = &view["state"]["values"];
    // No database takes NUL in a text.
    let input = |name: &str| {
        let text = values[name][name]["value"].as_str().unwrap_or_default();
        text.replace('\0', "").trim().to_owned()
    };
    Ok(Interaction::Submitted {
        identity,
        button,
        proposal,
        plan,
        stop,
        reason: input(modal::REASON),
        typed: input(modal::NAME),
        place: place::kept(metadata),
    })
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
