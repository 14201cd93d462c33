//! Checks of a runbook as it was written, and its template once nothing is wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use domain::{
    digest::Digest,
    plan::{OnFailure, RollbackType, Workflow},
};

mod command;
mod dns;
mod http;
mod look;
mod omission;
mod prometheus;
mod sql;
mod text;
mod work;

pub(crate) use self::look::Look;
use self::work::Role;
use super::{
    Runbook, StepTemplate,
    confirm::Deciders,
    layout::{FailureLayout, ParameterLayout, RunbookFile, StepLayout},
    parameter::Parameter,
};
use crate::{
    baseline::Baseline,
    duration::DurationText,
    place::{At, Place},
    problem::Examined,
};

/// The longest that a step may take: a day.
const LONGEST_MS: u64 = 86_400_000;
/// A wait ends by itself; this is how late it may be.
const LATE_MS: u64 = 60_000;
/// A wait cannot fail, and each shutdown of the executor cuts it short: it is never out of tries.
const WAIT_ATTEMPTS: u32 = 1000;

pub(super) struct Checker<'a, 'b> {
    pub(super) deciders: &'a Deciders<'a>,
    declared: &'a BTreeMap<String, At<ParameterLayout>>,
    used: BTreeSet<String>,
    /// The optional parameter that has a value for certain: the step that is looked at is left out without one.
    given: Option<String>,
    /// What a check compares its answer with, found on the way.
    baseline: Option<Baseline>,
    pub(super) file: &'a mut Examined<'b>,
}

impl RunbookFile {
    /// The runbook, checked; mistakes are noted.
    pub(crate) fn runbook(&self, deciders: &Deciders<'_>, file: &mut Examined<'_>) -> Runbook {
        let stem =
            Path::new(file.file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if self.name.value != stem {
            let message =
                format!("the runbook `{}` stands in a file of another name", self.name.value);
            file.note(self.name.place, message, format!("name it `{stem}`, or rename the file"));
        }
        let recovery_target_ms = DurationText::read(&self.recovery_target, file);
        let digest = Digest::of(file.text);
        let declared = &self.parameters;
        let mut checker = Checker {
            deciders,
            declared,
            used: BTreeSet::new(),
            given: None,
            baseline: None,
            file,
        };
        if self.steps.value.is_empty() {
            checker.file.note(
                self.steps.place,
                "a runbook without steps does nothing",
                "add a step",
            );
        }
        let steps = self.steps.value.iter().filter_map(|step| checker.step(step)).collect();
        checker.nothing_behind(&self.steps.value);
        checker.nothing_left(&self.steps);
        let used = checker.used;
        let mut parameters = BTreeMap::new();
        for (name, at) in &self.parameters {
            if !used.contains(name) {
                let place = key_place(file.text, name, at.place);
                let advice = format!("use `${{{name}}}` in a step, or remove it");
                file.note(
                    place,
                    format!("the parameter `{name}` is declared but not used"),
                    advice,
                );
            }
            if let Some(flag) = at.value.flag.as_ref().filter(|flag| !flag.value.starts_with('-')) {
                let message = format!("`{}` is not a flag", flag.value);
                file.note(flag.place, message, "a flag begins with `-`, such as `--to`");
            }
            let flag = at.value.flag.as_ref().map(|flag| flag.value.clone());
            let (kind, is_optional) = (at.value.kind, at.value.optional);
            parameters.insert(name.clone(), Parameter { kind, flag, is_optional });
        }
        let rollback_type = RollbackType::from(self.rollback_type.value);
        let (name, workflow) = (self.name.value.clone(), Workflow::from(self.workflow));
        Runbook { name, digest, rollback_type, workflow, recovery_target_ms, parameters, steps }
    }
}

impl Checker<'_, '_> {
    fn step(&mut self, layout: &StepLayout) -> Option<StepTemplate> {
        let only_with = self.only_with(layout);
        self.given.clone_from(&only_with);
        if let Some(confirm) = &layout.confirm {
            return Some(StepTemplate { only_with, ..self.question(layout, confirm) });
        }
        let timeout_ms = self.timeout(layout);
        let attempts = self.attempts(layout);
        let idempotent = self.idempotent(layout);
        let place = layout.name.place;
        let action = self.work(place, &layout.work(), Role::Step { timeout_ms });
        let probe =
            layout.probe.as_ref().and_then(|probe| self.work(place, &probe.work(), Role::Probe));
        let undo = layout
            .undo
            .as_ref()
            .and_then(|undo| self.work(place, &undo.work(), Role::Undo { timeout_ms }));
        let dry_run = layout
            .dry_run
            .as_ref()
            .and_then(|dry| self.work(place, &dry.work(), Role::DryRun { timeout_ms }));
        Some(StepTemplate {
            name: layout.name.value.clone(),
            only_with,
            action: action?,
            timeout_ms,
            attempts,
            idempotent,
            guard: layout.guard,
            probe,
            undo,
            dry_run,
            on_failure: match layout.on_failure {
                FailureLayout::Undo => OnFailure::Undo,
                FailureLayout::Ask => OnFailure::Ask,
                FailureLayout::UndoWhenFailed => OnFailure::UndoWhenFailed,
            },
        })
    }

