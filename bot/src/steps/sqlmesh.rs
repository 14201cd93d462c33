//! Sub-commands of the SQLMesh helper.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    plan::{Finding, Outcome, Plan},
    run::{Forecast, ProbeAnswer, Run},
};
use policies::TargetRule;
use sqlmesh::{
    Answer, Behalf, Call, Called, Inspection, LiveLine, Probe, Standby, Verification, live_line,
};
use tokio_util::sync::CancellationToken;

use crate::live::Said;

use super::{End, MARK, PROBE_MS, Performed, Steps, Under, did, failed};

/// Between the tries of a probe that had no answer.
pub(super) const PROBE_PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

impl Steps {
    /// Lets the interpreters for a run's calls start before they are made.
    pub fn stand_by(&self, run: &Run, plan: &Plan) -> Standby<'_> {
        let (variables, cancel) = (marked(run), CancellationToken::new());
        self.sqlmesh.stand_by(&self.on_behalf((run, plan), &[], &variables, 0, &cancel))
    }

    /// Ends the interpreters that wait for a run's calls.
    pub(super) async fn send_away(&self, run: &Run, plan: &Plan) {
        let (variables, cancel) = (marked(run), CancellationToken::new());
        self.sqlmesh.end_waiting(&self.on_behalf((run, plan), &[], &variables, 0, &cancel)).await;
    }

    fn on_behalf<'a>(
        &'a self,
        (run, plan): (&'a Run, &'a Plan),
        arguments: &'a [String],
        variables: &'a BTreeMap<String, String>,
        timeout_ms: u64,
        cancel: &'a CancellationToken,
    ) -> Call<'a> {
        Call {
            python: self.python(plan),
            target: &plan.target,
            arguments,
            variables,
            behalf: Behalf::Run(&run.id),
            timeout: Duration::from_millis(timeout_ms),
            cancel,
        }
    }

    /// What the environment holds now.
    pub(super) async fn inspection(&self, on: (&Run, &Plan)) -> Result<Inspection, sqlmesh::Error> {
        let (arguments, cancel) = (["inspect".to_owned()], CancellationToken::new());
        let Called { answer, .. } = self.call(on, &arguments, PROBE_MS, &cancel, |_| {}).await;
        answer?.read("inspect")
    }

    /// One call of the helper on behalf of a run.
    pub(super) async fn call(
        &self,
        on: (&Run, &Plan),
        arguments: &[String],
        timeout_ms: u64,
        cancel: &CancellationToken,
        on_line: impl FnMut(&str),
    ) -> Called {
        let variables = marked(on.0);
        let call = self.on_behalf(on, arguments, &variables, timeout_ms, cancel);
        self.sqlmesh.call(call, on_line).await
    }

    pub(super) async fn helper(&self, arguments: &[String], under: &Under<'_>) -> Performed {
        let on_line = |line: &str| {
            if let Some(LiveLine { words, left_ms }) = live_line(line) {
                let at = self.live.clock.now();
                let forecast = left_ms.map(|left_ms| Forecast { left_ms, at });
                under.say.send_replace(Said { line: words, forecast });
            }
        };
        let on = (under.run, under.plan);
        let Called { answer, output } =
            self.call(on, arguments, under.timeout_ms, under.cancel, on_line).await;
        let end = match answer {
            Ok(answer) => judge(arguments, answer.value),
            Err(error) => without_answer(&error),
        };
        Performed { end, output }
    }

    /// Probes until there is an answer: a warehouse that somebody else holds for a moment is no reason to ask a person.
    pub(super) async fn ask(
        &self,
        on: (&Run, &Plan),
        arguments: &[String],
        cancel: &CancellationToken,
    ) -> Result<Answer, sqlmesh::Error> {
        for pause in PROBE_PAUSES {
            match self.call(on, arguments, PROBE_MS, cancel, |_| {}).await.answer {
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
        self.call(on, arguments, PROBE_MS, cancel, |_| {}).await.answer
    }

    /// The helper's own probe.
    pub(super) async fn ask_helper(
        &self,
        on: (&Run, &Plan),
        arguments: &[String],
        cancel: &CancellationToken,
    ) -> (ProbeAnswer, String) {
        match self.ask(on, arguments, cancel).await {
            Ok(answer) => match serde_json::from_value::<Probe>(answer.value) {
                Ok(probe) => (probe.state, probe.detail),
                Err(error) => {
                    (ProbeAnswer::Unknown, format!("the helper's answer cannot be read: {error}"))
                }
            },
            Err(error) => (ProbeAnswer::Unknown, error.to_string()),
        }
    }

    pub(super) fn python(&self, plan: &Plan) -> &str {
        python(self.policies.target(&plan.target.id))
    }
}

/// What every process of a run carries.
fn marked(run: &Run) -> BTreeMap<String, String> {
    BTreeMap::from([(MARK.to_owned(), run.id.to_string())])
}

/// How a call without an answer ends a step.
pub(super) fn without_answer(error: &sqlmesh::Error) -> End {
    match error {
        sqlmesh::Error::Cancelled { .. } => End::CutShort,
        // Nothing may be asked or done before that is ended: whoever takes the run up again tries it first.
        sqlmesh::Error::LeftBehind { source, .. } => {
            tracing::error!("{error}: {source}");
            End::CutShort
        }
        sqlmesh::Error::Run(problem) if !problem.may_have_run() => {
            End::NotDone { why: format!("{error}: {problem}") }
        }
        other => failed(&other.to_string()),
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
        Some("save" | "restore-beside" | "drop-beside" | "swap" | "restore-schema")
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
    let bad = findings.iter().filter(|finding| finding.outcome != Outcome::Pass).count();
    if count == 0 {
        return failed("nothing was checked");
    }
    if passed && bad == 0 {
        let said =
            if count == 1 { "The check passes." } else { &format!("All {count} checks pass.") };
        return did(said, findings);
    }
    End::Failed { why: format!("{bad} of {count} checks do not pass"), findings }
}

/// The Python that has SQLMesh for a target; the one on the `PATH` where the policies name none.
pub fn python(rule: Option<&TargetRule>) -> &str {
    rule.and_then(|rule| rule.python.as_deref()).unwrap_or("python3")
}
