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
            if due.is_empty() {
                return Ok(fired);
            }
            for timer in &due {
                self.engine.deadline(timer).await?;
                fired += 1;
            }
        }
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.engine.store.next_timer().await?)
    }
}
