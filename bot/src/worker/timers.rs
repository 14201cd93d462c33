//! Fires timers: durable rows, found by their due time, after a restart too (invariant I6).

use async_trait::async_trait;
use domain::Timestamp;

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
        let mut fired = 0;
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
        let store = &self.engine.store;
        Ok([store.next_timer().await?, store.next_reminder().await?].into_iter().flatten().min())
    }
}
