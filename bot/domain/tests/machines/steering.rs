//! People steer a run: what each act makes of each place where it can stand, and every "no".

use domain::{
    effect::Effect,
    notice::{Guidance, Notice},
    plan::OnFailure,
    proposal,
    refusal::Refusal,
    run::{Event, ProbeAnswer, Run, SignOff, Stage, Steer, Steered, StepRule, Stop},
};

use crate::{
    run::{after, run_of},
    world::{minute, notices, person, plan, question_rule, steered, step_rule},
};

fn three() -> Run {
    run_of(["load", "switch", "rebuild"].map(step_rule).to_vec())
}

/// One step that can neither be probed nor repeated.
fn blind() -> Run {
    run_of(vec![StepRule { has_probe: false, ..step_rule("call the bank") }])
}

/// A check that asks when it does not pass.
fn check() -> StepRule {
    StepRule {
        attempts: 1,
        idempotent: true,
        has_probe: false,
        has_undo: false,
        on_failure: OnFailure::Ask,
        ..step_rule("check")
    }
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

fn gone(step: usize) -> Event {
    Event::Interrupted { step }
}

fn by(id: &str, steer: Steer) -> Event {
    Event::Steered(steered(id, steer, Some("because")))
}

fn stop(step: usize, count: u32) -> Stop {
    Stop { step, count }
}

#[track_caller]
fn stands(run: Run, events: &[Event], expected: &Stage) {
    assert_eq!(after(run, events).stage, *expected, "after {events:?}");
}

#[track_caller]
fn refuses(run: Run, before: &[Event], event: &Event, expected: &Refusal) {
    let answer = after(run, before).step(event, minute(99));
    assert_eq!(answer.err().as_ref(), Some(expected), "{event:?} after {before:?}");
}

fn undoing(step: usize) -> Stage {
    Stage::Undoing { step, attempt: 1, reason: "it was cancelled: because".to_owned() }
}

#[test]
fn a_pause_lets_the_step_under_way_end_and_nothing_begin() {
    let events = [intended(0, 1), by("ana", Steer::Pause), did(0)];
    let paused = after(three(), &events);
    assert_eq!(paused.stage, Stage::Pending { next: 1, attempt: 1 });
    assert!(paused.is_at_rest() && paused.holds_target());
    assert!(paused.clone().step(&intended(1, 1), minute(4)).is_err());
    let on = after(paused, &[by("ben", Steer::Resume)]);
    assert!(!on.is_at_rest() && !on.holds_target());
    stands(on, &[intended(1, 1)], &Stage::Doing { step: 1, attempt: 1 });
    // A probe may still be asked: the step under way is not over before its outcome is known.
    let in_doubt = after(three(), &[intended(0, 1), by("ana", Steer::Pause), gone(0)]);
    assert!(!in_doubt.is_at_rest());
    assert!(after(in_doubt, &[probed(0, ProbeAnswer::NotDone)]).is_at_rest());
    // A run that gets stuck, or is over, is not paused besides.
    let stuck = after(blind(), &[intended(0, 1), by("ana", Steer::Pause), gone(0)]);
    assert_eq!((stuck.steering.paused, stuck.steering.stops), (None, 1));
}

#[test]
fn pausing_and_resuming_are_refused_where_they_mean_nothing() {
    let pause = by("ana", Steer::Pause);
    let already = Refusal::AlreadyPaused { by: person("ana"), since: minute(1) };
    refuses(three(), std::slice::from_ref(&pause), &by("ben", Steer::Pause), &already);
    refuses(three(), &[], &by("ana", Steer::Resume), &Refusal::NotPaused);
    let gate = run_of(vec![question_rule(None), step_rule("swap")]);
    refuses(gate.clone(), &[], &pause, &Refusal::AnswerAwaited);
    refuses(blind(), &[intended(0, 1), gone(0)], &pause, &Refusal::IsStuck);
    let over = [intended(0, 1), did(0)];
    refuses(run_of(vec![step_rule("load")]), &over, &pause, &Refusal::Outdated);
    let other = Steered {
        plan: domain::digest::Digest::of("another"),
        ..steered("ana", Steer::Pause, None)
    };
    let shown = other.plan.clone();
    let refusal = Refusal::OtherPlan { shown, current: plan() };
    refuses(three(), &[], &Event::Steered(other), &refusal);
}

#[test]
fn a_cancel_takes_back_what_was_done_in_reverse() {
    let cancel = by("ana", Steer::Cancel);
    let done = [intended(0, 1), did(0), intended(1, 1), did(1)];
    let cancelled = [&done[..], std::slice::from_ref(&cancel)].concat();
    stands(three(), &cancelled, &undoing(1));
    // Nothing was begun: nothing is taken back.
    let reason = "it was cancelled: because".to_owned();
    let undone = Stage::Undone { reason: reason.clone(), at: minute(1) };
    stands(three(), std::slice::from_ref(&cancel), &undone);
    let all = [&cancelled[..], &[Event::UndoDid { step: 1 }, Event::UndoDid { step: 0 }]].concat();
    let (run, effects) = {
        let (last, before) = all.split_last().unwrap();
        after(three(), before).step(last, minute(9)).unwrap()
    };
    assert_eq!(run.stage, Stage::Undone { reason, at: minute(9) });
    let told = proposal::Event::RunCancelled {
        by: person("ana"),
        reason: "because".to_owned(),
        signed_off: vec![],
    };
    assert!(effects.contains(&Effect::TellProposal(told)), "{effects:?}");
}

#[test]
fn a_cancel_of_a_step_under_way_finds_out_first_what_it_did() {
    use ProbeAnswer::{Done, NotDone, Partial, Unknown};
    let begun = [intended(0, 1), did(0), intended(1, 1), by("ana", Steer::Cancel)];
    stands(three(), &begun, &Stage::Doing { step: 1, attempt: 1 });
    let then = |more: &[Event]| [&begun[..], more].concat();
    for (events, expected) in [
        (then(&[did(1)]), 1),
        (then(&[gone(1), probed(1, Done)]), 1),
        (then(&[gone(1), probed(1, NotDone)]), 1),
        (then(&[gone(1), probed(1, Partial)]), 1),
        (then(&[failed(1), probed(1, NotDone)]), 1),
    ] {
        stands(three(), &events, &undoing(expected));
    }
    let unknown = after(three(), &then(&[gone(1), probed(1, Unknown)]));
    assert!(matches!(unknown.stage, Stage::Stuck { step: 1, .. }), "{:?}", unknown.stage);
    // The last step was under way when it was cancelled, and comes to its end: it is taken back all the same.
    let single = run_of(vec![step_rule("load")]);
    stands(single, &[intended(0, 1), by("ana", Steer::Cancel), did(0)], &undoing(0));
    let said = after(three(), &begun).step(&gone(1), minute(9)).unwrap().1;
    assert!(matches!(&notices(&said)[..], [Notice::Steered(Guidance::StepEnded { step: 1, .. })]));
}

#[test]
fn what_a_cancel_cannot_take_back_asks_a_person() {
    let call = StepRule { has_undo: false, ..step_rule("call the bank") };
    let run = || run_of(vec![step_rule("load"), call.clone(), step_rule("switch")]);
    let events = [intended(0, 1), did(0), intended(1, 1), did(1), by("ana", Steer::Cancel)];
    let stuck = after(run(), &events);
    assert!(
        matches!(&stuck.stage, Stage::Stuck { step: 1, reason, .. } if reason.contains("has no way back")),
        "{:?}",
        stuck.stage
    );
    let nothing = Refusal::NothingToTry;
    refuses(run(), &events, &by("ben", Steer::Retry { stop: stop(1, 1) }), &nothing);
    let settled = by("ben", Steer::Skip { stop: stop(1, 1) });
    stands(stuck, &[settled], &undoing(0));
    // Done in part, found out before the cancel, and no way back.
    let part = StepRule { idempotent: true, has_undo: false, ..step_rule("load") };
    let events =
        [intended(0, 1), failed(0), probed(0, ProbeAnswer::Partial), by("ana", Steer::Cancel)];
    let stuck = after(run_of(vec![part]), &events);
    assert!(
        matches!(&stuck.stage, Stage::Stuck { step: 0, reason, .. } if reason.contains("done in part")),
        "{:?}",
        stuck.stage
    );
}

#[test]
fn a_cancel_that_comes_too_late_is_refused() {
    let cancel = by("ben", Steer::Cancel);
    let twice = Refusal::AlreadyCancelled { by: person("ana") };
    refuses(three(), &[intended(0, 1), by("ana", Steer::Cancel)], &cancel, &twice);
    let single = StepRule { attempts: 1, ..step_rule("load") };
    let failing = [intended(0, 1), failed(0), probed(0, ProbeAnswer::NotDone)];
    refuses(run_of(vec![single.clone()]), &failing, &cancel, &Refusal::AlreadyTakenBack);
    refuses(run_of(vec![single]), &[intended(0, 1), did(0)], &cancel, &Refusal::Outdated);
    refuses(blind(), &[intended(0, 1), gone(0)], &cancel, &Refusal::IsStuck);
    let silent = Event::Steered(steered("ana", Steer::Cancel, Some("  ")));
    refuses(three(), &[], &silent, &Refusal::ReasonMissing);
}

#[test]
fn a_retry_asks_the_probe_first_and_has_fresh_attempts() {
    use ProbeAnswer::{Done, NotDone, Unknown};
    let run = || run_of(vec![StepRule { attempts: 2, ..step_rule("load") }]);
    let retry = by("ana", Steer::Retry { stop: stop(0, 1) });
    let stuck = [intended(0, 1), gone(0), probed(0, Unknown)];
    let again = [&stuck[..], &[retry]].concat();
    assert!(matches!(after(run(), &again).stage, Stage::InDoubt { step: 0, attempt: 1, .. }));
    let then = |more: &[Event]| [&again[..], more].concat();
    stands(run(), &then(&[probed(0, Done)]), &Stage::Succeeded { at: minute(5) });
    let tries = [
        probed(0, NotDone),
        intended(0, 2),
        failed(0),
        probed(0, NotDone),
        intended(0, 3),
        failed(0),
        probed(0, NotDone),
    ];
    stands(run(), &then(&tries[..5]), &Stage::Doing { step: 0, attempt: 3 });
    let ended = after(run(), &then(&tries));
    assert!(matches!(ended.stage, Stage::Undoing { step: 0, .. }), "{:?}", ended.stage);
    // It does not know yet: it is stuck once more, and a click on the first stop's card is an old one.
    let twice = then(&[probed(0, Unknown)]);
    refuses(run(), &twice, &by("ana", Steer::Retry { stop: stop(0, 1) }), &Refusal::OtherStop);
    let newer = [&twice[..], &[by("ana", Steer::Retry { stop: stop(0, 2) })]].concat();
    assert!(matches!(after(run(), &newer).stage, Stage::InDoubt { .. }));
}

#[test]
fn a_step_that_nothing_can_tell_of_is_repeated_only_for_a_reason() {
    let stuck = [intended(0, 1), gone(0)];
    let retry = Steer::Retry { stop: stop(0, 1) };
    assert!(after(blind(), &stuck).retry_is_blind());
    let silent = Event::Steered(steered("ana", retry, None));
    refuses(blind(), &stuck, &silent, &Refusal::ReasonMissing);
    let settled = [&stuck[..], &[by("ana", retry)]].concat();
    stands(blind(), &settled, &Stage::Pending { next: 0, attempt: 2 });
    // Twice is like once: no reason is asked for.
    let silent = Event::Steered(steered("ana", retry, None));
    let again = [&[intended(0, 1), failed(0)][..], &[silent]].concat();
    stands(run_of(vec![check()]), &again, &Stage::Pending { next: 0, attempt: 2 });
}

#[test]
fn what_was_stuck_before_it_began_begins_and_an_undo_is_undone_again() {
    let held = Event::Unauthorised { why: "the key is gone".to_owned() };
    let retry = by("ana", Steer::Retry { stop: stop(0, 1) });
    stands(three(), &[held, retry.clone()], &Stage::Pending { next: 0, attempt: 1 });
    let single = || run_of(vec![StepRule { attempts: 1, ..step_rule("load") }]);
    let undo_failed = Event::UndoFailed { step: 0, why: "no way".to_owned() };
    let events =
        [&[intended(0, 1), failed(0), probed(0, ProbeAnswer::NotDone)][..], &vec![undo_failed; 3]]
            .concat();
    let again = [&events[..], &[retry]].concat();
    let reason = "it broke".to_owned();
    stands(single(), &again, &Stage::Undoing { step: 0, attempt: 1, reason: reason.clone() });
    let settled = [&events[..], &[by("ben", Steer::Skip { stop: stop(0, 1) })]].concat();
    let run = after(single(), &settled);
    assert_eq!(run.stage, Stage::Undone { reason, at: minute(7) });
    assert_eq!(run.steering.signed_off.len(), 1, "and it is said who settled it");
}

#[test]
fn a_guarded_look_comes_again_with_a_persons_retry_unless_the_step_left_something() {
    let run =
        || run_of(vec![StepRule { attempts: 1, on_failure: OnFailure::Ask, ..step_rule("load") }]);
    let stuck = [intended(0, 1), failed(0), probed(0, ProbeAnswer::NotDone)];
    let retry = by("ana", Steer::Retry { stop: stop(0, 1) });
    let again = [&stuck[..], &[retry, probed(0, ProbeAnswer::NotDone)]].concat();
    let run = after(run(), &again);
    assert_eq!(run.stage, Stage::Pending { next: 0, attempt: 2 });
    assert!(run.must_look_first(2), "hours may have passed");
    let changed = Event::TargetChanged { changes: vec!["a new deploy".to_owned()] };
    let (run, _) = run.step(&changed, minute(9)).unwrap();
    assert!(matches!(run.stage, Stage::Stuck { step: 0, .. }), "it is not void: it was begun");
    let part = StepRule { attempts: 2, idempotent: true, ..step_rule("load") };
    let run =
        after(run_of(vec![part]), &[intended(0, 1), failed(0), probed(0, ProbeAnswer::Partial)]);
    assert!(!run.must_look_first(2), "its own traces are no change by others");
}

#[test]
fn a_check_that_a_person_signs_off_is_never_told_as_passed() {
    let run = || run_of(vec![step_rule("switch"), check()]);
    let stuck = [intended(0, 1), did(0), intended(1, 1), failed(1)];
    let skip = Steer::Skip { stop: stop(1, 1) };
    let silent = Event::Steered(steered("ben", skip, None));
    refuses(run(), &stuck, &silent, &Refusal::ReasonMissing);
    let (run, effects) = after(run(), &stuck).step(&by("ben", skip), minute(9)).unwrap();
    assert_eq!(run.stage, Stage::Succeeded { at: minute(9) });
    let signed_off = vec![SignOff {
        step: 1,
        name: "check".to_owned(),
        by: person("ben"),
        reason: "because".to_owned(),
    }];
    let told = effects.iter().filter_map(|effect| match effect {
        Effect::TellProposal(event) => Some(event.clone()),
        _ => None,
    });
    let expected = [proposal::Event::RunGoesOn, proposal::Event::RunSignedOff { signed_off }];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(matches!(&notices(&effects)[..], [Notice::Steered(Guidance::Skipped { .. })]));
}

#[test]
fn late_and_double_answers_to_a_stuck_run_are_refused() {
    let stuck = [intended(0, 1), gone(0)];
    let (retry, skip) = (Steer::Retry { stop: stop(0, 1) }, Steer::Skip { stop: stop(0, 1) });
    let again = [&stuck[..], &[by("ana", retry)]].concat();
    for second in [retry, skip] {
        refuses(blind(), &again, &by("ben", second), &Refusal::NotStuck);
    }
    refuses(three(), &[], &by("ben", retry), &Refusal::NotStuck);
}

#[test]
fn a_question_stops_the_run_until_somebody_says_yes() {
    let run = || run_of(vec![step_rule("restore"), question_rule(Some(2)), step_rule("swap")]);
    let before = [intended(0, 1), did(0)];
    let asking = after(run(), &before);
    assert_eq!((&asking.stage, asking.stop()), (&Stage::Asking { step: 1 }, Some(stop(1, 1))));
    assert!(asking.is_at_rest() && asking.holds_target());
    let yes = Steer::Confirm { stop: stop(1, 1) };
    assert_eq!(asking.level_named(yes).map(domain::level::Level::number), Some(2));
    let (_, effects) = after(run(), &before[..1]).step(&before[1], minute(2)).unwrap();
    let is_told =
        |effect: &Effect| matches!(effect, Effect::TellProposal(proposal::Event::RunAsks { .. }));
    assert!(effects.iter().any(is_told), "{effects:?}");
    let on = [&before[..], &[by("ben", yes)]].concat();
    stands(run(), &on, &Stage::Pending { next: 2, attempt: 1 });
    refuses(run(), &on, &by("cleo", yes), &Refusal::NothingAsked);
    refuses(run(), &before, &by("ben", Steer::Confirm { stop: stop(1, 2) }), &Refusal::OtherStop);
    refuses(run(), &before, &by("ben", Steer::Skip { stop: stop(1, 1) }), &Refusal::NotStuck);
    // No is the cancel.
    let no = [&before[..], &[by("ben", Steer::Cancel)]].concat();
    stands(run(), &no, &undoing(0));
    // A pause from before the question still holds.
    let paused = [intended(0, 1), by("ana", Steer::Pause), did(0)];
    let held = Refusal::IsPaused { by: person("ana"), since: minute(2) };
    refuses(run(), &paused, &by("ben", yes), &held);
    let resumed = [&paused[..], &[by("ana", Steer::Resume), by("ben", yes)]].concat();
    stands(run(), &resumed, &Stage::Pending { next: 2, attempt: 1 });
}

#[test]
fn the_text_of_a_stop_comes_back() {
    for text in ["0.1", "12.34"] {
        assert_eq!(text.parse::<Stop>().unwrap().to_string(), text);
    }
    for text in ["", "1", "a.b", "1.2.3", "-1.2", "1."] {
        assert!(text.parse::<Stop>().is_err(), "{text}");
    }
}
