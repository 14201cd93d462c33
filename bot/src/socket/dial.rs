//! Opens connections, one at a time, and not too often: whoever is refused waits, twice as long each time.
//!
//! All connections share the count, so that a refusal is met once and said once, however many there are to be.

use std::{sync::Arc, time::Duration};

use domain::port::ChatError;
use slack::{Connection, Slack};
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until},
};

use super::{Lines, session::Ended};

/// Nobody waits longer than this for a refusal that may pass by itself.
const LONGEST: Duration = Duration::from_mins(1);
/// What somebody has to mend is tried again this often, so that it is noticed without a restart.
const UNMENDED: Duration = Duration::from_mins(5);
/// A connection that held for so long has shown that all is well.
const GOOD_WHILE: Duration = Duration::from_mins(1);

/// Opens connections to Slack.
pub(super) struct Dial {
    slack: Arc<Slack>,
    lines: Arc<Lines>,
    pause: Mutex<Pause>,
}

struct Pause {
    failures: u32,
    until: Instant,
}

impl Dial {
    pub(super) fn new(slack: Arc<Slack>, lines: Arc<Lines>) -> Self {
        Self { slack, lines, pause: Mutex::new(Pause { failures: 0, until: Instant::now() }) }
    }

    /// A connection, as soon as there can be one.
    pub(super) async fn connect(&self) -> Connection {
        let Some(mode) = self.slack.socket_mode() else {
            // Without an app's token nobody can call Slack.
            return std::future::pending().await;
        };
        let mut pause = self.pause.lock().await;
        loop {
            sleep_until(pause.until).await;
            let error = match mode.connect().await {
                Ok(connection) => return connection,
                Err(error) => error,
            };
            let wait = match &error {
                ChatError::Permanent { .. } => UNMENDED,
                ChatError::TooSoon { wait, .. } => *wait,
                ChatError::Transient { .. } | ChatError::Unknown { .. } => wait(pause.failures),
            };
            self.lines.failed(error.to_string());
            let again = format!("trying again in {} s", wait.as_secs());
            if let ChatError::Permanent { .. } = error {
                tracing::error!("{error}; {again}");
            } else {
                tracing::warn!("{error}; {again}");
            }
            pause.failures += 1;
            pause.until = Instant::now() + wait;
        }
    }

    /// A connection ended after `age`: the next call may have to wait.
    pub(super) async fn note(&self, ended: &Ended, age: Duration) {
        let mut pause = self.pause.lock().await;
        if age >= GOOD_WHILE {
            pause.failures = 0;
        }
        let wait = match ended {
            Ended::Stopped => return,
            Ended::Soon if age >= GOOD_WHILE => return,
            // One that ends as soon as it began is no good either.
            Ended::Soon => short(pause.failures),
            Ended::Lost(lost) => {
                let wait = short(pause.failures);
                tracing::warn!("{lost}; opening another in {} s", wait.as_secs());
                self.lines.failed(lost.to_string());
                wait
            }
            Ended::TooMany => {
                let problem = "Slack closed a connection because the app has ten already: lower slack.socket_connections, or run fewer processes";
                tracing::warn!("{problem}");
                self.lines.failed(problem.to_owned());
                LONGEST
            }
            Ended::SwitchedOff => {
                let problem = "somebody has switched Socket Mode off in the app's settings. Switch it on, or take slack.app_token out and give Slack the addresses of the HTTP endpoints";
                // All connections are told at once; it is said once.
                if pause.until < Instant::now() + UNMENDED / 2 {
                    tracing::error!("{problem}; trying again in {} s", UNMENDED.as_secs());
                }
                self.lines.failed(problem.to_owned());
                UNMENDED
            }
        };
        pause.failures += 1;
        pause.until = pause.until.max(Instant::now() + wait);
    }
}

/// How long to wait after a refusal: doubling from a second.
fn wait(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.min(6)).min(LONGEST)
}

/// How long to wait after a connection that worked: the first time not at all.
fn short(failures: u32) -> Duration {
    failures.checked_sub(1).map_or(Duration::ZERO, wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_up_to_a_minute() {
        let seconds = |wait: fn(u32) -> Duration| {
            [0, 1, 2, 3, 5, 6, 7, u32::MAX].map(|failures| wait(failures).as_secs())
        };
        assert_eq!(seconds(wait), [1, 2, 4, 8, 32, 60, 60, 60]);
        assert_eq!(seconds(short), [0, 1, 2, 4, 16, 32, 60, 60]);
    }
}
