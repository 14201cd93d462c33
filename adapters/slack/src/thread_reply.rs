//! A reply in an incident's thread, and a whisper to one person: one paragraph each.

use domain::{notice::Tone, words::Words};
use serde_json::Value;

use crate::{
    block::{self, SECTION_LIMIT},
    mrkdwn::{Moment, Mrkdwn, Readers},
};

/// The paragraph as it is shown and, the same, as a notification shows it.
pub(crate) struct Paragraph {
    /// For the message's `text`.
    pub(crate) text: String,
    /// For the message's `blocks`.
    pub(crate) blocks: Vec<Value>,
}

/// Words with the mark of their mood; the neutral mood has none.
pub(crate) fn paragraph(words: &Words, tone: Tone, readers: Readers<'_>) -> Paragraph {
    let mark = match tone {
        Tone::Neutral => "",
        Tone::Good => "🟢 ",
        Tone::Attention => "🟠 ",
        Tone::Bad => "🔴 ",
    };
    let text =
        Mrkdwn::within(SECTION_LIMIT).markup(mark).words(words, readers, Moment::Clock).finish();
    // Slack refuses an empty paragraph.
    let text = if text.trim().is_empty() { "…".to_owned() } else { text };
    Paragraph { blocks: vec![block::section(&text)], text }
}
