//! Who may steer a run, and the second gate: only a signed yes of the right person, run, stop and plan opens it.

use std::collections::BTreeMap;

use domain::{
    digest::Digest,
    plan::{Action, OnFailure, Plan, Program, Question, SealedPlan, Step, Workflow},
    proposal::{Event, Opening, Outcome, Proposal, Proposer},
    receipt::{About, Decision, Draft, Unauthorised, Verdict, authorise_step},
    refusal::Refusal,
    run::{Steer, Steered, Stop},
};

use crate::{
    receipt::signed,
    world::{
        approved, held_by, identity, incident_id, level, matrix, minute, open, opening, person,
        requirement, run_id, steered,
    },
};

const STOP: Stop = Stop { step: 1, count: 1 };

fn step(action: Action) -> Step {
    Step {
        name: "step".to_owned(),
        action,
        timeout_ms: 1000,
        attempts: 1,
        idempotent: true,
        guard: false,
        probe: None,
        undo: None,
        dry_run: None,
        only_reads: false,
        on_failure: OnFailure::Undo,
    }
}

/// A plan with a question before its last step.
pub(crate) fn plan(named: Option<u8>) -> SealedPlan {
    let text = "Swap it in?".to_owned();
    let question = Question { text, level: named.map(level) };
    let command = || Action::Command(Program::new(vec!["true".to_owned()]));
    SealedPlan::seal(Plan {
        version: 1,
        incident: incident_id(),
        rollback_type: domain::plan::RollbackType::FullEnvironment,
        runbook: "full".to_owned(),
        runbook_digest: Digest::of("the runbook"),
        target: opening(requirement(&[1], matrix())).target,
        models: vec![],
        downstream: vec![],
        parameters: BTreeMap::new(),
        target_fingerprint: "f".to_owned(),
        tool_versions: BTreeMap::new(),
        steps: vec![step(command()), step(Action::Confirm(question)), step(command())],
        recovery_target_ms: 60_000,
        possible_until: None,
        prepared_at: minute(0),
    })
}

/// A proposal of that plan which two people have approved at minute 1, and their receipts.
pub(crate) fn approved_by_two(plan: &SealedPlan) -> (Proposal, Vec<Decision>) {
    let opening = Opening {
        plan: plan.digest().clone(),
        proposer: Proposer::Trigger("error_rate".to_owned()),
        ..opening(requirement(&[3, 2], matrix()))
    };
    let proposal = open(opening);
    let decisions = ["ben", "cleo"].map(|id| signed(&proposal, id, minute(1))).to_vec();
    (proposal, decisions)
}

pub(crate) fn yes(proposal: &Proposal, id: &str) -> Decision {
    let draft = Draft {
        proposal,
        verdict: Verdict::Confirm,
        hold: None,
        pin: None,
        about: Some(About { run: run_id(1), stop: Some(STOP) }),
        reason: None,
        person: &person(id),
        identity: &identity(id),
        method: "click",
        level: held_by(id),
    };
    draft.decide(minute(5), format!("nonce of {id}"), 9, Digest::of("the entry before"))
}

#[track_caller]
fn last_step(named: Option<u8>, answer: Option<Decision>, is_allowed: bool) {
    let plan = plan(named);
    let (proposal, mut decisions) = approved_by_two(&plan);
    decisions.extend(answer);
    let run = run_id(1);
    for early in [0, 1] {
        let begun = authorise_step(&proposal, &plan, &decisions, (&run, early), minute(6));
        assert!(begun.is_ok(), "what comes before the question needs no yes: {begun:?}");
    }
    let begun = authorise_step(&proposal, &plan, &decisions, (&run, 2), minute(6));
    let expected = Unauthorised::Unconfirmed { step: 2, question: "Swap it in?".to_owned() };
    assert_eq!(begun.err(), (!is_allowed).then_some(expected));
}

#[test]
fn a_step_behind_a_question_needs_a_signed_yes_to_it() {
    let (proposal, _) = approved_by_two(&plan(None));
    last_step(None, None, false);
    last_step(None, Some(yes(&proposal, "cleo")), true);
    last_step(None, Some(yes(&proposal, "ben")), false);
    let (lower, _) = approved_by_two(&plan(Some(2)));
    last_step(Some(2), Some(yes(&lower, "ben")), true);
    last_step(Some(2), Some(yes(&lower, "ana")), false);
}

