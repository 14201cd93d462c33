//! Reads all files together and finds all mistakes at once. A file that cannot be read is not held against the others:
//! whatever would follow from it alone is not reported.

use std::collections::BTreeMap;

use domain::{
    digest::Digest,
    person::People,
    plan::{RollbackType, Workflow},
    requirement::Rung,
};
use serde::de::DeserializeOwned;

use crate::{
    authority::{Authority, AuthorityFile, Known},
    cedar::Rules,
    checks::{Check, ChecksFile, Watch},
    escalation::{EscalationFile, LevelRule, Matrix},
    files::Files,
    people::{Contact, PeopleBook, PeopleFile},
    place::Place,
    problem::{Examined, Problem, Problems},
    retention::{Retention, RetentionFile},
    runbook::{Deciders, Runbook, RunbookFile},
    suggest,
    target::{TargetRule, TargetsFile},
    trigger::{TriggerRule, TriggersFile},
    yaml,
};

/// The files that must be there, besides those under `runbooks/`.
pub(crate) const NAMES: [&str; 6] = [
    "escalation.yaml",
    "people.yaml",
    "authority.yaml",
    "authority.cedar",
    "triggers.yaml",
    "targets.yaml",
];
/// Without it nothing is looked at besides what the runbooks do.
const CHECKS: &str = "checks.yaml";
/// Without it rollback points are kept as long as usual.
const RETENTION: &str = "retention.yaml";
/// The files that may be left out.
const OPTIONAL: [&str; 2] = [CHECKS, RETENTION];

/// The checked policies. Two that were loaded from the same texts decide alike and have the same digest.
#[derive(Clone, Debug)]
pub struct Policies {
    digest: Digest,
    targets: Vec<TargetRule>,
    triggers: Vec<TriggerRule>,
    runbooks: Runbooks,
    checks: Vec<Check>,
    watches: Vec<Watch>,
    retention: Retention,
    pub(crate) matrix: Matrix,
    pub(crate) book: PeopleBook,
    pub(crate) authority: Authority,
    pub(crate) rules: Rules,
}

/// At most one for each type and workflow.
type Runbooks = BTreeMap<(RollbackType, Workflow), Runbook>;

struct Loader<'a> {
    files: &'a Files,
    problems: Vec<Problem>,
}

impl Policies {
    /// Checks all texts. On failure every mistake is told, not only the first.
    pub fn load(files: &Files) -> Result<Self, Problems> {
        let mut loader = Loader { files, problems: Vec::new() };
        loader.names();
        let mut escalation = loader.open::<EscalationFile>("escalation.yaml");
        let levels: Option<Vec<LevelRule>> =
            escalation.as_mut().map(|(layout, file)| layout.levels(file));
        let known_levels = levels.as_deref().unwrap_or_default();
        let book = loader
            .check("people.yaml", |layout: &PeopleFile, file| layout.book(known_levels, file));
        let matrix = escalation.map(|(layout, mut file)| {
            let matrix = layout.matrix(known_levels, book.as_ref(), &mut file);
            loader.problems.extend(file.problems);
            matrix
        });
        let deciders = Deciders { levels: known_levels, people: book.as_ref() };
        let runbooks = loader.runbooks(&deciders);
        // What is offered must be possible at once, so a planned runbook alone is none.
        let types: Option<Vec<RollbackType>> = runbooks.as_ref().map(|runbooks| {
            let emergency = |(of, workflow): &(_, Workflow)| workflow.is_emergency().then_some(*of);
            runbooks.keys().filter_map(emergency).collect()
        });
        let targets = loader.check("targets.yaml", |layout: &TargetsFile, file| {
            layout.targets(types.as_deref(), file)
        });
        let checks = match files.get(CHECKS) {
            Some(_) => loader.check(CHECKS, |layout: &ChecksFile, file| {
                let targets = targets.as_deref();
                (layout.checks(targets, file), layout.watches(targets, file))
            }),
            None => Some((vec![], vec![])),
        };
        let triggers =
            loader.check("triggers.yaml", |layout: &TriggersFile, file| layout.triggers(file));
        let known =
            Known { levels: known_levels, people: book.as_ref(), triggers: triggers.as_deref() };
        let authority = loader
            .check("authority.yaml", |layout: &AuthorityFile, file| layout.authority(&known, file));
        let rules = loader.rules();
        let retention = match files.get(RETENTION) {
            Some(_) => {
                loader.check(RETENTION, |layout: &RetentionFile, file| layout.retention(file))
            }
            None => Some(Retention::default()),
        };

        let mut problems = loader.problems;
        problems.sort_by(|one, other| {
            (&one.file, one.line, one.column).cmp(&(&other.file, other.line, other.column))
        });
        let parts =
            (matrix, book, runbooks, targets, checks, triggers, authority, rules, retention);
        match parts {
            (
                Some(matrix),
                Some(book),
                Some(runbooks),
                Some(targets),
                Some((checks, watches)),
                Some(triggers),
                Some(authority),
                Some(rules),
                Some(retention),
            ) if problems.is_empty() => {
                let digest = files.digest();
                Ok(Self {
                    digest,
                    targets,
                    triggers,
                    runbooks,
                    checks,
                    watches,
                    retention,
                    matrix,
                    book,
                    authority,
                    rules,
                })
            }
            _ => Err(Problems(problems)),
        }
    }

