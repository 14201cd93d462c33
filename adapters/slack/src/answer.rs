//! The answer to a command: what one person alone reads, with links into threads and buttons that turn pages.
//!
//! A button that turns a page carries the command that shows the other page. Nothing is remembered, so that a restart
//! does not matter, and whoever presses it is asked for anew.

use std::fmt::Write as _;

use domain::{notice::Tone, words::Words};
use serde_json::{Value, json};

use crate::{
    address,
    block::{self, SECTION_LIMIT},
    letters,
    mrkdwn::{Moment, Mrkdwn, Readers},
    thread_reply::paragraph,
};

/// What the buttons that turn a page begin with on the wire.
pub(crate) const TURN: &str = "turn_";

/// The most that all lines hold, with room for the JSON around them.
const LINES: usize = 9000;
const ONE_LINE: usize = 900;
/// A command has no more letters; Slack takes 2000.
const COMMAND: usize = 500;

/// What one person alone is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it is about, in a sentence or two.
    pub headline: Words,
    /// Its mood.
    pub tone: Tone,
    /// What follows, in this order.
    pub lines: Vec<AnswerLine>,
    /// The pages beside this one.
    pub turns: Vec<Turn>,
    /// What is said last, small.
    pub hint: Option<Words>,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerLine {
    /// What it says.
    pub words: Words,
    /// Where more is to be read.
    pub link: Option<Link>,
}

/// Where more is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says in place of the address.
    pub label: &'static str,
    /// The address; one that is none for the web is left out.
    pub url: String,
}

/// A button that shows another page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// What it says; no other turn of the answer says the same.
    pub label: &'static str,
    /// What somebody would type to see that page, without the command's name.
    pub command: String,
}

impl Answer {
    /// An answer of one sentence or two.
    pub fn saying(headline: Words) -> Self {
        Self { headline, tone: Tone::Neutral, lines: vec![], turns: vec![], hint: None }
    }

    /// The answer with another line.
    #[must_use]
    pub fn line(mut self, words: Words) -> Self {
        self.lines.push(AnswerLine { words, link: None });
        self
    }

    /// The answer with another mood.
    #[must_use]
    pub fn with_tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    /// The answer with something said last.
    #[must_use]
    pub fn with_hint(self, hint: Words) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

/// The answer as the body that Slack takes, for its first answer and for its `response_url` alike.
pub(crate) fn body(answer: &Answer, readers: Readers<'_>) -> Value {
    let opening = paragraph(&answer.headline, answer.tone, readers);
    let mut blocks = opening.blocks;
    blocks.extend(paragraphs(&answer.lines, readers));
    if let Some(hint) = &answer.hint {
        let text = Mrkdwn::within(ONE_LINE).words(hint, readers, Moment::Clock).finish();
        blocks.push(block::context(&text));
    }
    let turns: Vec<Value> = answer
        .turns
        .iter()
        .map(|turn| {
            json!({
                "type": "button",
                "action_id": format!("{TURN}{}", turn.label.to_lowercase()),
                "text": block::plain(turn.label),
                "value": letters::line(&turn.command, COMMAND),
            })
        })
        .collect();
    if !turns.is_empty() {
        blocks.push(block::actions("turns", &turns));
    }
    json!({"response_type": "ephemeral", "text": opening.text, "blocks": blocks})
}

/// Lines as paragraphs that are as long as Slack takes them; those that do not fit are counted.
pub(crate) fn paragraphs(lines: &[AnswerLine], readers: Readers<'_>) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut paragraph = String::new();
    let mut room = LINES;
    for (place, line) in lines.iter().enumerate() {
        let text = shown(line, readers);
        let needed = size(&text);
        if needed > room {
            let rest = lines.len() - place;
            let _ = write!(paragraph, "\n… and {rest} more");
            break;
        }
        room -= needed;
        if !paragraph.is_empty() && size(&paragraph) + needed > SECTION_LIMIT - 40 {
            blocks.push(block::section(&std::mem::take(&mut paragraph)));
        }
        if !paragraph.is_empty() {
            paragraph.push('\n');
        }
        paragraph.push_str(&text);
    }
    if !paragraph.trim().is_empty() {
        blocks.push(block::section(&paragraph));
    }
    blocks
}

fn shown(line: &AnswerLine, readers: Readers<'_>) -> String {
    let text = Mrkdwn::within(ONE_LINE).words(&line.words, readers, Moment::Day).finish();
    let link =
        line.link.as_ref().and_then(|link| Some((link.label, address::in_a_link(&link.url)?)));
    match link {
        Some((label, address)) => format!("{text} · <{address}|{label}>"),
        None => text,
    }
}

fn size(text: &str) -> usize {
    text.chars().map(letters::cost).sum::<usize>() + letters::cost('\n')
}
