//! `command:` and `sqlmesh:`: lists of arguments, and what a program gets besides.

use std::collections::BTreeMap;

use domain::plan::{Limits, Program};

use super::{Checker, work::Role};
use crate::{
    duration::DurationText,
    place::At,
    runbook::{
        action::ActionTemplate,
        argument::Argument,
        arguments::Arguments,
        progress::{Progress, ProgressError},
        template::{Form, Template},
        work::{LimitsLayout, Work},
    },
};

/// The sub-commands of the `SQLMesh` helper.
const HELPER: [&str; 21] = [
    "inspect",
    "check",
    "promote",
    "probe",
    "verify",
    "measure",
    "save",
    "probe-point",
    "verify-point",
    "check-schema",
    "restore-schema",
    "probe-schema",
    "verify-schema",
    "restore-beside",
    "drop-beside",
    "probe-beside",
    "verify-beside",
    "swap",
    "probe-swap",
    "unswap",
    "verify-live",
];
const SHELLS: [&str; 10] =
    ["sh", "bash", "zsh", "dash", "ksh", "fish", "busybox", "cmd", "powershell", "pwsh"];
/// Processor time of a program that names no limit: this many times the step's time-out.
const USUAL_PROCESSORS: u64 = 4;
const USUAL_MEMORY_MIB: u64 = 8192;
const USUAL_OPEN_FILES: u64 = 1024;
/// How long a probe may take, in milliseconds; the steps' executor has the same limit.
const PROBE_MS: u64 = 120_000;

impl Checker<'_, '_> {
    pub(super) fn command(
        &mut self,
        at: &At<Arguments>,
        work: &Work<'_>,
        role: Role,
    ) -> Option<ActionTemplate> {
        let (words, argv) = self.arguments(at)?;
        self.refuse_shells(words);
        self.refuse_destruction(words);
        let mut env = BTreeMap::new();
        for (name, value) in work.env.iter().flat_map(|env| &env.value) {
            if let Some(value) = self.variable(name, value.place, &value.value.0) {
                env.insert(name.clone(), value);
            }
        }
        let mut program = Program::new(Vec::new());
        program.writes = self.writes(work.writes);
        program.limits = self.limits(work.limits, role);
        if let Some(at) = work.progress {
            program.progress = Some(at.value.clone());
            if let Err(error) = Progress::parse(&at.value) {
                let advice = match error {
                    ProgressError::Pattern(_) => "mend the pattern, or leave `progress` out",
                    ProgressError::Group(_) | ProgressError::Nothing => {
                        "name the groups `(?<done>..)`, `(?<total>..)` and `(?<text>..)`; at least `done` or `text`"
                    }
                };
                self.file.note(at.place, error.to_string(), advice);
            }
        }
        Some(ActionTemplate::Command { argv, env, program })
    }

    pub(super) fn sqlmesh(&mut self, at: &At<Arguments>) -> Option<ActionTemplate> {
        let (words, arguments) = self.arguments(at)?;
        if !self.refuse_destruction(words) && !HELPER.contains(&words[0].value.as_str()) {
            let (name, place) = (words[0].value.clone(), words[0].place);
            self.file.unknown(place, "sub-command of the SQLMesh helper", &name, &HELPER);
        }
        Some(ActionTemplate::Sqlmesh(arguments))
    }

    fn variable(
        &mut self,
        name: &str,
        place: crate::place::Place,
        value: &str,
    ) -> Option<Template> {
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !is_name || name.starts_with("COUNTERSIGN_") {
            let advice = "use letters, digits and `_`; names with `COUNTERSIGN_` are taken";
            self.file.note(place, format!("`{name}` cannot be set"), advice);
            return None;
        }
        self.refuse_unnamed(place, value);
        // A variable holds any letters, so no value can end it.
        self.text(place, value, |_, _| Ok(Form::Plain))
    }

    fn writes(&mut self, at: Option<&At<Vec<At<String>>>>) -> Vec<String> {
        let folders = at.map(|at| at.value.as_slice()).unwrap_or_default();
        for folder in folders {
            let path = std::path::Path::new(&folder.value);
            let is_plain = path.is_absolute()
                && !folder.value.contains("${")
                && path.components().all(|part| part != std::path::Component::ParentDir);
            if !is_plain {
                let message = format!("`{}` is not the absolute path of a folder", folder.value);
                let advice =
                    "write it out, such as `/var/lib/backups`, without `..` and parameters";
                self.file.note(folder.place, message, advice);
            } else if path.parent().is_none() {
                let advice = "name the folders that the program needs";
                self.file.note(folder.place, "this lets the program write everywhere", advice);
            }
        }
        folders.iter().map(|folder| folder.value.clone()).collect()
    }

