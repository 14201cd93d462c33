//! What a step says while it runs, and the metrics that are watched beside it: kept beside the run and shown on the card,
//! coalesced.

use std::{sync::Arc, time::Duration};

use domain::{
    card::Watched,
    effect::Urgency,
    id::{IncidentId, RunId},
    plan::Plan,
    port::Clock,
    run::{Forecast, Run, Usual},
};
use store::{Store, Tx};
use tokio::sync::{Mutex, watch};

use crate::{bell::Bell, ids};

/// Something is written at most this often: chats limit how often a message may be edited.
const PACE: Duration = Duration::from_millis(700);

/// How often the time that is left is looked at anew. Its words are rounded, and are written only when they change.
const BEAT: Duration = Duration::from_secs(5);
/// So many of a target's last runs tell how long a step usually takes.
const EARLIER: u32 = 20;

/// What a step says of itself at one moment.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// What it does; empty where there is nothing to say.
    pub line: String,
    /// How long it still takes, where it knows.
    pub forecast: Option<Forecast>,
}

impl From<String> for Said {
    fn from(line: String) -> Self {
        Self { line, forecast: None }
    }
}

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
    /// Writes the newest line, and how long the run still takes, until the step drops its sender. What cannot be read or
    /// written is only logged: the step matters more than what is said of it.
    pub async fn follow(&self, run: &Run, plan: &Plan, mut said: watch::Receiver<Said>) {
        let usual = tokio::select! {
            usual = self.usual(plan) => usual.unwrap_or_else(|error| {
                tracing::warn!(run.id = %run.id, "reading how long steps usually take failed: {error}");
                Usual::default()
            }),
            () = closed(&said) => return,
        };
        let mut written = String::new();
        loop {
            if self.text(run, &usual, &said.borrow_and_update()) != written {
                let pen = tokio::select! {
                    pen = self.pen.lock() => pen,
                    // The step is over: do not hold it up.
                    () = closed(&said) => return,
                };
                written = self.text(run, &usual, &said.borrow_and_update());
                if let Err(error) = self.write(&run.incident, &run.id, &written).await {
                    tracing::warn!(run.id = %run.id, "writing down what {} says failed: {error}", run.id);
                }
                tokio::select! {
                    // The step is over: do not hold it up.
                    () = closed(&said) => return,
                    () = tokio::time::sleep(PACE) => {}
                }
                drop(pen);
            }
            tokio::select! {
                changed = said.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(BEAT) => {}
            }
        }
    }

    /// How long steps took in earlier rollbacks of this type on this target.
    async fn usual(&self, plan: &Plan) -> Result<Usual, store::Error> {
        let target = &plan.target.id;
        let runs = self.store.runs_on(target, EARLIER).await?;
        let proposals = self.store.proposals_on(target, EARLIER).await?;
        let is_like_this = |run: &&Run| {
            let of = proposals.iter().find(|proposal| proposal.value.id == run.proposal);
            of.is_some_and(|of| of.value.opening.rollback_type == plan.rollback_type)
        };
        Ok(Usual::of(runs.iter().map(|found| &found.value).filter(is_like_this)))
    }

    fn text(&self, run: &Run, usual: &Usual, said: &Said) -> String {
        let left = usual.left(run, said.forecast, self.clock.now());
        let parts = [said.line.clone(), left.unwrap_or_default()];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" · ")
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
        let (now, progress) = (self.clock.now(), Urgency::Progress);
        tx.want_card_as(progress, incident, &chats, now, &mut ids::message).await?;
        tx.commit().await?;
        self.bell.ring(incident);
        Ok(())
    }
}

async fn closed(said: &watch::Receiver<Said>) {
    let mut said = said.clone();
    while said.changed().await.is_ok() {}
}
