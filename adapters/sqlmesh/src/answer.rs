//! What the helper answers, as types. Fields that nobody here needs are not read.

use std::collections::BTreeMap;

use domain::plan::Finding;
use runner::{Finished, Outcome};
use serde::{Deserialize, de::DeserializeOwned};

use crate::Error;

/// The last line of a call, whatever the sub-command.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The helper's exit code; a summary, never the truth.
    pub exit_code: Option<i32>,
    /// The JSON object of the last line.
    pub value: serde_json::Value,
}

impl Answer {
    /// The answer as the type that this sub-command gives.
    pub fn read<T: DeserializeOwned>(self, command: &str) -> Result<T, Error> {
        let tail = self.value.to_string();
        serde_json::from_value(self.value).map_err(|error| Error::Garbled {
            command: command.to_owned(),
            tail: format!("{error} in {tail}"),
        })
    }
}

/// The answer of `inspect`.
#[derive(Clone, Debug, Deserialize)]
pub struct Inspection {
    /// The version of SQLMesh that answered.
    pub sqlmesh_version: String,
    /// The environment.
    pub environment: Environment,
    /// The state of the target: any deploy changes it.
    pub fingerprint: String,
    /// Everything that it holds now.
    #[serde(default)]
    pub current: Vec<Described>,
    /// Models whose version differs between the last finished release and the one before it.
    pub changed: Vec<Changed>,
}

/// An environment's record in SQLMesh's state.
#[derive(Clone, Debug, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// The plan that made it what it is.
    pub plan_id: String,
    /// When that plan had finished, in milliseconds since 1970; `None` while it runs, or where it died.
    #[serde(default)]
    pub finalized_ts: Option<i64>,
    /// About when that plan began, in milliseconds since 1970, where it can be told.
    #[serde(default)]
    pub began_ts: Option<i64>,
}

/// A model as an environment holds it.
#[derive(Clone, Debug, Deserialize)]
pub struct Described {
    /// The model as its project names it.
    pub name: String,
    /// The snapshot.
    pub identifier: String,
    /// The version of its table.
    pub version: Option<String>,
    /// Its table, where it has one.
    pub physical_table: Option<String>,
}

/// A model whose version differs.
#[derive(Clone, Debug, Deserialize)]
pub struct Changed {
    /// The model as its project names it.
    pub name: String,
    /// The snapshot that is live; `None` where the release removed the model.
    pub current: Option<String>,
    /// The snapshot before; `None` where the release added the model.
    pub previous: Option<String>,
}

/// The answer of `check`.
#[derive(Clone, Debug, Deserialize)]
pub struct Check {
    /// One for each reason why it might not be possible.
    pub findings: Vec<Finding>,
    /// Whether none of them fails.
    pub possible: bool,
    /// Whom it touches.
    pub affected: Downstream,
    /// What is filled before the switch.
    pub backfill: Backfill,
    /// When the janitor may take the old versions away, in milliseconds since 1970.
    pub possible_until_ms: Option<i64>,
    /// The state of the target that this was found out for.
    pub fingerprint: String,
}

/// Models that are touched.
#[derive(Clone, Debug, Deserialize)]
pub struct Downstream {
    /// Models that read from those that go back.
    pub downstream: Vec<String>,
}

/// What a rollback has to fill, because the old tables have not been kept up to date.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Backfill {
    /// Intervals of all models.
    pub intervals: u64,
}

/// The answer of `probe`.
#[derive(Clone, Debug, Deserialize)]
pub struct Probe {
    /// `done`, `not_done`, `partial` or `unknown`.
    pub state: domain::run::ProbeAnswer,
    /// The answer in a sentence.
    pub detail: String,
}

/// The answer of `pin` and of `unpin`.
#[derive(Clone, Debug, Deserialize)]
pub struct Pinned {
    /// What there is now.
    pub state: PinState,
    /// What is missing of what should be kept, as `model=identifier`.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Models of which only the definition can be kept.
    #[serde(default)]
    pub in_place: Vec<String>,
}

/// What there is of a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinState {
    /// An environment keeps all of it.
    Done,
    /// Nothing is kept.
    NotDone,
    /// It is there, and not as it should be.
    Partial,
    /// Nothing is kept, because some of it is gone.
    Gone,
}

/// The answer of `measure`.
#[derive(Clone, Debug, Deserialize)]
pub struct Measures {
    /// The state of the target that was measured.
    pub fingerprint: String,
    /// By model: rows, distinct keys, newest time.
    pub models: BTreeMap<String, serde_json::Value>,
}

/// The answer of `sql`.
#[derive(Clone, Debug, Deserialize)]
pub struct Rows {
    /// How many rows came back; `None` where the statement gives none.
    pub rows: Option<u64>,
    /// The first column of the first row; `None` where it is NULL or there is no row.
    pub value: Option<String>,
    /// How many rows the statement changed, where the database says so.
    pub changed: Option<u64>,
}

/// The answer of `verify`.
#[derive(Clone, Debug, Deserialize)]
pub struct Verification {
    /// Every check.
    pub checks: Vec<CheckRow>,
    /// Whether all of them pass.
    pub passed: bool,
}

/// One check of the data.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckRow {
    /// Its name.
    pub name: String,
    /// The model.
    pub subject: String,
    /// The answer.
    pub outcome: domain::plan::Outcome,
    /// The answer in a sentence.
    pub detail: String,
}

impl From<CheckRow> for Finding {
    fn from(row: CheckRow) -> Self {
        Self { check: row.name, subject: row.subject, outcome: row.outcome, detail: row.detail }
    }
}

/// What the last line of a call says.
pub(crate) fn answered(command: String, finished: &Finished) -> Result<Answer, Error> {
    let exit_code = match finished.outcome {
        Outcome::TimedOut => return Err(Error::TimedOut { command }),
        Outcome::Cancelled => return Err(Error::Cancelled { command }),
        Outcome::Exited(code) => Some(code),
        Outcome::Signalled(_) => None,
    };
    let line = finished.last_stdout_line.as_deref().unwrap_or_default();
    let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let Some(value) = value.filter(|value| value.is_object() && value.get("progress").is_none())
    else {
        let tail: String = finished
            .output
            .lines()
            .rev()
            .take(5)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
            .join(" / ");
        return Err(Error::Garbled { command, tail });
    };
    let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str);
    match text("error") {
        Some(message) => Err(Error::Refused {
            message: message.to_owned(),
            kind: text("kind").unwrap_or("crash").to_owned(),
            transient: value.get("transient").and_then(serde_json::Value::as_bool).unwrap_or(false),
        }),
        None => Ok(Answer { exit_code, value }),
    }
}
