//! Finds out whether a rollback would help and is possible, and proposes it. Reads only: nothing is changed here.

mod draft;
mod points;

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Timestamp,
    alert::Alert,
    effect::{Job, Lane},
    id::IncidentId,
    incident::Incident,
    plan::{Outcome as Answered, RollbackType, SealedPlan},
    proposal::{Outcome, Proposal, Stage},
};
use pagerduty::PagerDutyApi;
use policies::Triage;
use sqlmesh::Sqlmesh;
use store::JobClaim;

pub(crate) use self::draft::target;
use self::{
    draft::{Draft, choose, pairs},
    points::{Besides, or_unreadable},
};

use super::{Desk, Worker, after, back_off};
use crate::{
    engine::{Assessment, Engine},
    steps::python,
};

/// How long a claim on an assessment lasts without being renewed, in milliseconds.
const LEASE_MS: u64 = 30_000;
/// How often it is renewed: SQLMesh may take long to answer.
const RENEWAL: Duration = Duration::from_secs(10);
/// After so many failures people are told that nobody knows.
const ATTEMPTS: u32 = 5;
/// So many earlier proposals on a target are looked at for versions that were rolled back from.
const REMEMBERED: u32 = 50;
/// After so many failures the alert's details are done without.
const PATIENCE: u32 = 2;

/// The worker that proposes.
pub struct Assessor {
    /// Takes what was found out.
    pub engine: Engine,
    /// What every worker has.
    pub desk: Desk,
    /// Asks the target.
    pub sqlmesh: Arc<Sqlmesh>,
    /// Reads the alert's details, where a token is configured.
    pub pagerduty: Option<Arc<PagerDutyApi>>,
    /// The folder of the rollback points, as an absolute path.
    pub points: PathBuf,
}

/// What came of an assessment.
enum Found {
    Proposal(Box<Assessment>),
    Nothing(String),
}

#[async_trait]
impl Worker for Assessor {
    fn name(&self) -> String {
        "assessment".to_owned()
    }

    fn may_take_long(&self) -> bool {
        true
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut done = 0;
        loop {
            let now = self.desk.clock.now();
            let claims = self
                .desk
                .store
                .claim_jobs(&Lane::Assess, &self.desk.owner, now, LEASE_MS, 1)
                .await?;
            if claims.is_empty() {
                return Ok(done);
            }
            for claim in &claims {
                self.job(claim).await?;
                done += 1;
            }
        }
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.desk.store.next_task(&[Lane::Assess], &[]).await?)
    }
}

impl Assessor {
    async fn job(&self, claim: &JobClaim) -> anyhow::Result<()> {
        anyhow::ensure!(claim.job == Job::Assess, "{} is no job for the assessment", claim.id);
        let (store, owner) = (&self.desk.store, &self.desk.owner);
        let assessed = tokio::select! {
            assessed = self.assess(&claim.incident, claim.attempts) => assessed,
            // Somebody else assesses now; nothing was changed here.
            () = self.keep(claim) => return Ok(()),
        };
        match assessed {
            Ok(()) => store.finish_job(claim, owner).await?,
            Err(error) if claim.attempts < ATTEMPTS => {
                let wait = back_off(claim.attempts);
                tracing::warn!(
                    "assessing {} failed; trying again in {} s: {error:#}",
                    claim.incident,
                    wait.as_secs()
                );
                store
                    .retry_job(
                        claim,
                        owner,
                        after(self.desk.clock.now(), wait),
                        &format!("{error:#}"),
                        false,
                    )
                    .await?
            }
            Err(error) => {
                tracing::error!("assessing {} failed for good: {error:#}", claim.incident);
                let why = format!(
                    "nobody could find out whether a rollback is possible ({error:#}). Look at the target, then propose by hand."
                );
                self.engine.not_proposed(&claim.incident, &why).await?;
                store.park_job(claim, owner, &format!("{error:#}")).await?
            }
        };
        Ok(())
    }

