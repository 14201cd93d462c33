//! What was seen of a target: the ledger gets another release, and the holds on the target are told.

use domain::{
    Timestamp,
    escalation::later,
    hold::{Event, Hold},
    journal::Actor,
    port::Clock,
    proposal::{Outcome, Stage},
    release::{Learnt, ModelVersion, Release, Snapshots, Verdict, live_among},
};
use store::{Store, ToldCommit, Tx};

use super::{Engine, EngineError, again};
use crate::bell::Bell;

/// How long a commit waits for its release, in milliseconds.
const COMMIT_PATIENCE_MS: u64 = 86_400_000;
/// A release may have been finished so long before CI told its commit, in milliseconds.
const TOLD_AFTER_MS: u64 = 120_000;
/// A notification comes while the plan still holds the state; the look waits so long for it to let go.
const SETTLING_MS: u64 = 5_000;

/// A finished state of a target, as somebody has just read it.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The target's id.
    pub target: String,
    /// The id of the SQLMesh plan.
    pub plan_id: String,
    /// The state of the target.
    pub fingerprint: String,
    /// When SQLMesh had finished it.
    pub finalized_at: Timestamp,
    /// What it holds.
    pub snapshots: Snapshots,
    /// Who looked.
    pub learnt: Learnt,
    /// When the reading began: what was told later is of something that it may not have seen.
    pub begun_at: Timestamp,
}

impl Sight {
    /// Whether this is another state than the newest known one, and was not read before that one was seen: of two
    /// processes that look at once, the slower one must not bring the older state back.
    fn is_news_after(&self, known: &Release) -> bool {
        known.fingerprint != self.fingerprint && known.seen_at <= self.begun_at
    }
}

/// What somebody tells of a target from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something may have happened.
    Nothing,
    /// A commit is being deployed.
    Deploying(String),
    /// A commit was deployed.
    Deployed(String),
}

impl Engine {
    /// Notes that something may have been deployed on these targets: they are looked at soon. When this returns, it is
    /// durable.
    pub async fn note(&self, targets: &[&str], told: &Told) -> Result<(), EngineError> {
        Self::note_in(&self.store, self.clock.as_ref(), &self.bell, targets, told).await
    }

    /// The same for a process that decides nothing.
    pub async fn note_in(
        store: &Store,
        clock: &dyn Clock,
        bell: &Bell,
        targets: &[&str],
        told: &Told,
    ) -> Result<(), EngineError> {
        again(|| async {
            let now = clock.now();
            let mut tx = store.begin().await?;
            for target in targets {
                let commit = match told {
                    Told::Nothing => None,
                    Told::Deploying(commit) => Some((commit, true)),
                    Told::Deployed(commit) => Some((commit, false)),
                };
                if let Some((commit, of_next)) = commit {
                    let told = ToldCommit { commit: commit.clone(), at: now, of_next };
                    tx.tell_commit(target, &told).await?;
                }
                tx.want_look(target, later(now, SETTLING_MS)).await?;
            }
            tx.commit().await?;
            Ok(())
        })
        .await?;
        bell.wake();
        Ok(())
    }

    /// Takes in what was seen; gives the newest release of the ledger then.
    pub async fn seen(&self, sight: &Sight) -> Result<Release, EngineError> {
        let holds: Vec<Hold> = self
            .store
            .standing_holds(&sight.target)
            .await?
            .into_iter()
            .map(|found| found.value)
            .collect();
        let known = self.store.releases(&sight.target, 1).await?.into_iter().next();
        let is_news = known.as_ref().is_none_or(|known| sight.is_news_after(known));
        let rollback =
            if is_news { self.rollback_behind(sight, known.as_ref()).await? } else { None };
        // The holds first: whoever dies here tells them again, and they pass over what they know.
        for hold in &holds {
            let bad = live_among(&hold.opening.bad, &sight.snapshots);
            let is_own = rollback.is_some() && bad.is_empty() && hold.returned().is_none();
            if is_news && !is_own {
                let event = Event::ReleaseSeen { plan_id: sight.plan_id.clone(), bad };
                self.hold_event(hold, &Actor::Countersign, event).await?;
            }
        }
        again(|| self.enter(sight, &holds, rollback.as_ref())).await
    }

