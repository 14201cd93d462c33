//! The modal that asks why a rollback is rejected. Closing it means nothing.

use domain::{digest::Digest, id::ProposalId};
use serde_json::{Value, json};

use crate::{block, card::button_value};

/// The modal's name on the wire.
pub(crate) const REJECT: &str = "reject";
/// The input's name on the wire, for its block and its action.
pub(crate) const REASON: &str = "reason";
const REASON_LIMIT: usize = 1000;

/// The modal for one proposal; `text` is mrkdwn that says what is rejected.
pub(crate) fn reject(proposal: &ProposalId, plan: &Digest, text: &str) -> Value {
    json!({
        "type": "modal",
        "callback_id": REJECT,
        "private_metadata": button_value(proposal, plan),
        "title": block::plain("Reject the rollback"),
        "submit": block::plain("Reject"),
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
