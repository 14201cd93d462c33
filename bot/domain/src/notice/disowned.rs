//! What the thread is told when somebody says that it was not they who signed.

use serde::{Deserialize, Serialize};

use crate::{person::PersonId, words::Words};

/// What it makes of the rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "makes", rename_all = "snake_case")]
pub enum Consequence {
    /// Nothing had begun: it waits for people.
    TakenBack,
    /// Nothing further begins.
    Paused {
        /// The step that comes to its end first.
        under_way: Option<String>,
    },
    /// The run waited for a person already, and goes on waiting.
    Waits,
    /// What was done is being taken back, and that goes on.
    GoesBack,
    /// It was over.
    Over,
}

impl Consequence {
    /// The alarm, for the people whom it is about.
    pub(super) fn words(
        &self,
        by: &PersonId,
        people: &[PersonId],
        (given, needed): (usize, usize),
    ) -> Words {
        let words = Words::new()
            .person(by)
            .text(" says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. ");
        let count = format!("{given} of {needed} approvals count now");
        let words = match self {
            Self::TakenBack => words.text(format!("Nothing has begun: {count}, and others decide.")),
            Self::Paused { under_way: Some(name) } => {
                words.text("The rollback is paused: ").strong(name).text(format!(
                    " comes to its end, and nothing further begins ({count})."
                ))
            }
            Self::Paused { under_way: None } => {
                words.text(format!("The rollback is paused, and nothing further begins ({count})."))
            }
            Self::Waits => {
                words.text(format!("The rollback waits for a person and stays as it is ({count})."))
            }
            Self::GoesBack => words.text("What the rollback did is being taken back, and that goes on."),
            Self::Over => words.text("The rollback was over by then: nothing is left to be stopped here, so please look at what was done, if anything was."),
        };
        if people.is_empty() {
            return words;
        }
        let please = match self {
            Self::TakenBack | Self::Over => ": please look at this, and at that account, now.",
            Self::Paused { .. } | Self::Waits if given < needed => {
                ": please look at it now. Approve the same plan again if it is right, or cancel it; and see to that account."
            }
            Self::Paused { .. } | Self::Waits => {
                ": please look at it now, then let it go on or cancel it; and see to that account."
            }
            Self::GoesBack => ": please look at this, and at that account, now.",
        };
        words.text(" ").people(people).text(please)
    }
}

/// What the thread is told when a run meets an approval that was disowned.
pub(super) fn stands_still(name: &str, by: &PersonId) -> Words {
    Words::plain("The rollback stops before ").strong(name).text(": what was signed in the name of ").person(by).text(
        " was taken back, because it was not they who signed, and the approvals that are left are not enough. If the plan is right, others sign it again with Approve, and then press Try again; End the rollback leaves the target as it is now. Nothing runs by itself.",
    )
}
