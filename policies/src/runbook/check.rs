//! Checks of a runbook as it was written, and its template once nothing is wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use domain::{
    digest::Digest,
    plan::{OnFailure, RollbackType},
};

use super::{
    ActionTemplate, Runbook, StepTemplate,
    argument::Argument,
    layout::{Arguments, FailureLayout, RunbookFile, StepLayout},
    parameter::Parameter,
};
use crate::{
    duration::DurationText,
    place::{At, Place},
    problem::Examined,
};

/// The sub-commands of the `SQLMesh` helper.
const HELPER: [&str; 20] = [
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
    "probe-beside",
    "verify-beside",
    "swap",
    "probe-swap",
    "unswap",
    "verify-live",
];
const SHELLS: [&str; 10] =
    ["sh", "bash", "zsh", "dash", "ksh", "fish", "busybox", "cmd", "powershell", "pwsh"];

struct Checker<'a, 'b> {
    declared: Vec<&'a str>,
    used: BTreeSet<String>,
    file: &'a mut Examined<'b>,
}

impl RunbookFile {
    /// The runbook, checked; mistakes are noted.
    pub(crate) fn runbook(&self, file: &mut Examined<'_>) -> Runbook {
        let stem =
            Path::new(file.file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if self.name.value != stem {
            let message =
                format!("the runbook `{}` stands in a file of another name", self.name.value);
            file.note(self.name.place, message, format!("name it `{stem}`, or rename the file"));
        }
        let recovery_target_ms = DurationText::read(&self.recovery_target, file);
        let digest = Digest::of(file.text);
        let declared = self.parameters.keys().map(String::as_str).collect();
        let mut checker = Checker { declared, used: BTreeSet::new(), file };
        if self.steps.value.is_empty() {
            checker.file.note(
                self.steps.place,
                "a runbook without steps does nothing",
                "add a step",
            );
        }
        let steps = self.steps.value.iter().filter_map(|step| checker.step(step)).collect();
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
        let name = self.name.value.clone();
        Runbook { name, digest, rollback_type, recovery_target_ms, parameters, steps }
    }
}

impl Checker<'_, '_> {
    fn step(&mut self, layout: &StepLayout) -> Option<StepTemplate> {
        let timeout_ms = DurationText::read(&layout.timeout, self.file);
        if timeout_ms == 0 || timeout_ms > 86_400_000 {
            let advice = "give it between a millisecond and a day, such as `10 min`";
            self.file.note(
                layout.timeout.place,
                "a step without a sensible end is never ended",
                advice,
            );
        }
        let retries = layout.retries.as_ref().map_or(0, |retries| retries.value);
        if let Some(at) = layout.retries.as_ref().filter(|at| at.value > 9) {
            self.file.note(
                at.place,
                format!("{retries} retries are too many"),
                "at most 9 are allowed",
            );
        }
        if let Some(at) = &layout.retries
            && retries > 0
            && !layout.idempotent
            && layout.probe.is_none()
        {
            let message = "this step would be repeated without knowing what it has done";
            self.file.note(at.place, message, "add a `probe`, or remove `retries`");
        }
        let place = layout.name.place;
        let (command, sqlmesh) = (layout.command.as_ref(), layout.sqlmesh.as_ref());
        let action = self.action(place, command, sqlmesh);
        let mut besides = |action: &Option<super::layout::ActionLayout>| {
            let action = action.as_ref()?;
            self.action(place, action.command.as_ref(), action.sqlmesh.as_ref())
        };
        let (probe, undo) = (besides(&layout.probe), besides(&layout.undo));
        Some(StepTemplate {
            name: layout.name.value.clone(),
            action: action?,
            timeout_ms,
            attempts: retries.min(9) + 1,
            idempotent: layout.idempotent,
            guard: layout.guard,
            probe,
            undo,
            on_failure: match layout.on_failure {
                FailureLayout::Undo => OnFailure::Undo,
                FailureLayout::Ask => OnFailure::Ask,
            },
        })
    }

    fn action(
        &mut self,
        place: Place,
        command: Option<&At<Arguments>>,
        sqlmesh: Option<&At<Arguments>>,
    ) -> Option<ActionTemplate> {
        match (command, sqlmesh) {
            (Some(command), None) => {
                let (words, arguments) = self.arguments(command)?;
                self.refuse_shells(words);
                self.refuse_destruction(words);
                Some(ActionTemplate::Command(arguments))
            }
            (None, Some(sqlmesh)) => {
                let (words, arguments) = self.arguments(sqlmesh)?;
                if !self.refuse_destruction(words) && !HELPER.contains(&words[0].value.as_str()) {
                    let (name, place) = (words[0].value.clone(), words[0].place);
                    self.file.unknown(place, "sub-command of the SQLMesh helper", &name, &HELPER);
                }
                Some(ActionTemplate::Sqlmesh(arguments))
            }
            (Some(_), Some(second)) => {
                let advice = "keep one of `command` and `sqlmesh`, and make two steps of them if both are needed";
                self.file.note(second.place, "a step does one thing", advice);
                None
            }
            (None, None) => {
                let advice = "add `sqlmesh: [promote, ...]` or `command: [program, argument]`";
                self.file.note(place, "there is nothing to do here", advice);
                None
            }
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
                        self.uses(word, name);
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

    fn uses(&mut self, word: &At<String>, name: &str) {
        if self.declared.contains(&name) {
            self.used.insert(name.to_owned());
        } else {
            self.file.unknown(word.place, "parameter", name, &self.declared);
        }
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
