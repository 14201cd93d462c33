//! `runbooks/*.yaml`: what a rollback does, step by step, with typed parameters.
//!
//! A program is a list of arguments, never a line for a shell: a parameter can become an argument, but never a second
//! command; in an address, a statement or a query it never ends the place that it stands in (`template`). `"${to}"` as a
//! whole argument becomes one argument for each value (with its flag before each); within other letters, as in
//! `"--models=${models}"`, the values are joined by commas.

use std::collections::BTreeMap;

use domain::{
    digest::Digest,
    plan::{Action, OnFailure, RollbackType, Step, Workflow},
};

mod arguments;
mod expect;
mod layout;
mod work;

mod action;
mod argument;
mod parameter;
mod progress;
mod reading;
mod template;

mod check;
mod confirm;

pub(crate) use arguments::Arguments;
pub(crate) use check::Look;
pub(crate) use confirm::Deciders;
pub(crate) use expect::{Expect, Fields, Scalar};
pub(crate) use layout::{RunbookFile, TypeLayout};
pub use parameter::{ParameterError, ParameterType};
pub use progress::{Progress, ProgressError};
pub(crate) use work::{DnsLayout, HttpLayout, LimitsLayout, PrometheusLayout, Work};

use action::ActionTemplate;
use parameter::Parameter;
use reading::only_reads;

/// A checked runbook.
#[derive(Clone, Debug)]
pub struct Runbook {
    pub(crate) name: String,
    pub(crate) digest: Digest,
    pub(crate) rollback_type: RollbackType,
    pub(crate) workflow: Workflow,
    pub(crate) recovery_target_ms: u64,
    pub(crate) parameters: BTreeMap<String, Parameter>,
    pub(crate) steps: Vec<StepTemplate>,
}

/// A step before its parameters are filled in.
#[derive(Clone, Debug)]
pub(crate) struct StepTemplate {
    pub(crate) name: String,
    /// The step is left out where this optional parameter has no value.
    pub(crate) only_with: Option<String>,
    pub(crate) action: ActionTemplate,
    pub(crate) timeout_ms: u64,
    pub(crate) attempts: u32,
    pub(crate) idempotent: bool,
    pub(crate) guard: bool,
    pub(crate) probe: Option<ActionTemplate>,
    pub(crate) undo: Option<ActionTemplate>,
    pub(crate) dry_run: Option<ActionTemplate>,
    pub(crate) on_failure: OnFailure,
}

impl Runbook {
    /// The name, such as `model_level`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest of the runbook's text.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Which of the four it carries out.
    pub fn rollback_type(&self) -> RollbackType {
        self.rollback_type
    }

    /// In which shape it does so.
    pub fn workflow(&self) -> Workflow {
        self.workflow
    }

    /// The time within which it should be done, in milliseconds.
    pub fn recovery_target_ms(&self) -> u64 {
        self.recovery_target_ms
    }

    /// The parameters it declares, with their types.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, ParameterType)> {
        self.parameters.iter().map(|(name, parameter)| (name.as_str(), parameter.kind))
    }

    /// The steps with `parameters` filled in, without those whose optional parameter has no value. Values that the
    /// runbook does not declare are left aside; a declared one that is missing, or does not match its type's pattern, is
    /// an error.
    pub fn steps(
        &self,
        parameters: &BTreeMap<String, Vec<String>>,
    ) -> Result<Vec<Step>, ParameterError> {
        let mut values = BTreeMap::new();
        for (name, parameter) in &self.parameters {
            let given = parameters.get(name).map(Vec::as_slice).unwrap_or_default();
            parameter.check(name, given)?;
            values.insert(name.as_str(), (parameter, given));
        }
        let fill = |action: &ActionTemplate| action.fill(&values);
        let step = |template: &StepTemplate, action: Action| Step {
            name: template.name.clone(),
            only_reads: only_reads(&action),
            action,
            timeout_ms: template.timeout_ms,
            attempts: template.attempts,
            idempotent: template.idempotent,
            guard: template.guard,
            probe: template.probe.as_ref().map(fill),
            undo: template.undo.as_ref().map(fill),
            dry_run: template.dry_run.as_ref().map(fill),
            on_failure: template.on_failure,
        };
        let is_part = |template: &&StepTemplate| {
            let wanted = template.only_with.as_deref();
            wanted.is_none_or(|name| values.get(name).is_some_and(|(_, given)| !given.is_empty()))
        };
        let parts = self.steps.iter().filter(is_part);
        Ok(parts.map(|template| step(template, fill(&template.action))).collect())
    }
}
