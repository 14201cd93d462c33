//! The run: an approved plan on its way, one persisted step after the other.
//!
//! ```text
//! Pending{next} ──intent──▶ Doing{step} ──did──▶ Pending{next+1} … ──▶ Succeeded
//!      ▲                        │ failed, or the executor died
//!      │ not done: again        ▼
//!      └──────────────────── InDoubt{step} ──unknown──▶ Stuck
//!                               │ failed for good
//!                               ▼
//!                           Undoing{step} ──▶ Undone
//! ```
//! People steer it (`steering.rs`): a pause lets nothing further begin, a cancel takes back what was done, and a run that
//! is `Stuck` goes on when somebody signs for it. Before a step that asks a question it stands in `Asking`.
//!
//! Invariant I4: what happened to a step is never guessed. After a failure or a crash its probe is asked; a step
//! without probe is done again only if its runbook declares it idempotent; otherwise a person is asked.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    digest::Digest,
    effect::Effect,
    id::{IncidentId, ProposalId, RunId},
    notice::Notice,
    person::PersonId,
    plan::{Action, Finding, OnFailure, Question, Step},
    proposal,
};

mod left;
mod steer;
mod steering;
mod step;
mod undo;

pub use left::{Forecast, Usual, about_left, median};
pub use steering::{
    Cancel, Halt, Pause, SignOff, Steer, Steered, Steering, Stop, StopError, Trace, Tries,
};

/// How often an undo is tried before a person is asked.
pub const UNDO_ATTEMPTS: u32 = 3;

/// What the machine needs to know of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRule {
    /// The step's name.
    pub name: String,
    /// How often it may be tried in all.
    pub attempts: u32,
    /// Whether it may be repeated without asking a probe.
    pub idempotent: bool,
    /// Whether a probe can tell if it has taken effect.
    pub has_probe: bool,
    /// Whether it can be taken back.
    pub has_undo: bool,
    /// What happens when it fails for good.
    pub on_failure: OnFailure,
    /// Where it is no action but a question to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Question>,
}

impl From<&Step> for StepRule {
    fn from(step: &Step) -> Self {
        Self {
            name: step.name.clone(),
            attempts: step.attempts.max(1),
            idempotent: step.idempotent,
            has_probe: step.probe.is_some(),
            has_undo: step.undo.is_some(),
            on_failure: step.on_failure,
            confirm: match &step.action {
                Action::Confirm(question) => Some(question.clone()),
                Action::Command(_)
                | Action::Sqlmesh(_)
                | Action::Sql(_)
                | Action::Http(_)
                | Action::Prometheus(_)
                | Action::Dns(_)
                | Action::Wait(_) => None,
            },
        }
    }
}

/// A step that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// From its first intent to its end, in milliseconds.
    pub took_ms: u64,
    /// What came out, a sentence; empty where there is nothing to say.
    pub note: String,
    /// What it found, where it is a check.
    pub findings: Vec<Finding>,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Our id.
    pub id: RunId,
    /// The incident it serves.
    pub incident: IncidentId,
    /// The proposal that was approved.
    pub proposal: ProposalId,
    /// The plan that was approved.
    pub plan: Digest,
    /// The id of the target; one run at a time holds it.
    pub target: String,
    /// The steps' rules, frozen.
    pub steps: Vec<StepRule>,
    /// The steps that are done, in order.
    pub done: Vec<StepRecord>,
    /// When the step that is under way was first intended.
    pub step_since: Option<Timestamp>,
    /// Where it stands.
    pub stage: Stage,
    /// What people did to it.
    #[serde(default)]
    pub steering: Steering,
}

