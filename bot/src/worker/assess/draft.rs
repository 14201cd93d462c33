//! Writes down what was found out: the plan that would run, and the proposal that asks for it.

use std::collections::BTreeMap;

use chrono::TimeZone as _;
use domain::{
    Timestamp,
    incident::Incident,
    person::Person,
    plan::{Finding, Plan, SealedPlan, Target, Workflow},
    proposal::{Opening, Outlook},
    request::Request,
};
use policies::{Ask, Match, Runbook, TargetRule};
use sqlmesh::{Check, Inspection};

use super::{checks::Checks, choice::Choice, points::Besides};
use crate::{engine::Engine, worker::ledger::Basis};

/// Everything that was found out about one incident.
pub(super) struct Draft<'a> {
    pub(super) incident: &'a Incident,
    pub(super) matched: &'a Match,
    pub(super) rule: &'a TargetRule,
    pub(super) runbook: &'a Runbook,
    pub(super) target: Target,
    pub(super) choice: Choice,
    pub(super) inspection: &'a Inspection,
    /// Where it goes back to, where the ledger says so.
    pub(super) basis: Option<&'a Basis>,
    pub(super) check: Check,
    /// What the runbook needs besides the versions of the models.
    pub(super) besides: Besides,
    /// The checks of the house.
    pub(super) checks: Checks,
    /// What was found besides what `check` says.
    pub(super) circumstances: Vec<Finding>,
    /// Why better types are not proposed, a sentence each.
    pub(super) not_possible: Vec<String>,
    pub(super) usual_ms: Option<u64>,
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
        let choice = &self.choice;
        let mut parameters = BTreeMap::from(
            [
                ("models", choice.models.clone()),
                ("to", choice.to.clone()),
                ("without", choice.without.clone()),
                ("from", choice.from.clone()),
                ("from_without", choice.from_without.clone()),
                ("instead_of", choice.to.clone()),
                ("instead_without", choice.without.clone()),
                ("fingerprint", vec![self.inspection.fingerprint.clone()]),
            ]
            .map(|(name, values)| (name.to_owned(), values)),
        );
        let touched = [choice.models.as_slice(), &self.check.affected.downstream].concat();
        if let Some(baseline) = self.basis.and_then(|basis| basis.parameter(&touched)) {
            parameters.insert("baseline".to_owned(), vec![baseline]);
        }
        parameters.extend(self.besides.parameters.clone());
        let sqlmesh = ("sqlmesh".to_owned(), self.inspection.sqlmesh_version.clone());
        let possible_until = self.check.possible_until_ms;
        Ok(SealedPlan::seal(Plan {
            version: 1,
            incident: self.incident.id.clone(),
            rollback_type: self.runbook.rollback_type(),
            runbook: self.runbook.name().to_owned(),
            runbook_digest: self.runbook.digest().clone(),
            target: self.target.clone(),
            models: choice.models.clone(),
            downstream: self.check.affected.downstream.clone(),
            steps: [
                self.checks.before.clone(),
                self.runbook.steps(&parameters)?,
                self.checks.after.clone(),
            ]
            .concat(),
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
        let findings = [self.check.findings, self.checks.findings, self.circumstances].concat();
        let way = self.basis.map(|basis| format!("It goes back to {}.", basis.name));
        let because = [self.matched.because.clone()].into_iter().chain(way);
        let because = because.chain(self.not_possible).collect::<Vec<_>>().join(" ");
        // Models that go away are touched as much as those that go back.
        let touched = [plan.models.clone(), self.choice.without.clone()].concat();
        let request = self.incident.request.as_ref();
        let window = request.and_then(|request| request.window.clone());
        let ask = Ask {
            rollback_type: plan.rollback_type,
            target: self.rule,
            models: &touched,
            downstream: &plan.downstream,
            trigger: &self.matched.trigger,
            findings: &findings,
            rollbacks_lately,
            // Nothing is lost where models go back to tables that are kept beside the present ones.
            data_loss_ms: Some(self.besides.data_loss_ms),
            security: false,
            opens_in_ms: window.as_ref().map(|window| {
                u64::try_from((window.opens - self.now).num_milliseconds()).unwrap_or_default()
            }),
        };
        // The web page is there for those whom no chat reaches, where there is no chat at all.
        let is_reachable = |person: &Person| {
            let mut identities = person.identities.iter();
            engine.chats.is_empty()
                || identities.any(|identity| engine.chats.contains(&identity.chat))
        };
        let mut requirement = engine.policies.requirement(&ask, &is_reachable);
        if let Some(window) = &window {
            // An approval that ran out before the window opens would be good for nothing.
            let until = (window.closes - self.now).num_milliseconds();
            requirement.valid_ms = requirement.valid_ms.max(u64::try_from(until).unwrap_or(0));
        }
        Opening {
            incident: plan.incident.clone(),
            plan: sealed.digest().clone(),
            rollback_type: plan.rollback_type,
            target: plan.target.clone(),
            models: plan.models.clone(),
            downstream: plan.downstream.clone(),
            possible_until: plan.possible_until,
            recovery_target_ms: plan.recovery_target_ms,
            proposer: self.incident.proposer(&self.matched.trigger),
            because,
            findings,
            requirement,
            changes,
            outlook: Outlook {
                without: self.choice.without,
                usual_ms: self.usual_ms,
                warn_before_ms: self.rule.warn_before_ms,
                window,
                workflow: request.map_or(Workflow::Emergency, Request::workflow),
            },
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
    if old.rollback_type != new.rollback_type {
        let (now, before) = (new.rollback_type, old.rollback_type);
        changes.push(format!("it is now a {now} instead of a {before}"));
    }
    if old.models != new.models {
        let (now, before) = (new.models.join(", "), old.models.join(", "));
        changes.push(format!("the models are now {now} instead of {before}"));
    }
    if old.parameters.get("without") != new.parameters.get("without") {
        changes.push("the models that leave the environment are others".to_owned());
    }
    if old.parameters.get("to") != new.parameters.get("to") {
        changes.push("the versions that the models go back to are others".to_owned());
    }
    // A moment becomes a point under a name of its own each time.
    let goes_back_to = |plan: &Plan| {
        let of = |name| plan.parameters.get(name).cloned();
        of("moment").or_else(|| of("point"))
    };
    if goes_back_to(old) != goes_back_to(new) {
        changes.push("it goes back to another rollback point".to_owned());
    }
    if changes.is_empty() {
        changes.push("nothing but the time: the approvals had run out".to_owned());
    }
    changes
}