    /// The limits, each written out: what a program may use is part of what people sign.
    fn limits(&mut self, at: Option<&At<LimitsLayout>>, role: Role) -> Limits {
        let timeout_ms = match role {
            Role::Step { timeout_ms } | Role::Undo { timeout_ms } | Role::Check { timeout_ms } => {
                timeout_ms
            }
            Role::Probe | Role::Watch => PROBE_MS,
        };
        let layout = at.map(|at| &at.value);
        let cpu_s = match layout.and_then(|layout| layout.cpu.as_ref()) {
            Some(at) => match DurationText::read(at, self.file) {
                ms if ms < 1000 => {
                    let advice = "give it a second or more";
                    self.file.note(at.place, "no program gets far in less", advice);
                    1
                }
                ms => ms.div_ceil(1000),
            },
            None => timeout_ms.div_ceil(1000).saturating_mul(USUAL_PROCESSORS).max(1),
        };
        let memory = layout.and_then(|layout| layout.memory_mib.as_ref());
        let files = layout.and_then(|layout| layout.open_files.as_ref());
        for (at, least) in [(memory, 16), (files, 16)] {
            if let Some(at) = at.filter(|at| at.value < least) {
                let message = format!("a program cannot start with {}", at.value);
                self.file.note(at.place, message, format!("give it at least {least}"));
            }
        }
        Limits {
            cpu_s: Some(cpu_s),
            memory_mib: Some(memory.map_or(USUAL_MEMORY_MIB, |at| at.value)),
            open_files: Some(files.map_or(USUAL_OPEN_FILES, |at| at.value)),
        }
    }

    fn arguments<'l>(
        &mut self,
        at: &'l At<Arguments>,
    ) -> Option<(&'l [At<String>], Vec<Argument>)> {
        let Arguments::List(words) = &at.value else {
            self.file.note(
                at.place,
                "this is a line for a shell, and there is no shell",
                "write a list of arguments: `[program, argument, \"${parameter}\"]`",
            );
            return None;
        };
        if words.is_empty() {
            self.file.note(at.place, "there is no program to run", "write a list of arguments");
            return None;
        }
        let mut arguments = Vec::new();
        for word in words {
            match Argument::parse(&word.value) {
                Ok(argument) => {
                    for name in argument.parameters() {
                        self.uses(word.place, name);
                    }
                    arguments.push(argument);
                }
                Err(rest) => {
                    let advice = "close it with `}`";
                    self.file.note(word.place, format!("`{rest}` is not finished"), advice);
                }
            }
        }
        Some((words, arguments))
    }

    fn refuse_shells(&mut self, words: &[At<String>]) {
        let is_shell = |word: &At<String>| SHELLS.contains(&program(&word.value));
        let wrapped = words.iter().zip(words.iter().skip(1));
        let shell = words.first().filter(|word| is_shell(word)).or_else(|| {
            wrapped
                .clone()
                .find(|(word, next)| is_shell(word) && next.value.starts_with("-c"))
                .map(|pair| pair.0)
        });
        if let Some(shell) = shell {
            let message = format!("`{}` is a shell, and steps do without", shell.value);
            self.file.note(shell.place, message, "name the program itself and its arguments");
        }
    }

    /// `SQLMesh`'s commands that destroy what a rollback needs, or mean something else than their name says.
    fn refuse_destruction(&mut self, words: &[At<String>]) -> bool {
        let is_sqlmesh = |word: &At<String>| program(&word.value).starts_with("sqlmesh");
        let helper = !words.iter().any(is_sqlmesh);
        let has = |name: &str| words.iter().find(|word| word.value == name);
        let direct = |name: &str| has(name).filter(|word| !helper || word.place == words[0].place);
        let (found, message, advice) = if let Some(found) = direct("rollback") {
            (
                found,
                "`sqlmesh rollback` does not roll models back: it takes back a migration of SQLMesh's own state",
                "use `sqlmesh: [promote, \"${to}\", ...]`, which points models at their previous version",
            )
        } else if let Some(found) = direct("destroy") {
            (
                found,
                "`sqlmesh destroy` removes every table that SQLMesh has made",
                "no rollback needs it: remove the step",
            )
        } else if let (Some(_), Some(flag)) = (direct("janitor"), has("--ignore-ttl")) {
            (
                flag,
                "`sqlmesh janitor --ignore-ttl` removes the versions that a rollback goes back to",
                "remove `--ignore-ttl`, or the step",
            )
        } else if let Some(flag) = has("--dry-run").filter(|_| !helper) {
            (
                flag,
                "`--dry-run` is not dry: it is SQLMesh's other name for `--skip-backfill`, and changes the environment",
                "use `sqlmesh plan --explain`, which changes nothing",
            )
        } else if let (Some(flag), None) = (has("--skip-backfill"), has("--no-gaps"))
            && !helper
        {
            (
                flag,
                "`--skip-backfill` alone points the environment at tables that may be empty or stale",
                "add `--no-gaps`, which stops where days are missing",
            )
        } else {
            return false;
        };
        self.file.note(found.place, message, advice);
        true
    }
}

/// A program's name without folder and ending.
fn program(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name.strip_suffix(".exe").unwrap_or(name)
}
