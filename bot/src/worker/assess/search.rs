//! Looks at the target of an incident and tries one rollback type after the other: the first that helps and is
//! possible is written down; of the others is kept why not.

use std::collections::BTreeSet;

use anyhow::Context as _;
use domain::{
    Timestamp,
    alert::Alert,
    incident::Incident,
    plan::{RollbackType, SealedPlan, Target, Workflow},
    proposal::{Outcome, Proposal, Stage},
    release::{Extent, Learnt, Release},
    request::Request,
};
use policies::{Match, Policies, Runbook, TargetRule, Triage};
use sqlmesh::{Check, Environment, Inspection};
use store::{JobClaim, Versioned};

use super::{
    ATTEMPTS, Assessor,
    choice::{Choice, choose, left_out, order},
    circumstances,
    draft::{self, Draft, target},
    full_environment::or_unreadable,
    points::Besides,
    reasons::why_not,
};
use crate::{
    engine::Assessment,
    restorable::spell,
    steps::python,
    worker::ledger::{self, Basis},
};

/// So many earlier proposals on a target are looked at for versions that were rolled back from.
const REMEMBERED: u32 = 50;

/// What came of an assessment.
pub(super) enum Found {
    Proposal(Box<Assessment>),
    Nothing(String),
}

/// A rollback of one type that may answer an incident.
pub(super) struct Case<'a> {
    pub(super) incident: &'a Incident,
    pub(super) matched: &'a Match,
    pub(super) rule: &'a TargetRule,
    pub(super) target: &'a Target,
    pub(super) rollback_type: RollbackType,
    /// Why nobody can read the target; `None` where it can be read.
    pub(super) unreadable: Option<&'a str>,
}

impl Case<'_> {
    /// How it shall be carried out.
    pub(super) fn workflow(&self) -> Workflow {
        self.incident.request.as_ref().map_or(Workflow::Emergency, Request::workflow)
    }

    /// When it can begin: at once, or when its maintenance window opens.
    pub(super) fn begins_at(&self, now: Timestamp) -> Timestamp {
        let request = self.incident.request.as_ref();
        let window = request.and_then(|request| request.window.as_ref());
        window.map_or(now, |window| window.opens.max(now))
    }

    /// What carries it out.
    pub(super) fn runbook<'p>(&self, policies: &'p Policies) -> Option<&'p Runbook> {
        policies.runbook_for(self.rollback_type, self.workflow())
    }
}

/// What is known of the target, whichever type is tried.
struct Known {
    /// As SQLMesh answered.
    inspection: Inspection,
    /// The ledger, newest first.
    releases: Vec<Release>,
    /// What must not come back, as `model=identifier`.
    bad: BTreeSet<String>,
}

/// What a rollback of one type starts from: what differs from the state that it goes back to.
struct Start {
    inspection: Inspection,
    /// The release of the ledger that the state is; SQLMesh's own memory or another environment where there is none.
    basis: Option<Basis>,
}

/// What came of looking at a rollback that would help: what it would change, what the checks say, and what its runbook
/// needs besides. The error is why there is no way back, in a sentence.
pub(super) type Looked = Result<(Choice, Check, Besides), String>;

/// A rollback that would help and is possible.
struct Possible {
    choice: Choice,
    start: Start,
    check: Check,
    besides: Besides,
}

