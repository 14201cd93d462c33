//! What to run and what came of it. Everything a child gets is named in [`Command`]: it inherits no
//! variable, no input and no open file.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use crate::Confinement;

const GRACE: Duration = Duration::from_secs(10);
const DRAIN: Duration = Duration::from_secs(2);
const OUTPUT_CAP: usize = 256 * 1024;
const LINE_CAP: usize = 64 * 1024;

/// A program with its arguments and limits.
#[derive(Clone)]
pub struct Command {
    /// The program: a path, or a name that is looked up in the `PATH` of `env`.
    pub program: String,
    /// Its arguments, passed on as they are; no shell sees them.
    pub args: Vec<String>,
    /// Where it runs; here when absent.
    pub current_dir: Option<PathBuf>,
    /// All of its environment.
    pub env: BTreeMap<String, String>,
    /// What it may use and write to; without one, whatever this program may.
    pub confinement: Option<Confinement>,
    /// How long it may run before its group is ended.
    pub timeout: Duration,
    /// How long a group that is asked to end may take before it is killed.
    pub grace: Duration,
    /// How long to read on when the program is gone but somebody still holds its output open.
    pub drain: Duration,
    /// How many bytes of output are kept, beginning and end together.
    pub output_cap: usize,
    /// How many bytes of one line are kept.
    pub line_cap: usize,
    /// Texts that are replaced by `***` in every line. Those shorter than 4 bytes are ignored; of
    /// one with several lines each line counts. Encoded forms (base64, URL) are not recognised.
    pub secrets: Vec<String>,
}

impl Command {
    /// A command with an empty environment, no secrets and the usual limits: 10 s of grace, 256 KiB
    /// of output, 64 KiB a line.
    pub fn new(
        program: impl Into<String>,
        args: impl IntoIterator<Item = impl Into<String>>,
        timeout: Duration,
    ) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            current_dir: None,
            env: BTreeMap::new(),
            confinement: None,
            timeout,
            grace: GRACE,
            drain: DRAIN,
            output_cap: OUTPUT_CAP,
            line_cap: LINE_CAP,
            secrets: Vec::new(),
        }
    }
}

impl fmt::Debug for Command {
    /// Arguments and environment may hold secrets: only names and numbers are shown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Command")
            .field("program", &self.program)
            .field("args", &self.args.len())
            .field("env", &self.env.keys())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal, which was not ours.
    Signalled(i32),
    /// It ran too long and was ended.
    TimedOut,
    /// It was ended because the caller asked for it.
    Cancelled,
}

impl Outcome {
    /// Whether the program says that it did its work.
    pub fn is_success(self) -> bool {
        self == Self::Exited(0)
    }
}

/// What is left of a command of which no process is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// Its output, both streams in order of arrival, redacted; beginning and end when it was long,
    /// with a note of what was left out between them.
    pub output: String,
    /// How many bytes `output` leaves out.
    pub left_out_bytes: u64,
    /// The last line of standard output that is not blank.
    pub last_stdout_line: Option<String>,
    /// From start to the death of the last process.
    pub duration: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value() {
        let mut command = Command::new("psql", ["--password=hunter2"], Duration::from_secs(1));
        command.env.insert("PGPASSWORD".into(), "hunter2".into());
        command.secrets.push("hunter2".into());
        insta::assert_snapshot!(format!("{command:?}"), @r#"Command { program: "psql", args: 1, env: ["PGPASSWORD"], timeout: 1s, .. }"#);
    }
}
