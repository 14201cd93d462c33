//! How a runbook file is written.

use std::collections::BTreeMap;

use domain::plan::{RollbackType, Workflow};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    arguments::Arguments,
    expect::{Expect, Scalar},
    parameter::ParameterType,
    work::{DnsLayout, HttpLayout, LimitsLayout, PrometheusLayout},
};
use crate::{duration::DurationText, place::At};

/// What a rollback does, step by step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunbookFile {
    /// The runbook's name: its file's name without `.yaml`.
    pub(super) name: At<String>,
    /// Which rollback it carries out; one runbook for each type and workflow.
    pub(crate) rollback_type: At<TypeLayout>,
    /// In which shape; for an emergency when left out.
    #[serde(default)]
    pub(super) workflow: WorkflowLayout,
    /// The time within which the whole of it should be done.
    pub(super) recovery_target: At<DurationText>,
    /// The values it takes, used as `${name}` in arguments.
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, At<ParameterLayout>>,
    /// What is done, in this order.
    pub(super) steps: At<Vec<StepLayout>>,
}

/// The four ways back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TypeLayout {
    /// Type 1: traffic returns to the blue environment.
    BlueGreen,
    /// Type 2: some models return to their previous version.
    ModelLevel,
    /// Type 3: the schema returns to its previous version.
    Schema,
    /// Type 4: state, data and configuration are restored.
    FullEnvironment,
}

/// In which shape a rollback is carried out.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WorkflowLayout {
    /// As soon as it is approved, and as fast as it is safe.
    #[default]
    Emergency,
    /// In a maintenance window, when there is time for more.
    Planned,
}

/// A value that the runbook takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParameterLayout {
    /// What it holds; the type decides which letters are allowed.
    #[serde(rename = "type")]
    pub(super) kind: ParameterType,
    /// Put before each value where the parameter stands as a whole argument, such as `--to`.
    pub(super) flag: Option<At<String>>,
    /// Whether it may have no value; its arguments are left out then, with their flags.
    #[serde(default)]
    pub(super) optional: bool,
    /// What it is for.
    #[serde(default, rename = "about")]
    pub(super) _about: Option<String>,
}

/// One step. It has exactly one of `command`, `sqlmesh`, `sql`, `http`, `prometheus`, `dns`, `wait` and `confirm`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepLayout {
    /// What people read, such as `Point the models back`.
    pub(super) name: At<String>,
    /// An optional parameter of the runbook: the step is part of a plan only where that has a value.
    pub(super) only_with: Option<At<String>>,
    /// A program and its arguments, as a list; there is no shell.
    pub(super) command: Option<At<Arguments>>,
    /// A sub-command of the `SQLMesh` helper and its arguments, as a list.
    pub(super) sqlmesh: Option<At<Arguments>>,
    /// One statement on the target's gateway.
    pub(super) sql: Option<At<String>>,
    /// One HTTP request.
    pub(super) http: Option<At<HttpLayout>>,
    /// A question to Prometheus.
    pub(super) prometheus: Option<At<PrometheusLayout>>,
    /// A question to a name server.
    pub(super) dns: Option<At<DnsLayout>>,
    /// Nothing but time, such as `2 min`.
    pub(super) wait: Option<At<DurationText>>,
    /// A question to people; the run waits until one of them says yes. Nothing but `name` and `only_with` stands beside it.
    pub(super) confirm: Option<At<ConfirmLayout>>,
    /// What the answer shall be.
    pub(super) expect: Option<At<Expect>>,
    /// `command`: variables besides the inherited ones; `env:NAME` stands for a variable that `inherit` names.
    pub(super) env: Option<At<BTreeMap<String, At<Scalar>>>>,
    /// `command`: folders that it may write to besides its own empty one.
    pub(super) writes: Option<At<Vec<At<String>>>>,
    /// `command`: how much it may use.
    pub(super) limits: Option<At<LimitsLayout>>,
    /// `command`: a regular expression with the groups `done`, `total` and `text`, read from each line of its output.
    pub(super) progress: Option<At<String>>,
    /// The time after which the step is ended; only `wait` and `confirm` may leave it out.
    pub(super) timeout: Option<At<DurationText>>,
    /// How often it is tried again after a failure, at most 9.
    #[serde(default)]
    pub(super) retries: Option<At<u32>>,
    /// Whether doing it twice leaves what doing it once leaves; `prometheus`, `dns`, `wait` and `confirm` may leave it
    /// out.
    pub(super) idempotent: Option<At<bool>>,
    /// Whether the target's fingerprint is read again right before it.
    #[serde(default)]
    pub(super) guard: bool,
    /// Answers whether the step has taken effect.
    pub(super) probe: Option<ActionLayout>,
    /// Takes the step back; must leave the same when it is run twice.
    pub(super) undo: Option<ActionLayout>,
    /// What `countersign dry-run` does in its place; must not change anything.
    pub(super) dry_run: Option<ActionLayout>,
    /// What happens when it fails for good: `undo` takes the steps before it back, `ask` leaves all as it is and asks a
    /// person, `undo_when_failed` takes back what a check found wrong and asks about what it could not tell.
    #[serde(default)]
    pub(super) on_failure: FailureLayout,
}