#[test]
fn a_yes_to_anything_else_is_no_yes() {
    let (proposal, _) = approved_by_two(&plan(None));
    let changed = |change: fn(&mut Decision)| {
        let mut decision = yes(&proposal, "cleo");
        change(&mut decision);
        last_step(None, Some(decision), false);
    };
    changed(|decision| decision.verdict = Verdict::Skip);
    changed(|decision| decision.about = None);
    changed(|decision| decision.about = Some(About { run: run_id(2), stop: Some(STOP) }));
    changed(|decision| decision.about = Some(About { run: run_id(1), stop: None }));
    changed(|decision| {
        let stop = Some(Stop { step: 2, count: 1 });
        decision.about = Some(About { run: run_id(1), stop });
    });
    changed(|decision| decision.plan = Digest::of("another plan"));
    changed(|decision| decision.requirement = Digest::of("another requirement"));
    changed(|decision| decision.execute_by = minute(5));
    changed(|decision| decision.issued_at = minute(9));
}

#[test]
fn what_a_decision_is_about_comes_back_as_it_was_signed() {
    let (proposal, approvals) = approved_by_two(&plan(None));
    let decision = yes(&proposal, "cleo");
    assert_eq!(Decision::from_statement(&decision.to_statement()).unwrap(), decision);
    let old = String::from_utf8(approvals[0].to_statement()).unwrap();
    assert!(!old.contains("about"), "an approval is signed as it always was");
}

#[test]
fn who_may_steer_is_told_by_the_frozen_requirement() {
    let (proposal, _) = approved_by_two(&plan(None));
    let running = ["ben", "cleo"].iter().fold(proposal.clone(), |proposal, id| {
        let event = Event::Approved {
            by: person(id),
            level: held_by(id),
            plan: proposal.opening.plan.clone(),
        };
        proposal.step(&event, minute(1)).unwrap().0
    });
    let running = running.step(&Event::RunStarted { run: run_id(1) }, minute(2)).unwrap().0;
    let act = |id: &str, steer| Steered {
        plan: running.opening.plan.clone(),
        ..steered(id, steer, Some("because"))
    };
    let may = |id: &str, steer, named| running.may_steer(&act(id, steer), named);
    let (skip, confirm) = (Steer::Skip { stop: STOP }, Steer::Confirm { stop: STOP });
    for (id, steer, named, is_allowed) in [
        ("ana", Steer::Pause, None, false),
        ("ben", Steer::Pause, None, true),
        ("ben", Steer::Resume, None, true),
        ("ben", Steer::Cancel, None, true),
        ("ben", Steer::Retry { stop: STOP }, None, true),
        ("ben", skip, None, false),
        ("cleo", skip, None, true),
        ("ben", confirm, None, false),
        ("ben", confirm, Some(level(2)), true),
        ("cleo", confirm, Some(level(4)), false),
        ("dora", confirm, Some(level(4)), true),
    ] {
        let answer = may(id, steer, named);
        assert_eq!(answer.is_ok(), is_allowed, "{id} {steer:?} {named:?}: {answer:?}");
        assert!(is_allowed || matches!(answer, Err(Refusal::NeedsLevel { .. })));
    }
    assert_eq!(proposal.may_steer(&act("ben", Steer::Pause), None), Err(Refusal::NotRunning));
    let other = Steered { plan: Digest::of("another plan"), ..act("ben", Steer::Pause) };
    assert!(matches!(running.may_steer(&other, None), Err(Refusal::OtherPlan { .. })));
    let closed = running.clone().step(&Event::RunSucceeded, minute(3)).unwrap().0;
    let outcome = Outcome::RolledBack {
        recovery_ms: 180_000,
        target_ms: 900_000,
        workflow: Workflow::Emergency,
        signed_off: vec![],
    };
    let over = Refusal::AlreadyClosed { outcome, at: minute(3), signed: None };
    assert_eq!(closed.may_steer(&act("ben", Steer::Cancel), None), Err(over));
    assert!(matches!(proposal.step(&approved("ana"), minute(1)), Err(Refusal::OtherPlan { .. })));
}
