//! What people want of a proposal, and what they are answered.

use domain::{
    card::Button,
    digest::Digest,
    id::ProposalId,
    person::Identity,
    place::Place,
    refusal::Refusal,
    run::{Steer, Stop},
    words::Words,
};

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Sign the plan.
    Approve {
        /// Why, if they say so.
        reason: Option<String>,
        /// The name that they typed, where the plan asks for it.
        typed: Option<String>,
    },
    /// Say no.
    Reject {
        /// Why.
        reason: String,
    },
    /// Bring in the next level before its time.
    Escalate,
    /// Steer the run.
    Steer {
        /// How.
        steer: Steer,
        /// Why, if they say so.
        reason: Option<String>,
    },
    /// Let come again what was rolled back.
    LiftHold {
        /// Why.
        reason: String,
    },
    /// Keep from the janitor what it goes back to.
    Keep,
    /// Say that somebody else has signed in their name.
    Disown,
}

impl Wish {
    /// What somebody wants who presses a button of a card that showed the run at `stop`. `None`: the button answers a
    /// stop, and the card showed none.
    pub fn of(button: Button, stop: Option<Stop>, reason: String) -> Option<Self> {
        let steer = match button {
            Button::Approve => {
                let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
                return Some(Self::Approve { reason, typed: None });
            }
            Button::Reject | Button::GiveUp => return Some(Self::Reject { reason }),
            Button::Escalate => return Some(Self::Escalate),
            Button::LiftHold => return Some(Self::LiftHold { reason }),
            Button::Keep => return Some(Self::Keep),
            Button::NotMe => return Some(Self::Disown),
            Button::Pause => Steer::Pause,
            Button::Resume => Steer::Resume,
            Button::Cancel => Steer::Cancel,
            Button::Retry | Button::RetryBlind => Steer::Retry { stop: stop? },
            Button::Skip => Steer::Skip { stop: stop? },
            Button::Confirm => Steer::Confirm { stop: stop? },
        };
        let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        Some(Self::Steer { steer, reason })
    }

    /// The same wish, with what somebody typed; only an approval has a use for it.
    #[must_use]
    pub fn typing(self, name: String) -> Self {
        match self {
            Self::Approve { reason, .. } => Self::Approve { reason, typed: Some(name) },
            other => other,
        }
    }

    /// The button with which somebody says so.
    pub fn button(&self) -> Button {
        match self {
            Self::Approve { .. } => Button::Approve,
            Self::Reject { .. } => Button::Reject,
            Self::Escalate => Button::Escalate,
            Self::LiftHold { .. } => Button::LiftHold,
            Self::Keep => Button::Keep,
            Self::Disown => Button::NotMe,
            Self::Steer { steer, .. } => match steer {
                Steer::Pause => Button::Pause,
                Steer::Resume => Button::Resume,
                Steer::Cancel => Button::Cancel,
                Steer::Retry { .. } => Button::Retry,
                Steer::Skip { .. } => Button::Skip,
                Steer::Confirm { .. } => Button::Confirm,
            },
        }
    }
}

/// A person's wish, as a chat brings it. The chat has proved who they are.
#[derive(Clone, Debug)]
pub struct Decide {
    /// Who, as the chat knows them.
    pub identity: Identity,
    /// On which proposal.
    pub proposal: ProposalId,
    /// The plan that the card showed.
    pub plan: Digest,
    /// What they want.
    pub wish: Wish,
    /// Where they look for the answer.
    pub place: Place,
}

/// What a person is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done(Words),
    /// It is not done, and why.
    Refused(Refusal),
}

impl Answer {
    /// The answer as the person reads it.
    pub fn words(&self) -> Words {
        match self {
            Self::Done(words) => words.clone(),
            Self::Refused(refusal) => refusal.words(),
        }
    }
}
