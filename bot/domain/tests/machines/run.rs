//! The run: where each answer of the world leads, one step at a time.

use domain::{
    effect::Effect,
    notice::Notice,
    plan::{Finding, OnFailure, Outcome},
    proposal,
    refusal::Refusal,
    run::{Event, ProbeAnswer, Run, Stage, StepRule, UNDO_ATTEMPTS},
};

use crate::world::{incident_id, minute, notices, person, plan, proposal_id, run_id, step_rule};

/// A run of these steps.
pub(crate) fn run_of(steps: Vec<StepRule>) -> Run {
    let target = "warehouse".to_owned();
    Run::create(run_id(1), incident_id(), proposal_id(1), plan(), target, steps).0
}

/// Three steps: one that only reads, and two that can be probed and undone.
fn three() -> Run {
    let reads =
        StepRule { idempotent: true, has_probe: false, has_undo: false, ..step_rule("look") };
    run_of(vec![reads, step_rule("switch"), step_rule("rebuild")])
}

/// One step.
fn one(rule: StepRule) -> Run {
    run_of(vec![rule])
}

fn intended(step: usize, attempt: u32) -> Event {
    Event::Intended { step, attempt }
}

fn did(step: usize) -> Event {
    Event::Did { step, note: String::new(), findings: vec![] }
}

fn failed(step: usize) -> Event {
    Event::Failed { step, why: "it broke".to_owned(), findings: vec![] }
}

fn probed(step: usize, answer: ProbeAnswer) -> Event {
    Event::Probed { step, answer, detail: "looked".to_owned() }
}

fn undo_failed(step: usize) -> Event {
    Event::UndoFailed { step, why: "no way".to_owned() }
}

/// Takes the events a minute apart, from minute 1; all of them must be accepted.
#[track_caller]
pub(crate) fn after(run: Run, events: &[Event]) -> Run {
    last(run, events).0
}

#[track_caller]
fn last(run: Run, events: &[Event]) -> (Run, Vec<Effect>) {
    events.iter().zip(1..).fold((run, vec![]), |(run, _), (event, at)| {
        run.step(event, minute(at)).unwrap_or_else(|no| panic!("{event:?}: {no:?}"))
    })
}

#[track_caller]
fn ends_in(run: Run, events: &[Event], expected: &Stage) {
    assert_eq!(after(run, events).stage, *expected, "after {events:?}");
}

#[track_caller]
fn is_stuck(run: Run, events: &[Event], expected: (usize, &str)) {
    let (run, effects) = last(run, events);
    let reason = expected.1.to_owned();
    let Stage::Stuck { step, reason: why, .. } = &run.stage else { panic!("{:?}", run.stage) };
    assert_eq!((*step, why), (expected.0, &reason), "after {events:?}");
    assert!(effects.contains(&Effect::TellProposal(proposal::Event::RunStuck)));
}

fn doing(step: usize, attempt: u32) -> Stage {
    Stage::Doing { step, attempt }
}

fn pending(next: usize, attempt: u32) -> Stage {
    Stage::Pending { next, attempt }
}

fn undoing(step: usize, attempt: u32) -> Stage {
    Stage::Undoing { step, attempt, reason: "it broke".to_owned() }
}

#[test]
fn all_steps_in_order_to_the_end() {
    let events = [intended(0, 1), did(0), intended(1, 1), did(1), intended(2, 1), did(2)];
    ends_in(three(), &events[..1], &doing(0, 1));
    ends_in(three(), &events[..2], &pending(1, 1));
    ends_in(three(), &events, &Stage::Succeeded { at: minute(6) });
    let (run, effects) = last(three(), &events);
    assert!(effects.contains(&Effect::TellProposal(proposal::Event::RunSucceeded)));
    assert_eq!(run.done.iter().map(|step| step.took_ms).collect::<Vec<_>>(), [60_000; 3]);
}

#[test]
fn after_a_failure_or_a_death_the_probe_decides() {
    use ProbeAnswer::{Done, NotDone, Partial, Unknown};
    let gone = Event::Interrupted { step: 0 };
    let why = "the executor was interrupted".to_owned();
    let in_doubt = Stage::InDoubt { step: 0, attempt: 1, why };
    let single = || one(step_rule("switch"));
    ends_in(single(), &[intended(0, 1), gone.clone()], &in_doubt);
    for bad in [gone, failed(0)] {
        let then = |answer| [intended(0, 1), bad.clone(), probed(0, answer)];
        ends_in(single(), &then(Done), &Stage::Succeeded { at: minute(3) });
        ends_in(single(), &then(NotDone), &pending(0, 2));
        for answer in [Partial, Unknown] {
            let stage = after(single(), &then(answer)).stage;
            assert!(matches!(stage, Stage::Stuck { step: 0, .. }), "{answer:?}: {stage:?}");
        }
        let repeatable = || one(StepRule { idempotent: true, ..step_rule("switch") });
        ends_in(repeatable(), &then(Partial), &pending(0, 2));
    }
}