impl Assessor {
    /// The rollback that answers an incident, or why there is none.
    pub(super) async fn find(
        &self,
        claim: &JobClaim,
        incident: &Incident,
        alert: &Alert,
        earlier: Option<&Proposal>,
    ) -> anyhow::Result<Found> {
        let policies = &self.engine.policies;
        let triage = match &incident.request {
            Some(request) => policies.requested(request),
            None => policies.triage(alert),
        };
        let matched = match triage {
            Triage::Propose(matched) => matched,
            Triage::Nothing { why } => return Ok(Found::Nothing(why)),
        };
        let Some(rule) = policies.target(&matched.target) else {
            anyhow::bail!("the policies name no target `{}`", matched.target);
        };
        let (target, python) = (target(rule)?, python(Some(rule)));
        // Held to the end: a look at the target would be in the way.
        let _asking = self.floor.take().await;
        let begun_at = self.desk.clock.now();
        let inspection = self.sqlmesh.inspect(python, &target).await;
        let (inspection, unreadable) = if matched.suggested.contains(&RollbackType::FullEnvironment)
        {
            or_unreadable(inspection, &target)?
        } else {
            (inspection?, None)
        };
        let is_running = unreadable.is_none() && inspection.environment.finalized_ts.is_none();
        if is_running && claim.attempts < ATTEMPTS {
            // A release that is being deployed ends in a moment; one that died does not.
            let Environment { name, plan_id, .. } = &inspection.environment;
            anyhow::bail!("the SQLMesh plan {plan_id} on {name} is running");
        }
        let learnt = (Learnt::Assessment, begun_at);
        if let Some(sight) = ledger::sight(&rule.id, &inspection, learnt) {
            self.engine.seen(&sight).await?;
        }
        let known = Known {
            inspection,
            releases: self.desk.store.releases(&rule.id, REMEMBERED).await?,
            bad: self.rolled_back_from(&rule.id).await?,
        };
        let smaller = known.start(RollbackType::ModelLevel, &matched).inspection;
        let mut not_possible = Vec::new();
        for rollback_type in order(&matched, &smaller) {
            let case = Case {
                incident,
                matched: &matched,
                rule,
                target: &target,
                rollback_type,
                unreadable: unreadable.as_deref(),
            };
            match self.attempt(&case, &known).await? {
                Ok(possible) => {
                    let found = self.opening(&case, possible, not_possible, claim, earlier).await?;
                    return Ok(Found::Proposal(Box::new(found)));
                }
                Err(why) => {
                    not_possible.push(format!("A {rollback_type} is not possible: {why}"));
                }
            }
        }
        let why = not_possible.join(" ");
        let Some(request) = &incident.request else { return Ok(Found::Nothing(why)) };
        // A person asked for one type, so no other is proposed in its place; but they hear which one would be possible.
        for other in policies.instead_of(request) {
            let (matched, target, unreadable) = (&matched, &target, unreadable.as_deref());
            let case = Case { incident, matched, rule, target, rollback_type: other, unreadable };
            if self.attempt(&case, &known).await?.is_ok() {
                return Ok(Found::Nothing(format!(
                    "{why} A {other} would be possible: propose that one, if it helps."
                )));
            }
        }
        Ok(Found::Nothing(format!(
            "{why} No other type that `{}` offers is possible now.",
            rule.id
        )))
    }

    /// Looks whether a rollback of one type would help and is possible; the inner error says why not.
    async fn attempt(
        &self,
        case: &Case<'_>,
        known: &Known,
    ) -> anyhow::Result<Result<Possible, String>> {
        if case.runbook(&self.engine.policies).is_none() {
            return Ok(Err("there is no runbook for it.".to_owned()));
        }
        if let (Some(why), true) =
            (case.unreadable, case.rollback_type != RollbackType::FullEnvironment)
        {
            return Ok(Err(format!("SQLMesh's state or the warehouse cannot be read: {why}")));
        }
        let python = python(Some(case.rule));
        let start = match (&case.rule.blue, case.rollback_type) {
            (Some(blue), RollbackType::BlueGreen) => {
                match self.sqlmesh.inspect_against(python, case.target, blue).await {
                    Ok(inspection) => Start { inspection, basis: None },
                    Err(error) if error.is_impossible() => return Ok(Err(error.to_string())),
                    Err(error) => return Err(error.into()),
                }
            }
            _ => known.start(case.rollback_type, case.matched),
        };
        let choice = match choose(case.rollback_type, case.matched, &start.inspection) {
            Ok(choice) => choice,
            Err(why) => return Ok(Err(why)),
        };
        let is_asked_for = |request: &&Request| request.rollback_type == case.rollback_type;
        if let Some(request) = case.incident.request.as_ref().filter(is_asked_for)
            && let Some(why) = left_out(request, &choice, &start.inspection)
        {
            return Ok(Err(why));
        }
        if let Some(bad) = choice.to.iter().find(|version| known.bad.contains(*version)) {
            // SQLMesh remembers one release: after a rollback, the one before is the bad one.
            let why =
                format!("going back would bring {bad} again, which was rolled back from before.");
            return Ok(Err(why));
        }
        let now = self.desk.clock.now();
        let looked = match case.rollback_type {
            RollbackType::BlueGreen | RollbackType::ModelLevel => {
                let (to, without) = (&choice.to, &choice.without);
                let check = self.sqlmesh.check(python, case.target, to, without).await?;
                Ok((choice, check, self.saved(case, now)?))
            }
            RollbackType::Schema => self.schema(case, choice, now).await?,
            RollbackType::FullEnvironment => {
                self.full_environment(case, &start.inspection, &known.releases, now).await?
            }
        };
        let (choice, check, besides) = match looked {
            Ok(looked) => looked,
            Err(why) => return Ok(Err(why)),
        };
        if !check.possible {
            return Ok(Err(why_not(&check.findings)));
        }
        let window = case.incident.request.as_ref().and_then(|request| request.window.as_ref());
        if let (Some(window), Some(until)) = (window, check.possible_until_ms)
            && until <= window.opens.timestamp_millis()
        {
            return Ok(Err(format!(
                "SQLMesh's janitor may remove what it goes back to from {} on, before the maintenance window opens.",
                spell(until)
            )));
        }
        Ok(Ok(Possible { choice, start, check, besides }))
    }