    /// Renews the claim until it is lost.
    async fn keep(&self, claim: &JobClaim) {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let now = self.desk.clock.now();
            match self.desk.store.renew_job(claim, &self.desk.owner, now, LEASE_MS).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!("renewing the claim on {} failed: {error}", claim.id),
            }
        }
    }

    async fn assess(&self, id: &IncidentId, attempts: u32) -> anyhow::Result<()> {
        let Some(incident) = self.desk.store.incident(id).await? else {
            anyhow::bail!("{id} is not in the store")
        };
        let incident = incident.value;
        let earlier = self.desk.store.proposals_of(id).await?;
        let is_waiting = earlier.iter().any(|found| !found.value.is_closed());
        if incident.is_resolved() || is_waiting {
            return Ok(());
        }
        let alert = self.detailed(&incident, attempts).await?;
        let found = self.find(&incident, &alert, earlier.last().map(|found| &found.value)).await?;
        match found {
            Found::Nothing(why) => self.engine.not_proposed(id, &why).await?,
            Found::Proposal(assessment) => match self.engine.propose(&assessment).await? {
                Ok(proposal) => {
                    tracing::info!(incident.id = %id, proposal.id = %proposal, "opened proposal {proposal} for {id}");
                }
                Err(refusal) => {
                    tracing::info!(incident.id = %id, "no proposal for {id}: {}", refusal.words().to_plain(self.engine.policies.people()));
                }
            },
        }
        Ok(())
    }

    /// The alert with its details, read once.
    async fn detailed(&self, incident: &Incident, attempts: u32) -> anyhow::Result<Alert> {
        let Some(api) = self.pagerduty.as_ref().filter(|_| incident.alert.details.is_empty())
        else {
            return Ok(incident.alert.clone());
        };
        let mut alert = incident.alert.clone();
        match api.incident_alerts(&alert.external_id).await {
            Ok(alerts) => alert.details.extend(alerts.into_iter().flat_map(|found| found.details)),
            Err(error) if error.is_transient() && attempts < PATIENCE => return Err(error.into()),
            // The headline may be enough, and nobody is asked while we wait.
            Err(error) => {
                tracing::warn!(incident.id = %incident.id, "the details of {} could not be read: {error}", incident.id);
            }
        }
        if alert != incident.alert {
            self.engine.detail(&incident.id, &alert).await?;
        }
        Ok(alert)
    }

    async fn find(
        &self,
        incident: &Incident,
        alert: &Alert,
        earlier: Option<&Proposal>,
    ) -> anyhow::Result<Found> {
        let policies = &self.engine.policies;
        let matched = match policies.triage(alert) {
            Triage::Propose(matched) => matched,
            Triage::Nothing { why } => return Ok(Found::Nothing(why)),
        };
        let Some(rule) = policies.target(&matched.target) else {
            anyhow::bail!("the policies name no target `{}`", matched.target);
        };
        let Some(runbook) = policies.runbook(matched.rollback_type) else {
            let why = format!("there is no runbook for a {}.", matched.rollback_type);
            return Ok(Found::Nothing(why));
        };
        let (target, python) = (target(rule)?, python(Some(rule)));
        let inspection = self.sqlmesh.inspect(python, &target).await;
        let is_full = matched.rollback_type == RollbackType::FullEnvironment;
        let inspection = if is_full { or_unreadable(inspection, &target)? } else { inspection? };
        let chosen = match choose(&matched, &inspection) {
            // All of the environment goes back, whatever the last release changed.
            _ if is_full => vec![],
            Ok(chosen) => chosen,
            Err(why) => return Ok(Found::Nothing(why)),
        };
        let to = pairs(&chosen, |changed| changed.previous.as_ref());
        if let Some(bad) =
            self.rolled_back_from(&rule.id).await?.into_iter().find(|bad| to.contains(bad))
        {
            // SQLMesh remembers one release: after a rollback, the one before is the bad one.
            let why =
                format!("going back would bring {bad} again, which was rolled back from before.");
            return Ok(Found::Nothing(why));
        }
        let now = self.desk.clock.now();
        let of = (incident, now);
        let looked = match matched.rollback_type {
            RollbackType::BlueGreen | RollbackType::ModelLevel => {
                Ok((self.sqlmesh.check(python, &target, &to).await?, Besides::default()))
            }
            RollbackType::Schema => self.schema(python, &target, &chosen, of).await?,
            RollbackType::FullEnvironment => {
                self.full_environment(python, &target, &inspection, of).await?
            }
        };
        let (check, besides) = match looked {
            Ok(looked) => looked,
            Err(why) => {
                let why = format!("a {} is not possible: {why}", matched.rollback_type);
                return Ok(Found::Nothing(why));
            }
        };
        if !check.possible {
            let failed = check.findings.iter().filter(|finding| finding.outcome == Answered::Fail);
            let reasons: Vec<_> = failed.map(|finding| finding.detail.as_str()).collect();
            let why = format!("a {} is not possible. {}", matched.rollback_type, reasons.join(" "));
            return Ok(Found::Nothing(why));
        }
        let draft = Draft {
            incident,
            matched: &matched,
            rule,
            runbook,
            target,
            chosen,
            inspection: &inspection,
            check,
            besides,
            now,
        };
        let plan = draft.plan()?;
        let changes = match earlier {
            Some(earlier) => self.changes(earlier, &plan).await?,
            None => vec![],
        };
        let rollbacks_lately =
            self.desk.store.rollbacks_since(&rule.id, before(now, policies.lately_ms())).await?;
        let opening = draft.opening(&self.engine, &plan, rollbacks_lately, changes);
        Ok(Found::Proposal(Box::new(Assessment { plan, opening })))
    }

    /// The versions (`model=identifier`) that earlier rollbacks of this target went back from.
    async fn rolled_back_from(&self, target: &str) -> anyhow::Result<BTreeSet<String>> {
        let mut versions = BTreeSet::new();
        for found in self.desk.store.proposals_on(target, REMEMBERED).await? {
            let proposal = found.value;
            let Stage::Closed { outcome: Outcome::RolledBack { .. }, .. } = proposal.stage else {
                continue;
            };
            if let Some(plan) = self.desk.store.plan(&proposal.opening.plan).await? {
                versions.extend(plan.plan().parameters.get("from").into_iter().flatten().cloned());
            }
        }
        Ok(versions)
    }

    /// What a person has to know who approved the proposal before.
    async fn changes(&self, earlier: &Proposal, plan: &SealedPlan) -> anyhow::Result<Vec<String>> {
        let old = self.desk.store.plan(&earlier.opening.plan).await?;
        Ok(old.map(|old| draft::changes(old.plan(), plan.plan())).unwrap_or_default())
    }
}

fn before(now: Timestamp, milliseconds: u64) -> Timestamp {
    let delta = i64::try_from(milliseconds).ok().and_then(chrono::TimeDelta::try_milliseconds);
    delta.and_then(|delta| now.checked_sub_signed(delta)).unwrap_or(now)
}
