//! `targets.yaml`: the `SQLMesh` projects and environments, whose alerts concern them, and what hangs on their models.

use std::collections::BTreeMap;

use domain::{
    card::Link,
    plan::{RollbackType, Target},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    duration::DurationText,
    history::{HistoryText, SourceHistory},
    link::{LinksLayout, links},
    place::At,
    problem::Examined,
    runbook::TypeLayout,
    suggest,
    window::{WindowLayout, WindowRule},
};

/// How often a target is looked at where the file says nothing of it.
const LOOK_EVERY_MS: u64 = 300_000;
/// The shortest interval between two looks.
const SHORTEST_MS: u64 = 30_000;
/// How long before the way back may be gone people are warned where the file does not say.
const WARN_BEFORE_MS: u64 = 3_600_000;

/// The places where rollbacks act.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetsFile {
    /// Every target.
    targets: At<Vec<TargetLayout>>,
}

/// One `SQLMesh` environment of one project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TargetLayout {
    /// A short id; at most one rollback at a time touches a target.
    id: At<String>,
    /// `PagerDuty` services, by id or name, whose alerts concern this target. A service belongs to one target.
    pagerduty_services: At<Vec<At<String>>>,
    /// The folder of the `SQLMesh` project; relative to where Countersign is started.
    project: String,
    /// `SQLMesh`'s name of the environment.
    environment: At<String>,
    /// `SQLMesh`'s name of the gateway.
    gateway: At<String>,
    /// The Python with `SQLMesh` installed; `python3` of the `PATH` when left out.
    python: Option<String>,
    /// How often its state is looked at for new releases; 5 min when left out. `0 min`: once, and then only when somebody asks.
    look_every: Option<At<DurationText>>,
    /// Which rollback types may be proposed here; each needs a runbook.
    rollbacks: At<Vec<At<TypeLayout>>>,
    /// An environment that holds the good state, kept by `pinned_environments`: a blue-green rollback goes back to what
    /// it holds then. The state before the last release when left out.
    blue: Option<At<String>>,
    /// `PostgreSQL`'s archive of the server that holds state and data: a moment between two rollback points can be
    /// recovered from it.
    archive: Option<At<ArchiveLayout>>,
    /// How long before `SQLMesh`'s janitor may remove the old versions people are warned; an hour when left out.
    warn_before: Option<At<DurationText>>,
    /// When rollbacks that a person plans may begin; without it none can be planned.
    window: Option<WindowLayout>,
    /// Pages that help to decide, such as `runbook: https://…` and `dashboard: https://…`: a button each on the card.
    links: Option<LinksLayout>,
    /// The models that go back when neither alert nor trigger names any; those that changed when left out.
    #[serde(default)]
    default_models: Vec<At<String>>,
    /// What hangs on single models.
    #[serde(default)]
    models: Vec<ModelLayout>,
}

/// Where `PostgreSQL` puts what it can be recovered from.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ArchiveLayout {
    /// The folder with a folder for each base backup, as `pg_basebackup -D FOLDER/NAME` makes them.
    base_backups: String,
    /// The folder into which `archive_command` copies the write-ahead log.
    wal: String,
}

/// What hangs on one model.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ModelLayout {
    /// The model's name as its author wrote it.
    name: At<String>,
    /// Whether the business depends on the model's data.
    #[serde(default)]
    critical: bool,
    /// Who reads from it outside `SQLMesh`.
    #[serde(default)]
    consumers: Vec<ConsumerLayout>,
    /// How far back what the model is computed from still goes: `all`, or a length such as `90 d`. Only where it is said,
    /// values that no rollback point has are computed again.
    source_history: Option<At<HistoryText>>,
}

/// Somebody who reads from a model outside `SQLMesh`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ConsumerLayout {
    /// What people call it, such as `finance dashboard`.
    name: String,
    /// Whether the business depends on it.
    #[serde(default)]
    critical: bool,
}

/// One target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetRule {
    /// The id.
    pub id: String,
    /// `PagerDuty` services, by id or name, whose alerts concern it.
    pub pagerduty_services: Vec<String>,
    /// The folder of the `SQLMesh` project.
    pub project: String,
    /// `SQLMesh`'s name of the environment.
    pub environment: String,
    /// `SQLMesh`'s name of the gateway.
    pub gateway: String,
    /// The Python with `SQLMesh` installed, where it is not the configuration's.
    pub python: Option<String>,
    /// How often its state is looked at for new releases, in milliseconds; `None`: only when somebody asks.
    pub look_every_ms: Option<u64>,
    /// Which rollback types may be proposed here.
    pub rollbacks: Vec<RollbackType>,
    /// The environment whose state a blue-green rollback goes back to; the one before the last release where there is
    /// none.
    pub blue: Option<String>,
    /// `PostgreSQL`'s archive, where there is one.
    pub archive: Option<ArchiveRule>,
    /// How long before the way back may be gone people are warned, in milliseconds.
    pub warn_before_ms: u64,
    /// When rollbacks that a person plans may begin; `None`: none can be planned.
    pub window: Option<WindowRule>,
    /// Pages that help to decide.
    pub links: Vec<Link>,
    /// The models that go back when neither alert nor trigger names any.
    pub default_models: Vec<String>,
    /// What hangs on single models.
    pub models: Vec<ModelRule>,
}

