//! `checks.yaml`: what is looked at before a rollback is begun and after it is done, whatever its runbook does by itself.
//!
//! A check becomes a step of the sealed plan, so people sign what will be asked. One before the runbook's own steps that
//! does not pass ends the run before anything is done; one behind them asks a person. A check changes nothing.

use domain::plan::{Action, OnFailure, RollbackType, Step};

mod layout;
mod watch;

pub(crate) use layout::ChecksFile;
pub use watch::{Asked, Watch};

use crate::{Baseline, ParameterError, runbook::Look};

/// One check.
#[derive(Clone, Debug)]
pub struct Check {
    title: String,
    moment: Moment,
    /// For all types where none is named.
    types: Vec<RollbackType>,
    /// For all targets where none is named.
    targets: Vec<String>,
    look: Look,
    timeout_ms: u64,
    attempts: u32,
}

/// When a check is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When the proposal is made, for people to see, and again before anything is done.
    Before,
    /// When everything is done, before anybody is told that it is.
    After,
}

impl Check {
    /// Area and name, such as `Data: no customer is there twice`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// When it is made.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// The time after which it is ended, in milliseconds.
    pub fn timeout_ms(&self) -> u64 {
        self.timeout_ms
    }

    /// Whether it asks about the models that go back, so that without any there is nothing to ask.
    pub fn names_models(&self) -> bool {
        self.look.names_models
    }

    /// What its answer shall be, where that is told by what it was when the proposal was made.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.look.baseline.as_ref()
    }

    /// Whether it is made for rollbacks of this type on this target.
    pub fn is_for(&self, rollback_type: RollbackType, target: &str) -> bool {
        (self.types.is_empty() || self.types.contains(&rollback_type))
            && (self.targets.is_empty() || self.targets.iter().any(|id| id == target))
    }

    /// What is asked. With a baseline nothing is expected of the value yet.
    pub fn action(&self, models: &[String]) -> Result<Action, ParameterError> {
        self.look.fill(models)
    }

    /// The step that asks it.
    pub fn step(&self, action: Action) -> Step {
        Step {
            name: self.title.clone(),
            action,
            timeout_ms: self.timeout_ms,
            attempts: self.attempts,
            idempotent: true,
            guard: false,
            probe: None,
            undo: None,
            dry_run: None,
            // Whoever writes a check says so, also of a program's.
            only_reads: true,
            // Before: nothing was done, and whoever mends what was found tries again under the same approvals. After:
            // going back to the fault because a check says no would help nobody.
            on_failure: OnFailure::Ask,
        }
    }
}
