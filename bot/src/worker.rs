//! Workers: each claims what is due, does it, and records what came of it. One loop shape for all of them.

pub mod assess;
pub mod chat;
pub mod executor;
pub mod floor;
pub mod keeper;
mod lease;
mod ledger;
pub mod prune;
pub mod reconcile;
pub mod timers;
pub mod watch;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::{Timestamp, port::Clock};
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::bell::Bell;

/// Without a ring a worker looks into the store this often: what another process committed is seen then.
const POLL: Duration = Duration::from_secs(2);
/// After a failure of the store a worker waits this long.
const BACK_OFF: Duration = Duration::from_secs(1);
/// How many due things are claimed at once.
pub(crate) const BATCH: u32 = 32;

/// Something that works off what is due.
#[async_trait]
pub trait Worker: Send + Sync {
    /// Its name, for logs and `/readyz`.
    fn name(&self) -> String;

    /// Whether one thing that it does may take longer than a look into the store: then it is not late while it
    /// works, and its lease tells whether it lives.
    fn may_take_long(&self) -> bool {
        false
    }

    /// Does what is due until nothing is; gives how many things were done.
    async fn drain(&self) -> anyhow::Result<usize>;

    /// When something of its own is due next.
    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>>;
}

/// When a worker last looked into the store without a failure; of one that may be busy for long, at first when it began.
#[derive(Debug)]
pub struct Pulse {
    /// The worker's name.
    pub name: String,
    /// Whether it may be busy for longer than others.
    pub may_take_long: bool,
    last_ms: AtomicI64,
}

impl Pulse {
    /// The pulse of a worker that has not turned yet.
    pub fn of(worker: &dyn Worker) -> Self {
        let (name, may_take_long) = (worker.name(), worker.may_take_long());
        Self { name, may_take_long, last_ms: AtomicI64::new(0) }
    }

    fn beat(&self, now: Timestamp) {
        self.last_ms.store(now.timestamp_millis(), Ordering::Relaxed);
    }

    /// How long ago that was, in milliseconds; `None` before the first time.
    pub fn age_ms(&self, now: Timestamp) -> Option<i64> {
        let last = self.last_ms.load(Ordering::Relaxed);
        (last > 0).then(|| now.timestamp_millis() - last)
    }
}

/// Turns a worker until `shutdown`; a failure is logged once and tried again.
pub async fn turn(
    worker: Arc<dyn Worker>,
    bell: Bell,
    clock: Arc<dyn Clock>,
    pulse: Arc<Pulse>,
    shutdown: CancellationToken,
) {
    let mut ring = bell.workers();
    if pulse.may_take_long {
        // Its first turn may be a run of an hour that another life left, and people have to be let in meanwhile.
        pulse.beat(clock.now());
    }
    while !shutdown.is_cancelled() {
        // Seen before the store is asked, so that a commit after the question wakes us.
        ring.mark_unchanged();
        let wait = match look(worker.as_ref()).await {
            Ok(due) => {
                pulse.beat(clock.now());
                due.map_or(POLL, |due| until(due, clock.now()).min(POLL))
            }
            Err(error) => {
                tracing::error!(
                    "the {} worker failed and goes on in a second: {error:#}",
                    worker.name()
                );
                BACK_OFF
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = ring.changed() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn look(worker: &dyn Worker) -> anyhow::Result<Option<Timestamp>> {
    worker.drain().await?;
    worker.next_due().await
}

fn until(due: Timestamp, now: Timestamp) -> Duration {
    // At least a moment, so that something due but held by somebody else does not spin.
    (due - now).to_std().unwrap_or_default().max(Duration::from_millis(50))
}

/// How long to wait before the next try: doubling from a second, five minutes at most.
pub(crate) fn back_off(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.min(8)).min(Duration::from_mins(5))
}

/// `now` and a duration later.
pub(crate) fn after(now: Timestamp, wait: Duration) -> Timestamp {
    domain::escalation::later(now, u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}

/// What every worker has.
#[derive(Clone)]
pub struct Desk {
    /// The database.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// This process, as the owner of leases.
    pub owner: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    /// Its first turn does not end.
    struct Busy {
        may_take_long: bool,
    }

    #[async_trait]
    impl Worker for Busy {
        fn name(&self) -> String {
            "busy".to_owned()
        }

        fn may_take_long(&self) -> bool {
            self.may_take_long
        }

        async fn drain(&self) -> anyhow::Result<usize> {
            std::future::pending().await
        }

        async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
            Ok(None)
        }
    }

    async fn has_started(may_take_long: bool) -> bool {
        let worker = Arc::new(Busy { may_take_long });
        let pulse = Arc::new(Pulse::of(worker.as_ref()));
        let clock = Arc::new(SystemClock);
        let turning =
            turn(worker, Bell::default(), clock.clone(), pulse.clone(), CancellationToken::new());
        tokio::select! {
            biased;
            () = turning => {}
            () = std::future::ready(()) => {}
        }
        pulse.age_ms(clock.now()).is_some()
    }

    #[tokio::test]
    async fn a_first_turn_of_an_hour_keeps_nobody_out() {
        assert!(has_started(true).await);
        assert!(!has_started(false).await, "what has not looked into the store has not started");
    }
}
