//! What somebody is told whom nobody knows yet, with the button with which they ask to be added.

use domain::{id::IncidentId, notice::Tone, words::Words};
use serde_json::{Value, json};

use crate::{
    block,
    mrkdwn::Readers,
    thread_reply::{Paragraph, paragraph},
};

/// The button's name on the wire.
pub(crate) const ASK_TO_BE_KNOWN: &str = "ask_to_be_known";

/// The words and the button; the notification shows the words.
pub(crate) fn greeting(words: &Words, incident: &IncidentId, readers: Readers<'_>) -> Paragraph {
    let Paragraph { text, mut blocks } = paragraph(words, Tone::Neutral, readers);
    let button: Value = json!({
        "type": "button",
        "action_id": ASK_TO_BE_KNOWN,
        "text": block::plain("Tell the operators"),
        "value": incident.as_str(),
    });
    blocks.push(block::actions("greeting", &[button]));
    Paragraph { text, blocks }
}
