//! `watch:`: metrics that people see beside the progress of a run. They decide nothing, so they are no part of the plan.

use domain::plan::{Action, Comparison, MetricQuery, Request, RollbackType, Statement};
use schemars::JsonSchema;
use serde::Deserialize;

use super::layout::{AreaLayout, Scope, readable};
use crate::{
    Baseline, ParameterError,
    duration::DurationText,
    place::At,
    problem::Examined,
    runbook::{Expect, Fields, HttpLayout, Look, PrometheusLayout, Scalar, TypeLayout, Work},
    target::TargetRule,
};

/// How often a metric is asked for when nothing is said, in milliseconds.
const EVERY_MS: u64 = 15_000;
/// Nobody reads faster, in milliseconds.
const LEAST_MS: u64 = 1000;
/// The longest unit.
const LONGEST_UNIT: usize = 12;

/// One watched metric.
#[derive(Clone, Debug)]
pub struct Watch {
    title: String,
    unit: Option<String>,
    good: Comparison,
    every_ms: u64,
    is_beside_steps: bool,
    types: Vec<RollbackType>,
    targets: Vec<String>,
    look: Look,
    pointer: String,
}

/// Whom to ask for a value, and what.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The first column of the first row.
    Sql(Statement),
    /// The value of the worst series.
    Prometheus(MetricQuery),
    /// The value at this JSON pointer of the answer.
    Http(Request, String),
}

/// One watched metric. It has exactly one of `sql`, `prometheus` and `http`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WatchLayout {
    /// What people read, such as `error rate`.
    pub(super) name: At<String>,
    /// What it is about; stands before the name.
    area: AreaLayout,
    /// The rollback types that it is for; all of them when left out.
    types: Option<At<Vec<TypeLayout>>>,
    /// The targets that it is for, by their ids; all of them when left out.
    targets: Option<At<Vec<At<String>>>>,
    /// One query on the target's gateway; the first column of the first row is the value.
    sql: Option<At<String>>,
    /// A question to Prometheus; of several series the worst is the value.
    prometheus: Option<At<PrometheusLayout>>,
    /// One `GET` request whose answer is JSON.
    http: Option<At<HttpLayout>>,
    /// `http`: where the value stands in the answer, as a JSON pointer such as `/rates/errors`.
    value: Option<At<String>>,
    /// When it is good, such as `"< 0.01"`.
    good: At<Scalar>,
    /// What it is in, such as `ms`; shown behind the value.
    unit: Option<At<String>>,
    /// How often it is asked for; every 15 seconds when left out.
    every: Option<At<DurationText>>,
    /// `sql`: whether it is asked while a step works in the database too. Not for DuckDB, whose file takes one program at
    /// a time.
    beside_steps: Option<At<bool>>,
}

impl Watch {
    /// Area and name, such as `System: error rate`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What its values are in.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// When it is good.
    pub fn good(&self) -> &Comparison {
        &self.good
    }

    /// How often it is asked for, in milliseconds.
    pub fn every_ms(&self) -> u64 {
        self.every_ms
    }

    /// Whether it may be asked while a step works in the database.
    pub fn is_beside_steps(&self) -> bool {
        self.is_beside_steps
    }

    /// Whether it is watched beside rollbacks of this type on this target.
    pub(crate) fn is_for(&self, rollback_type: RollbackType, target: &str) -> bool {
        (self.types.is_empty() || self.types.contains(&rollback_type))
            && (self.targets.is_empty() || self.targets.iter().any(|id| id == target))
    }

    /// What is asked, with the models filled in; `None` where the policies hold no such question.
    pub fn asked(&self, models: &[String]) -> Result<Option<Asked>, ParameterError> {
        Ok(match self.look.fill(models)? {
            Action::Sql(statement) => Some(Asked::Sql(statement)),
            // The worst of several series is the one that is furthest from good.
            Action::Prometheus(question) => {
                Some(Asked::Prometheus(MetricQuery { expect: self.good.clone(), ..question }))
            }
            Action::Http(request) => Some(Asked::Http(request, self.pointer.clone())),
            Action::Command(_)
            | Action::Sqlmesh(_)
            | Action::Dns(_)
            | Action::Wait(_)
            | Action::Confirm(_) => None,
        })
    }
}

