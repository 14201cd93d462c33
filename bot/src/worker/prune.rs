//! Removes the rollback points that no tier of `retention.yaml` keeps any more, one target at a time.
//!
//! Nobody waits for it: it gives way to assessments, and to runs on the target. Whatever it is interrupted in, the next
//! time goes on with.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::Timestamp;
use policies::TargetRule;
use sqlmesh::Sqlmesh;
use tokio_util::sync::CancellationToken;

use super::{Worker, after, assess::target, floor::Floor};
use crate::{
    engine::Engine,
    retained::{Going, Retained, named, words},
    steps::python,
};

/// A target is looked through this often.
const PERIOD: Duration = Duration::from_hours(1);
/// Whoever gave way comes back after this time.
const SOON: Duration = Duration::from_mins(1);

/// The worker that prunes.
pub struct Pruner {
    /// Knows what is named and what is under way.
    pub engine: Engine,
    /// Removes points.
    pub sqlmesh: Arc<Sqlmesh>,
    /// An assessment goes first.
    pub floor: Arc<Floor>,
    /// Ends a removal under way.
    pub closing: CancellationToken,
    /// The folder of the rollback points, as an absolute path.
    pub points: PathBuf,
    /// When each target is looked through next; at once after the start.
    pub next: Mutex<BTreeMap<String, Timestamp>>,
}

/// How a removal ended.
enum Removed {
    Well,
    /// Something of ours wants the target.
    Disturbed,
    Failed(sqlmesh::Error),
}

#[async_trait]
impl Worker for Pruner {
    fn name(&self) -> String {
        "pruning".to_owned()
    }

    fn may_take_long(&self) -> bool {
        true
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut done = 0;
        for rule in self.engine.policies.targets() {
            let now = self.engine.clock.now();
            if self.closing.is_cancelled() || self.due(rule).is_some_and(|due| due > now) {
                continue;
            }
            // Whatever comes of it, a target is not looked through without pause.
            self.wait(rule, PERIOD);
            done += self.prune(rule).await?;
        }
        Ok(done)
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.engine.policies.targets().iter().filter_map(|rule| self.due(rule)).min())
    }
}

impl Pruner {
    /// `None` before the first time.
    fn due(&self, rule: &TargetRule) -> Option<Timestamp> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).get(&rule.id).copied()
    }

    fn wait(&self, rule: &TargetRule, wait: Duration) {
        let due = after(self.engine.clock.now(), wait);
        self.next.lock().unwrap_or_else(PoisonError::into_inner).insert(rule.id.clone(), due);
    }

    async fn prune(&self, rule: &TargetRule) -> anyhow::Result<usize> {
        self.end_recoveries(rule).await?;
        let mut removed = BTreeSet::new();
        loop {
            // Asked anew before each: a proposal may have been opened meanwhile.
            let retained = match self.look(rule).await? {
                Ok(retained) => retained,
                Err(error) => {
                    tracing::warn!("the rollback points of {} cannot be pruned: {error}", rule.id);
                    return Ok(removed.len());
                }
            };
            let Some(going) = retained.going().into_iter().next() else {
                if !removed.is_empty() {
                    tell(rule, removed.len(), &retained);
                }
                return Ok(removed.len());
            };
            let Going { id, why } = going;
            match self.remove(rule, &id).await? {
                Removed::Well if removed.contains(&id) => {
                    tracing::warn!(
                        "rollback point {id} of {} was removed and is there again",
                        rule.id
                    );
                    return Ok(removed.len());
                }
                Removed::Well => {
                    tracing::info!("removed rollback point {id} of {}: {why}", rule.id);
                    removed.insert(id);
                }
                Removed::Disturbed => {
                    self.wait(rule, SOON);
                    return Ok(removed.len());
                }
                Removed::Failed(error) => {
                    tracing::warn!(
                        "rollback point {id} of {} could not be removed, which is tried again in an hour: {error}",
                        rule.id
                    );
                    return Ok(removed.len());
                }
            }
        }
    }

    /// Recoveries of PostgreSQL's archive that were killed: their servers take room and memory until somebody ends them.
    async fn end_recoveries(&self, rule: &TargetRule) -> anyhow::Result<()> {
        if rule.archive.is_none() || !sqlmesh::has_recoveries(&self.points)? {
            return Ok(());
        }
        let (place, python) = (target(rule)?, python(Some(rule)));
        let folder = self.points.display().to_string();
        match self.sqlmesh.end_recoveries(python, &place, &folder).await {
            Ok(ended) => {
                for point in ended {
                    tracing::info!("removed what an interrupted recovery for {point} had left");
                }
            }
            Err(error) => {
                tracing::warn!("what interrupted recoveries left cannot be removed: {error}");
            }
        }
        Ok(())
    }

    async fn look(&self, rule: &TargetRule) -> anyhow::Result<Result<Retained, sqlmesh::Error>> {
        let named = named(&self.engine.store).await?;
        let (retention, now) = (self.engine.policies.retention(), self.engine.clock.now());
        Ok(Retained::sort(retention, &self.points, &target(rule)?, &named, now))
    }

    async fn remove(&self, rule: &TargetRule, point: &str) -> anyhow::Result<Removed> {
        let Some(_floor) = self.floor.take_for_a_look() else { return Ok(Removed::Disturbed) };
        // Before anything is started: even a removal that is ended at once is one that was begun.
        if self.engine.store.runs_under_way_on(&rule.id).await? > 0 {
            return Ok(Removed::Disturbed);
        }
        let (place, python) = (target(rule)?, python(Some(rule)));
        let folder = self.points.display().to_string();
        let dropping = self.sqlmesh.drop_point(python, &place, (&folder, point), &self.closing);
        tokio::select! {
            biased;
            disturbed = self.floor.disturbed(&self.engine, &rule.id) => {
                disturbed?;
                Ok(Removed::Disturbed)
            }
            dropped = dropping => Ok(match dropped {
                Ok(()) => Removed::Well,
                // A DuckDB that somebody else has open, or a point in the making, is no fault of anybody.
                Err(error) if error.is_transient() => {
                    tracing::debug!("{} is busy and is pruned later: {error}", rule.id);
                    Removed::Disturbed
                }
                Err(error) => Removed::Failed(error),
            }),
        }
    }
}

fn tell(rule: &TargetRule, removed: usize, retained: &Retained) {
    let staying = retained.staying();
    tracing::info!("pruned the rollback points of {}: {removed} removed, {staying} stay", rule.id);
    for (point, fate) in &retained.points {
        tracing::debug!("rollback point {} of {} stays: {}", point.id, rule.id, words(fate));
    }
}
