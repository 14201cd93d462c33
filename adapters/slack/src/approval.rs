//! The modal in which somebody approves who has no card before them: it shows what would be signed, all of it.

use domain::card::Button;
use serde_json::{Value, json};

use crate::{
    AskWhy,
    answer::{Answer, paragraphs},
    block,
    card::action_id,
    modal::{self, REASON},
    mrkdwn::Readers,
    thread_reply::paragraph,
};

const REASON_LIMIT: usize = 1000;

/// The modal; what is sent signs exactly the plan that `ask` names. With a name, that has to be typed.
pub(crate) fn view(
    (ask, name): (AskWhy<'_>, Option<&str>),
    summary: &Answer,
    readers: Readers<'_>,
) -> Value {
    let mut blocks = paragraph(&summary.headline, summary.tone, readers).blocks;
    blocks.extend(paragraphs(&summary.lines, readers));
    blocks.extend(name.map(modal::name_input));
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
        "private_metadata": modal::metadata(ask),
        "title": block::plain("Approve the rollback"),
        "submit": block::plain("Approve"),
        "close": block::plain("Back"),
        "blocks": blocks,
    })
}
