//! A letter: what one person is told in private, apart from any thread, with what they can press.
//!
//! It is neutral, like the card. Whoever reads only the letter must know what it is about: it names the incident and
//! leads to the thread.

use serde::{Deserialize, Serialize};

use crate::{card::Button, digest::Digest, id::ProposalId, notice::Tone, words::Words};

/// A private message to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// What it is about, in one sentence.
    pub headline: Words,
    /// Its mood.
    pub tone: Tone,
    /// A line each: what, and how it is.
    pub lines: Vec<Line>,
    /// What the buttons are for; none where there is nothing to press.
    pub about: Option<(ProposalId, Digest)>,
    /// What can be pressed.
    pub buttons: Vec<Button>,
    /// What an approval signs: the question before it names it. Empty where nothing can be approved, and where
    /// a name has to be typed, which is question enough.
    #[serde(default)]
    pub signs: Words,
    /// Where the thread is, if there is an address that leads to it.
    #[serde(default)]
    pub link: Option<String>,
}

impl Letter {
    /// A letter of nothing but these words.
    pub fn plain(words: Words) -> Self {
        Self {
            headline: words,
            tone: Tone::Neutral,
            lines: vec![],
            about: None,
            buttons: vec![],
            signs: Words::new(),
            link: None,
        }
    }
}

/// One line of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What; empty for a line that stands by itself.
    pub label: String,
    /// How it is.
    pub value: Words,
}
