//! What goes wrong next: a queue of faults for each method, and whether everything is down.

use std::collections::{HashMap, VecDeque};

/// One thing that goes wrong, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The platform refuses with this error.
    Error(String),
    /// The platform answers with this status and no sense.
    Status(u16),
    /// The platform asks to wait so many seconds.
    RateLimited(u32),
    /// The platform does it, and the answer is lost.
    LoseReply,
    /// The platform does nothing and never answers.
    Hang,
}

/// The faults that are to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) is_down: bool,
    next: HashMap<String, VecDeque<Fault>>,
    kept: HashMap<String, String>,
}

impl Faults {
    /// The next call of `method` meets `fault`, after the faults that were asked for before.
    pub(crate) fn add(&mut self, method: &str, fault: Fault) {
        self.next.entry(method.to_owned()).or_default().push_back(fault);
    }

    /// The fault that this call of `method` meets.
    pub(crate) fn take(&mut self, method: &str) -> Option<Fault> {
        let next = self.next.get_mut(method).and_then(VecDeque::pop_front);
        next.or_else(|| self.kept.get(method).cloned().map(Fault::Error))
    }

    /// Every call of `method` is refused with `error` from now on.
    pub(crate) fn keep(&mut self, method: &str, error: &str) {
        self.kept.insert(method.to_owned(), error.to_owned());
    }

    /// Calls of `method` are refused no more.
    pub(crate) fn stop(&mut self, method: &str) {
        self.kept.remove(method);
    }
}