    /// The digest of all file names and texts.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Everybody whom the people file names.
    pub fn people(&self) -> &People {
        &self.book.people
    }

    /// How else to reach somebody, and the SSH keys with which they sign.
    pub fn contact(&self, person: &domain::person::PersonId) -> Option<&Contact> {
        self.book.contacts.get(person)
    }

    /// Whether somebody is an active human being who holds a level.
    pub fn is_decider(&self, person: &domain::person::PersonId) -> bool {
        self.book.may_decide(person)
    }

    /// All targets, in the file's order.
    pub fn targets(&self) -> &[TargetRule] {
        &self.targets
    }

    /// The target with this id.
    pub fn target(&self, id: &str) -> Option<&TargetRule> {
        self.targets.iter().find(|target| target.id == id)
    }

    /// All triggers, in the file's order.
    pub fn triggers(&self) -> &[TriggerRule] {
        &self.triggers
    }

    /// The trigger with this id.
    pub fn trigger(&self, id: &str) -> Option<&TriggerRule> {
        self.triggers.iter().find(|trigger| trigger.id == id)
    }

    /// The runbook of a rollback type for an emergency.
    pub fn runbook(&self, rollback_type: RollbackType) -> Option<&Runbook> {
        self.runbooks.get(&(rollback_type, Workflow::Emergency))
    }

    /// The runbook by which a rollback is carried out. A planned one whose type has no planned runbook is carried out by
    /// that of an emergency.
    pub fn runbook_for(&self, rollback_type: RollbackType, workflow: Workflow) -> Option<&Runbook> {
        self.runbooks.get(&(rollback_type, workflow)).or_else(|| self.runbook(rollback_type))
    }

    /// All runbooks, by type, that of an emergency first.
    pub fn runbooks(&self) -> impl Iterator<Item = &Runbook> {
        self.runbooks.values()
    }

    /// The checks of a rollback type on a target, in the file's order.
    pub fn checks(
        &self,
        rollback_type: RollbackType,
        target: &str,
    ) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.is_for(rollback_type, target))
    }

    /// The metrics that are watched beside a rollback of this type on a target, in the file's order.
    pub fn watches(
        &self,
        rollback_type: RollbackType,
        target: &str,
    ) -> impl Iterator<Item = &Watch> {
        self.watches.iter().filter(move |watch| watch.is_for(rollback_type, target))
    }

    /// The levels of the matrix, lowest first.
    pub fn levels(&self) -> &[LevelRule] {
        &self.matrix.levels
    }

    /// Who is asked when, lowest first: everybody whom the file names, whether a chat reaches them or not.
    pub fn rungs(&self) -> &[Rung] {
        &self.matrix.ladder
    }

    /// How often the last rung is asked again, in milliseconds.
    pub fn repeat_ms(&self) -> u64 {
        self.matrix.repeat_ms
    }

    /// The time zone in which the operator reads times.
    pub fn time_zone(&self) -> chrono_tz::Tz {
        self.matrix.time_zone
    }

    /// How long rollback points are kept.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// How far back rollbacks of a target count for [`Ask::rollbacks_lately`](crate::Ask), in milliseconds.
    pub fn lately_ms(&self) -> u64 {
        self.authority.lately_ms
    }

    /// How often people are reminded of a hold, in milliseconds.
    pub fn hold_reminder_ms(&self) -> u64 {
        self.authority.remind_ms
    }
}

