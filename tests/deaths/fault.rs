//! What happens to a call of the operating system, by strace.

use std::{fs, path::Path};

/// A fault, and the calls that it befalls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// The system calls, as strace names them.
    pub(crate) calls: &'static str,
    /// What happens to one of them.
    pub(crate) what: &'static str,
    /// So many lives must end by it at least: else it does not reach what it is for.
    pub(crate) fewest: usize,
}

impl Fault {
    pub(crate) const KILLED: Self = Self { calls: "pwrite64", what: "signal=KILL", fewest: 30 };
    pub(crate) const NO_SPACE: Self = Self { calls: "pwrite64", what: "error=ENOSPC", fewest: 30 };
    pub(crate) const NOT_FLUSHED: Self =
        Self { calls: "fsync,fdatasync", what: "error=EIO", fewest: 4 };
}

impl Fault {
    /// The program that writes down the calls into the file `to` and lets nothing befall them, with its arguments.
    pub(crate) fn watch(self, strace: &str, to: &str) -> Vec<String> {
        let trace = format!("trace={}", self.calls);
        [strace, "-f", "-qq", "-o", to, "-e", &trace].map(str::to_owned).to_vec()
    }

    /// The program that lets the fault befall the call at this place of each thread, from 1, with its arguments.
    pub(crate) fn befall(self, strace: &str, place: usize) -> Vec<String> {
        let inject = format!("inject={}:{}:when={place}", self.calls, self.what);
        [strace, "-f", "-qq", "-o", "/dev/null", "-e", &inject].map(str::to_owned).to_vec()
    }
}

/// How many calls strace has written down.
pub(crate) fn calls_in(file: &Path) -> usize {
    let text = fs::read_to_string(file).expect("strace has written");
    // `PID call(...) = 0`; the end of a call that another thread's line has cut in two has no such beginning.
    text.lines().filter(|line| line.contains('(') && !line.contains("resumed>")).count()
}

/// Where strace is, or `None` where it is to be left out.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
pub(crate) fn strace() -> Option<String> {
    let name = "COUNTERSIGN_TEST_STRACE";
    match std::env::var(name) {
        Ok(place) => Some(place).filter(|place| place != "skip"),
        Err(_) => Some("strace".to_owned()),
    }
}
