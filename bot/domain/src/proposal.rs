//! The proposal: a sealed plan that waits for people, and the clock that brings in more of them.
//!
//! ```text
//! Open ──▶ Approved ──▶ Running ──▶ Closed
//!  │ ▲         │          │ ▲          ▲
//!  │ └─clock   │          ▼ │ goes on  │
//!  │           │         Stuck ────────┤  given up
//!  └───────────┴───────────────────────┘  rejected, voided, withdrawn
//! ```
//! An approval names the plan's digest; a click on an older card is refused. Closed is final (I7).

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    digest::Digest,
    effect::Effect,
    escalation::{self, Position},
    id::{IncidentId, ProposalId, RunId},
    notice::{Notice, Schedule},
    person::PersonId,
    plan::{Finding, RollbackType, Target, Workflow},
    refusal::Refusal,
    requirement::{Approval, Requirement, Tally},
    run::SignOff,
    window::Window,
};

mod disowning;
mod event;
mod late;
mod outlook;
mod part;
mod planned;
mod steering;
mod step;
mod waiting;

pub use disowning::Halted;
pub use event::Event;
pub use outlook::Outlook;
pub use part::Part;
pub use planned::Due;
pub use waiting::Waiting;

/// Within this time the first chat's acceptance moves the start of the clock; a chat that is down longer
/// does not hold the escalation up.
pub const POSTING_GRACE_MS: u64 = 60_000;

/// After a level was brought in, nobody can bring in the next one by hand for this time.
pub const ESCALATION_PAUSE_MS: u64 = 60_000;

/// Who made the proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposer {
    /// A trigger of the policies, without a person.
    Trigger(String),
    /// A person, by command or modal.
    Person(PersonId),
}

/// What a proposal starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The incident it answers.
    pub incident: IncidentId,
    /// The digest of the sealed plan.
    pub plan: Digest,
    /// Which of the four.
    pub rollback_type: RollbackType,
    /// Where it acts.
    pub target: Target,
    /// The models that go back.
    pub models: Vec<String>,
    /// Models that are rebuilt besides.
    pub downstream: Vec<String>,
    /// After this moment the way back may be gone.
    pub possible_until: Option<Timestamp>,
    /// The time within which it should be done, in milliseconds.
    pub recovery_target_ms: u64,
    /// Who made it.
    pub proposer: Proposer,
    /// The trigger it answers and why it matched, a sentence.
    pub because: String,
    /// What the checks before it found.
    pub findings: Vec<Finding>,
    /// Whom it needs.
    pub requirement: Requirement,
    /// What differs from the proposal before it; empty for the first.
    pub changes: Vec<String>,
    /// What people may expect of it.
    #[serde(default)]
    pub outlook: Outlook,
}

/// One proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Our id.
    pub id: ProposalId,
    /// What it started from; never changes.
    pub opening: Opening,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the escalation's clock started.
    pub asked_from: Timestamp,
    /// Whether a chat has accepted the card.
    pub posted: bool,
    /// Whether people were warned that the way back may be gone soon.
    #[serde(default)]
    pub warned: bool,
    /// How many notices of its window were given or passed over.
    #[serde(default)]
    pub reminded: usize,
    /// The approvals that count, in order.
    pub approvals: Vec<Approval>,
    /// In whose names somebody else has signed, as they say: nothing more is taken from them here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disowned: Vec<PersonId>,
    /// Where it stands.
    pub stage: Stage,
    /// While its run waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waiting>,
}

/// Where a proposal stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// It waits for people.
    Open {
        /// How far the escalation has come.
        position: Position,
    },
    /// Enough people have signed; the executor has not begun.
    Approved {
        /// Since when.
        at: Timestamp,
    },
    /// The plan runs.
    Running {
        /// The run.
        run: RunId,
    },
    /// The run cannot go on without a person.
    Stuck {
        /// The run.
        run: RunId,
    },
    /// It is over.
    Closed {
        /// How it ended.
        outcome: Outcome,
        /// When.
        at: Timestamp,
    },
}