impl<'a> Loader<'a> {
    /// Files that are missing, and files that nobody would read.
    fn names(&mut self) {
        for missing in NAMES.iter().filter(|name| self.files.get(name).is_none()) {
            let advice =
                format!("add `{missing}` to the rules folder; the default one is a good beginning");
            self.problems.push(Problem::new(
                missing,
                "",
                Place::START,
                "the file is missing",
                advice,
            ));
        }
        for (path, text) in &self.files.0 {
            let is_runbook = path
                .strip_prefix("runbooks/")
                .and_then(|name| name.strip_suffix(".yaml"))
                .is_some_and(|name| !name.contains('/'));
            if !is_runbook && !NAMES.contains(&path.as_str()) && !OPTIONAL.contains(&path.as_str())
            {
                let known = [&NAMES[..], &OPTIONAL].concat();
                let advice = format!(
                    "{} Runbooks are read from `runbooks/NAME.yaml`.",
                    suggest::advice(path, &known)
                );
                self.problems.push(Problem::new(
                    path,
                    text,
                    Place::START,
                    "nobody reads this file",
                    advice,
                ));
            }
        }
    }

    /// A file's layout, and the file to note further mistakes in.
    fn open<T: DeserializeOwned>(&mut self, name: &'a str) -> Option<(T, Examined<'a>)> {
        let mut file = Examined::new(name, self.files.get(name)?);
        let layout = yaml::read(&mut file);
        if layout.is_none() {
            self.problems.append(&mut file.problems);
        }
        Some((layout?, file))
    }

    fn check<T: DeserializeOwned, R>(
        &mut self,
        name: &'a str,
        check: impl FnOnce(&T, &mut Examined<'a>) -> R,
    ) -> Option<R> {
        let (layout, mut file) = self.open::<T>(name)?;
        let checked = check(&layout, &mut file);
        self.problems.extend(file.problems);
        Some(checked)
    }

    /// The runbooks by what they are for; `None` where one could not be read, so that nobody misses it elsewhere.
    fn runbooks(&mut self, deciders: &Deciders<'_>) -> Option<Runbooks> {
        let paths = self.files.0.keys().filter(|path| path.starts_with("runbooks/"));
        let mut runbooks = Runbooks::new();
        let mut is_complete = true;
        for path in paths {
            let read = self.check(path, |layout: &RunbookFile, file| {
                let runbook = layout.runbook(deciders, file);
                if let Some(other) = runbooks.get(&(runbook.rollback_type, runbook.workflow)) {
                    let planned = match runbook.workflow {
                        Workflow::Emergency => "",
                        Workflow::Planned => "planned ",
                    };
                    file.note(
                        layout.rollback_type.place,
                        format!(
                            "the runbook `{}` is for a {planned}{} too",
                            other.name, runbook.rollback_type
                        ),
                        "keep one runbook for each type and workflow",
                    );
                }
                runbook
            });
            match read {
                Some(runbook) => {
                    runbooks.insert((runbook.rollback_type, runbook.workflow), runbook);
                }
                None => is_complete = false,
            }
        }
        is_complete.then_some(runbooks)
    }

    fn rules(&mut self) -> Option<Rules> {
        let mut file = Examined::new("authority.cedar", self.files.get("authority.cedar")?);
        let rules = Rules::read(&mut file);
        self.problems.extend(file.problems);
        rules
    }
}
