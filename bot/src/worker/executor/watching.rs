//! Watched metrics: asked beside a run that is under way, shown on its card, and never in its way.
//!
//! A query would take a warehouse of one file from the step that works there, so it is asked only while none does, and a
//! step that is about to begin ends it. Whatever goes wrong here leaves the run as it is.

use std::time::Duration;

use domain::{
    card::{Reading, Watched},
    plan::Plan,
    run::Run,
};
use futures_util::future::join_all;
use policies::{Asked, Watch};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use super::Executor;

impl Executor {
    /// Asks the watched metrics until `ended`.
    pub(super) async fn watch(&self, run: &Run, plan: &Plan, ended: &CancellationToken) {
        let policies = &self.engine.policies;
        let watches: Vec<&Watch> = policies.watches(plan.rollback_type, &plan.target.id).collect();
        if watches.is_empty() {
            return;
        }
        // Another executor may have begun the run; what it saw first is where the run began.
        let before = self.desk.store.watched(&run.id).await.unwrap_or_default();
        let (seen, changes) = watch::channel(vec![]);
        // Two queries of our own would keep each other out as well.
        let queue = Mutex::new(());
        let each = watches.iter().enumerate().map(|(index, watch)| {
            let begin = before.iter().find(|seen| seen.title == watch.title());
            let mut latest = Watched {
                title: watch.title().to_owned(),
                unit: watch.unit().map(str::to_owned),
                began: begin.and_then(|seen| seen.began.clone()),
                now: Reading::Unknown,
            };
            let (seen, queue) = (&seen, &queue);
            async move {
                while !ended.is_cancelled() {
                    latest.now = self.reading((run, plan), watch, queue, ended).await;
                    if let Reading::Value { value, .. } = &latest.now {
                        latest.began.get_or_insert_with(|| value.clone());
                    }
                    if ended.is_cancelled() {
                        return;
                    }
                    seen.send_modify(|seen| place(seen, index, latest.clone()));
                    tokio::select! {
                        () = ended.cancelled() => {}
                        () = tokio::time::sleep(Duration::from_millis(watch.every_ms())) => {}
                    }
                }
            }
        });
        tokio::select! {
            _ = join_all(each) => {}
            () = self.steps.live.show_watched(&run.incident, &run.id, changes) => {}
        }
    }

    async fn reading(
        &self,
        on: (&Run, &Plan),
        watch: &Watch,
        queue: &Mutex<()>,
        ended: &CancellationToken,
    ) -> Reading {
        let is_query = matches!(watch.asked(&on.1.models), Ok(Some(Asked::Sql(_))));
        let cancel = ended.child_token();
        let asking = self.steps.watched(on, watch, &cancel);
        let value = if is_query && watch.is_beside_steps() {
            asking.await
        } else if is_query {
            let _turn = queue.lock().await;
            let Some(_floor) = self.floor.take_for_a_look() else { return Reading::AtWork };
            tokio::pin!(asking);
            tokio::select! {
                value = &mut asking => value,
                () = self.floor.wanted() => {
                    cancel.cancel();
                    // Its process is ended and awaited before the step has the database.
                    let _ = asking.await;
                    return Reading::AtWork;
                }
            }
        } else {
            tokio::select! {
                value = asking => value,
                () = ended.cancelled() => return Reading::Unknown,
            }
        };
        match value {
            Ok(value) => Reading::Value { outcome: watch.good().of(&value), value },
            Err(why) => {
                tracing::debug!(run.id = %on.0.id, "{} cannot be told: {why}", watch.title());
                Reading::Unknown
            }
        }
    }
}

/// Puts a metric where it stands in the file; those before it may not have been seen yet.
fn place(seen: &mut Vec<(usize, Watched)>, index: usize, watched: Watched) {
    match seen.binary_search_by_key(&index, |(place, _)| *place) {
        Ok(at) => seen[at].1 = watched,
        Err(at) => seen.insert(at, (index, watched)),
    }
}
