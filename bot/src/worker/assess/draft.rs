//! Writes down what was found out: the plan that would run, and the proposal that asks for it.

use std::collections::BTreeMap;

use chrono::TimeZone as _;
use domain::{
    Timestamp,
    incident::Incident,
    person::Person,
    plan::{Plan, SealedPlan, Target},
    proposal::{Opening, Proposer},
};
use policies::{Ask, Match, Runbook, TargetRule};
use sqlmesh::{Changed, Check, Inspection};

use super::points::Besides;
use crate::engine::Engine;

/// Everything that was found out about one incident.
pub(super) struct Draft<'a> {
    pub(super) incident: &'a Incident,
    pub(super) matched: &'a Match,
    pub(super) rule: &'a TargetRule,
    pub(super) runbook: &'a Runbook,
    pub(super) target: Target,
    pub(super) chosen: Vec<&'a Changed>,
    pub(super) inspection: &'a Inspection,
    pub(super) check: Check,
    pub(super) besides: Besides,
    pub(super) now: Timestamp,
}

impl Draft<'_> {
    /// The plan, sealed. Fails where the target changed while it was looked at.
    pub(super) fn plan(&self) -> anyhow::Result<SealedPlan> {
        anyhow::ensure!(
            self.inspection.fingerprint == self.check.fingerprint,
            "{} changed while it was looked at",
            self.rule.id
        );
        let to = pairs(&self.chosen, |changed| changed.previous.as_ref());
        let chosen = self.chosen.iter().map(|changed| changed.name.clone());
        let models: Vec<String> = chosen.chain(self.besides.models.iter().cloned()).collect();
        let mut parameters = BTreeMap::from([
            ("models".to_owned(), models.clone()),
            ("instead_of".to_owned(), to.clone()),
            ("to".to_owned(), to),
            ("from".to_owned(), pairs(&self.chosen, |changed| changed.current.as_ref())),
            ("fingerprint".to_owned(), vec![self.inspection.fingerprint.clone()]),
        ]);
        parameters.extend(self.besides.parameters.clone());
        let sqlmesh = ("sqlmesh".to_owned(), self.inspection.sqlmesh_version.clone());
        let possible_until = self.check.possible_until_ms;
        Ok(SealedPlan::seal(Plan {
            version: 1,
            incident: self.incident.id.clone(),
            rollback_type: self.matched.rollback_type,
            runbook: self.runbook.name().to_owned(),
            runbook_digest: self.runbook.digest().clone(),
            target: self.target.clone(),
            models,
            downstream: self.check.affected.downstream.clone(),
            steps: self.runbook.steps(&parameters)?,
            parameters,
            target_fingerprint: self.inspection.fingerprint.clone(),
            tool_versions: BTreeMap::from([sqlmesh]),
            recovery_target_ms: self.runbook.recovery_target_ms(),
            possible_until: possible_until
                .and_then(|at| chrono::Utc.timestamp_millis_opt(at).single()),
            prepared_at: self.now,
        }))
    }

    /// What the proposal starts from; whom it needs is worked out and frozen here.
    pub(super) fn opening(
        self,
        engine: &Engine,
        sealed: &SealedPlan,
        rollbacks_lately: i64,
        changes: Vec<String>,
    ) -> Opening {
        let plan = sealed.plan();
        let ask = Ask {
            rollback_type: plan.rollback_type,
            target: self.rule,
            models: &plan.models,
            downstream: &plan.downstream,
            trigger: &self.matched.trigger,
            findings: &self.check.findings,
            rollbacks_lately,
            // Nothing is lost where models go back to tables that are kept beside the present ones.
            data_loss_ms: Some(self.besides.data_loss_ms),
            security: false,
        };
        // The web page is there for those whom no chat reaches, where there is no chat at all.
        let is_reachable = |person: &Person| {
            let mut identities = person.identities.iter();
            engine.chats.is_empty()
                || identities.any(|identity| engine.chats.contains(&identity.chat))
        };
        let requirement = engine.policies.requirement(&ask, &is_reachable);
        Opening {
            incident: plan.incident.clone(),
            plan: sealed.digest().clone(),
            rollback_type: plan.rollback_type,
            target: plan.target.clone(),
            models: plan.models.clone(),
            downstream: plan.downstream.clone(),
            possible_until: plan.possible_until,
            recovery_target_ms: plan.recovery_target_ms,
            proposer: Proposer::Trigger(self.matched.trigger.clone()),
            because: self.matched.because.clone(),
            findings: self.check.findings,
            requirement,
            changes,
        }
    }
}

/// Where a plan for this target acts.
pub(crate) fn target(rule: &TargetRule) -> anyhow::Result<Target> {
    let project = std::path::absolute(&rule.project)?.display().to_string();
    let (environment, gateway) = (rule.environment.clone(), rule.gateway.clone());
    Ok(Target { id: rule.id.clone(), environment, gateway, project })
}

/// What differs between two plans for one incident, a sentence each.
pub(super) fn changes(old: &Plan, new: &Plan) -> Vec<String> {
    let mut changes = Vec::new();
    if old.target_fingerprint != new.target_fingerprint {
        changes.push(format!("{} was deployed again", new.target.environment));
    }
    if old.models != new.models {
        let (now, before) = (new.models.join(", "), old.models.join(", "));
        changes.push(format!("the models are now {now} instead of {before}"));
    }
    if old.parameters.get("to") != new.parameters.get("to") {
        changes.push("the versions that the models go back to are others".to_owned());
    }
    if changes.is_empty() {
        changes.push("nothing but the time: the approvals had run out".to_owned());
    }
    changes
}

/// The models that go back: those of the alert that the last release changed; all that it changed where the alert
/// names none. The error says why there are none.
pub(super) fn choose<'a>(
    matched: &Match,
    inspection: &'a Inspection,
) -> Result<Vec<&'a Changed>, String> {
    let can_go_back = |changed: &&Changed| changed.current.is_some() && changed.previous.is_some();
    let is_meant = |changed: &&Changed| {
        let is_named =
            |model: &String| changed.name == *model || changed.name.ends_with(&format!(".{model}"));
        matched.models.is_empty() || matched.models.iter().any(is_named)
    };
    let chosen: Vec<_> = inspection.changed.iter().filter(can_go_back).filter(is_meant).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let environment = &inspection.environment.name;
    let models = matched.models.join(", ");
    Err(if models.is_empty() {
        format!(
            "the last release of {environment} changed no model, so there is nothing to go back to."
        )
    } else {
        format!(
            "the last release of {environment} did not change {models}, so going back would change nothing."
        )
    })
}

/// One side of the chosen models as `model=identifier`.
pub(super) fn pairs(
    chosen: &[&Changed],
    side: impl Fn(&Changed) -> Option<&String>,
) -> Vec<String> {
    let pair = |changed: &&Changed| Some(format!("{}={}", changed.name, side(changed)?));
    chosen.iter().filter_map(pair).collect()
}
