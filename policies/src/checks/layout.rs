//! How `checks.yaml` is written, and the checks once nothing is wrong.

use std::collections::BTreeMap;

use domain::plan::RollbackType;
use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};

use super::{Check, Moment, Watch, watch::WatchLayout};
use crate::{
    duration::DurationText,
    place::At,
    problem::Examined,
    runbook::{
        Arguments, DnsLayout, Expect, HttpLayout, LimitsLayout, Look, PrometheusLayout, Scalar,
        TypeLayout, Work,
    },
    target::TargetRule,
};

/// The longest that a check may take: a day.
const LONGEST_MS: u64 = 86_400_000;
/// The longest name; a step's line on the card has no room for more.
const LONGEST_NAME: usize = 50;
/// A check that an executor's restart has cut short is made once more.
const USUAL_RETRIES: u32 = 1;

/// What is looked at before and after every rollback, and beside it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChecksFile {
    /// What must hold before or after, in this order.
    #[serde(default)]
    checks: Vec<CheckLayout>,
    /// The metrics that people see beside the progress, in this order.
    #[serde(default)]
    watch: Vec<WatchLayout>,
}

/// One check. It has exactly one of `sql`, `http`, `prometheus`, `dns` and `command`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CheckLayout {
    /// What people read, such as `no customer is there twice`.
    name: At<String>,
    /// What it is about; stands before the name.
    area: AreaLayout,
    /// Before anything is done, or after everything is.
    #[serde(default)]
    when: MomentLayout,
    /// The rollback types that it is for; all of them when left out.
    types: Option<At<Vec<TypeLayout>>>,
    /// The targets that it is for, by their ids; all of them when left out.
    targets: Option<At<Vec<At<String>>>>,
    /// One query on the target's gateway.
    sql: Option<At<String>>,
    /// One `GET` or `HEAD` request.
    http: Option<At<HttpLayout>>,
    /// A question to Prometheus.
    prometheus: Option<At<PrometheusLayout>>,
    /// A question to a name server.
    dns: Option<At<DnsLayout>>,
    /// A program and its arguments, as a list; exit code 0 is a pass.
    command: Option<At<Arguments>>,
    /// Refused with a reason.
    #[schemars(skip)]
    sqlmesh: Option<At<IgnoredAny>>,
    /// Refused with a reason.
    #[schemars(skip)]
    wait: Option<At<IgnoredAny>>,
    /// Refused with a reason.
    #[schemars(skip)]
    confirm: Option<At<IgnoredAny>>,
    /// What the answer shall be. The `value` of `sql` can be compared with what it was when the proposal was made:
    /// `"within 5 % of before"`, `">= 95 % of before"`.
    expect: Option<At<Expect>>,
    /// `command`: variables besides the inherited ones; `env:NAME` stands for a variable that `inherit` names.
    env: Option<At<BTreeMap<String, At<Scalar>>>>,
    /// `command`: how much it may use.
    limits: Option<At<LimitsLayout>>,
    /// The time after which it is ended.
    timeout: At<DurationText>,
    /// How often it is tried again, at most 9; once when left out.
    retries: Option<At<u32>>,
}

/// What a check is about.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AreaLayout {
    /// Services, databases, interfaces.
    System,
    /// Counts, quality, references.
    Data,
    /// Response times, throughput, resources.
    Performance,
    /// Processes, revenue, customers, compliance.
    Business,
}

/// When a check is made.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum MomentLayout {
    Before,
    #[default]
    After,
}

impl ChecksFile {
    /// The checks; mistakes are noted. `targets`: what there is, where their file could be read.
    pub(crate) fn checks(
        &self,
        targets: Option<&[TargetRule]>,
        file: &mut Examined<'_>,
    ) -> Vec<Check> {
        for (index, layout) in self.checks.iter().enumerate() {
            let name = &layout.name;
            if self.checks[..index].iter().any(|other| other.name.value == name.value) {
                let message = format!("there are two checks `{}`", name.value);
                file.note(name.place, message, "give each a name of its own");
            }
        }
        self.checks.iter().filter_map(|layout| layout.check(targets, file)).collect()
    }

    /// The watched metrics; mistakes are noted.
    pub(crate) fn watches(
        &self,
        targets: Option<&[TargetRule]>,
        file: &mut Examined<'_>,
    ) -> Vec<Watch> {
        for (index, layout) in self.watch.iter().enumerate() {
            let name = &layout.name;
            if self.watch[..index].iter().any(|other| other.name.value == name.value) {
                let message = format!("there are two watched metrics `{}`", name.value);
                file.note(name.place, message, "give each a name of its own");
            }
        }
        self.watch.iter().filter_map(|layout| layout.watch(targets, file)).collect()
    }
}

/// For which rollbacks something is looked at.
pub(super) struct Scope<'l> {
    pub(super) types: Option<&'l At<Vec<TypeLayout>>>,
    pub(super) targets: Option<&'l At<Vec<At<String>>>>,
}

