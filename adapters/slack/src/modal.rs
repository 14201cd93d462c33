//! The modals that people fill in before something is decided: why they reject, cancel, skip, repeat, end or lift
//! something, and the name of what they approve to replace. Closing one means nothing.

use domain::{card::Button, digest::Digest, id::ProposalId, place::Place, run::Stop};
use serde_json::{Value, json};

use crate::{
    block,
    card::{action_id, button_value},
    letters, place,
};

/// The input's name on the wire, for its block and its action.
pub(crate) const REASON: &str = "reason";
/// The same for a name that has to be typed.
pub(crate) const NAME: &str = "name";
const REASON_LIMIT: usize = 1000;
const NAME_LIMIT: usize = 200;
/// The most that a hint holds.
const HINT_LIMIT: usize = 150;

/// What a modal asks the reason for.
#[derive(Clone, Copy, Debug)]
pub struct AskWhy<'a> {
    /// The button that was pressed.
    pub button: Button,
    /// The proposal that the card showed.
    pub proposal: &'a ProposalId,
    /// The plan that the card showed.
    pub plan: &'a Digest,
    /// The place of the run that the card showed, where it waited for an answer.
    pub stop: Option<Stop>,
    /// Where they look for the answer.
    pub place: &'a Place,
}

/// What a person fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Why.
    Reason,
    /// A name that has to be typed.
    Name,
}

/// Whether the button opens a modal, always or for some plans.
pub(crate) fn asks(button: Button) -> bool {
    button.asks_why() || button == Button::Approve
}

/// Keeps a modal open, with what is wrong beside the input.
pub(crate) fn objection(input: Input, text: &str) -> Value {
    let place = match input {
        Input::Reason => REASON,
        Input::Name => NAME,
    };
    json!({"response_action": "errors", "errors": {place: letters::line(text, 500)}})
}

/// The modal that asks for the name of the environment that an approval replaces; `text` is mrkdwn that says what is
/// replaced and what is lost.
pub(crate) fn name(ask: AskWhy<'_>, name: &str, text: &str) -> Value {
    json!({
        "type": "modal",
        "callback_id": action_id(ask.button),
        "private_metadata": metadata(ask),
        "title": block::plain("Replace everything?"),
        "submit": block::plain("Sign"),
        "close": block::plain("Back"),
        "blocks": [block::section(text), name_input(name)],
    })
}

/// The input for a name that has to be typed.
pub(crate) fn name_input(name: &str) -> Value {
    let hint = format!("Exactly: {name}");
    json!({
        "type": "input",
        "block_id": NAME,
        "label": block::plain("Type the name of the environment"),
        "hint": block::plain(&letters::line(&hint, HINT_LIMIT)),
        "element": {
            "type": "plain_text_input",
            "action_id": NAME,
            "max_length": NAME_LIMIT,
        },
    })
}

pub(crate) fn metadata(ask: AskWhy<'_>) -> String {
    place::keep(&button_value(ask.proposal, ask.plan, ask.stop), ask.place)
}

/// The modal; `text` is mrkdwn that says what the button does.
pub(crate) fn why(ask: AskWhy<'_>, text: &str) -> Value {
    let (title, submit) = match ask.button {
        Button::GiveUp => ("End the rollback", "End it"),
        Button::Cancel => ("Cancel the rollback", "Cancel it"),
        Button::Skip => ("Skip the step", "Skip it"),
        Button::Retry | Button::RetryBlind => ("Try the step again", "Try again"),
        Button::LiftHold => ("Lift the hold", "Lift it"),
        Button::Reject => ("Reject the rollback", "Reject"),
        // None of these asks why today; whichever will must not be titled a rejection.
        Button::Approve
        | Button::Escalate
        | Button::Pause
        | Button::Resume
        | Button::Confirm
        | Button::Keep
        | Button::NotMe => ("Say why", "Send"),
    };
    json!({
        "type": "modal",
        "callback_id": action_id(ask.button),
        "private_metadata": metadata(ask),
        "title": block::plain(title),
        "submit": block::plain(submit),
        "close": block::plain("Back"),
        "blocks": [
            block::section(text),
            {
                "type": "input",
                "block_id": REASON,
                "label": block::plain("Why?"),
                "hint": block::plain("Everybody in the thread reads it, and so does the auditor."),
                "element": {
                    "type": "plain_text_input",
                    "action_id": REASON,
                    "multiline": true,
                    "max_length": REASON_LIMIT,
                },
            },
        ],
    })
}