    /// Our own rollback, where it is what brought the target to this state: nothing was seen since, every version that
    /// it went back to is live, and nothing that it took away. With what is known of this state then.
    async fn rollback_behind(
        &self,
        sight: &Sight,
        known: Option<&Release>,
    ) -> Result<Option<(Hold, Verdict)>, EngineError> {
        let Some(newest) = self.store.newest_hold_on(&sight.target).await? else { return Ok(None) };
        let hold = newest.value;
        if known.is_some_and(|known| known.seen_at > hold.since) {
            return Ok(None);
        }
        let Some(plan) = self.store.plan(&hold.opening.plan).await? else { return Ok(None) };
        let named = |name| plan.plan().parameters.get(name).into_iter().flatten();
        let to: Vec<ModelVersion> =
            named("to").filter_map(|text| ModelVersion::read(text)).collect();
        let mut without = named("without").peekable();
        let does_something = !to.is_empty() || without.peek().is_some();
        let is_there = live_among(&to, &sight.snapshots).len() == to.len()
            && without.all(|model| !sight.snapshots.contains_key(model));
        if !does_something || !is_there {
            return Ok(None);
        }
        // Its checks have passed, or there were no hold; but for what people have settled in their place.
        let proposal = self.store.proposal(&hold.opening.proposal).await?;
        let is_checked = proposal.is_some_and(|found| match found.value.stage {
            Stage::Closed { outcome: Outcome::RolledBack { signed_off, .. }, .. } => {
                signed_off.is_empty()
            }
            _ => false,
        });
        Ok(Some((hold, if is_checked { Verdict::Good } else { Verdict::Unknown })))
    }

    async fn enter(
        &self,
        sight: &Sight,
        holds: &[Hold],
        rollback: Option<&(Hold, Verdict)>,
    ) -> Result<Release, EngineError> {
        let mut tx = self.store.begin().await?;
        tx.lock_key(&format!("releases of {}", sight.target)).await?;
        let newest = tx.releases(&sight.target, 1).await?.into_iter().next();
        let now = self.clock.now();
        let release = match newest {
            Some(known) if !sight.is_news_after(&known) => known,
            newest => {
                let broken = holds
                    .iter()
                    .find(|hold| !live_among(&hold.opening.bad, &sight.snapshots).is_empty());
                let (learnt, verdict, run) = match (broken, rollback) {
                    (Some(hold), _) => (sight.learnt, Verdict::Bad, Some(&hold.opening.run)),
                    (None, Some((hold, verdict))) => {
                        (Learnt::Rollback, *verdict, Some(&hold.opening.run))
                    }
                    (None, None) => (sight.learnt, Verdict::Unknown, None),
                };
                let release = Release {
                    target: sight.target.clone(),
                    place: newest.map_or(1, |newest| newest.place + 1),
                    plan_id: sight.plan_id.clone(),
                    fingerprint: sight.fingerprint.clone(),
                    finalized_at: Some(sight.finalized_at),
                    seen_at: now,
                    snapshots: sight.snapshots.clone(),
                    commit: None,
                    learnt,
                    verdict,
                    run: run.cloned(),
                    baseline: None,
                };
                tx.insert_release(&release).await?;
                tracing::info!(
                    "release {} of {}: SQLMesh plan {}, {}",
                    release.place,
                    release.target,
                    release.plan_id,
                    release.verdict.as_str()
                );
                release
            }
        };
        let release = attach(&mut tx, release, sight, now).await?;
        tx.commit().await?;
        Ok(release)
    }
}

/// Gives the newest release the commit that waits for it, if it is the one that the commit belongs to.
async fn attach(
    tx: &mut Tx,
    release: Release,
    sight: &Sight,
    now: Timestamp,
) -> Result<Release, EngineError> {
    let Some(told) = tx.look(&release.target).await?.and_then(|look| look.commit) else {
        return Ok(release);
    };
    let is_its_own = if told.of_next {
        release.finalized_at.is_some_and(|at| later(at, TOLD_AFTER_MS) >= told.at)
    } else {
        told.at <= sight.begun_at
    };
    if is_its_own {
        tx.name_commit(&release.target, release.place, &told.commit).await?;
        tx.forget_commit(&release.target, &told).await?;
        return Ok(Release { commit: Some(told.commit), ..release });
    }
    if later(told.at, COMMIT_PATIENCE_MS) < now {
        tx.forget_commit(&release.target, &told).await?;
    }
    Ok(release)
}
