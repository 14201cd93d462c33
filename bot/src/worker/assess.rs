//! Finds out whether a rollback would help and is possible, and proposes it. Reads only: nothing is changed here.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chrono::TimeZone;
use domain::{
    Timestamp,
    alert::Alert,
    effect::{Job, Lane},
    id::IncidentId,
    incident::Incident,
    plan::{Plan, SealedPlan, Target},
    proposal::{Opening, Proposal, Proposer},
};
use pagerduty::PagerDutyApi;
use policies::{Ask, Match, Runbook, TargetRule, Triage};
use sqlmesh::{Changed, Check, Inspection, Sqlmesh};
use store::JobClaim;

use super::{BATCH, Desk, Worker, after, back_off};
use crate::{
    engine::{Assessment, Engine},
    steps::python,
};

/// How long a claim on an assessment lasts, in milliseconds: longer than its questions take together.
const LEASE_MS: u64 = 600_000;
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
    /// Reads the alert's details, where a token is configured.
    pub pagerduty: Option<Arc<PagerDutyApi>>,
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

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut done = 0;
        loop {
            let now = self.desk.clock.now();
            let claims = self
                .desk
                .store
                .claim_jobs(&Lane::Assess, &self.desk.owner, now, LEASE_MS, BATCH)
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
        match self.assess(&claim.incident, claim.attempts).await {
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
            return Ok(Found::Nothing(format!(
                "there is no runbook for a {}.",
                matched.rollback_type
            )));
        };
        let target = target(rule)?;
        let inspection = self.sqlmesh.inspect(python(Some(rule)), &target).await?;
        let chosen = match choose(&matched, &inspection) {
            Ok(chosen) => chosen,
            Err(why) => return Ok(Found::Nothing(why)),
        };
        let check =
            self.sqlmesh.check(python(Some(rule)), &target, &pairs(&chosen, previous)).await?;
        if !check.possible {
            let reasons: Vec<_> = check
                .findings
                .iter()
                .filter(|finding| finding.outcome == domain::plan::Outcome::Fail)
                .map(|finding| finding.detail.as_str())
                .collect();
            return Ok(Found::Nothing(format!(
                "a {} is not possible. {}",
                matched.rollback_type,
                reasons.join(" ")
            )));
        }
        let plan =
            self.plan(incident, &matched, runbook, (rule, target), &chosen, &inspection, &check)?;
        let opening = self.opening(incident, &matched, rule, &plan, check, earlier).await?;
        Ok(Found::Proposal(Box::new(Assessment { plan, opening })))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a plan is made of all that was found out, once, here"
    )]
    fn plan(
        &self,
        incident: &Incident,
        matched: &Match,
        runbook: &Runbook,
        (rule, target): (&TargetRule, Target),
        chosen: &[&Changed],
        inspection: &Inspection,
        check: &Check,
    ) -> anyhow::Result<SealedPlan> {
        let models: Vec<String> = chosen.iter().map(|changed| changed.name.clone()).collect();
        let parameters = BTreeMap::from([
            ("models".to_owned(), models.clone()),
            ("to".to_owned(), pairs(chosen, previous)),
            ("instead_of".to_owned(), pairs(chosen, previous)),
            ("from".to_owned(), pairs(chosen, |changed| changed.current.as_ref())),
            ("fingerprint".to_owned(), vec![inspection.fingerprint.clone()]),
        ]);
        let steps = runbook.steps(&parameters)?;
        anyhow::ensure!(
            inspection.fingerprint == check.fingerprint,
            "{} changed while it was looked at",
            rule.id
        );
        Ok(SealedPlan::seal(Plan {
            version: 1,
            incident: incident.id.clone(),
            rollback_type: matched.rollback_type,
            runbook: runbook.name().to_owned(),
            runbook_digest: runbook.digest().clone(),
            target,
            models,
            downstream: check.affected.downstream.clone(),
            parameters,
            target_fingerprint: inspection.fingerprint.clone(),
            tool_versions: BTreeMap::from([(
                "sqlmesh".to_owned(),
                inspection.sqlmesh_version.clone(),
            )]),
            steps,
            recovery_target_ms: runbook.recovery_target_ms(),
            possible_until: check
                .possible_until_ms
                .and_then(|at| chrono::Utc.timestamp_millis_opt(at).single()),
            prepared_at: self.desk.clock.now(),
        }))
    }

    async fn opening(
        &self,
        incident: &Incident,
        matched: &Match,
        rule: &TargetRule,
        sealed: &SealedPlan,
        check: Check,
        earlier: Option<&Proposal>,
    ) -> anyhow::Result<Opening> {
        let plan = sealed.plan();
        let policies = &self.engine.policies;
        let since = before(self.desk.clock.now(), policies.lately_ms());
        let ask = Ask {
            rollback_type: plan.rollback_type,
            target: rule,
            models: &plan.models,
            downstream: &plan.downstream,
            trigger: &matched.trigger,
            findings: &check.findings,
            rollbacks_lately: self.desk.store.rollbacks_since(&rule.id, since).await?,
            // Models go back to tables that are kept beside the present ones: nothing is lost.
            data_loss_ms: Some(0),
            security: false,
        };
        let chats = &self.engine.chats;
        let is_reachable = |person: &domain::person::Person| {
            // The web page is always there for those whom no chat reaches.
            chats.is_empty()
                || person.identities.iter().any(|identity| chats.contains(&identity.chat))
        };
        let requirement = policies.requirement(&ask, &is_reachable);
        Ok(Opening {
            incident: incident.id.clone(),
            plan: sealed.digest().clone(),
            rollback_type: plan.rollback_type,
            target: plan.target.clone(),
            models: plan.models.clone(),
            downstream: plan.downstream.clone(),
            possible_until: plan.possible_until,
            recovery_target_ms: plan.recovery_target_ms,
            proposer: Proposer::Trigger(matched.trigger.clone()),
            because: matched.because.clone(),
            findings: check.findings,
            requirement,
            changes: match earlier {
                Some(earlier) => self.changes(earlier, plan).await?,
                None => vec![],
            },
        })
    }

    /// What a person has to know who approved the proposal before.
    async fn changes(&self, earlier: &Proposal, plan: &Plan) -> anyhow::Result<Vec<String>> {
        let Some(old) = self.desk.store.plan(&earlier.opening.plan).await? else {
            return Ok(vec![]);
        };
        let old = old.plan();
        let mut changes = Vec::new();
        if old.target_fingerprint != plan.target_fingerprint {
            changes.push(format!("{} was deployed again", plan.target.environment));
        }
        if old.models != plan.models {
            changes.push(format!(
                "the models are now {} instead of {}",
                plan.models.join(", "),
                old.models.join(", ")
            ));
        }
        if old.parameters.get("to") != plan.parameters.get("to") {
            changes.push("the versions that the models go back to are others".to_owned());
        }
        if changes.is_empty() {
            changes.push("nothing but the time: the approvals had run out".to_owned());
        }
        Ok(changes)
    }
}

