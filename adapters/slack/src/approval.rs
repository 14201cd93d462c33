//! The modal in which somebody approves who has no card before them: it shows what would be signed, all of it.

use domain::card::Button;
use serde_json::{Value, json};

use crate::{
    AskWhy,
    answer::{Answer, paragraphs},
    block,
    card::{action_id, button_value},
    modal::REASON,
    mrkdwn::Readers,
    thread_reply::paragraph,
};

const REASON_LIMIT: usize = 1000;

/// The modal; what is sent signs exactly the plan that `ask` names.
pub(crate) fn view(ask: AskWhy<'_>, summary: &Answer, readers: Readers<'_>) -> Value {
    let mut blocks = paragraph(&summary.headline, summary.tone, readers).blocks;
    blocks.extend(paragraphs(&summary.lines, readers));
    blocks.push(json!({
        "type": "input",
        "block_id": REASON,
        "optional": true,
        "label": block::plain("Anything to add?"),
        "hint": block::plain("Everybody in the thread reads it, and so does the auditor."),
        "element": {
            "type": "plain_text_input",
            "action_id": REASON,
            "multiline": true,
            "max_length": REASON_LIMIT,
        },
    }));
    json!({
        "type": "modal",
        "callback_id": action_id(Button::Approve),
        "private_metadata": button_value(ask.proposal, ask.plan, ask.stop),
        "title": block::plain("Approve the rollback"),
        "submit": block::plain("Approve"),
        "close": block::plain("Back"),
        "blocks": blocks,
    })
}
