//! A clock that stands still until a story moves it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use countersign::clock::SystemClock;
use domain::port::Clock;

/// The story's time; copies show the same.
#[derive(Clone)]
pub(crate) struct StoryClock(Arc<Mutex<DateTime<Utc>>>);

impl StoryClock {
    /// Three o'clock on a Monday night.
    pub(crate) fn at_three() -> Self {
        let start = Utc.with_ymd_and_hms(2026, 11, 23, 3, 0, 0).single().expect("a moment");
        Self(Arc::new(Mutex::new(start)))
    }

    /// Sets the time to the system's, for stories in which another process takes part.
    pub(crate) fn follow_the_system(&self) {
        *self.0.lock().expect("nobody panics while holding it") = SystemClock.now();
    }

    pub(crate) fn advance(&self, delta: TimeDelta) {
        *self.0.lock().expect("nobody panics while holding it") += delta;
    }
}

impl Clock for StoryClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().expect("nobody panics while holding it")
    }
}