impl Scope<'_> {
    /// Types and targets; for all where none is named. Mistakes are noted.
    pub(super) fn read(
        &self,
        known: Option<&[TargetRule]>,
        file: &mut Examined<'_>,
    ) -> (Vec<RollbackType>, Vec<String>) {
        if let Some(at) = self.types.filter(|at| at.value.is_empty()) {
            let advice = "name a type, or leave `types` out: then it is for all of them";
            file.note(at.place, "this is for no rollback", advice);
        }
        if let Some(at) = self.targets.filter(|at| at.value.is_empty()) {
            let advice = "name a target, or leave `targets` out: then it is for all of them";
            file.note(at.place, "this is for no target", advice);
        }
        let types = self.types.iter().flat_map(|at| &at.value);
        let targets = self.targets.iter().flat_map(|at| &at.value);
        if let Some(known) = known {
            let ids: Vec<&str> = known.iter().map(|target| target.id.as_str()).collect();
            for target in targets.clone().filter(|target| !ids.contains(&target.value.as_str())) {
                file.unknown(target.place, "target", &target.value, &ids);
            }
        }
        (
            types.map(|layout| (*layout).into()).collect(),
            targets.map(|target| target.value.clone()).collect(),
        )
    }
}

/// Notes a name that a line of the card has no room for; gives it without blanks around it.
pub(super) fn readable<'l>(name: &'l At<String>, file: &mut Examined<'_>) -> &'l str {
    let text = name.value.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NAME || text.contains(['\n', '\r']) {
        let advice = format!("name it in one line of at most {LONGEST_NAME} letters");
        file.note(name.place, "people could not read this name", advice);
    }
    text
}

impl CheckLayout {
    fn check(&self, targets: Option<&[TargetRule]>, file: &mut Examined<'_>) -> Option<Check> {
        let name = readable(&self.name, file);
        let scope = Scope { types: self.types.as_ref(), targets: self.targets.as_ref() };
        let (types, targets) = scope.read(targets, file);
        let timeout_ms = DurationText::read(&self.timeout, file);
        if timeout_ms == 0 || timeout_ms > LONGEST_MS {
            let advice = "give it between a millisecond and a day, such as `1 min`";
            file.note(self.timeout.place, "a check without a sensible end is never ended", advice);
        }
        let retries = self.retries.as_ref().map_or(USUAL_RETRIES, |retries| retries.value);
        if let Some(at) = self.retries.as_ref().filter(|at| at.value > 9) {
            let message = format!("{retries} retries are too many");
            file.note(at.place, message, "at most 9 are allowed");
        }
        if self.refused(file) {
            return None;
        }
        let look = Look::of_check(self.name.place, &self.work(), timeout_ms, file)?;
        let moment = Moment::from(self.when);
        if let (Moment::Before, Some(_), Some(expect)) = (moment, &look.baseline, &self.expect) {
            let advice = "write a number, or let it be made `after`";
            let message = "a check before the rollback has nothing before it to compare with";
            file.note(expect.place, message, advice);
        }
        Some(Check {
            title: format!("{}: {name}", self.area.name()),
            moment,
            types,
            targets,
            look,
            timeout_ms,
            attempts: retries.min(9) + 1,
        })
    }

    /// What a check cannot do, said more kindly than that nobody knows the key.
    fn refused(&self, file: &mut Examined<'_>) -> bool {
        let refused = [
            (
                &self.sqlmesh,
                "a check looks for itself, and what SQLMesh's helper does belongs into a runbook",
                "write the query as `sql`, or put the step into the runbook",
            ),
            (
                &self.wait,
                "a check does not wait",
                "put the wait into the runbook, or ask `prometheus` with `for`",
            ),
            (
                &self.confirm,
                "a check asks no people: one that does not pass asks them by itself",
                "put the question into the runbook",
            ),
        ];
        let mut is_refused = false;
        for (key, message, advice) in refused {
            if let Some(at) = key {
                file.note(at.place, message, advice);
                is_refused = true;
            }
        }
        is_refused
    }

    fn work(&self) -> Work<'_> {
        Work {
            command: self.command.as_ref(),
            sql: self.sql.as_ref(),
            http: self.http.as_ref(),
            prometheus: self.prometheus.as_ref(),
            dns: self.dns.as_ref(),
            expect: self.expect.as_ref(),
            env: self.env.as_ref(),
            limits: self.limits.as_ref(),
            ..Work::default()
        }
    }
}

impl AreaLayout {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Data => "Data",
            Self::Performance => "Performance",
            Self::Business => "Business",
        }
    }
}

impl From<MomentLayout> for Moment {
    fn from(layout: MomentLayout) -> Self {
        match layout {
            MomentLayout::Before => Self::Before,
            MomentLayout::After => Self::After,
        }
    }
}
