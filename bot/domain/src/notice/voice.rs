//! How a notice is said: how loud, and in which mood.

use serde::{Deserialize, Serialize};

/// How loud a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// A reply in the thread.
    Thread,
    /// A reply that the channel sees too: escalation, start and end.
    Channel,
}

/// The mood of a notice, for its colour and its mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// It goes on.
    Neutral,
    /// It went well.
    Good,
    /// Somebody is needed.
    Attention,
    /// It went wrong.
    Bad,
}