    fn timeout(&mut self, layout: &StepLayout) -> u64 {
        let wait = layout.wait.as_ref().and_then(|wait| wait.value.milliseconds());
        let Some(at) = &layout.timeout else {
            if layout.wait.is_none() {
                let advice = "add `timeout:`, such as `10 min`";
                self.file.note(layout.name.place, "this step has no end", advice);
            }
            return wait.unwrap_or_default().saturating_add(LATE_MS);
        };
        let timeout_ms = DurationText::read(at, self.file);
        if timeout_ms == 0 || timeout_ms > LONGEST_MS {
            let advice = "give it between a millisecond and a day, such as `10 min`";
            self.file.note(at.place, "a step without a sensible end is never ended", advice);
        } else if wait.is_some_and(|wait| wait >= timeout_ms) {
            let advice = "leave `timeout` out: a wait ends by itself";
            self.file.note(at.place, "the wait would be ended before it is over", advice);
        }
        timeout_ms
    }

    fn attempts(&mut self, layout: &StepLayout) -> u32 {
        let retries = layout.retries.as_ref().map_or(0, |retries| retries.value);
        if let Some(at) = layout.retries.as_ref().filter(|at| at.value > 9) {
            self.file.note(
                at.place,
                format!("{retries} retries are too many"),
                "at most 9 are allowed",
            );
        }
        if layout.wait.is_some() {
            if let Some(at) = &layout.retries {
                self.file.note(at.place, "a wait cannot fail", "leave `retries` out");
            }
            return WAIT_ATTEMPTS;
        }
        if let Some(at) = &layout.retries
            && retries > 0
            && !layout.only_looks()
            && layout.idempotent.as_ref().is_some_and(|idempotent| !idempotent.value)
            && layout.probe.is_none()
        {
            let message = "this step would be repeated without knowing what it has done";
            self.file.note(at.place, message, "add a `probe`, or remove `retries`");
        }
        retries.min(9) + 1
    }

    fn idempotent(&mut self, layout: &StepLayout) -> bool {
        match &layout.idempotent {
            Some(at) if layout.only_looks() && !at.value => {
                let advice = "leave `idempotent` out: asking and waiting change nothing";
                self.file.note(at.place, "this step can be done twice", advice);
                true
            }
            Some(at) => at.value,
            None if layout.only_looks() => true,
            None => {
                let advice = "add `idempotent: true` or `idempotent: false`";
                let message = "it is not said whether this step may be done twice";
                self.file.note(layout.name.place, message, advice);
                false
            }
        }
    }
}

impl StepLayout {
    /// Whether by its kind it changes nothing.
    fn only_looks(&self) -> bool {
        self.wait.is_some() || self.prometheus.is_some() || self.dns.is_some()
    }
}

/// Where the key of a map's entry stands, which is known only by its value: the nearest line above it that names it.
fn key_place(text: &str, key: &str, value: Place) -> Place {
    let above: Vec<&str> = text.lines().take(value.line).collect();
    let found = above.iter().enumerate().rev().find_map(|(index, line)| {
        let begins = line.trim_start().strip_prefix(key)?.trim_start().starts_with(':');
        let indent = line.chars().take_while(|letter| letter.is_whitespace()).count();
        begins.then_some(Place { line: index + 1, column: indent + 1, width: key.chars().count() })
    });
    found.unwrap_or(value)
}
