//! Slack's three seconds: how long it waits for the answer to what it sent, and how long a trigger opens a modal.
//!
//! There is one of them for each thing that comes in, from that moment on. What one call has used up is not there for the
//! next, so that calls which are each short enough cannot be too long together.

use std::{fmt::Display, time::Duration};

use domain::{notice::Tone, words::Words};
use slack::Answer;
use tokio::time::{Instant, timeout_at};

/// The rest of the three seconds is the way here and back.
const WHOLE: Duration = Duration::from_millis(2700);

/// Until when something has to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    until: Instant,
}

impl Budget {
    /// That of something that came in at this moment.
    pub(crate) fn from(came: Instant) -> Self {
        Self { until: came + WHOLE }
    }

    /// What is left when so much of it is kept for what follows.
    pub(crate) fn but(self, kept: Duration) -> Self {
        Self { until: self.until.checked_sub(kept).unwrap_or(self.until) }
    }

    /// What is left, and no more than so much from `now` on.
    pub(crate) fn at_most(self, limit: Duration, now: Instant) -> Self {
        Self { until: self.until.min(now + limit) }
    }

    /// What comes of it in time; `None` where it did not end, and also where there was no time to begin.
    pub(crate) async fn within<T>(self, doing: impl Future<Output = T>) -> Option<T> {
        if Instant::now() >= self.until {
            return None;
        }
        timeout_at(self.until, doing).await.ok()
    }

    /// Tells somebody something in time. They are not told of a failure, so the log is: `of_what` is the subject of its line.
    pub(crate) async fn tell<E: Display>(
        self,
        of_what: &str,
        telling: impl Future<Output = Result<(), E>>,
    ) {
        match self.within(telling).await {
            Some(Ok(())) => {}
            Some(Err(error)) => tracing::warn!("{of_what} could not be said: {error}"),
            None => tracing::warn!("{of_what} could not be said in time"),
        }
    }
}

/// What somebody is told when the database gave no answer in time.
pub(super) fn slow_database() -> Answer {
    Answer::saying(Words::plain(
        "The database is slow right now, and there was no answer in time. Nothing was changed: try again, or look at the card.",
    ))
    .with_tone(Tone::Attention)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_is_not_there_for_what_follows() {
        let came = Instant::now();
        let ms = Duration::from_millis;
        let budget = Budget::from(came);
        let left =
            |budget: Budget, now: u64| budget.until.saturating_duration_since(came + ms(now));
        assert_eq!(left(budget, 0), ms(2700));
        assert_eq!(left(budget.but(ms(600)), 0), ms(2100), "some of it is kept");
        let first = budget.at_most(ms(800), came);
        assert_eq!(left(first, 0), ms(800));
        let second = budget.but(ms(600)).at_most(ms(1500), came + ms(800));
        assert_eq!(left(second, 800), ms(1300), "the first has used up the rest");
        assert_eq!(left(budget, 3000), ms(0));
    }

    #[tokio::test]
    async fn nothing_begins_when_it_is_used_up() {
        let long_ago = Instant::now().checked_sub(Duration::from_secs(4)).expect("a moment");
        assert_eq!(Budget::from(long_ago).within(async { "done" }).await, None);
        assert_eq!(Budget::from(Instant::now()).within(async { "done" }).await, Some("done"));
    }
}
