//! The time in which a planned rollback may begin, and when people hear of it beforehand.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// One maintenance window, or what is left of it from a chosen moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From here on the rollback may begin, and does.
    pub opens: Timestamp,
    /// From here on it does not begin any more; one that is under way goes on.
    pub closes: Timestamp,
    /// How long before the opening people are told, in milliseconds, longest first.
    pub notices_ms: Vec<u64>,
}

impl Window {
    /// Whether a rollback may begin at this moment.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.opens <= at && at < self.closes
    }

    /// How many notices are not to come any more at `now`.
    pub fn passed(&self, now: Timestamp) -> usize {
        self.notices().filter(|at| *at <= now).count()
    }

    /// When people are told, in order.
    pub fn notices(&self) -> impl Iterator<Item = Timestamp> {
        self.notices_ms.iter().map(|before_ms| {
            let before =
                i64::try_from(*before_ms).ok().and_then(chrono::TimeDelta::try_milliseconds);
            before.and_then(|before| self.opens.checked_sub_signed(before)).unwrap_or(self.opens)
        })
    }
}
