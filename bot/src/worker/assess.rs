//! Finds out whether a rollback would help and is possible, and proposes it. Reads only: nothing is changed here.

mod blue_green;
mod checks;
mod choice;
mod circumstances;
mod draft;
mod full_environment;
mod model_level;
mod past;
mod points;
mod reasons;
mod schema;
mod search;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Timestamp,
    alert::Alert,
    effect::{Job, Lane},
    incident::Incident,
};
use pagerduty::PagerDutyApi;
use policies::Declined;
use sqlmesh::Sqlmesh;
use store::JobClaim;

pub(super) use self::choice::is_meant;
pub(crate) use self::draft::target;
use self::search::Found;
use super::{Desk, Worker, after, back_off, floor::Floor};
use crate::{engine::Engine, steps::Steps};

/// How long a claim on an assessment lasts without being renewed, in milliseconds.
const LEASE_MS: u64 = 30_000;
/// How often it is renewed: SQLMesh may take long to answer.
const RENEWAL: Duration = Duration::from_secs(10);
/// After so many failures people are told that nobody knows.
const ATTEMPTS: u32 = 5;
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
    /// Looks at what the checks ask.
    pub steps: Arc<Steps>,
    /// Keeps a look at the target from being in the way.
    pub floor: Arc<Floor>,
    /// Reads the alert's details, where a token is configured.
    pub pagerduty: Option<Arc<PagerDutyApi>>,
    /// The folder of the rollback points, as an absolute path.
    pub points: PathBuf,
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
            assessed = self.assess(claim) => assessed,
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

    async fn assess(&self, claim: &JobClaim) -> anyhow::Result<()> {
        let id = &claim.incident;
        let Some(incident) = self.desk.store.incident(id).await? else {
            anyhow::bail!("{id} is not in the store")
        };
        let incident = incident.value;
        let earlier = self.desk.store.proposals_of(id).await?;
        let is_waiting = earlier.iter().any(|found| !found.value.is_closed());
        if incident.is_resolved() || is_waiting {
            return Ok(());
        }
        if let Some(request) = &incident.request {
            // Somebody may have been faster since this was asked for.
            let open = self.desk.store.open_proposal_on(&request.target).await?;
            if let Some(open) = open.map(|found| found.value.opening.incident) {
                let why = Declined::already_open(&request.target, &open).to_string();
                return Ok(self.engine.not_proposed(id, &why).await?);
            }
        }
        let window = incident.request.as_ref().and_then(|request| request.window.as_ref());
        if window.is_some_and(|window| window.closes <= self.desk.clock.now()) {
            let why = "its maintenance window is over. Propose it anew for another one.";
            return Ok(self.engine.not_proposed(id, why).await?);
        }
        let alert = self.detailed(&incident, claim.attempts).await?;
        let earlier = earlier.last().map(|found| &found.value);
        let found = self.find(claim, &incident, &alert, earlier).await?;
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
        let is_told = incident.request.is_none() && incident.alert.details.is_empty();
        let Some(api) = self.pagerduty.as_ref().filter(|_| is_told) else {
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
}