/// What people are asked between two steps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmLayout {
    /// What they read, such as `Swap the restored warehouse in?`; yes lets the run go on.
    pub(super) question: At<String>,
    /// The level that may answer; the highest that the rollback's approvals need when left out.
    pub(super) level: Option<At<u8>>,
}

/// What is done besides the step itself. A probe and a dry run only ask, and an undo is no question.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionLayout {
    /// A program and its arguments, as a list; there is no shell.
    pub(super) command: Option<At<Arguments>>,
    /// A sub-command of the `SQLMesh` helper and its arguments, as a list.
    pub(super) sqlmesh: Option<At<Arguments>>,
    /// One statement on the target's gateway; as a probe it must not change anything.
    pub(super) sql: Option<At<String>>,
    /// One HTTP request; as a probe with `GET` or `HEAD`.
    pub(super) http: Option<At<HttpLayout>>,
    /// A question to Prometheus, for a probe.
    pub(super) prometheus: Option<At<PrometheusLayout>>,
    /// A question to a name server, for a probe.
    pub(super) dns: Option<At<DnsLayout>>,
    /// What the answer shall be; for a probe, what it is when the step has taken effect.
    pub(super) expect: Option<At<Expect>>,
    /// `command`: variables besides the inherited ones.
    pub(super) env: Option<At<BTreeMap<String, At<Scalar>>>>,
    /// `command`: folders that it may write to besides its own empty one.
    pub(super) writes: Option<At<Vec<At<String>>>>,
    /// `command`: how much it may use.
    pub(super) limits: Option<At<LimitsLayout>>,
}

/// What happens when a step fails for good.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FailureLayout {
    #[default]
    Undo,
    Ask,
    UndoWhenFailed,
}

impl TypeLayout {
    /// The name as files write it.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::BlueGreen => "blue_green",
            Self::ModelLevel => "model_level",
            Self::Schema => "schema",
            Self::FullEnvironment => "full_environment",
        }
    }
}

impl From<WorkflowLayout> for Workflow {
    fn from(layout: WorkflowLayout) -> Self {
        match layout {
            WorkflowLayout::Emergency => Self::Emergency,
            WorkflowLayout::Planned => Self::Planned,
        }
    }
}

impl From<TypeLayout> for RollbackType {
    fn from(layout: TypeLayout) -> Self {
        match layout {
            TypeLayout::BlueGreen => Self::BlueGreen,
            TypeLayout::ModelLevel => Self::ModelLevel,
            TypeLayout::Schema => Self::Schema,
            TypeLayout::FullEnvironment => Self::FullEnvironment,
        }
    }
}

impl From<RollbackType> for TypeLayout {
    fn from(rollback_type: RollbackType) -> Self {
        match rollback_type {
            RollbackType::BlueGreen => Self::BlueGreen,
            RollbackType::ModelLevel => Self::ModelLevel,
            RollbackType::Schema => Self::Schema,
            RollbackType::FullEnvironment => Self::FullEnvironment,
        }
    }
}
