//! What a step says while it runs, and the metrics that are watched beside it: kept beside the run and shown on the card,
//! coalesced.

use std::{sync::Arc, time::Duration};

use domain::{
    card::Watched,
    id::{IncidentId, RunId},
    port::Clock,
};
use store::{Store, Tx};
use tokio::sync::{Mutex, watch};

use crate::{bell::Bell, ids};

/// Something is written at most this often: chats limit how often a message may be edited.
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
    /// Whoever has it writes; it is kept for as long as nobody else shall write.
    pub pen: Arc<Mutex<()>>,
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
            let pen = tokio::select! {
                pen = self.pen.lock() => pen,
                // The step is over: do not hold it up.
                () = closed(&said) => return,
            };
            let line = said.borrow_and_update().clone();
            if let Err(error) = self.write(incident, run, &line).await {
                tracing::warn!(run.id = %run, "writing down what {run} says failed: {error}");
            }
            tokio::select! {
                // The step is over: do not hold it up.
                () = closed(&said) => return,
                () = tokio::time::sleep(PACE) => {}
            }
            drop(pen);
        }
    }

    /// Writes what was seen of the watched metrics, each with its place among them, until nobody looks any more. What
    /// cannot be written is only logged, as with lines.
    pub async fn show_watched(
        &self,
        incident: &IncidentId,
        run: &RunId,
        mut seen: watch::Receiver<Vec<(usize, Watched)>>,
    ) {
        let mut written: Vec<Watched> = vec![];
        while seen.changed().await.is_ok() {
            let pen = self.pen.lock().await;
            let now: Vec<Watched> =
                seen.borrow_and_update().iter().map(|(_, watched)| watched.clone()).collect();
            if now == written {
                continue;
            }
            if let Err(error) = self.write_watched(incident, run, &now).await {
                tracing::warn!(run.id = %run, "writing down what is watched beside {run} failed: {error}");
            }
            written = now;
            tokio::time::sleep(PACE).await;
            drop(pen);
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
        self.shown(tx, incident).await
    }

    async fn write_watched(
        &self,
        incident: &IncidentId,
        run: &RunId,
        watched: &[Watched],
    ) -> Result<(), store::Error> {
        let mut tx = self.store.begin().await?;
        tx.set_watched(run, watched).await?;
        self.shown(tx, incident).await
    }

    /// Commits, and lets the chats show it.
    async fn shown(&self, mut tx: Tx, incident: &IncidentId) -> Result<(), store::Error> {
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
