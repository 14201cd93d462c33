//! What somebody is in the workspace that vouches for them, as the chat itself says. Whoever is not an ordinary member
//! decides nothing, whatever the people file says of them.

use serde::{Deserialize, Serialize};

/// How a chat's workspace counts somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// An ordinary member of the workspace.
    Member,
    /// A guest, who sees single channels.
    Guest,
    /// Somebody of another workspace, in a shared channel.
    Stranger,
    /// A bot or a workflow.
    Machine,
    /// Their account was switched off.
    Deactivated,
}

/// A text that names no standing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no standing")]
pub struct StandingError(String);

impl Standing {
    /// The standing as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Guest => "guest",
            Self::Stranger => "stranger",
            Self::Machine => "machine",
            Self::Deactivated => "deactivated",
        }
    }

    /// Why this keeps somebody from deciding, as the second half of a sentence; `None` for an ordinary member.
    pub fn objection(self) -> Option<&'static str> {
        match self {
            Self::Member => None,
            Self::Guest => Some("you are a guest in this workspace, and guests never decide"),
            Self::Stranger => {
                Some("you belong to another workspace, and only members of this one decide")
            }
            Self::Machine => Some("bots and workflows never decide"),
            Self::Deactivated => Some("your account is switched off"),
        }
    }
}

impl TryFrom<String> for Standing {
    type Error = StandingError;
    fn try_from(text: String) -> Result<Self, StandingError> {
        let all = [Self::Member, Self::Guest, Self::Stranger, Self::Machine, Self::Deactivated];
        all.into_iter().find(|standing| standing.as_str() == text).ok_or(StandingError(text))
    }
}
