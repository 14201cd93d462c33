//! What a step does, as data. All of it stands in the sealed plan, so whatever is run, sent or asked is under the
//! digest that people sign. Secrets are named (`env:NAME`) and never written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Comparison;
use crate::level::Level;

/// What a step does. Always data for one program or one call, never a line for a shell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A program and its arguments.
    Command(Program),
    /// A sub-command of the `SQLMesh` helper and its arguments; the target is added by the adapter.
    Sqlmesh(Vec<String>),
    /// One statement on the target's gateway.
    Sql(Statement),
    /// One HTTP request.
    Http(Request),
    /// A question to Prometheus.
    Prometheus(MetricQuery),
    /// A question to a name server.
    Dns(Lookup),
    /// Nothing but time.
    Wait(Pause),
    /// Nothing is done: the run waits until a person answers yes.
    Confirm(Question),
}

/// A question between two steps: the second gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What people are asked; yes lets the run go on.
    pub text: String,
    /// The level that may answer; `None`: that of the highest approval which the requirement asks for.
    pub level: Option<Level>,
}

/// A program, what it gets and how much it may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ProgramText")]
pub struct Program {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Variables besides the inherited ones; `env:NAME` stands for what the executor inherits as `NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Folders that it may write to besides its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<String>,
    /// How much it may use.
    #[serde(default)]
    pub limits: Limits,
    /// How its lines of output tell how far it is: a regular expression with the groups `done`, `total` and `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
}

/// How much a program may use. What is left out is the executor's usual limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Seconds of processor time of each process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<u64>,
    /// Address space of each process, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u64>,
    /// Files that each process may have open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
}

/// A program as stored plans hold it: those of earlier releases have the list of arguments alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum ProgramText {
    Argv(Vec<String>),
    Whole {
        argv: Vec<String>,
        #[serde(default)]
        env: BTreeMap<String, String>,
        #[serde(default)]
        writes: Vec<String>,
        #[serde(default)]
        limits: Limits,
        #[serde(default)]
        progress: Option<String>,
    },
}

impl From<ProgramText> for Program {
    fn from(text: ProgramText) -> Self {
        match text {
            ProgramText::Argv(argv) => Self::new(argv),
            ProgramText::Whole { argv, env, writes, limits, progress } => {
                Self { argv, env, writes, limits, progress }
            }
        }
    }
}

impl Program {
    /// A program with nothing but its arguments.
    pub fn new(argv: Vec<String>) -> Self {
        Self {
            argv,
            env: BTreeMap::new(),
            writes: Vec::new(),
            limits: Limits::default(),
            progress: None,
        }
    }
}

/// One SQL statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Its text, complete: nothing is put into it any more.
    pub text: String,
    /// Whether it must not change anything: true for probes.
    pub read_only: bool,
    /// What its answer shall be; nothing is expected of a statement that only changes something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Answer>,
}

/// What a statement's answer shall be. Neither is there where it should be compared with what was before, and nobody could
/// tell what that was: then nobody can say that the answer is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// How many rows come back, or are changed where none can come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Comparison>,
    /// The first column of the first row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Comparison>,
}

/// One HTTP request and what its answer shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `GET`, `POST` and the like.
    pub method: String,
    /// Where to, complete.
    pub url: String,
    /// By name; `env:NAME` stands for what the executor inherits as `NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The statuses that are good.
    pub status: Vec<u16>,
    /// By JSON pointer: the values that the answer must hold.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, serde_json::Value>,
}

impl Request {
    /// Whether it only asks: by the rules of HTTP such a request changes nothing.
    pub fn only_asks(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// A question to Prometheus and what its answer shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricQuery {
    /// The address of Prometheus.
    pub server: String,
    /// The `PromQL` expression.
    pub query: String,
    /// By name; `env:NAME` stands for what the executor inherits as `NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What each series that comes back shall be.
    pub expect: Comparison,
    /// For how long this must hold without a break, in milliseconds; 0: at one moment.
    pub for_ms: u64,
    /// How often it is asked meanwhile, in milliseconds.
    pub every_ms: u64,
}

/// A question to a name server and what its answer shall be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    /// The name.
    pub name: String,
    /// What is asked for.
    pub record: RecordType,
    /// The server, as `address:port`.
    pub server: String,
    /// Exactly the values that shall come back, in any order.
    pub expect: Vec<String>,
    /// How often it is asked until they do, in milliseconds.
    pub every_ms: u64,
}

/// What a name can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    #[serde(rename = "AAAA")]
    Aaaa,
    /// The name that it stands for.
    #[serde(rename = "CNAME")]
    Cname,
    /// Texts.
    #[serde(rename = "TXT")]
    Txt,
}

impl RecordType {
    /// The name as zone files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Txt => "TXT",
        }
    }
}

/// A stretch of time in which nothing is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// How long, in milliseconds, counted from the first intent of the step.
    pub duration_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_of_earlier_releases_can_still_be_read() {
        let old: Action = serde_json::from_str(r#"{"command": ["kubectl", "get"]}"#).unwrap();
        assert_eq!(old, Action::Command(Program::new(vec!["kubectl".into(), "get".into()])));
        let new = serde_json::to_string(&old).unwrap();
        assert_eq!(serde_json::from_str::<Action>(&new).unwrap(), old);
    }
}