/// Where `PostgreSQL` puts what it can be recovered from; relative to where Countersign is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveRule {
    /// The folder with a folder for each base backup.
    pub base_backups: String,
    /// The folder with the write-ahead log.
    pub wal: String,
}

/// What hangs on one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelRule {
    /// The model's name as its author wrote it.
    pub name: String,
    /// Whether the business depends on the model's data.
    pub critical: bool,
    /// Who reads from it outside `SQLMesh`.
    pub consumers: Vec<ConsumerRule>,
    /// How far back its sources go, where its owners say so.
    pub source_history: Option<SourceHistory>,
}

/// Somebody who reads from a model outside `SQLMesh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerRule {
    /// What people call it.
    pub name: String,
    /// Whether the business depends on it.
    pub critical: bool,
}

impl TargetRule {
    /// The target as a plan names it.
    pub fn to_target(&self) -> Target {
        Target {
            id: self.id.clone(),
            environment: self.environment.clone(),
            gateway: self.gateway.clone(),
            project: self.project.clone(),
        }
    }

    /// What is said here of `model`, which may be written with catalog and quotation marks.
    pub fn model(&self, model: &str) -> Option<&ModelRule> {
        self.models.iter().find(|rule| is_same_model(&rule.name, model))
    }

    /// Whether an alert of this service concerns the target. Ids are compared exactly, names without case.
    pub fn serves(&self, service_id: &str, service_name: &str) -> bool {
        self.pagerduty_services
            .iter()
            .any(|service| service == service_id || service.eq_ignore_ascii_case(service_name))
    }
}

/// Whether `name` may be taken for a model's name when it comes from outside.
pub fn is_model_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'))
        && name.len() <= 200
}

/// Whether a rule for `rule` speaks of `model`: the same name, with or without the catalog in front.
fn is_same_model(rule: &str, model: &str) -> bool {
    let model = model.replace(['"', '`'], "").to_lowercase();
    let rule = rule.to_lowercase();
    model == rule || model.strip_suffix(&rule).is_some_and(|catalog| catalog.ends_with('.'))
}

impl TargetsFile {
    /// The targets, checked; `runbooks` are the types that have one.
    pub(crate) fn targets(
        &self,
        runbooks: Option<&[RollbackType]>,
        file: &mut Examined<'_>,
    ) -> Vec<TargetRule> {
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        let mut targets: Vec<TargetRule> = Vec::new();
        if self.targets.value.is_empty() {
            let advice = "name the SQLMesh environment that alerts are about";
            file.note(self.targets.place, "there is nothing to roll back", advice);
        }
        for layout in &self.targets.value {
            let id = &layout.id.value;
            if targets.iter().any(|target| target.id == *id) {
                let advice = "give every target an id of its own";
                file.note(layout.id.place, format!("there are two targets `{id}`"), advice);
            }
            layout.check_services(&mut owners, file);
            let names = [&layout.environment, &layout.gateway].into_iter().chain(&layout.blue);
            for name in names {
                if !is_model_name(&name.value) {
                    let advice = "use letters, digits and `_`, beginning with a letter";
                    file.note(
                        name.place,
                        format!("`{}` is not a name for SQLMesh", name.value),
                        advice,
                    );
                }
            }
            let names = layout.models.iter().map(|model| &model.name).chain(&layout.default_models);
            for name in names.filter(|name| !is_model_name(&name.value)) {
                let advice = "write it as in its MODEL block, such as `marts.daily_revenue`";
                file.note(
                    name.place,
                    format!("`{}` is not the name of a model", name.value),
                    advice,
                );
            }
            for history in layout.models.iter().filter_map(|model| model.source_history.as_ref()) {
                HistoryText::read(history, file);
            }
            layout.check_rollbacks(runbooks, file);
            layout.check_blue(file);
            layout.check_archive(file);
            let look_every_ms = layout.look_every_ms(file);
            let warning = layout.warn_before.as_ref();
            let warn_before_ms =
                warning.map_or(WARN_BEFORE_MS, |length| DurationText::read(length, file));
            let window = layout.window.as_ref().map(|window| window.rule(file));
            let links = layout.links.as_ref().map(|layout| links(layout, file)).unwrap_or_default();
            let rule = layout.rule(look_every_ms, warn_before_ms);
            targets.push(TargetRule { window, links, ..rule });
        }
        targets
    }
}

