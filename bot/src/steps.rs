//! Carries out single actions of a plan: a program, or a sub-command of the SQLMesh helper. Never decides.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{
    id::RunId,
    plan::{Action, Finding, Outcome as Answered, Plan},
    run::{ProbeAnswer, Run},
};
use policies::{Policies, TargetRule};
use runner::{Command, Outcome};
use sqlmesh::{Call, Called, Probe, Sqlmesh, Verification, live_line};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::live::Live;

/// Between the tries of a probe that had no answer.
const PROBE_PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
/// How long a probe may take, in milliseconds.
const PROBE_MS: u64 = 120_000;
/// Names the run to every process of its steps, so that leftovers of a crash are found again.
pub const MARK: &str = "COUNTERSIGN_RUN";
/// How long leftovers may take to end before they are killed.
const GRACE: Duration = Duration::from_secs(5);

/// The fingerprint of a target whose state or warehouse is broken or gone.
pub const UNREADABLE: &str = "unreadable";

/// Carries out actions.
pub struct Steps {
    /// The SQLMesh helper.
    pub sqlmesh: Arc<Sqlmesh>,
    /// Names each target's Python.
    pub policies: Arc<Policies>,
    /// What every process inherits, such as `PATH`.
    pub environment: BTreeMap<String, String>,
    /// Texts that must not be kept or shown.
    pub secrets: Vec<String>,
    /// Shows what a step says while it runs.
    pub live: Live,
}

/// How an action ended.
#[derive(Debug)]
pub enum End {
    /// It says that it did what it should.
    Did {
        /// What came out, a sentence.
        note: String,
        /// What it found, where it is a check.
        findings: Vec<Finding>,
    },
    /// It did not, or nobody knows.
    Failed {
        /// Why.
        why: String,
        /// What it found, where it is a check.
        findings: Vec<Finding>,
    },
    /// We ended it ourselves; a later life finds out what it did.
    CutShort,
}

/// An action that is over.
#[derive(Debug)]
pub struct Performed {
    /// How it ended.
    pub end: End,
    /// What was printed, capped, with secrets taken out.
    pub output: String,
}

