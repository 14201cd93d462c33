//! A look on behalf of no run: what is found at this moment, before anybody has decided on anything.
//!
//! It must not change anything, and it runs no program of anybody's.

use std::{collections::BTreeMap, time::Duration};

use ::sqlmesh::{Behalf, Call, Rows};
use domain::plan::{Action, Finding, MetricQuery, Outcome, Statement, Target};
use tokio_util::sync::CancellationToken;

use super::{
    End, PROBE_MS, Steps,
    sql::{arguments, findings},
    sqlmesh::{PROBE_PAUSES, python},
};

/// What is said of a look that only an executor may take.
const NOT_HERE: &str =
    "This is asked by the executor alone, as a step of the run: before that it is not known.";

impl Steps {
    /// What a check finds at this moment. It is asked once, whatever it would be asked until.
    pub async fn look(&self, target: &Target, action: &Action, timeout_ms: u64) -> Vec<Finding> {
        let timeout_ms = timeout_ms.min(PROBE_MS);
        let unknown = |check: &str, subject: &str, detail: String| Finding {
            check: check.to_owned(),
            subject: subject.to_owned(),
            outcome: Outcome::Inconclusive,
            detail,
        };
        match action {
            Action::Sql(statement) => match self.rows(target, statement, timeout_ms).await {
                Ok(rows) => findings(statement, &rows),
                Err(why) => vec![unknown("sql", &target.id, why)],
            },
            Action::Http(request) => match self.send(request, timeout_ms).await {
                End::Did { findings, .. } => findings,
                End::Failed { findings, .. } if !findings.is_empty() => findings,
                End::Failed { why, .. } | End::NotDone { why } => {
                    vec![unknown("http", &request.url, format!("{why}."))]
                }
                End::CutShort => {
                    vec![unknown("http", &request.url, "It was cut short.".to_owned())]
                }
            },
            Action::Prometheus(question) => {
                let now = MetricQuery { for_ms: 0, ..question.clone() };
                vec![self.metric(&now, timeout_ms, drop).await]
            }
            Action::Dns(lookup) => vec![dns::ask(lookup).await],
            Action::Command(program) => {
                let name = program.argv.first().map(String::as_str).unwrap_or_default();
                vec![unknown("command", name, NOT_HERE.to_owned())]
            }
            Action::Sqlmesh(_) | Action::Wait(_) | Action::Confirm(_) => {
                vec![unknown("step", &target.id, NOT_HERE.to_owned())]
            }
        }
    }

    /// The value that a query finds at this moment; the error says why there is none, a sentence.
    pub async fn value(
        &self,
        target: &Target,
        statement: &Statement,
        timeout_ms: u64,
    ) -> Result<String, String> {
        let rows = self.rows(target, statement, timeout_ms.min(PROBE_MS)).await?;
        rows.value.ok_or_else(|| "There is no value.".to_owned())
    }

    /// Asks until there is an answer: a warehouse that somebody else holds for a moment is no reason to give up.
    async fn rows(
        &self,
        target: &Target,
        statement: &Statement,
        timeout_ms: u64,
    ) -> Result<Rows, String> {
        if !statement.read_only {
            return Err("This statement may change something.".to_owned());
        }
        let mut pauses = PROBE_PAUSES.into_iter();
        loop {
            let call = Call {
                python: python(self.policies.target(&target.id)),
                target,
                arguments: &arguments(statement),
                variables: &BTreeMap::new(),
                behalf: Behalf::Nobody,
                timeout: Duration::from_millis(timeout_ms),
                cancel: &CancellationToken::new(),
            };
            match (self.sqlmesh.call(call, |_| {}).await.answer, pauses.next()) {
                (Ok(answer), _) => {
                    return serde_json::from_value(answer.value)
                        .map_err(|error| format!("The helper's answer cannot be read: {error}."));
                }
                (Err(error), Some(pause)) if error.is_transient() => {
                    tracing::warn!("{} had no answer and is asked again: {error}", target.id);
                    tokio::time::sleep(pause).await;
                }
                (Err(error), _) => return Err(format!("It could not be asked: {error}.")),
            }
        }
    }
}
