//! How a runbook file is written.

use std::{collections::BTreeMap, fmt};

use domain::plan::RollbackType;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use super::parameter::ParameterType;
use crate::{duration::DurationText, place::At};

/// What a rollback does, step by step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunbookFile {
    /// The runbook's name: its file's name without `.yaml`.
    pub(super) name: At<String>,
    /// Which rollback it carries out; one runbook for each type.
    pub(crate) rollback_type: At<TypeLayout>,
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

/// One step. It has exactly one of `command`, `sqlmesh` and `confirm`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepLayout {
    /// What people read, such as `Point the models back`.
    pub(super) name: At<String>,
    /// A program and its arguments, as a list; there is no shell.
    pub(super) command: Option<At<Arguments>>,
    /// A sub-command of the `SQLMesh` helper and its arguments, as a list.
    pub(super) sqlmesh: Option<At<Arguments>>,
    /// A question to people; the run waits until one of them says yes. Nothing but `name` stands beside it.
    pub(super) confirm: Option<At<ConfirmLayout>>,
    /// The time after which the step's processes are ended; every step but a question has one.
    pub(super) timeout: Option<At<DurationText>>,
    /// How often it is tried again after a failure, at most 9.
    #[serde(default)]
    pub(super) retries: Option<At<u32>>,
    /// Whether doing it twice leaves what doing it once leaves; every step but a question says so.
    pub(super) idempotent: Option<At<bool>>,
    /// Whether the target's fingerprint is read again right before it.
    #[serde(default)]
    pub(super) guard: bool,
    /// Answers whether the step has taken effect.
    pub(super) probe: Option<ActionLayout>,
    /// Takes the step back; must leave the same when it is run twice.
    pub(super) undo: Option<ActionLayout>,
    /// What happens when it fails for good: `undo` takes the steps before it back, `ask` leaves all as it is and asks a
    /// person.
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

/// What is run besides the step itself. It has exactly one of `command` and `sqlmesh`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionLayout {
    /// A program and its arguments, as a list; there is no shell.
    pub(super) command: Option<At<Arguments>>,
    /// A sub-command of the `SQLMesh` helper and its arguments, as a list.
    pub(super) sqlmesh: Option<At<Arguments>>,
}

/// What happens when a step fails for good.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum FailureLayout {
    #[default]
    Undo,
    Ask,
}

/// A list of arguments. A single line is read too, so that it can be refused with advice.
#[derive(Debug)]
pub(super) enum Arguments {
    Line,
    List(Vec<At<String>>),
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ArgumentsVisitor;

        impl<'de> Visitor<'de> for ArgumentsVisitor {
            type Value = Arguments;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of arguments, such as `[program, argument]`")
            }

            fn visit_str<E>(self, _: &str) -> Result<Arguments, E> {
                Ok(Arguments::Line)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Arguments, A::Error> {
                let mut arguments = Vec::new();
                while let Some(argument) = list.next_element()? {
                    arguments.push(argument);
                }
                Ok(Arguments::List(arguments))
            }
        }

        deserializer.deserialize_any(ArgumentsVisitor)
    }
}

impl JsonSchema for Arguments {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Arguments".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": { "type": "string" }, "minItems": 1 })
    }
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
