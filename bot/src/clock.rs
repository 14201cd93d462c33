//! The one place that asks the operating system for the time.

use chrono::{SubsecRound, Utc};
use domain::{Timestamp, port::Clock};

/// The system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else asks")]
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(3)
    }
}
