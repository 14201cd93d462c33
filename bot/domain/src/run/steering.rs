//! How people steer a run: what they can do to it, and what of that the run remembers.
//!
//! Every act is a signed decision. Which level it needs is the proposal's to say; whether it fits the place where the
//! run stands is said in `steer.rs`.

use serde::{Deserialize, Serialize};

use super::{Run, Stage};
use crate::{
    Timestamp, digest::Digest, id::ProposalId, level::Level, person::PersonId, plan::Question,
};

/// A place at which a run waits for a person. Whoever answers an earlier one has not seen this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stop {
    /// The step, from 0.
    pub step: usize,
    /// The how-manieth stop of the run this is, from 1.
    pub count: u32,
}

impl std::fmt::Display for Stop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.step, self.count)
    }
}

/// A text that names no stop.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` names no stop of a run")]
pub struct StopError(String);

impl std::str::FromStr for Stop {
    type Err = StopError;

    fn from_str(text: &str) -> Result<Self, StopError> {
        let read = || {
            let (step, count) = text.split_once('.')?;
            Some(Self { step: step.parse().ok()?, count: count.parse().ok()? })
        };
        read().ok_or_else(|| StopError(text.to_owned()))
    }
}

/// What a person does to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "steer", rename_all = "snake_case")]
pub enum Steer {
    /// No further step begins.
    Pause,
    /// It goes on.
    Resume,
    /// It ends, and what was done is taken back.
    Cancel,
    /// The step that is stuck is tried again.
    Retry {
        /// Where it is stuck.
        stop: Stop,
    },
    /// The step that is stuck counts as settled: done, taken back, or not needed.
    Skip {
        /// Where it is stuck.
        stop: Stop,
    },
    /// The question between two steps is answered with yes.
    Confirm {
        /// Where it is asked.
        stop: Stop,
    },
}

impl Steer {
    /// The stop that it answers.
    pub fn stop(self) -> Option<Stop> {
        match self {
            Self::Pause | Self::Resume | Self::Cancel => None,
            Self::Retry { stop } | Self::Skip { stop } | Self::Confirm { stop } => Some(stop),
        }
    }
}

/// A person's signed act on a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steered {
    /// What they do.
    #[serde(flatten)]
    pub steer: Steer,
    /// Who.
    pub by: PersonId,
    /// The level they hold.
    pub level: Level,
    /// The proposal that they saw.
    pub proposal: ProposalId,
    /// The plan that they saw.
    pub plan: Digest,
    /// Why; always there where it cancels or skips.
    pub reason: Option<String>,
}

/// What a run remembers of the people who steered it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steering {
    /// While nothing further may begin.
    #[serde(default)]
    pub paused: Option<Pause>,
    /// Once somebody has cancelled it.
    #[serde(default)]
    pub cancelled: Option<Cancel>,
    /// The steps that a person has settled, in order.
    #[serde(default)]
    pub signed_off: Vec<SignOff>,
    /// How often it has stopped for a person.
    #[serde(default)]
    pub stops: u32,
    /// The tries of the step under way.
    #[serde(default)]
    pub tries: Tries,
}

/// A pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Who asked for it.
    pub by: PersonId,
    /// Since when.
    pub since: Timestamp,
}

/// A cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// Who.
    pub by: PersonId,
    /// Why.
    pub reason: String,
}

/// A step that a person has settled in place of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// The step, from 0.
    pub step: usize,
    /// Its name.
    pub name: String,
    /// Who.
    pub by: PersonId,
    /// Why.
    pub reason: String,
}

/// Which tries of the step under way count, and what the last of them has left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// The tries before a person asked for more: they count no longer.
    pub after: u32,
    /// What an earlier try is known to have left.
    pub trace: Trace,
}

/// What an earlier try of a step has left on the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trace {
    /// Nothing: there was none, or its probe says that it had no effect.
    #[default]
    Nothing,
    /// Nobody was asked.
    Unknown,
    /// A part of its effect.
    Part,
}

/// What a run was about to do when it got stuck: it says what trying again means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Halt {
    /// This try of the step was about to begin.
    Before {
        /// Which try.
        attempt: u32,
    },
    /// The step was begun, and it is not done as it should be.
    Within {
        /// Which try.
        attempt: u32,
    },
    /// The step was being taken back.
    Undoing {
        /// Why the run is taken back.
        reason: String,
    },
}

impl Default for Halt {
    /// What is assumed of a run that got stuck before this was written down: look before anything is done again.
    fn default() -> Self {
        Self::Within { attempt: 1 }
    }
}

impl Run {
    /// Whether nothing can change it any more.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Succeeded { .. } | Stage::Undone { .. } | Stage::Voided { .. })
    }

    /// Whether the executor has nothing left to do: the run is over or waits for a person.
    pub fn is_at_rest(&self) -> bool {
        match self.stage {
            Stage::Stuck { .. } => true,
            Stage::Doing { .. } | Stage::InDoubt { .. } => false,
            _ => self.is_over() || self.holds_target(),
        }
    }

    /// Whether it waits for a person in the middle of its way, so that no other run may touch its target.
    pub fn holds_target(&self) -> bool {
        match self.stage {
            Stage::Asking { .. } => true,
            // A step that is under way comes to its end before the pause begins.
            Stage::Pending { .. } | Stage::Undoing { .. } => self.steering.paused.is_some(),
            _ => false,
        }
    }

    /// The place at which it waits for a person's answer.
    pub fn stop(&self) -> Option<Stop> {
        match self.stage {
            Stage::Stuck { step, .. } | Stage::Asking { step } => {
                Some(Stop { step, count: self.steering.stops })
            }
            _ => None,
        }
    }

    /// The question that it waits for.
    pub fn question(&self) -> Option<&Question> {
        match self.stage {
            Stage::Asking { step } => self.steps[step].confirm.as_ref(),
            _ => None,
        }
    }

    /// The level that the answered step names for itself.
    pub fn level_named(&self, steer: Steer) -> Option<Level> {
        match steer {
            Steer::Confirm { stop } => self.steps.get(stop.step)?.confirm.as_ref()?.level,
            _ => None,
        }
    }

    /// Whether it is being taken back, or will be as soon as the step under way has ended.
    pub fn is_turning_back(&self) -> bool {
        self.steering.cancelled.is_some() || matches!(self.stage, Stage::Undoing { .. })
    }

    /// Whether the step that is stuck can be tried again.
    pub fn can_retry(&self) -> bool {
        match &self.stage {
            Stage::Stuck { step, halt: Halt::Undoing { .. }, .. } => self.steps[*step].has_undo,
            // A cancelled run does nothing again; its probe may still say what there is to take back.
            Stage::Stuck { step, halt: Halt::Within { .. }, .. } => {
                self.steering.cancelled.is_none() || self.steps[*step].has_probe
            }
            Stage::Stuck { halt: Halt::Before { .. }, .. } => true,
            _ => false,
        }
    }

    /// Whether nothing but a person can say that the stuck step may be done once more: nobody can ask what it did, and
    /// twice is not like once.
    pub fn retry_is_blind(&self) -> bool {
        match &self.stage {
            Stage::Stuck { step, halt: Halt::Within { .. }, .. } => {
                let rule = &self.steps[*step];
                !rule.has_probe && !rule.idempotent
            }
            _ => false,
        }
    }

    /// Whether the target must still be as the plan was made for when this try begins.
    pub fn must_look_first(&self, attempt: u32) -> bool {
        let Tries { after, trace } = &self.steering.tries;
        // A repeated step meets what its earlier try left: its probe has said that it may go on.
        attempt == after + 1 && *trace == Trace::Nothing
    }
}
