//! Looks at each target now and then, and whenever somebody says that something was deployed: the ledger of releases
//! and the holds live from it. Reads only, and only while nothing of ours runs there.
//!
//! A notification is never believed: it brings the next look forward, and what that look reads counts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use domain::{
    Timestamp,
    escalation::later,
    plan::Target,
    release::{Learnt, Release, Verdict},
};
use policies::TargetRule;
use sqlmesh::{Inspection, Sqlmesh};
use store::{Look, LookClaim};
use tokio_util::sync::CancellationToken;

use super::{Desk, Worker, assess::target, floor::Floor, ledger};
use crate::{
    engine::{Engine, EngineError},
    steps::python,
};

/// How long a claim on a look lasts, in milliseconds: longer than its two questions may take.
const LEASE_MS: u64 = 300_000;
/// When something of ours runs there, or somebody else holds the state, the look is made so much later.
const SOON_MS: u64 = 30_000;
/// Where looks are made only when somebody asks, a state that could not be read is tried again after this time.
const AGAIN_MS: u64 = 300_000;
/// Where nobody asks, the next look is in a distant future.
const NEVER_MS: u64 = 3_650 * 86_400_000;
/// A release is measured at most this often.
const MEASUREMENTS: u32 = 3;

/// The worker that looks at targets.
pub struct Watcher {
    /// Takes what was seen.
    pub engine: Engine,
    /// What every worker has.
    pub desk: Desk,
    /// Asks the target.
    pub sqlmesh: Arc<Sqlmesh>,
    /// An assessment goes before a look.
    pub floor: Arc<Floor>,
    /// Ends a look under way.
    pub closing: CancellationToken,
    /// How often each release was measured without success.
    pub measured: Mutex<BTreeMap<(String, u64), u32>>,
}

/// How a look ended.
enum Looked {
    /// The state was read.
    Well {
        /// Whether a SQLMesh plan is under way.
        is_finished: bool,
    },
    /// Something of ours began there, somebody else holds the state, or the process ends.
    Disturbed,
    /// The state cannot be read, and why.
    Failed(String),
}

#[async_trait]
impl Worker for Watcher {
    fn name(&self) -> String {
        "release watch".to_owned()
    }

    fn may_take_long(&self) -> bool {
        true
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut done = 0;
        for rule in self.engine.policies.targets() {
            if self.closing.is_cancelled() {
                break;
            }
            if let Some((look, claim)) = self.claim(rule).await? {
                self.look(rule, look.as_ref(), &claim).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.desk.store.next_look().await?)
    }
}

impl Watcher {
    async fn claim(&self, rule: &TargetRule) -> anyhow::Result<Option<(Option<Look>, LookClaim)>> {
        let (store, now) = (&self.desk.store, self.desk.clock.now());
        let look = store.look(&rule.id).await?;
        if look.as_ref().is_some_and(|look| look.due_at > now) {
            return Ok(None);
        }
        let claim = store.claim_look(&rule.id, &self.desk.owner, now, LEASE_MS).await?;
        Ok(claim.map(|claim| (look, claim)))
    }

    async fn look(
        &self,
        rule: &TargetRule,
        look: Option<&Look>,
        claim: &LookClaim,
    ) -> anyhow::Result<()> {
        let before = look.map(|look| look.problem.as_str()).unwrap_or_default();
        let is_asked = look.is_some_and(|look| look.wanted_at > look.looked_at);
        let learnt = if is_asked { Learnt::Notification } else { Learnt::Poll };
        let looked = tokio::select! {
            biased;
            () = self.closing.cancelled() => Looked::Disturbed,
            disturbed = self.floor.disturbed(&self.engine, &rule.id) => {
                disturbed?;
                Looked::Disturbed
            }
            looked = self.read(rule, learnt) => looked?,
        };
        let now = self.desk.clock.now();
        let soon = rule.look_every_ms.map_or(SOON_MS, |every| every.min(SOON_MS));
        let (looked_at, problem, wait_ms) = match &looked {
            Looked::Well { is_finished: true } => {
                (Some(now), "", rule.look_every_ms.unwrap_or(NEVER_MS))
            }
            Looked::Well { is_finished: false } => (Some(now), "", soon),
            Looked::Disturbed => (None, before, soon),
            Looked::Failed(why) => (None, why.as_str(), rule.look_every_ms.unwrap_or(AGAIN_MS)),
        };
        // Said once: a target that stays out of reach would fill the log.
        match (before.is_empty(), problem.is_empty()) {
            (true, false) => tracing::warn!(
                "{} cannot be looked at, so new releases are not seen until it can: {problem}",
                rule.id
            ),
            (false, true) => tracing::info!("{} can be looked at again", rule.id),
            (true, true) | (false, false) => {}
        }
        let due = later(now, wait_ms);
        self.desk.store.finish_look(claim, &self.desk.owner, looked_at, problem, due).await?;
        Ok(())
    }

    async fn read(&self, rule: &TargetRule, learnt: Learnt) -> anyhow::Result<Looked> {
        let Some(_floor) = self.floor.take_for_a_look() else { return Ok(Looked::Disturbed) };
        let (place, python) = (target(rule)?, python(Some(rule)));
        let begun_at = self.desk.clock.now();
        let inspection = match self.sqlmesh.inspect(python, &place).await {
            Ok(inspection) => inspection,
            // A DuckDB that somebody else has open is no fault of anybody.
            Err(error) if error.is_transient() => {
                tracing::debug!("{} is busy and is looked at later: {error}", rule.id);
                return Ok(Looked::Disturbed);
            }
            Err(error) => return Ok(Looked::Failed(error.to_string())),
        };
        let Some(sight) = ledger::sight(&rule.id, &inspection, (learnt, begun_at)) else {
            return Ok(Looked::Well { is_finished: false });
        };
        let release = self.engine.seen(&sight).await?;
        self.measure(rule, &place, &inspection, &release).await?;
        Ok(Looked::Well { is_finished: true })
    }

    /// Measures a release that looks good, while it is live, so that a rollback to it can be compared with it.
    async fn measure(
        &self,
        rule: &TargetRule,
        place: &Target,
        inspection: &Inspection,
        release: &Release,
    ) -> Result<(), EngineError> {
        if release.baseline.is_some() || release.verdict == Verdict::Bad || !self.may_try(release) {
            return Ok(());
        }
        let models = ledger::measurable(rule, inspection);
        if models.is_empty() {
            return Ok(());
        }
        match self.sqlmesh.measure(python(Some(rule)), place, &models).await {
            Ok(measures) if measures.fingerprint == release.fingerprint => {
                if let Some(baseline) = ledger::kept(&measures) {
                    self.desk.store.keep_baseline(release, &baseline).await?;
                }
            }
            Ok(_) => tracing::debug!("{} was deployed while it was measured", rule.id),
            // Without it a rollback is checked against fewer things; it is possible all the same.
            Err(error) => tracing::info!(
                "release {} of {} could not be measured: {error}",
                release.place,
                rule.id
            ),
        }
        Ok(())
    }

    fn may_try(&self, release: &Release) -> bool {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        measured.retain(|(target, place), _| *target != release.target || *place == release.place);
        let tries = measured.entry((release.target.clone(), release.place)).or_default();
        *tries += 1;
        *tries <= MEASUREMENTS
    }
}