/// Where a run stands. Steps count from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Nothing is under way.
    Pending {
        /// The step to do next.
        next: usize,
        /// Which try that will be, from 1.
        attempt: u32,
    },
    /// A step may be under way: its intent is committed.
    Doing {
        /// The step.
        step: usize,
        /// Which try this is, from 1.
        attempt: u32,
    },
    /// Nobody knows what became of a step; its probe must answer.
    InDoubt {
        /// The step.
        step: usize,
        /// Which try it was.
        attempt: u32,
        /// Why it is in doubt.
        why: String,
    },
    /// Steps are taken back.
    Undoing {
        /// The step that is taken back now.
        step: usize,
        /// Which try this is, from 1.
        attempt: u32,
        /// Why the run failed.
        reason: String,
    },
    /// The next step is a question, and a person has to answer it.
    Asking {
        /// The step.
        step: usize,
    },
    /// Every step is done.
    Succeeded {
        /// When.
        at: Timestamp,
    },
    /// The run failed and everything is taken back.
    Undone {
        /// Why it failed.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// Nothing was done: what was approved is no longer what would run.
    Voided {
        /// What changed.
        changes: Vec<String>,
        /// When.
        at: Timestamp,
    },
    /// The run cannot go on without a person.
    Stuck {
        /// The step.
        step: usize,
        /// Why.
        reason: String,
        /// What it was about to do.
        #[serde(default)]
        halt: Halt,
    },
}

/// What a probe says of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeAnswer {
    /// It has taken effect.
    Done,
    /// It has not.
    NotDone,
    /// Some of it has.
    Partial,
    /// The probe could not tell.
    Unknown,
}

/// What can happen to a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It was made; the first event of every run.
    Created {
        /// The proposal that was approved.
        proposal: ProposalId,
        /// The plan that was approved.
        plan: Digest,
        /// The id of the target.
        target: String,
        /// The steps' rules.
        steps: Vec<StepRule>,
    },
    /// The executor is about to do a step. Committed before anything is done.
    Intended {
        /// The step.
        step: usize,
        /// Which try this is.
        attempt: u32,
    },
    /// The step is done; with a finding that is not a pass it counts as failed.
    Did {
        /// The step.
        step: usize,
        /// What came out.
        note: String,
        /// What it found, where it is a check.
        findings: Vec<Finding>,
    },
    /// The step ended badly; what it has changed is not known.
    Failed {
        /// The step.
        step: usize,
        /// Why.
        why: String,
        /// What it found, where it is a check.
        findings: Vec<Finding>,
    },
    /// The step was not done, which is known for certain: nothing was started or sent.
    NotDone {
        /// The step.
        step: usize,
        /// Why.
        why: String,
    },
    /// The executor that did the step is gone.
    Interrupted {
        /// The step.
        step: usize,
    },
    /// The probe answered.
    Probed {
        /// The step.
        step: usize,
        /// The answer.
        answer: ProbeAnswer,
        /// The answer in a sentence.
        detail: String,
    },
    /// The step is taken back.
    UndoDid {
        /// The step.
        step: usize,
    },
    /// Taking the step back failed.
    UndoFailed {
        /// The step.
        step: usize,
        /// Why.
        why: String,
    },
    /// The receipts do not allow what comes next: somebody has to find out why.
    Unauthorised {
        /// What is wrong with them.
        why: String,
    },
    /// The approvals have run out before the next step began, or one was disowned.
    ApprovalsLapsed {
        /// Whose, and when.
        why: String,
        /// Whose approval was disowned, where that is why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disowned: Option<PersonId>,
    },
    /// The target is not what the plan was made for. In older records also: the approvals have run out.
    TargetChanged {
        /// What changed.
        changes: Vec<String>,
    },
    /// A person steers it.
    Steered(Steered),
    /// What somebody signed for it was not theirs, as they say.
    Halted {
        /// In whose name it was signed.
        by: PersonId,
    },
}

impl Run {
    /// Makes a run of an approved plan.
    pub fn create(
        id: RunId,
        incident: IncidentId,
        proposal: ProposalId,
        plan: Digest,
        target: String,
        steps: Vec<StepRule>,
    ) -> (Self, Vec<Effect>) {
        let names = steps.iter().map(|step| step.name.clone()).collect();
        let mut effects = vec![
            Effect::Say(Notice::RunStarted { steps: names }),
            Effect::TellProposal(proposal::Event::RunStarted { run: id.clone() }),
            Effect::SyncCard,
        ];
        let run = Self {
            id,
            incident,
            proposal,
            plan,
            target,
            steps,
            done: Vec::new(),
            step_since: None,
            stage: Stage::Pending { next: 0, attempt: 1 },
            steering: Steering::default(),
        };
        if run.steps.first().is_some_and(|rule| rule.confirm.is_some()) {
            let (run, asking) = run.ask(0, None);
            effects.extend(asking);
            return (run, effects);
        }
        (run, effects)
    }
}