#[test]
fn without_a_probe_only_an_idempotent_step_is_done_again() {
    let unknown = "it broke, and nothing can tell whether the step has taken effect";
    let blind = StepRule { has_probe: false, ..step_rule("switch") };
    is_stuck(one(blind.clone()), &[intended(0, 1), failed(0)], (0, unknown));
    let repeatable = StepRule { idempotent: true, ..blind };
    ends_in(one(repeatable), &[intended(0, 1), failed(0)], &pending(0, 2));
}

#[test]
fn what_was_certainly_not_done_needs_no_probe() {
    let refused = |step| Event::NotDone { step, why: "it broke".to_owned() };
    for rule in [step_rule("switch"), StepRule { has_probe: false, ..step_rule("switch") }] {
        ends_in(one(rule.clone()), &[intended(0, 1), refused(0)], &pending(0, 2));
        let twice = [intended(0, 1), refused(0), intended(0, 2), refused(0)];
        ends_in(one(rule), &twice, &undoing(0, 1));
    }
}

#[test]
fn a_step_that_fails_for_good_is_taken_back_with_those_before_it() {
    let fails = [
        [intended(0, 1), did(0), intended(1, 1), did(1)].to_vec(),
        [intended(2, 1), failed(2), probed(2, ProbeAnswer::NotDone)].to_vec(),
        [intended(2, 2), failed(2), probed(2, ProbeAnswer::NotDone)].to_vec(),
    ]
    .concat();
    ends_in(three(), &fails, &undoing(2, 1));
    let undo = |steps: &[usize]| {
        let undone = steps.iter().map(|step| Event::UndoDid { step: *step });
        fails.iter().cloned().chain(undone).collect::<Vec<_>>()
    };
    ends_in(three(), &undo(&[2]), &undoing(1, 1));
    let reason = "it broke".to_owned();
    let undone = Stage::Undone { reason: reason.clone(), at: minute(12) };
    ends_in(three(), &undo(&[2, 1]), &undone);
    let (_, effects) = last(three(), &undo(&[2, 1]));
    assert!(effects.contains(&Effect::TellProposal(proposal::Event::RunUndone {
        reason,
        signed_off: vec![]
    })));
}

#[test]
fn an_undo_that_fails_is_tried_again_and_then_asks() {
    let single = || one(StepRule { attempts: 1, ..step_rule("switch") });
    let mut events = vec![intended(0, 1), failed(0), probed(0, ProbeAnswer::NotDone)];
    for attempt in 1..UNDO_ATTEMPTS {
        ends_in(single(), &events, &undoing(0, attempt));
        events.push(undo_failed(0));
    }
    events.push(undo_failed(0));
    is_stuck(single(), &events, (0, "it broke; and taking it back failed: no way"));
}

#[test]
fn a_step_that_asks_on_failure_takes_nothing_back() {
    let check = StepRule { attempts: 1, on_failure: OnFailure::Ask, ..step_rule("check") };
    let events = [intended(0, 1), failed(0), probed(0, ProbeAnswer::NotDone)];
    is_stuck(one(check), &events, (0, "it broke"));
}

#[test]
fn what_is_done_in_part_and_cannot_be_taken_back_is_not_called_undone() {
    let rule = StepRule { attempts: 1, idempotent: true, has_undo: false, ..step_rule("load") };
    let events = [intended(0, 1), failed(0), probed(0, ProbeAnswer::Partial)];
    is_stuck(one(rule), &events, (0, "it broke; the step was done in part: looked"));
}

#[test]
fn a_check_that_did_not_pass_is_never_done() {
    let check = StepRule {
        attempts: 1,
        idempotent: true,
        has_probe: false,
        has_undo: false,
        on_failure: OnFailure::Ask,
        ..step_rule("check")
    };
    for outcome in [Outcome::Fail, Outcome::Inconclusive] {
        let finding = Finding {
            check: "row_count".to_owned(),
            subject: "shop.orders_daily".to_owned(),
            outcome,
            detail: String::new(),
        };
        let told = Event::Did { step: 0, note: String::new(), findings: vec![finding] };
        is_stuck(one(check.clone()), &[intended(0, 1), told.clone()], (0, "a check did not pass"));
        let (_, effects) = last(one(check.clone()), &[intended(0, 1), told]);
        assert!(matches!(
            &notices(&effects)[..],
            [Notice::StepFailed { .. }, Notice::Stuck { .. }]
        ));
    }
}

