//! The pin: what a rollback goes back to, kept from `SQLMesh`'s janitor because a person has signed for it, until the way
//! back is not needed any more.
//!
//! ```text
//! Asked ──intent──▶ Doing ──did──▶ Kept ──its time is over: intent──▶ Doing ──did──▶ Released
//!   │ ▲               │ │            ▲                                  │
//!   │ └───not done────┘ └──gone──▶ Failed                    not done───┘
//!   └──rolled back before anything was done──▶ Released
//! ```
//! Nothing is kept without a person's signed word, and nothing is let go before its proposal is over. Where nobody knows
//! what became of an intent, the target is asked before anything is done again (I4). Failed and Released are final (I7).

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    digest::Digest,
    effect::Effect,
    escalation::later,
    id::{IncidentId, PinId, ProposalId},
    level::Level,
    notice::{Keeping, Notice},
    person::PersonId,
    plan::Target,
    proposal::{self, Outcome, Proposal, Stage as ProposalStage},
    refusal::Refusal,
    release::ModelVersion,
};

mod step;

/// After a proposal that did not roll back, its way back is kept so long for whoever decides anew, in milliseconds.
pub const GRACE_MS: u64 = 24 * 3_600_000;
/// After so many tries that kept nothing, the person who asked is told, and may ask again.
pub const TRIES: u32 = 5;

/// What a pin starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The incident.
    pub incident: IncidentId,
    /// The proposal that it was asked for on.
    pub proposal: ProposalId,
    /// The plan of that proposal, which says what is kept.
    pub plan: Digest,
    /// Where.
    pub target: Target,
    /// The environment in `SQLMesh`'s state that keeps it.
    pub name: String,
    /// What is kept: everything that the plan goes back to.
    pub versions: Vec<ModelVersion>,
    /// Who asked for it.
    pub by: PersonId,
    /// The level they hold.
    pub level: Level,
}

/// One pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Our id.
    pub id: PinId,
    /// What it started from; never changes.
    pub opening: Opening,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// The proposal whose way back it keeps: the first one, or what came in its place.
    pub proposal: ProposalId,
    /// When it is let go, once its proposal is over.
    pub release_at: Option<Timestamp>,
    /// How often what is to be done next was tried.
    pub tries: u32,
    /// Where it stands.
    pub stage: Stage,
}

/// What is done for a pin on the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// The versions are put under an environment of ours.
    Keep,
    /// That environment is taken away.
    Release,
}

/// Where a pin stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// A person has signed, and it is not done yet.
    Asked {
        /// When it is tried next.
        next: Timestamp,
    },
    /// Its intent is committed, and what came of it is not known yet.
    Doing {
        /// What is done.
        work: Work,
        /// When somebody asks the target, should nobody say before.
        next: Timestamp,
    },
    /// The janitor leaves the versions alone.
    Kept,
    /// Nothing more is done about it.
    Failed {
        /// Why.
        why: String,
        /// When.
        at: Timestamp,
    },
    /// The versions are the janitor's again.
    Released {
        /// Since when.
        at: Timestamp,
    },
}

/// What can happen to a pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A person asks for it, signed; the first event of every pin.
    Asked {
        /// What it starts from.
        opening: Box<Opening>,
    },
    /// The executor is about to do it.
    Intended {
        /// What.
        work: Work,
    },
    /// It is done, as the target itself says.
    Did {
        /// Models that were changed in place: of these, only the definition can be kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        in_place: Vec<String>,
    },
    /// It is not done.
    NotDone {
        /// Why.
        why: String,
    },
    /// Nobody could tell whether it is done.
    Unanswered {
        /// Why.
        why: String,
    },
    /// `SQLMesh` does not have all of it any more, and nothing was done.
    Gone {
        /// What is missing.
        missing: Vec<ModelVersion>,
    },
    /// Its receipt does not allow it.
    Unauthorised {
        /// Why.
        why: String,
    },
    /// Its proposal is over.
    ProposalClosed {
        /// When it is let go.
        release_at: Timestamp,
    },
    /// Another proposal has come in place of the one that is over, and goes back to nothing else.
    MovedOn {
        /// That proposal.
        proposal: ProposalId,
    },
}