impl Steps {
    /// The state that the target is in.
    pub async fn fingerprint(&self, plan: &Plan) -> anyhow::Result<String> {
        match self.sqlmesh.inspect(self.python(plan), &plan.target).await {
            Ok(inspection) => Ok(inspection.fingerprint),
            // That it cannot be read is the very state that people approved to leave.
            Err(error) if plan.target_fingerprint == UNREADABLE && error.is_unreadable() => {
                Ok(UNREADABLE.to_owned())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Ends every process that an earlier life left behind for this run, and waits until they are gone.
    pub async fn end_leftovers(&self, run: &RunId) -> anyhow::Result<()> {
        let ended = runner::end_marked(MARK, run.as_str(), GRACE).await?;
        if ended > 0 {
            tracing::warn!(run.id = %run, "ended {ended} processes that {run} had left behind");
        }
        Ok(())
    }

    /// Asks whether a step has taken effect.
    pub async fn probe(
        &self,
        plan: &Plan,
        action: &Action,
        cancel: &CancellationToken,
    ) -> (ProbeAnswer, String) {
        match action {
            Action::Sqlmesh(arguments) => match self.ask(plan, arguments, cancel).await {
                Ok(probe) => (probe.state, probe.detail),
                Err(error) => (ProbeAnswer::Unknown, error.to_string()),
            },
            // By convention of the runbooks: 0 done, 1 not done, anything else unknown.
            Action::Command(argv) => {
                match self.spawn(argv, &BTreeMap::new(), PROBE_MS, cancel, |_| {}).await {
                    Ok(finished) => match finished.outcome {
                        Outcome::Exited(0) => {
                            (ProbeAnswer::Done, "The probe says that it is done.".to_owned())
                        }
                        Outcome::Exited(1) => {
                            (ProbeAnswer::NotDone, "The probe says that it is not done.".to_owned())
                        }
                        other => (ProbeAnswer::Unknown, format!("The probe ended with {other:?}.")),
                    },
                    Err(error) => (ProbeAnswer::Unknown, error.to_string()),
                }
            }
        }
    }

    /// Probes until there is an answer: a warehouse that somebody else holds for a moment is no reason to ask a person.
    async fn ask(
        &self,
        plan: &Plan,
        arguments: &[String],
        cancel: &CancellationToken,
    ) -> Result<Probe, sqlmesh::Error> {
        for pause in PROBE_PAUSES {
            match self.sqlmesh.probe(self.python(plan), &plan.target, arguments).await {
                Err(error) if error.is_transient() && !cancel.is_cancelled() => {
                    tracing::warn!("the probe had no answer and is asked again: {error}");
                }
                answered => return answered,
            }
            tokio::select! {
                () = cancel.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.sqlmesh.probe(self.python(plan), &plan.target, arguments).await
    }

    /// Does an action for a run; what it says on the way is shown on the card.
    pub async fn perform(
        &self,
        run: &Run,
        plan: &Plan,
        action: &Action,
        timeout_ms: u64,
        cancel: &CancellationToken,
    ) -> Performed {
        let (say, said) = watch::channel(String::new());
        let variables = BTreeMap::from([(MARK.to_owned(), run.id.to_string())]);
        let work = async {
            let performed = match action {
                Action::Sqlmesh(arguments) => {
                    self.helper(plan, arguments, &variables, timeout_ms, cancel, &say).await
                }
                Action::Command(argv) => {
                    self.command(argv, &variables, timeout_ms, cancel, &say).await
                }
            };
            drop(say);
            performed
        };
        let (Performed { end, output }, ()) =
            tokio::join!(work, self.live.follow(&run.incident, &run.id, said));
        match end {
            // What was ended by us has not failed; what it did is found out later.
            End::Failed { .. } if cancel.is_cancelled() => Performed { end: End::CutShort, output },
            end => Performed { end, output },
        }
    }

    async fn command(
        &self,
        argv: &[String],
        variables: &BTreeMap<String, String>,
        timeout_ms: u64,
        cancel: &CancellationToken,
        say: &watch::Sender<String>,
    ) -> Performed {
        let finished = self
            .spawn(argv, variables, timeout_ms, cancel, |line| {
                drop(say.send_replace(line.to_owned()));
            })
            .await;
        match finished {
            Ok(finished) => {
                let last = tail(&finished.output);
                let end = match finished.outcome {
                    Outcome::Exited(0) => did("", vec![]),
                    Outcome::Cancelled => End::CutShort,
                    Outcome::TimedOut => failed("it took too long and was ended"),
                    Outcome::Exited(code) => {
                        failed(&format!("it ended with exit code {code}: {last}"))
                    }
                    Outcome::Signalled(signal) => {
                        failed(&format!("it was ended by signal {signal}: {last}"))
                    }
                };
                Performed { end, output: finished.output }
            }
            Err(error) => Performed { end: failed(&error.to_string()), output: String::new() },
        }
    }

    async fn spawn(
        &self,
        argv: &[String],
        variables: &BTreeMap<String, String>,
        timeout_ms: u64,
        cancel: &CancellationToken,
        mut on_line: impl FnMut(&str),
    ) -> Result<runner::Finished, runner::RunError> {
        let (program, arguments) =
            argv.split_first().map_or(("", &[][..]), |(program, rest)| (program.as_str(), rest));
        let mut command = Command::new(program, arguments, Duration::from_millis(timeout_ms));
        command.env.clone_from(&self.environment);
        command.env.extend(variables.clone());
        command.secrets.clone_from(&self.secrets);
        runner::run(&command, cancel, |_| {}, |_, line| on_line(line)).await
    }

    async fn helper(
        &self,
        plan: &Plan,
        arguments: &[String],
        variables: &BTreeMap<String, String>,
        timeout_ms: u64,
        cancel: &CancellationToken,
        say: &watch::Sender<String>,
    ) -> Performed {
        let timeout = Duration::from_millis(timeout_ms);
        let call = Call {
            python: self.python(plan),
            target: &plan.target,
            arguments,
            variables,
            timeout,
            cancel,
        };
        let on_line = |line: &str| {
            if let Some(line) = live_line(line) {
                say.send_replace(line);
            }
        };
        let Called { answer, output } = self.sqlmesh.call(call, on_line).await;
        let end = match answer {
            Ok(answer) => judge(arguments, answer.value),
            Err(sqlmesh::Error::Cancelled { .. }) => End::CutShort,
            Err(error) => failed(&error.to_string()),
        };
        Performed { end, output }
    }

    fn python(&self, plan: &Plan) -> &str {
        python(self.policies.target(&plan.target.id))
    }
}

/// What an answer without an error means: the questions say yes or no in their own fields.
fn judge(arguments: &[String], value: serde_json::Value) -> End {
    match arguments.first().map(String::as_str) {
        Some("check" | "check-schema") => match serde_json::from_value::<sqlmesh::Check>(value) {
            Ok(check) if check.possible => did("It is still possible.", vec![]),
            Ok(check) => End::Failed {
                why: "it is not possible any more".to_owned(),
                findings: check.findings,
            },
            Err(error) => failed(&format!("the helper's answer cannot be read: {error}")),
        },
        Some("verify" | "verify-schema" | "verify-point" | "verify-beside" | "verify-live") => {
            match serde_json::from_value::<Verification>(value) {
                Ok(Verification { checks, passed }) => {
                    verified(checks.into_iter().map(Finding::from).collect(), passed)
                }
                Err(error) => failed(&format!("the helper's answer cannot be read: {error}")),
            }
        }
        Some("promote")
            if value.get("already").and_then(serde_json::Value::as_bool) == Some(true) =>
        {
            did("The models were there already.", vec![])
        }
        Some("save" | "restore-beside" | "swap" | "restore-schema")
            if value.get("already").and_then(serde_json::Value::as_bool) == Some(true) =>
        {
            did("It was done already.", vec![])
        }
        _ => did(&lost(&value), vec![]),
    }
}

/// What a database dropped on the way and would not create again; a person has to.
fn lost(value: &serde_json::Value) -> String {
    let rows = value.get("lost").and_then(serde_json::Value::as_array);
    let of = |row: &serde_json::Value| {
        let text = |key: &str| {
            row.get(key).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        };
        format!("{} ({})", text("subject"), text("reason").lines().next().unwrap_or_default())
    };
    match rows.map(Vec::as_slice).unwrap_or_default() {
        [] => String::new(),
        rows => format!(
            "PostgreSQL dropped these with a view, and they do not fit the old version: {}.",
            rows.iter().map(of).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn verified(findings: Vec<Finding>, passed: bool) -> End {
    let count = findings.len();
    let bad = findings.iter().filter(|finding| finding.outcome != Answered::Pass).count();
    if count == 0 {
        return failed("nothing was checked");
    }
    if passed && bad == 0 {
        return did(&format!("All {count} checks pass."), findings);
    }
    End::Failed { why: format!("{bad} of {count} checks do not pass"), findings }
}

fn did(note: &str, findings: Vec<Finding>) -> End {
    End::Did { note: note.to_owned(), findings }
}

fn failed(why: &str) -> End {
    End::Failed { why: why.to_owned(), findings: vec![] }
}

/// The last words of a program, short enough for a thread.
fn tail(output: &str) -> String {
    let line =
        output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    line.chars().take(300).collect()
}

/// The Python that has SQLMesh for a target; the one on the `PATH` where the policies name none.
pub fn python(rule: Option<&TargetRule>) -> &str {
    rule.and_then(|rule| rule.python.as_deref()).unwrap_or("python3")
}