#[test]
fn a_target_that_changed_voids_the_run_before_it_has_changed_anything_and_asks_after() {
    let changes = vec!["a new deploy".to_owned()];
    let event = Event::TargetChanged { changes: changes.clone() };
    for before in [&[][..], &[intended(0, 1), did(0)]] {
        let events = [before, std::slice::from_ref(&event)].concat();
        let (run, effects) = last(three(), &events);
        assert!(matches!(run.stage, Stage::Voided { .. }), "{:?}", run.stage);
        let told = proposal::Event::Voided { changes: changes.clone() };
        assert_eq!(effects, [Effect::TellProposal(told)]);
    }
    let events = [intended(0, 1), did(0), intended(1, 1), did(1), event];
    is_stuck(three(), &events, (2, "the target changed while the run was under way: a new deploy"));
}

#[test]
fn approvals_that_ran_out_void_a_run_that_did_nothing_and_are_asked_for_again_after() {
    let event =
        Event::ApprovalsLapsed { why: "ana's was good until seven".to_owned(), disowned: None };
    let (run, effects) = last(three(), std::slice::from_ref(&event));
    assert!(matches!(run.stage, Stage::Voided { .. }), "{:?}", run.stage);
    let changes = vec!["ana's was good until seven".to_owned()];
    assert_eq!(effects, [Effect::TellProposal(proposal::Event::Voided { changes })]);
    let events = [intended(0, 1), did(0), intended(1, 1), did(1), event.clone()];
    let (run, effects) = last(three(), &events);
    let reason = "the approvals have run out: ana's was good until seven".to_owned();
    let halt = domain::run::Halt::Before { attempt: 1 };
    assert_eq!(run.stage, Stage::Stuck { step: 2, reason, halt });
    let told = Effect::TellProposal(proposal::Event::RunLapsed { disowned: None });
    assert!(effects.contains(&told), "{effects:?}");
    let disowned = Some(person("ana"));
    let taken = Event::ApprovalsLapsed { why: "ana's".to_owned(), disowned: disowned.clone() };
    let events = [intended(0, 1), did(0), intended(1, 1), did(1), taken];
    let (run, effects) = last(three(), &events);
    let told = Effect::TellProposal(proposal::Event::RunLapsed { disowned });
    assert!(effects.contains(&told), "{effects:?}");
    assert!(
        matches!(&run.stage, Stage::Stuck { step: 2, reason, .. } if reason.starts_with("an approval was taken back")),
        "{:?}",
        run.stage
    );
    // A second try meets what the first one left; a look leaves nothing.
    let again = [intended(0, 1), failed(0), event.clone()];
    assert!(matches!(last(three(), &again).0.stage, Stage::Voided { .. }));
    let tried =
        [intended(0, 1), did(0), intended(1, 1), failed(1), probed(1, ProbeAnswer::NotDone)];
    let again = [&tried[..], &[event]].concat();
    assert!(matches!(last(three(), &again).0.stage, Stage::Stuck { step: 1, .. }));
}

#[test]
fn receipts_that_do_not_verify_stop_the_run() {
    let forged = Event::Unauthorised { why: "1 of 2 approvals are signed".to_owned() };
    let reason = "the signed approvals do not allow it: 1 of 2 approvals are signed";
    is_stuck(three(), std::slice::from_ref(&forged), (0, reason));
    is_stuck(three(), &[intended(0, 1), did(0), forged], (1, reason));
}

#[track_caller]
fn refuses(before: &[Event], event: &Event) {
    let answer = after(three(), before).step(event, minute(9));
    assert_eq!(answer.err(), Some(Refusal::Outdated), "{event:?} after {before:?}");
}

#[test]
fn events_out_of_place_are_refused() {
    let begun = [intended(0, 1)];
    let done = [intended(0, 1), did(0)];
    for early in [intended(1, 1), intended(0, 2), did(0), failed(0), Event::UndoDid { step: 0 }] {
        refuses(&[], &early);
    }
    for other in [intended(0, 1), did(1), failed(2), probed(0, ProbeAnswer::Done)] {
        refuses(&begun, &other);
    }
    for late in [intended(0, 1), did(0), failed(0), Event::Interrupted { step: 0 }] {
        refuses(&done, &late);
    }
    refuses(&begun, &Event::TargetChanged { changes: vec![] });
    refuses(&begun, &Event::Unauthorised { why: String::new() });
}
