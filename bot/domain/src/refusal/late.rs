//! What somebody reads whose click comes after it was decided: by whom, when, and what happens now.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    person::PersonId,
    proposal::Outcome,
    words::{Words, sentence},
};

/// How it goes on once enough people have signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "course", rename_all = "snake_case")]
pub enum Course {
    /// The rollback begins.
    Begins {
        /// When its maintenance window opens, where it waits for one.
        opens: Option<Timestamp>,
    },
    /// The rollback is under way.
    Runs,
    /// The rollback is stuck.
    Stuck,
}

impl Course {
    fn words(&self) -> Words {
        match self {
            Self::Begins { opens: Some(opens) } => {
                Words::plain("The rollback begins by itself when its maintenance window opens (")
                    .day(*opens)
                    .text("); until then it can be rejected on the card.")
            }
            Self::Begins { opens: None } => Words::plain("The rollback begins in a moment."),
            Self::Runs => Words::plain(
                "The rollback is under way: the card shows how far it is, and offers to pause or to cancel it.",
            ),
            Self::Stuck => Words::plain(
                "The rollback is stuck and needs a person: the card says why, and offers the ways on.",
            ),
        }
    }
}

/// The same person has signed before. Records from before it was kept have no moment.
pub(super) fn signed(
    at: Option<Timestamp>,
    (given, needed): (usize, usize),
    course: Option<&Course>,
) -> Words {
    let words = Words::plain("You have signed this already");
    let words = match at {
        Some(at) => words.text(", at ").time(at),
        None => words,
    };
    match course {
        Some(course) => words
            .text(", and enough people have. ")
            .words(course.words())
            .text(" Your click changed nothing."),
        None => words.text(format!(
            ", and it counts: {given} of {needed} approvals are there. One person counts once, so nothing more is needed of you: others have to give what is missing. Your click changed nothing."
        )),
    }
}

/// Enough others have signed. Records from before it was kept do not say who.
pub(super) fn approved(by: &[PersonId], at: Option<Timestamp>, course: Option<&Course>) -> Words {
    let words = match (by, at) {
        ([], _) | (_, None) => {
            Words::plain("You are a little late: enough people have signed already.")
        }
        (by, Some(at)) => Words::plain("You are a little late: ")
            .people(by)
            .text(if by.len() == 1 { " signed at " } else { " have signed, the last of them at " })
            .time(at)
            .text(", and that is enough."),
    };
    let course = course
        .map_or_else(|| Words::plain("The thread shows how the rollback goes."), Course::words);
    words.text(" ").words(course).text(" Your click changed nothing.")
}

/// It is over; `signed` says when the same person has signed it.
pub(super) fn closed(outcome: &Outcome, at: Timestamp, signed: Option<Timestamp>) -> Words {
    let words = match (signed, outcome) {
        (Some(signed), _) => Words::plain("You have signed this already, at ")
            .time(signed)
            .text(", and it is over: "),
        (None, Outcome::Voided { .. }) => Words::plain("This card is out of date: "),
        (None, _) => Words::plain("You are a little late: "),
    };
    let words = words.words(how(outcome)).text(" (").day(at).text(").");
    let words = match why(outcome) {
        Some(why) => words.text(format!(" {why}")),
        None => words,
    };
    words.text(" ").text(next(outcome)).text(" Your click changed nothing.")
}

/// How it ended, as the middle of a sentence.
fn how(outcome: &Outcome) -> Words {
    match outcome {
        Outcome::RolledBack { signed_off, .. } if signed_off.is_empty() => {
            Words::plain("the rollback is done, and every check passed")
        }
        Outcome::RolledBack { .. } => Words::plain("the rollback is done, on the word of people"),
        Outcome::Undone { .. } => Words::plain("the rollback failed, and was taken back"),
        Outcome::Cancelled { by, .. } => {
            Words::new().person(by).text(" cancelled the rollback, and it was taken back")
        }
        Outcome::Rejected { by, .. } => Words::new().person(by).text(" rejected the rollback"),
        Outcome::GivenUp { by, .. } => Words::new().person(by).text(" ended the stuck rollback"),
        Outcome::Voided { .. } => Words::plain(
            "what it proposes has changed since it was drawn, so the proposal is void, with its approvals",
        ),
        Outcome::Withdrawn => {
            Words::plain("the incident was resolved before enough people had decided")
        }
    }
}

/// Why it ended so, as a sentence.
fn why(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Undone { reason, .. }
        | Outcome::Cancelled { reason, .. }
        | Outcome::Rejected { reason, .. }
        | Outcome::GivenUp { reason, .. } => Some(format!("Why: {}", sentence(reason))),
        Outcome::Voided { changes } => {
            Some(format!("What changed: {}", sentence(&changes.join("; "))))
        }
        Outcome::RolledBack { .. } | Outcome::Withdrawn => None,
    }
}

/// What can be done instead.
fn next(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::RolledBack { .. } => "Nothing is left to decide.",
        Outcome::Voided { .. } => {
            "The target is looked at again: please read the newest card in the thread, and decide there."
        }
        Outcome::Undone { .. }
        | Outcome::Cancelled { .. }
        | Outcome::Rejected { .. }
        | Outcome::GivenUp { .. }
        | Outcome::Withdrawn => "If a rollback is still needed, propose it anew.",
    }
}
