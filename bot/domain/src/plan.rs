//! The plan: exactly what would be run, written down before anybody is asked.
//!
//! A plan is sealed once: its JSON bytes are stored as they are, and its digest is over those bytes. Receipts
//! sign that digest, so a plan that differs by one byte has no approval.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Timestamp, digest::Digest, id::IncidentId, release::ModelVersion};

mod action;
mod comparison;
mod finding;
mod rehearsal;

pub use action::{
    Action, Answer, Limits, Lookup, MetricQuery, Pause, Program, Question, RecordType, Request,
    Statement,
};
pub use comparison::{Comparison, ComparisonError};
pub use rehearsal::{Rehearsal, Untried, rehearse};

/// The four ways back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackType {
    /// Type 1: traffic, connection strings and DNS return to the blue environment.
    BlueGreen,
    /// Type 2: some models return to their previous version.
    ModelLevel,
    /// Type 3: the schema returns to its previous version.
    Schema,
    /// Type 4: state, data and configuration are restored.
    FullEnvironment,
}

impl RollbackType {
    /// The type's number in conversation, 1 to 4.
    pub fn number(self) -> u8 {
        match self {
            Self::BlueGreen => 1,
            Self::ModelLevel => 2,
            Self::Schema => 3,
            Self::FullEnvironment => 4,
        }
    }

    /// The type's name in conversation.
    pub fn name(self) -> &'static str {
        match self {
            Self::BlueGreen => "blue-green",
            Self::ModelLevel => "model-level",
            Self::Schema => "schema",
            Self::FullEnvironment => "full environment",
        }
    }
}

impl std::fmt::Display for RollbackType {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} rollback (type {})", self.name(), self.number())
    }
}

/// In which shape a rollback is carried out.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Workflow {
    /// As soon as it is approved, and as fast as it is safe.
    #[default]
    Emergency,
    /// In a maintenance window, with a backup, a question whether everybody is ready, and milder times.
    Planned,
}

impl Workflow {
    /// Whether it cannot wait; what older records say nothing of.
    pub fn is_emergency(&self) -> bool {
        *self == Self::Emergency
    }
}

/// Where a plan acts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// The target's id in the targets file; at most one run at a time touches it.
    pub id: String,
    /// `SQLMesh`'s name of the environment, such as `prod`.
    pub environment: String,
    /// `SQLMesh`'s name of the gateway.
    pub gateway: String,
    /// The folder of the `SQLMesh` project.
    pub project: String,
}

/// What happens when a step fails for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The steps before it are undone in reverse.
    #[default]
    Undo,
    /// Nothing is undone: a person is asked. Right for checks, where going back would restore the fault.
    Ask,
    /// A check that found something wrong is followed by undoing the steps before it; one that could not be told, by a
    /// person's judgement. Right for checks of what was planned, where people lived with the state before.
    UndoWhenFailed,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What people read, such as `Point the models back`.
    pub name: String,
    /// What is done.
    pub action: Action,
    /// The time after which the step's processes are ended, in milliseconds.
    pub timeout_ms: u64,
    /// How often the step may be tried in all, at least 1.
    pub attempts: u32,
    /// Whether doing it twice leaves what doing it once leaves.
    pub idempotent: bool,
    /// Whether the target's fingerprint is read again right before it.
    pub guard: bool,
    /// Answers whether the step has taken effect.
    pub probe: Option<Action>,
    /// Takes the step back. Must be idempotent: after a crash it is run again.
    pub undo: Option<Action>,
    /// What is done in its place in a dry run; changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<Action>,
    /// Whether the step itself changes nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_reads: bool,
    /// What happens when it fails for good.
    pub on_failure: OnFailure,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// Not as it should be.
    Fail,
    /// It could not be told; asks a person and never closes by itself.
    Inconclusive,
}

/// The answer of one check, before or after the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The check's name, such as `target_version_exists`.
    pub check: String,
    /// What was checked, such as a model's name.
    pub subject: String,
    /// The answer.
    pub outcome: Outcome,
    /// The answer in a sentence.
    pub detail: String,
}

/// Everything that would be run, and the state of the world it was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The layout of this document; 1.
    pub version: u32,
    /// The incident it is made for.
    pub incident: IncidentId,
    /// Which of the four.
    pub rollback_type: RollbackType,
    /// The runbook's name.
    pub runbook: String,
    /// The digest of the runbook's text.
    pub runbook_digest: Digest,
    /// Where it acts.
    pub target: Target,
    /// The models that go back, as `SQLMesh` names them.
    pub models: Vec<String>,
    /// Models that are rebuilt because they read from those.
    pub downstream: Vec<String>,
    /// The runbook's parameters as they were filled in.
    pub parameters: BTreeMap<String, Vec<String>>,
    /// The state of the target that the plan was made for; another one voids every approval.
    pub target_fingerprint: String,
    /// The programs the plan was made with, by name.
    pub tool_versions: BTreeMap<String, String>,
    /// What is run, in this order.
    pub steps: Vec<Step>,
    /// The time within which such a rollback should be done, in milliseconds.
    pub recovery_target_ms: u64,
    /// After this moment the way back may be gone (`SQLMesh`'s janitor); `None` where nothing limits it.
    pub possible_until: Option<Timestamp>,
    /// When it was made.
    pub prepared_at: Timestamp,
}

/// A plan as bytes, with the digest of those bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPlan {
    bytes: String,
    digest: Digest,
    plan: Plan,
}

/// Stored plan bytes that do not hold a plan.
#[derive(Debug, thiserror::Error)]
#[error("read a stored plan")]
pub struct PlanError(#[from] serde_json::Error);

impl Plan {
    /// The versions that it goes back to, by which an environment can hold them.
    pub fn goes_back_to(&self) -> Vec<ModelVersion> {
        let texts = self.parameters.get("to").into_iter().flatten();
        texts.filter_map(|text| ModelVersion::read(text)).collect()
    }
}

impl SealedPlan {
    /// Writes the plan down for good.
    pub fn seal(plan: Plan) -> Self {
        let bytes = serde_json::to_string(&plan).expect("a plan holds only what JSON can write");
        Self { digest: Digest::of(&bytes), bytes, plan }
    }

    /// Reads stored bytes; the digest is taken over them anew, never believed.
    pub fn open(bytes: String) -> Result<Self, PlanError> {
        Ok(Self { digest: Digest::of(&bytes), plan: serde_json::from_str(&bytes)?, bytes })
    }

    /// The bytes that were sealed.
    pub fn bytes(&self) -> &str {
        &self.bytes
    }

    /// The digest of the bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The plan within.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}
