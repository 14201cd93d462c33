//! Where somebody is answered: where they looked when they acted.

use serde::{Deserialize, Serialize};

/// A place in a chat, as far as an answer has to know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Place {
    /// The incident's card, wherever it stands in this chat.
    #[default]
    Card,
    /// A channel.
    Channel {
        /// The chat's id of it.
        channel: String,
    },
    /// A thread in a channel.
    Thread {
        /// The chat's id of the channel.
        channel: String,
        /// The chat's id of the message that the thread hangs on.
        message: String,
    },
    /// Where nobody else is: a letter, or a person's own page.
    Private,
}