impl Pin {
    /// Begins with what a person has asked for.
    pub fn ask(id: PinId, opening: Opening, now: Timestamp) -> (Self, Vec<Effect>) {
        let notice = Keeping::Asked { by: opening.by.clone() };
        let pin = Self {
            id,
            asked_at: now,
            proposal: opening.proposal.clone(),
            release_at: None,
            tries: 0,
            stage: Stage::Asked { next: now },
            opening,
        };
        (pin, vec![Effect::Say(Notice::Keeping(notice)), Effect::SyncCard])
    }

    /// The name of the environment that keeps the incident's way back, where `earlier` pins have one already.
    pub fn name(incident: &IncidentId, earlier: usize) -> String {
        format!("countersign_{incident}_{}", earlier + 1)
    }

    /// Whether it keeps something, or is about to.
    pub fn is_standing(&self) -> bool {
        !matches!(self.stage, Stage::Failed { .. } | Stage::Released { .. })
    }

    /// Whether it is not done yet, or keeps what it should.
    pub fn keeps(&self) -> bool {
        self.is_standing() && !matches!(self.stage, Stage::Doing { work: Work::Release, .. })
    }

    /// What the executor does next, and when; `None` where nothing is to be done.
    pub fn next(&self) -> Option<(Work, Timestamp)> {
        match self.stage {
            Stage::Asked { next } => Some((Work::Keep, next)),
            Stage::Doing { work, next } => Some((work, next)),
            Stage::Kept => Some((Work::Release, self.release_at?)),
            Stage::Failed { .. } | Stage::Released { .. } => None,
        }
    }

    /// Whether it keeps all of these.
    pub fn covers(&self, versions: &[ModelVersion]) -> bool {
        !versions.is_empty()
            && versions.iter().all(|version| self.opening.versions.contains(version))
    }
}

impl Proposal {
    /// Whether somebody may ask now that its way back is kept; `standing` is the pin that keeps it already.
    pub fn may_be_kept(&self, plan: &Digest, standing: Option<&Pin>) -> Result<(), Refusal> {
        if let ProposalStage::Closed { outcome, at } = &self.stage {
            return Err(self.over(outcome.clone(), *at, None));
        }
        if *plan != self.opening.plan {
            let (shown, current) = (plan.clone(), self.opening.plan.clone());
            return Err(Refusal::OtherPlan { shown, current });
        }
        if let Some(pin) = standing.filter(|pin| pin.is_standing()) {
            return Err(Refusal::AlreadyKept { by: pin.opening.by.clone(), since: pin.asked_at });
        }
        if self.opening.possible_until.is_none() {
            return Err(Refusal::NothingToKeep);
        }
        Ok(())
    }

    /// Whether people are offered to keep its way back: there is a deadline, and the rollback waits for somebody.
    pub fn could_be_kept(&self) -> bool {
        let waits = match &self.stage {
            ProposalStage::Open { .. } | ProposalStage::Stuck { .. } => true,
            ProposalStage::Approved { .. } => self.window().is_some(),
            ProposalStage::Running { .. } => self.waits.is_some(),
            ProposalStage::Closed { .. } => false,
        };
        waits && self.opening.possible_until.is_some()
    }
}

/// When a pin is let go whose proposal ended like this at `at`. What was rolled back is live, and nothing that is live is
/// the janitor's; after anything else somebody may still want the way back.
pub fn release_at(outcome: &Outcome, at: Timestamp) -> Timestamp {
    match outcome {
        Outcome::RolledBack { .. } => at,
        Outcome::Undone { .. }
        | Outcome::Cancelled { .. }
        | Outcome::Rejected { .. }
        | Outcome::GivenUp { .. }
        | Outcome::Voided { .. }
        | Outcome::Withdrawn => later(at, GRACE_MS),
    }
}

/// What the proposal is told when its way back turns out to be gone.
fn gone(missing: &[ModelVersion]) -> proposal::Event {
    proposal::Event::WayBackGone { missing: missing.to_vec() }
}
