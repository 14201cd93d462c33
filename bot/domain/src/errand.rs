//! An errand: what a chat worker does for one person, or because of one event, before an incident is known.

use serde::{Deserialize, Serialize};

use crate::{person::Identity, port::MessageRef};

/// One thing to do. Doing it twice is harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "snake_case")]
pub enum Errand {
    /// Show a person's home page as it is now.
    Home {
        /// Whose.
        of: Identity,
    },
    /// Put a message into the timeline of the incident in whose thread it stands, if it stands in one.
    Note {
        /// The message.
        at: MessageRef,
        /// Who wants it.
        by: Identity,
    },
}

impl Errand {
    /// What two errands have in common of which one is enough.
    pub fn key(&self) -> String {
        match self {
            Self::Home { of } => format!("home:{}:{}", of.team, of.user),
            Self::Note { at, .. } => format!("note:{}:{}", at.channel, at.message),
        }
    }
}
