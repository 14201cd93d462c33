//! What a step says while it runs: kept beside the run and shown on the card, coalesced.

use std::{sync::Arc, time::Duration};

use domain::{
    id::{IncidentId, RunId},
    port::Clock,
};
use store::Store;
use tokio::sync::watch;

use crate::{bell::Bell, ids};

/// A live line is written at most this often: chats limit how often a message may be edited.
const PACE: Duration = Duration::from_millis(700);

/// Writes live lines.
#[derive(Clone)]
pub struct Live {
    /// The database.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the chats.
    pub bell: Bell,
}

impl Live {
    /// Writes the newest line until the step drops its sender. A line that cannot be written is only logged: the
    /// step matters more than what it says.
    pub async fn follow(
        &self,
        incident: &IncidentId,
        run: &RunId,
        mut said: watch::Receiver<String>,
    ) {
        while said.changed().await.is_ok() {
            let line = said.borrow_and_update().clone();
            if let Err(error) = self.write(incident, run, &line).await {
                tracing::warn!(run.id = %run, "writing down what {run} says failed: {error}");
            }
            tokio::select! {
                // The step is over: do not hold it up.
                () = closed(&said) => return,
                () = tokio::time::sleep(PACE) => {}
            }
        }
    }

    async fn write(
        &self,
        incident: &IncidentId,
        run: &RunId,
        line: &str,
    ) -> Result<(), store::Error> {
        let mut tx = self.store.begin().await?;
        tx.set_live(run, line).await?;
        let chats = tx.chats_of(incident).await?;
        tx.want_card(incident, &chats, self.clock.now(), &mut ids::message).await?;
        tx.commit().await?;
        self.bell.ring(incident);
        Ok(())
    }
}

async fn closed(said: &watch::Receiver<String>) {
    let mut said = said.clone();
    while said.changed().await.is_ok() {}
}
