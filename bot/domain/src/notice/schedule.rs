//! What people are told of a rollback that waits for its maintenance window.

use serde::{Deserialize, Serialize};

use super::{Tone, Volume};
use crate::{Timestamp, id::IncidentId, words::Words};

/// A word on the window, with all that its sentence needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "schedule", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the words of the sentence that each variant makes")]
pub enum Schedule {
    /// It is proposed for a window.
    Proposed { opens: Timestamp, closes: Timestamp },
    /// It is approved, and waits for the window.
    Begins { opens: Timestamp, closes: Timestamp },
    /// The window comes near.
    Nears { opens: Timestamp, closes: Timestamp, missing: usize },
    /// It is over, and can be read as one document.
    Documented { incident: IncidentId },
}

impl Schedule {
    /// The sentence that people read.
    pub fn words(&self) -> Words {
        let between = |words: Words, opens: Timestamp, closes: Timestamp| {
            words.day(opens).text(" and ").day(closes)
        };
        match self {
            Self::Proposed { opens, closes } => between(
                Words::plain("It is planned for the maintenance window between "),
                *opens,
                *closes,
            )
            .text(". Approvals are good until it closes; without enough of them nothing runs, and the proposal is void then."),
            Self::Begins { opens, closes } => Words::plain("The rollback begins by itself at ")
                .day(*opens)
                .text(", when its maintenance window opens, and not after ")
                .day(*closes)
                .text(". Until then it can still be rejected."),
            Self::Nears { opens, missing: 0, .. } => Words::plain("The rollback begins at ")
                .day(*opens)
                .text(". It is approved; until then it can still be rejected."),
            Self::Nears { opens, closes, missing } => between(
                Words::plain("The maintenance window of this rollback is between "),
                *opens,
                *closes,
            )
            .text(format!(
                ", and {missing} {} still missing. Without {} nothing runs.",
                if *missing == 1 { "approval is" } else { "approvals are" },
                if *missing == 1 { "it" } else { "them" },
            )),
            Self::Documented { incident } => {
                Words::plain("All of this as one document, with room for what is to be learnt: ")
                    .code(format!("countersign report incident {incident}"))
                    .text(".")
            }
        }
    }

    /// Whether the channel hears it or the thread alone.
    pub fn volume(&self) -> Volume {
        match self {
            Self::Proposed { .. } | Self::Documented { .. } => Volume::Thread,
            Self::Begins { .. } | Self::Nears { .. } => Volume::Channel,
        }
    }

    /// The mood it is shown in.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Proposed { .. } | Self::Documented { .. } => Tone::Neutral,
            Self::Begins { .. } => Tone::Good,
            Self::Nears { .. } => Tone::Attention,
        }
    }
}
