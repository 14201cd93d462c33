//! How many connections to Slack are open, and since when there is none.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Timestamp, port::Clock};
use slack::Slack;

use crate::metrics::Metrics;

/// So long a bot may be without a connection before it says that it is not ready: Slack closes them now and then.
const MOST_SECONDS: i64 = 30;

/// The connections of this process.
pub struct Lines {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

struct State {
    open: i64,
    none_since: Timestamp,
    problem: String,
}

/// One that is open; dropped when it is not any more.
pub(super) struct OpenLine(Arc<Lines>);

impl Lines {
    /// Those of a Slack that is configured for them.
    pub fn of(slack: &Slack, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Option<Arc<Self>> {
        slack.socket_mode().map(|_| Arc::new(Self::new(clock, metrics)))
    }

    /// None is open yet.
    fn new(clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        let state = State { open: 0, none_since: clock.now(), problem: String::new() };
        Self { state: Mutex::new(state), clock, metrics }
    }

    /// Why nobody can be heard, where that is so for longer than a change of connections takes.
    pub fn problem(&self, now: Timestamp) -> Option<String> {
        let state = self.lock();
        let seconds = (now - state.none_since).num_seconds();
        if state.open > 0 || seconds <= MOST_SECONDS {
            return None;
        }
        let why =
            if state.problem.is_empty() { String::new() } else { format!(": {}", state.problem) };
        Some(format!("there has been no connection to Slack's Socket Mode for {seconds} s{why}"))
    }

    /// How many are open.
    pub fn open(&self) -> i64 {
        self.lock().open
    }

    pub(super) fn opened(self: &Arc<Self>) -> OpenLine {
        let mut state = self.lock();
        state.open += 1;
        state.problem.clear();
        self.metrics.sockets(state.open);
        OpenLine(self.clone())
    }

    pub(super) fn failed(&self, problem: String) {
        self.lock().problem = problem;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while holding it has changed a number at most.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.open -= 1;
        self.0.metrics.sockets(state.open);
        if state.open == 0 {
            state.none_since = self.0.clock.now();
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn a_bot_that_nobody_can_reach_says_so_after_a_while() {
        let lines = Arc::new(Lines::new(Arc::new(SystemClock), Arc::default()));
        let later = |seconds| lines.lock().none_since + TimeDelta::seconds(seconds);
        assert_eq!(lines.problem(later(30)), None, "it has just started");
        let unheard = "there has been no connection to Slack's Socket Mode for 31 s";
        assert_eq!(lines.problem(later(31)).as_deref(), Some(unheard));
        lines.failed("could not connect".to_owned());
        let why = lines.problem(later(31)).expect("still none");
        assert_eq!(why, format!("{unheard}: could not connect"));
        let (one, other) = (lines.opened(), lines.opened());
        drop(one);
        assert_eq!((lines.problem(later(3600)), lines.open()), (None, 1), "one is enough");
        drop(other);
        assert_eq!(lines.problem(later(30)), None, "it counts from the last one's end");
        assert_eq!(lines.problem(later(31)).as_deref(), Some(unheard), "the old reason is gone");
    }
}
