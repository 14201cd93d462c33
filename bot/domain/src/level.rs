//! The levels of the escalation matrix: a higher one may do all that a lower one may.

use serde::{Deserialize, Serialize};

/// A level of authority, 1 (on-call engineer) to 9; the default matrix uses four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

/// A number that is no level.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0} is not a level: levels go from 1 to 9")]
pub struct LevelError(u8);

impl Level {
    /// The lowest level there is.
    pub const LOWEST: Self = Self(1);

    /// The level's number.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Level {
    type Error = LevelError;
    fn try_from(number: u8) -> Result<Self, LevelError> {
        if (1..=9).contains(&number) { Ok(Self(number)) } else { Err(LevelError(number)) }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}

impl std::fmt::Display for Level {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "level {}", self.0)
    }
}