impl WatchLayout {
    pub(super) fn watch(
        &self,
        targets: Option<&[TargetRule]>,
        file: &mut Examined<'_>,
    ) -> Option<Watch> {
        let name = readable(&self.name, file);
        let scope = Scope { types: self.types.as_ref(), targets: self.targets.as_ref() };
        let (types, targets) = scope.read(targets, file);
        let every_ms =
            self.every.as_ref().map_or(EVERY_MS, |every| DurationText::read(every, file));
        if let Some(every) = self.every.as_ref().filter(|_| every_ms < LEAST_MS) {
            file.note(every.place, "this asks without a pause", "give it a second or more");
        }
        self.beside(file);
        let unit = self.unit.as_ref().map(|at| at.value.trim().to_owned());
        if let (Some(at), Some(unit)) = (&self.unit, &unit)
            && (unit.is_empty() || unit.chars().count() > LONGEST_UNIT)
        {
            let advice = format!("write at most {LONGEST_UNIT} letters, such as `ms`");
            file.note(at.place, "people could not read this unit", advice);
        }
        let good = self.good(file);
        let pointer = self.pointer(file);
        let look = self.look(file)?;
        Some(Watch {
            title: format!("{}: {name}", self.area.name()),
            unit,
            good: good?,
            every_ms,
            is_beside_steps: self.beside_steps.as_ref().is_some_and(|beside| beside.value),
            types,
            targets,
            look,
            pointer: pointer?,
        })
    }

    fn beside(&self, file: &mut Examined<'_>) {
        if let Some(at) = self.beside_steps.as_ref().filter(|_| self.sql.is_none()) {
            let message = "only `sql` could be in the way of a step";
            file.note(at.place, message, "remove `beside_steps`");
        }
    }

    fn good(&self, file: &mut Examined<'_>) -> Option<Comparison> {
        let text = &self.good.value.0;
        if Baseline::is_meant(text) {
            let message = "a watched metric is compared with a number";
            let advice = "write one, such as `\"< 0.01\"`; what it was is shown beside it";
            file.note(self.good.place, message, advice);
            return None;
        }
        match text.parse() {
            Ok(comparison) => Some(comparison),
            Err(error) => {
                let error: domain::plan::ComparisonError = error;
                let advice = "write a relation and a value, such as `\"< 0.01\"`";
                file.note(self.good.place, error.to_string(), advice);
                None
            }
        }
    }

    /// Where the value stands in an answer; nothing for other kinds.
    fn pointer(&self, file: &mut Examined<'_>) -> Option<String> {
        let advice = "write a JSON pointer, such as `value: /rates/errors`";
        match (&self.http, &self.value) {
            (None, None) => Some(String::new()),
            (None, Some(at)) => {
                file.note(at.place, "only an answer to `http` is searched", "remove `value`");
                None
            }
            (Some(http), None) => {
                file.note(http.place, "it is not said where the value stands", advice);
                None
            }
            (Some(_), Some(at)) if !at.value.is_empty() && !at.value.starts_with('/') => {
                file.note(at.place, format!("`{}` is not a JSON pointer", at.value), advice);
                None
            }
            (Some(_), Some(at)) => Some(at.value.clone()),
        }
    }

    fn look(&self, file: &mut Examined<'_>) -> Option<Look> {
        let mut kinds: Vec<_> = [
            self.sql.as_ref().map(|at| at.place),
            self.prometheus.as_ref().map(|at| at.place),
            self.http.as_ref().map(|at| at.place),
        ]
        .into_iter()
        .flatten()
        .collect();
        kinds.sort_by_key(|place| (place.line, place.column));
        match kinds[..] {
            [] => {
                let advice = "add one of `sql`, `prometheus` and `http`";
                file.note(self.name.place, "nothing is watched here", advice);
                return None;
            }
            [_] => {}
            [_, second, ..] => {
                let advice = "keep one of `sql`, `prometheus` and `http`";
                file.note(second, "a watched metric is one value", advice);
                return None;
            }
        }
        // What is good stands beside the look and is compared by itself; the look wants to be told what to expect.
        let fields = |value, status| Fields { rows: None, value, status, json: None };
        let place = self.good.place;
        let any = || At { value: Scalar("0".to_owned()), place };
        let expect = if self.sql.is_some() {
            Expect::Fields(Box::new(fields(Some(any()), None)))
        } else if self.http.is_some() {
            let status = At { value: vec![At { value: 200, place }], place };
            Expect::Fields(Box::new(fields(None, Some(status))))
        } else {
            Expect::Comparison(any().value)
        };
        let expect = At { value: expect, place };
        let work = Work {
            sql: self.sql.as_ref(),
            http: self.http.as_ref(),
            prometheus: self.prometheus.as_ref(),
            expect: Some(&expect),
            ..Work::default()
        };
        Look::of_watch(self.name.place, &work, file)
    }
}
