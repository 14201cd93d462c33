//! The modal that asks why somebody rejects, cancels, skips, repeats, ends or lifts something. Closing it means nothing.

use domain::{card::Button, digest::Digest, id::ProposalId, run::Stop};
use serde_json::{Value, json};

use crate::{
    block,
    card::{action_id, button_value},
};

/// The input's name on the wire, for its block and its action.
pub(crate) const REASON: &str = "reason";
const REASON_LIMIT: usize = 1000;

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
        | Button::Keep => ("Say why", "Send"),
    };
    json!({
        "type": "modal",
        "callback_id": action_id(ask.button),
        "private_metadata": button_value(ask.proposal, ask.plan, ask.stop),
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
