//! The value of a watched metric at this moment. Nothing follows from it but a line that people read.

use std::{collections::BTreeMap, time::Duration};

use domain::{plan::Plan, run::Run};
use policies::{Asked, Watch};
use sqlmesh::{Behalf, Call, Rows};
use tokio_util::sync::CancellationToken;

use super::{MARK, Steps, sql::arguments};

/// How long a query may take; Python alone needs seconds to start.
const QUERY: Duration = Duration::from_mins(1);
/// How long another answer may take.
const ANSWER: Duration = Duration::from_secs(10);

impl Steps {
    /// Asks once; the error says why there is no value, a sentence.
    pub async fn watched(
        &self,
        (run, plan): (&Run, &Plan),
        watch: &Watch,
        cancel: &CancellationToken,
    ) -> Result<String, String> {
        let asked = watch.asked(&plan.models).map_err(|error| error.to_string())?;
        match asked {
            Some(Asked::Sql(statement)) => {
                // It bears the run's mark, so that whoever cleans up after the run ends it too. In the database it does not
                // bear the run's name: when it takes too long, the step's own work must not be ended with it.
                let call = Call {
                    python: self.python(plan),
                    target: &plan.target,
                    arguments: &arguments(&statement),
                    variables: &BTreeMap::from([(MARK.to_owned(), run.id.to_string())]),
                    behalf: Behalf::Nobody,
                    timeout: QUERY,
                    cancel,
                };
                let answer = self.sqlmesh.call(call, |_| {}).await.answer;
                let answer = answer.map_err(|error| format!("It could not be asked: {error}."))?;
                let rows: Rows = serde_json::from_value(answer.value)
                    .map_err(|error| format!("The helper's answer cannot be read: {error}."))?;
                rows.value.ok_or_else(|| "There is no value.".to_owned())
            }
            Some(Asked::Prometheus(question)) => {
                let (headers, hidden) = self.headers(&question.headers)?;
                let value = self.outbound.value(&question, &headers, ANSWER);
                redacted(value.await, &hidden)
            }
            Some(Asked::Http(request, pointer)) => {
                let (headers, hidden) = self.headers(&request.headers)?;
                let value = self.outbound.value_at(&request, &pointer, &headers, ANSWER);
                redacted(value.await, &hidden)
            }
            None => Err("This is nothing that could be asked.".to_owned()),
        }
    }
}

fn redacted(value: Result<String, String>, hidden: &[String]) -> Result<String, String> {
    let redacted = |text: String| runner::redacted(&text, hidden);
    value.map(redacted).map_err(redacted)
}