/// How a proposal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The plan ran, and every check passed or was signed off.
    RolledBack {
        /// From the beginning to the last check, in milliseconds.
        recovery_ms: u64,
        /// The time within which it should have been done, in milliseconds; 0 in records from before this was kept.
        #[serde(default)]
        target_ms: u64,
        /// A planned one counts from when it was due to begin, not from the proposal.
        #[serde(default, skip_serializing_if = "Workflow::is_emergency")]
        workflow: Workflow,
        /// The steps that a person has settled; empty where every check passed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signed_off: Vec<SignOff>,
    },
    /// The plan failed and was taken back.
    Undone {
        /// Why it failed.
        reason: String,
        /// The steps that a person has settled.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signed_off: Vec<SignOff>,
    },
    /// A person cancelled the run, and it was taken back.
    Cancelled {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
        /// The steps that a person has settled.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        signed_off: Vec<SignOff>,
    },
    /// A person said no.
    Rejected {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A person ended a run that was stuck.
    GivenUp {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// What was approved is no longer what would run.
    Voided {
        /// What changed, a sentence each.
        changes: Vec<String>,
    },
    /// The incident ended first.
    Withdrawn,
}

impl Proposal {
    /// Opens a proposal. Refuses where the requirement names nobody who could ever approve: an empty list of
    /// approvers means nobody, never everybody.
    pub fn open(
        id: ProposalId,
        opening: Opening,
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        let requirement = &opening.requirement;
        if requirement.approvals.is_empty() {
            return Err(Refusal::NobodyCanApprove);
        }
        let Some(position) = escalation::first(requirement, now) else {
            return Err(Refusal::NobodyCanApprove);
        };
        let mut effects = vec![Effect::Say(Notice::Proposed {
            rollback_type: opening.rollback_type,
            models: opening.models.clone(),
            because: opening.because.clone(),
            changes: opening.changes.clone(),
            without: opening.outlook.without.clone(),
        })];
        if let Some(Window { opens, closes, .. }) = opening.outlook.window {
            effects.push(Effect::Say(Notice::Planned(Schedule::Proposed { opens, closes })));
        }
        effects.extend(requirement.ladder[..position.rung].iter().map(|rung| {
            Effect::Say(Notice::LevelSkipped { level: rung.level, role: rung.role.clone() })
        }));
        effects.extend(step::ask(requirement, &position, now));
        effects.push(Effect::MovePinOn);
        let proposal = Self {
            id,
            opened_at: now,
            asked_from: now,
            posted: false,
            warned: false,
            reminded: opening.outlook.window.as_ref().map_or(0, |window| window.passed(now)),
            approvals: Vec::new(),
            disowned: Vec::new(),
            stage: Stage::Open { position },
            waits: None,
            opening,
        };
        Ok((proposal, effects))
    }

    /// The requirement that was frozen when it opened.
    pub fn requirement(&self) -> &Requirement {
        &self.opening.requirement
    }

    /// How far the approvals go.
    pub fn tally(&self) -> Tally {
        self.requirement().tally(&self.approvals)
    }

    /// When people are to be warned that the way back may be gone soon; `None` where nothing limits it, or nobody is
    /// to decide any more, or they were warned.
    pub fn warning_due(&self) -> Option<Timestamp> {
        let until = self.opening.possible_until.filter(|_| !self.warned)?;
        matches!(self.stage, Stage::Open { .. })
            .then(|| earlier(until, self.opening.outlook.warn_before_ms))
    }

    /// The name that has to be typed to approve it: where a whole environment is replaced, one click is too little.
    pub fn name_to_type(&self) -> Option<&str> {
        let replaces_all = self.opening.rollback_type == RollbackType::FullEnvironment;
        replaces_all.then_some(self.opening.target.environment.as_str())
    }

    /// Whether nothing can change it any more.
    pub fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed { .. })
    }
}

fn earlier(at: Timestamp, milliseconds: u64) -> Timestamp {
    let delta = i64::try_from(milliseconds).ok().and_then(chrono::TimeDelta::try_milliseconds);
    delta.and_then(|delta| at.checked_sub_signed(delta)).unwrap_or(at)
}
