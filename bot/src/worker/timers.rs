//! Fires timers: durable rows, found by their due time, after a restart too (invariant I6).
//!
//! When the way back may be gone is known by the open proposals themselves: each says when people are to be warned,
//! and whether they were. So does one that waits for its maintenance window.

use async_trait::async_trait;
use domain::{Timestamp, proposal::Proposal};

use super::{BATCH, Worker};
use crate::engine::Engine;

/// The worker of the clock.
pub struct Timers {
    /// Takes the deadlines.
    pub engine: Engine,
}

#[async_trait]
impl Worker for Timers {
    fn name(&self) -> String {
        "timer".to_owned()
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut fired = self.warn().await? + self.plan().await?;
        loop {
            let due = self.engine.store.due_timers(self.engine.clock.now(), BATCH).await?;
            let now = self.engine.clock.now();
            let reminders = self.engine.store.due_holds(now, BATCH).await?;
            if due.is_empty() && reminders.is_empty() {
                return Ok(fired);
            }
            for timer in &due {
                self.engine.deadline(timer).await?;
                fired += 1;
            }
            for hold in &reminders {
                self.engine.remind(hold).await?;
                fired += 1;
            }
        }
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        let warnings = self.unwarned().await?.into_iter().map(|(due, _)| due);
        let store = &self.engine.store;
        let timers = [store.next_timer().await?, store.next_reminder().await?];
        let now = self.engine.clock.now();
        let open = store.open_proposals().await?;
        let planned = open.iter().filter_map(|found| found.value.next_due(now));
        Ok(warnings.chain(planned).chain(timers.into_iter().flatten()).min())
    }
}

impl Timers {
    /// Tells the threads whose way back may be gone soon.
    async fn warn(&self) -> anyhow::Result<usize> {
        let now = self.engine.clock.now();
        let mut warned = 0;
        for (_, proposal) in self.unwarned().await?.into_iter().filter(|(due, _)| *due <= now) {
            self.engine.way_back_closes(&proposal).await?;
            warned += 1;
        }
        Ok(warned)
    }

    /// Tells of windows that come near, begins in those that are open, and voids what missed its own.
    async fn plan(&self) -> anyhow::Result<usize> {
        let mut done = 0;
        for found in self.engine.store.open_proposals().await? {
            if found.value.due(self.engine.clock.now()).is_some() {
                self.engine.planned(&found.value).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    async fn unwarned(&self) -> anyhow::Result<Vec<(Timestamp, Proposal)>> {
        let open = self.engine.store.open_proposals().await?;
        let mut unwarned = Vec::new();
        for proposal in open.into_iter().map(|found| found.value) {
            let Some(due) = proposal.warning_due() else { continue };
            let pin = self.engine.store.pin_of(&proposal.id).await?;
            // Nobody has to hurry while somebody keeps it.
            if !pin.is_some_and(|found| found.value.is_standing()) {
                unwarned.push((due, proposal));
            }
        }
        Ok(unwarned)
    }
}
