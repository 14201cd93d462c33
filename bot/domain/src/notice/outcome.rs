//! How a proposal ended, in words.

use super::{Tone, duration};
use crate::{plan::Workflow, proposal::Outcome, run::SignOff, words::Words};

impl Outcome {
    /// The mood it is told in.
    pub fn tone(&self) -> Tone {
        match self {
            Self::RolledBack { .. } => Tone::Good,
            Self::Undone { .. } | Self::GivenUp { .. } => Tone::Bad,
            Self::Rejected { .. } | Self::Withdrawn => Tone::Neutral,
            Self::Voided { .. } | Self::Cancelled { .. } => Tone::Attention,
        }
    }

    /// The end in two or three words.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RolledBack { signed_off, .. } if signed_off.is_empty() => "rolled back",
            Self::RolledBack { .. } => "rolled back, signed off",
            Self::Undone { .. } => "failed and taken back",
            Self::Cancelled { .. } => "cancelled and taken back",
            Self::Rejected { .. } => "rejected",
            Self::GivenUp { .. } => "given up",
            Self::Voided { .. } => "void",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The end in a sentence.
    pub fn words(&self) -> Words {
        match self {
            Self::RolledBack { recovery_ms, target_ms, workflow, signed_off }
                if signed_off.is_empty() =>
            {
                Words::plain(format!(
                    "Rolled back: every step is done and every check passed, {} {}{}.",
                    duration(*recovery_ms),
                    after(*workflow),
                    against(*recovery_ms, *target_ms)
                ))
            }
            Self::RolledBack { recovery_ms, target_ms, workflow, signed_off } => settled(
                Words::plain(format!(
                    "Rolled back {} {}{}, on the word of people: not every step and check passed by itself.",
                    duration(*recovery_ms),
                    after(*workflow),
                    against(*recovery_ms, *target_ms)
                )),
                signed_off,
            ),
            Self::Undone { reason, signed_off } => settled(
                Words::plain(format!(
                    "The rollback failed, and every step that can be taken back was taken back{}. Why it failed: {reason}",
                    or_signed_off(signed_off)
                )),
                signed_off,
            ),
            Self::Cancelled { by, reason, signed_off } => settled(
                Words::new().person(by).text(format!(
                    " cancelled the rollback, and every step that can be taken back was taken back{}. Why it was cancelled: {reason}",
                    or_signed_off(signed_off)
                )),
                signed_off,
            ),
            Self::Rejected { by, reason } => {
                Words::new().person(by).text(" rejected the rollback: ").text(reason)
            }
            Self::GivenUp { by, reason } => Words::new()
                .person(by)
                .text(" ended the stuck rollback, which leaves the target as it is now: ")
                .text(reason),
            Self::Voided { changes } => Words::plain(format!(
                "This proposal is void, with its approvals: {}. The target is looked at again.",
                changes.join("; ")
            )),
            Self::Withdrawn => Words::plain(
                "Withdrawn: the incident was resolved before enough people had decided.",
            ),
        }
    }
}

/// The steps that people have settled, a line each.
pub(crate) fn settled(words: Words, signed_off: &[SignOff]) -> Words {
    signed_off.iter().fold(words, |words, SignOff { name, by, reason, .. }| {
        words
            .text("\n• ")
            .strong(name)
            .text(" was signed off by ")
            .person(by)
            .text(": ")
            .text(reason)
    })
}

/// From when the recovery counts.
fn after(workflow: Workflow) -> &'static str {
    match workflow {
        Workflow::Emergency => "after the proposal",
        Workflow::Planned => "after it was due to begin",
    }
}

/// How the recovery compares with its target.
fn against(recovery_ms: u64, target_ms: u64) -> String {
    match target_ms {
        0 => String::new(),
        target if recovery_ms <= target => {
            format!(", within the {} meant for it", duration(target))
        }
        target => format!(
            ", {} more than the {} meant for it",
            duration(recovery_ms - target),
            duration(target)
        ),
    }
}

fn or_signed_off(signed_off: &[SignOff]) -> &'static str {
    if signed_off.is_empty() { "" } else { " or signed off by a person" }
}
