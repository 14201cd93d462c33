//! What can happen to a proposal.

use serde::{Deserialize, Serialize};

use super::{Halted, Opening};
use crate::{
    digest::Digest, id::RunId, level::Level, person::PersonId, plan::Question,
    release::ModelVersion, run::SignOff,
};

/// What can happen to a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It was opened; the first event of every proposal.
    Opened {
        /// What it starts from.
        opening: Box<Opening>,
    },
    /// A chat accepted the card.
    Posted,
    /// The clock reached the rung after `position`.
    DeadlinePassed {
        /// The rung that is due.
        rung: usize,
        /// How often it was asked again.
        repeats: u32,
    },
    /// The way back may be gone soon.
    WayBackCloses,
    /// The janitor has taken something that it goes back to.
    WayBackGone {
        /// What.
        missing: Vec<ModelVersion>,
    },
    /// The maintenance window comes near.
    WindowNears,
    /// The maintenance window is open.
    WindowOpened,
    /// A person asks for the next rung before its time.
    Escalated {
        /// Who.
        by: PersonId,
    },
    /// A person signed.
    Approved {
        /// Who.
        by: PersonId,
        /// The level they hold.
        level: Level,
        /// The plan they saw.
        plan: Digest,
    },
    /// A person said no, or ends a run that is stuck.
    Rejected {
        /// Who.
        by: PersonId,
        /// The level they hold.
        level: Level,
        /// The plan they saw.
        plan: Digest,
        /// Why.
        reason: String,
    },
    /// Whoever holds the identity that signed says that it was somebody else.
    Disowned {
        /// In whose name it was signed.
        by: PersonId,
        /// The level that was signed with.
        level: Level,
        /// The plan that was signed.
        plan: Digest,
    },
    /// What was approved is no longer what would run.
    Voided {
        /// What changed, a sentence each.
        changes: Vec<String>,
    },
    /// The executor began.
    RunStarted {
        /// The run.
        run: RunId,
    },
    /// The run cannot go on without a person.
    RunStuck,
    /// The run cannot go on before its approvals are given again: they have run out, or one was disowned.
    RunLapsed {
        /// Whose approval was disowned, where that is why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disowned: Option<PersonId>,
    },
    /// A person has paused the run.
    RunPaused {
        /// Who.
        by: PersonId,
    },
    /// The run has heard that what somebody signed was not theirs.
    RunHalted {
        /// In whose name it was signed.
        by: PersonId,
        /// What it makes of the run.
        halt: Halted,
    },
    /// A person lets a run that was stuck, that was paused or that asked, go on.
    RunGoesOn,
    /// The run has come to a question.
    RunAsks {
        /// The step's name.
        step: String,
        /// What is asked.
        question: Question,
    },
    /// The run ended well.
    RunSucceeded,
    /// The run came to its end, and people have settled some of its steps.
    RunSignedOff {
        /// Which, who, and why; never empty.
        signed_off: Vec<SignOff>,
    },
    /// The run failed and was taken back.
    RunUndone {
        /// Why it failed.
        reason: String,
        /// The steps that a person has settled.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signed_off: Vec<SignOff>,
    },
    /// A person cancelled the run, and it was taken back.
    RunCancelled {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// The steps that a person has settled.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signed_off: Vec<SignOff>,
    },
    /// The incident ended.
    IncidentResolved,
}
