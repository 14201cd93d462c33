//! What is written into an incident's journal beside its machines: it changes no state, and everybody reads it.
//!
//! What people said in the thread comes in here as they said it. It is somebody else's text: capped, and never markup.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    notice::Tone,
    person::{ChatName, Identity, PersonId},
    words::Words,
};

/// How many letters of a message are kept.
pub const MOST_LETTERS: usize = 600;

/// Something worth keeping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "remark", rename_all = "snake_case")]
pub enum Remark {
    /// Somebody put a message of the thread into the timeline.
    Noted {
        /// The chat's id of the message; a message is noted once.
        message: String,
        /// Who wrote it.
        author: Voice,
        /// What they wrote, cut after [`MOST_LETTERS`].
        text: String,
        /// When they wrote it, by the chat's clock.
        said_at: Timestamp,
        /// Who put it here.
        by: Voice,
    },
    /// People who are asked cannot be written to in this chat.
    Unreachable {
        /// Which chat.
        chat: ChatName,
        /// Who.
        people: Vec<PersonId>,
    },
    /// Somebody who is asked was not in the channel, and was brought in.
    BroughtIn {
        /// Who.
        person: PersonId,
    },
    /// Somebody who is asked is not in the channel, and could not be brought in.
    NotInChannel {
        /// Who.
        person: PersonId,
    },
    /// Somebody whom the people file does not name asks to be added.
    AsksToBeKnown {
        /// As whom the chat knows them.
        identity: Identity,
    },
}

/// Somebody who speaks in a chat: a person, where the people file names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// As whom the chat knows them.
    pub identity: Identity,
    /// Who they are.
    pub person: Option<PersonId>,
}

impl Remark {
    /// The sentence that people read.
    pub fn words(&self) -> Words {
        match self {
            Self::Noted { author, text, said_at, by, .. } => {
                let words = by.named(Words::plain("📌 "));
                let words = author.named(words.text(" added to the timeline what "));
                words.text(" wrote at ").time(*said_at).text(": “").text(text).text("”")
            }
            Self::Unreachable { chat, people } => {
                let (is, them) =
                    if people.len() == 1 { (" has", "them") } else { (" have", "them") };
                Words::new().people(people).text(format!(
                    "{is} no address in {} that works: nobody could write to {them} here. Please reach {them} another way, and tell the operator to mend people.yaml.",
                    chat.title(),
                ))
            }
            Self::BroughtIn { person } => {
                Words::new().person(person).text(" was not in this channel and is now.")
            }
            Self::NotInChannel { person } => Words::new()
                .person(person)
                .text(" is asked to decide but is not in this channel, and I may not invite them. Please type ")
                .code("/invite")
                .text(" with their name. They got a private message meanwhile."),
            Self::AsksToBeKnown { identity } => {
                Words::plain("Somebody whom people.yaml does not name wants to help and asks to be added: ")
                    .code(identity.as_yaml())
                    .text(". Whoever operates this: check who they are before you add them, then restart.")
            }
        }
    }

    /// Whether this says already what `other` would say: whoever cannot be written to is named once, whatever the reason,
    /// also among others.
    pub fn covers(&self, other: &Self) -> bool {
        if let (
            Self::Unreachable { chat, people },
            Self::Unreachable { chat: again, people: others },
        ) = (self, other)
        {
            return chat == again && others.iter().all(|person| people.contains(person));
        }
        self == other
    }

    /// The mood it is shown in.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Unreachable { .. } | Self::NotInChannel { .. } | Self::AsksToBeKnown { .. } => {
                Tone::Attention
            }
            Self::Noted { .. } | Self::BroughtIn { .. } => Tone::Neutral,
        }
    }
}

impl Voice {
    fn named(&self, words: Words) -> Words {
        match &self.person {
            Some(person) => words.person(person),
            None => words.text("somebody unknown (").code(self.identity.to_string()).text(")"),
        }
    }
}

/// A person's text as it is kept: without zero bytes, which no database takes, and not longer than it should be.
pub fn kept(text: &str) -> String {
    let mut letters = text.chars().filter(|letter| *letter != '\0');
    let mut kept: String = letters.by_ref().take(MOST_LETTERS).collect();
    if letters.next().is_some() {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_once() {
        let unreachable = |people: &[&str]| Remark::Unreachable {
            chat: ChatName::Slack,
            people: people.iter().map(|person| PersonId::new(*person)).collect(),
        };
        let absent = |person: &str| Remark::NotInChannel { person: PersonId::new(person) };
        let table = [
            (unreachable(&["ana"]), unreachable(&["ana"]), true),
            (unreachable(&["ana", "bo"]), unreachable(&["bo"]), true),
            (unreachable(&["ana"]), unreachable(&["ana", "bo"]), false),
            (unreachable(&["ana"]), absent("ana"), false),
            (absent("ana"), absent("ana"), true),
            (absent("ana"), absent("bo"), false),
        ];
        for (known, new, is_covered) in table {
            assert_eq!(known.covers(&new), is_covered, "{known:?} {new:?}");
        }
        let elsewhere =
            Remark::Unreachable { chat: ChatName::Discord, people: vec![PersonId::new("ana")] };
        assert!(!unreachable(&["ana"]).covers(&elsewhere), "in another chat they may be reached");
    }

    #[test]
    fn a_long_text_is_cut_and_a_zero_byte_left_out() {
        assert_eq!(kept("a\0b"), "ab");
        assert_eq!(kept(&"x".repeat(MOST_LETTERS)).chars().count(), MOST_LETTERS);
        let long = kept(&"x".repeat(MOST_LETTERS + 1));
        assert!(long.ends_with("x…"), "{long}");
    }
}
