//! What can be pressed on a card.

use serde::{Deserialize, Serialize};

use crate::{
    proposal::{Proposal, Stage},
    run::Run,
};

/// What a person can press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// Sign.
    Approve,
    /// Say no, with a reason.
    Reject,
    /// Bring in the next level before its time.
    Escalate,
    /// Let nothing further begin.
    Pause,
    /// Let it go on.
    Resume,
    /// Answer the question with yes.
    Confirm,
    /// Take back what was done, with a reason.
    Cancel,
    /// Try the step that is stuck again.
    Retry,
    /// The same where nobody can ask what the step has done: with a reason.
    RetryBlind,
    /// Settle the step that is stuck, with a reason.
    Skip,
    /// End a rollback that is stuck, with a reason.
    GiveUp,
    /// Let come again what was rolled back, with a reason.
    LiftHold,
    /// Keep from the janitor what the rollback goes back to.
    Keep,
    /// Say that somebody else has signed in one's own name.
    NotMe,
}

impl Button {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Approve,
        Self::Reject,
        Self::Escalate,
        Self::Pause,
        Self::Resume,
        Self::Confirm,
        Self::Cancel,
        Self::Retry,
        Self::RetryBlind,
        Self::Skip,
        Self::GiveUp,
        Self::LiftHold,
        Self::Keep,
        Self::NotMe,
    ];

    /// The button's name on the wire, as it is serialised. Never changes: cards live longer than releases.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Escalate => "escalate",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::RetryBlind => "retry_blind",
            Self::Skip => "skip",
            Self::GiveUp => "give_up",
            Self::LiftHold => "lift_hold",
            Self::Keep => "keep",
            Self::NotMe => "not_me",
        }
    }

    /// The button's text.
    pub fn label(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Reject => "Reject",
            Self::Escalate => "Ask the next level now",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
            Self::Confirm => "Confirm",
            Self::Cancel => "Cancel the rollback",
            Self::Retry | Self::RetryBlind => "Try again",
            Self::Skip => "Skip the step",
            Self::GiveUp => "End the rollback",
            Self::LiftHold => "Lift the hold",
            Self::Keep => "Keep the way back",
            Self::NotMe => "Not me?",
        }
    }

    /// Whether it is pressed with a reason.
    pub fn asks_why(self) -> bool {
        match self {
            Self::Reject
            | Self::Cancel
            | Self::RetryBlind
            | Self::Skip
            | Self::GiveUp
            | Self::LiftHold => true,
            Self::Approve
            | Self::Escalate
            | Self::Pause
            | Self::Resume
            | Self::Confirm
            | Self::Retry
            | Self::Keep
            | Self::NotMe => false,
        }
    }
}

/// What can be pressed while a proposal and its run stand like this.
pub(super) fn of(proposal: &Proposal, run: Option<&Run>) -> Vec<Button> {
    match (&proposal.stage, run) {
        (Stage::Open { .. }, _) => vec![Button::Approve, Button::Reject, Button::Escalate],
        // Without good approvals nothing goes on but taking back.
        (Stage::Running { .. }, Some(_)) if proposal.has_lapsed() => {
            vec![Button::Approve, Button::Cancel]
        }
        (Stage::Running { .. }, Some(run)) => running(run),
        (Stage::Stuck { .. }, Some(run)) => {
            let retry = match (run.can_retry(), run.retry_is_blind()) {
                (true, true) => Some(Button::RetryBlind),
                (true, false) => Some(Button::Retry),
                (false, _) => None,
            };
            // Without good approvals no step begins, however often it is tried.
            let retry = if proposal.has_lapsed() { Some(Button::Approve) } else { retry };
            retry.into_iter().chain([Button::Skip, Button::GiveUp]).collect()
        }
        (Stage::Stuck { .. }, None) => vec![Button::GiveUp],
        (Stage::Approved { .. }, None) if proposal.window().is_some() => vec![Button::Reject],
        (Stage::Approved { .. } | Stage::Running { .. } | Stage::Closed { .. }, _) => vec![],
    }
}

fn running(run: &Run) -> Vec<Button> {
    let first = if run.steering.paused.is_some() {
        Button::Resume
    } else if run.question().is_some() {
        Button::Confirm
    } else {
        Button::Pause
    };
    if run.is_turning_back() { vec![first] } else { vec![first, Button::Cancel] }
}
