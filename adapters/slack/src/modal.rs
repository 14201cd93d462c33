//! The modals that ask why: why a rollback is rejected, why a hold is lifted. Closing one means nothing.

use domain::{digest::Digest, id::ProposalId};
use serde_json::{Value, json};

use crate::{block, card::button_value};

/// The name on the wire of the modal that asks for a rejection's reason.
pub(crate) const REJECT: &str = "reject";
/// The name on the wire of the modal that asks why a hold is lifted.
pub(crate) const LIFT_HOLD: &str = "lift_hold";
/// The input's name on the wire, for its block and its action.
pub(crate) const REASON: &str = "reason";
const REASON_LIMIT: usize = 1000;

/// The modal that rejects one proposal; `text` is mrkdwn that says what is rejected.
pub(crate) fn reject(proposal: &ProposalId, plan: &Digest, text: &str) -> Value {
    ask(REJECT, ("Reject the rollback", "Reject"), proposal, plan, text)
}

/// The modal that lifts the hold of one proposal; `text` is mrkdwn that says what follows.
pub(crate) fn lift_hold(proposal: &ProposalId, plan: &Digest, text: &str) -> Value {
    ask(LIFT_HOLD, ("Lift the hold", "Lift it"), proposal, plan, text)
}

fn ask(
    name: &str,
    (title, submit): (&str, &str),
    proposal: &ProposalId,
    plan: &Digest,
    text: &str,
) -> Value {
    json!({
        "type": "modal",
        "callback_id": name,
        "private_metadata": button_value(proposal, plan),
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