    /// Writes down what was found possible, with what else there is to know.
    async fn opening(
        &self,
        case: &Case<'_>,
        possible: Possible,
        not_possible: Vec<String>,
        claim: &JobClaim,
        earlier: Option<&Proposal>,
    ) -> anyhow::Result<Assessment> {
        let (store, now, id) = (&self.desk.store, self.desk.clock.now(), &case.rule.id);
        let Possible { choice, start, check, besides } = possible;
        let runbook = case.runbook(&self.engine.policies);
        let runbook = runbook.context("the type's runbook was there a moment ago")?;
        let values = |found: Versioned<Proposal>| found.value;
        let open: Vec<_> = store.open_proposals().await?.into_iter().map(values).collect();
        let known: Vec<_> =
            store.proposals_on(id, REMEMBERED).await?.into_iter().map(values).collect();
        let runs = store.runs_on(id, REMEMBERED).await?.into_iter().map(|found| found.value);
        let free = circumstances::target_free(id, &case.incident.id, &open);
        let late = circumstances::answered_late(id, claim.attempts + 1, &claim.problem);
        let checks = self.checks(case, &choice.models).await?;
        let draft = Draft {
            incident: case.incident,
            matched: case.matched,
            rule: case.rule,
            runbook,
            target: case.target.clone(),
            choice,
            inspection: &start.inspection,
            basis: start.basis.as_ref(),
            check,
            besides,
            checks,
            circumstances: [free].into_iter().chain(late).collect(),
            not_possible,
            usual_ms: circumstances::usual_ms(
                (case.rollback_type, case.workflow()),
                &runs.collect::<Vec<_>>(),
                &known,
            ),
            now,
        };
        let plan = draft.plan()?;
        let changes = match earlier {
            Some(earlier) => self.changes(earlier, &plan).await?,
            None => vec![],
        };
        let lately = before(now, self.engine.policies.lately_ms());
        let rollbacks_lately = store.rollbacks_since(id, lately).await?;
        let opening = draft.opening(&self.engine, &plan, rollbacks_lately, changes);
        Ok(Assessment { plan, opening })
    }

    /// The versions (`model=identifier`) that earlier rollbacks of this target went back from, or are about to: one
    /// that is under way, stuck or given up may have moved everything.
    async fn rolled_back_from(&self, target: &str) -> anyhow::Result<BTreeSet<String>> {
        let mut versions = BTreeSet::new();
        for found in self.desk.store.proposals_on(target, REMEMBERED).await? {
            let proposal = found.value;
            let went_back = match proposal.stage {
                Stage::Running { .. } | Stage::Stuck { .. } => true,
                Stage::Closed { outcome, .. } => {
                    matches!(outcome, Outcome::RolledBack { .. } | Outcome::GivenUp { .. })
                }
                Stage::Open { .. } | Stage::Approved { .. } => false,
            };
            if !went_back {
                continue;
            }
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

impl Known {
    /// What a rollback of this type goes back to: the newest release of the ledger that serves; while the ledger is too
    /// young to know one, the release that SQLMesh remembers.
    fn start(&self, rollback_type: RollbackType, matched: &Match) -> Start {
        let extent = match rollback_type {
            RollbackType::ModelLevel | RollbackType::Schema => Extent::Meant,
            RollbackType::BlueGreen => Extent::Whole,
            // It goes back to a rollback point, not to a release.
            RollbackType::FullEnvironment => {
                return Start { inspection: self.inspection.clone(), basis: None };
            }
        };
        let basis = ledger::basis(&self.releases, &self.inspection, &self.bad, extent, matched);
        let mut inspection = self.inspection.clone();
        if let Some(basis) = &basis {
            inspection.changed.clone_from(&basis.changed);
        }
        Start { inspection, basis }
    }
}

fn before(now: Timestamp, milliseconds: u64) -> Timestamp {
    let delta = i64::try_from(milliseconds).ok().and_then(chrono::TimeDelta::try_milliseconds);
    delta.and_then(|delta| now.checked_sub_signed(delta)).unwrap_or(now)
}