fn target(rule: &TargetRule) -> anyhow::Result<Target> {
    let project = std::path::absolute(&rule.project)?.display().to_string();
    Ok(Target {
        id: rule.id.clone(),
        environment: rule.environment.clone(),
        gateway: rule.gateway.clone(),
        project,
    })
}

/// The models that go back: those of the alert that the last release changed; all that it changed where the alert
/// names none.
fn choose<'a>(matched: &Match, inspection: &'a Inspection) -> Result<Vec<&'a Changed>, String> {
    let can_go_back = |changed: &&Changed| changed.current.is_some() && changed.previous.is_some();
    let is_meant = |changed: &&Changed| {
        matched.models.is_empty()
            || matched.models.contains(&changed.name)
            || matched.models.iter().any(|model| changed.name.ends_with(&format!(".{model}")))
    };
    let chosen: Vec<_> = inspection.changed.iter().filter(can_go_back).filter(is_meant).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let environment = &inspection.environment.name;
    Err(if matched.models.is_empty() {
        format!(
            "the last release of {environment} changed no model, so there is nothing to go back to."
        )
    } else {
        format!(
            "the last release of {environment} did not change {}, so going back would change nothing.",
            matched.models.join(", ")
        )
    })
}

fn previous(changed: &Changed) -> Option<&String> {
    changed.previous.as_ref()
}

fn pairs(chosen: &[&Changed], side: impl Fn(&Changed) -> Option<&String>) -> Vec<String> {
    chosen
        .iter()
        .filter_map(|changed| Some(format!("{}={}", changed.name, side(changed)?)))
        .collect()
}

fn before(now: Timestamp, milliseconds: u64) -> Timestamp {
    let delta = i64::try_from(milliseconds).ok().and_then(chrono::TimeDelta::try_milliseconds);
    delta.and_then(|delta| now.checked_sub_signed(delta)).unwrap_or(now)
}