impl TargetLayout {
    fn check_services(&self, owners: &mut BTreeMap<String, String>, file: &mut Examined<'_>) {
        if self.pagerduty_services.value.is_empty() {
            let advice = "name the PagerDuty services whose alerts concern it";
            file.note(
                self.pagerduty_services.place,
                "no alert could ever concern this target",
                advice,
            );
        }
        for service in &self.pagerduty_services.value {
            let owner = owners.insert(service.value.to_lowercase(), self.id.value.clone());
            if let Some(owner) = owner {
                let message = format!(
                    "the service `{}` belongs to the target `{owner}` already",
                    service.value
                );
                file.note(
                    service.place,
                    message,
                    "a service belongs to one target: remove one of them",
                );
            }
        }
    }

    fn check_rollbacks(&self, runbooks: Option<&[RollbackType]>, file: &mut Examined<'_>) {
        if self.rollbacks.value.is_empty() {
            let advice = "name at least one, such as `model_level`";
            file.note(self.rollbacks.place, "no rollback may be proposed here", advice);
        }
        let Some(runbooks) = runbooks else { return };
        for offered in &self.rollbacks.value {
            let rollback_type = RollbackType::from(offered.value);
            if !runbooks.contains(&rollback_type) {
                let known: Vec<&str> =
                    runbooks.iter().map(|known| TypeLayout::from(*known).key()).collect();
                file.note(
                    offered.place,
                    format!("there is no runbook for a {rollback_type}"),
                    format!("add one under runbooks/, or keep to {}", suggest::list(&known)),
                );
            }
        }
    }

    fn look_every_ms(&self, file: &mut Examined<'_>) -> Option<u64> {
        let Some(at) = &self.look_every else { return Some(LOOK_EVERY_MS) };
        match DurationText::read(at, file) {
            0 => None,
            // Each look starts a Python, and on DuckDB it holds the file while it lasts.
            short if short < SHORTEST_MS => {
                let advice =
                    "use `30 s` or more; SQLMesh's notifications are quicker than any look";
                file.note(at.place, "looks would follow one another without pause", advice);
                None
            }
            interval => Some(interval),
        }
    }

    fn check_blue(&self, file: &mut Examined<'_>) {
        let Some(blue) = &self.blue else { return };
        if blue.value == self.environment.value {
            let advice = "name the environment that keeps the good state, or remove the line";
            file.note(blue.place, "an environment cannot go back to itself", advice);
        }
        if !self.rollbacks.value.iter().any(|offered| offered.value == TypeLayout::BlueGreen) {
            let advice = "add `blue_green` to `rollbacks`, or remove the line";
            file.note(blue.place, "only a blue-green rollback goes back to it", advice);
        }
    }

    fn check_archive(&self, file: &mut Examined<'_>) {
        let Some(archive) = &self.archive else { return };
        if archive.value.base_backups == archive.value.wal {
            let advice = "name two folders: each base backup is a folder, the log is many files";
            file.note(archive.place, "base backups and log lie in one folder", advice);
        }
    }

    fn rule(&self, look_every_ms: Option<u64>, warn_before_ms: u64) -> TargetRule {
        let texts = |list: &[At<String>]| list.iter().map(|text| text.value.clone()).collect();
        let consumer = |layout: &ConsumerLayout| ConsumerRule {
            name: layout.name.clone(),
            critical: layout.critical,
        };
        let model = |layout: &ModelLayout| ModelRule {
            name: layout.name.value.clone(),
            critical: layout.critical,
            consumers: layout.consumers.iter().map(consumer).collect(),
            source_history: layout.source_history.as_ref().and_then(|at| at.value.history()),
        };
        TargetRule {
            id: self.id.value.clone(),
            pagerduty_services: texts(&self.pagerduty_services.value),
            project: self.project.clone(),
            environment: self.environment.value.clone(),
            gateway: self.gateway.value.clone(),
            python: self.python.clone(),
            look_every_ms,
            rollbacks: self.rollbacks.value.iter().map(|offered| offered.value.into()).collect(),
            blue: self.blue.as_ref().map(|blue| blue.value.clone()),
            archive: self.archive.as_ref().map(|archive| ArchiveRule {
                base_backups: archive.value.base_backups.clone(),
                wal: archive.value.wal.clone(),
            }),
            warn_before_ms,
            window: None,
            links: vec![],
            default_models: texts(&self.default_models),
            models: self.models.iter().map(model).collect(),
        }
    }
}
