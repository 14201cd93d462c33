//! What happens to a call of the operating system, by strace.

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

/// Where strace is, or `None` where it is to be left out.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
pub(crate) fn strace() -> Option<String> {
    let name = "COUNTERSIGN_TEST_STRACE";
    match std::env::var(name) {
        Ok(place) => Some(place).filter(|place| place != "skip"),
        Err(_) => Some("strace".to_owned()),
    }
}
