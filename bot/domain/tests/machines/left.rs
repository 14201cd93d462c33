//! How long a run still takes, as people are told.

use chrono::TimeDelta;
use domain::{
    plan::Question,
    run::{Event, Forecast, Run, SignOff, Stage, StepRecord, StepRule, Usual},
};

use crate::{
    run::{after, run_of},
    world::{minute, person, step_rule},
};

const SECOND: u64 = 1000;
const MINUTE: u64 = 60_000;
const STEPS: [&str; 3] = ["look", "switch", "check"];

fn run(names: &[&str]) -> Run {
    run_of(names.iter().map(|name| step_rule(name)).collect())
}

/// A run whose steps took so long.
fn ended(took: [u64; 3]) -> Run {
    let record = |took_ms| StepRecord { took_ms, note: String::new(), findings: vec![] };
    let stage = Stage::Succeeded { at: minute(9) };
    Run { done: took.map(record).to_vec(), stage, ..run(&STEPS) }
}

/// Its first step is under way since minute 1.
fn begun(run: Run) -> Run {
    after(run, &[Event::Intended { step: 0, attempt: 1 }])
}

/// What is said so long after the step began; the step may have said right then how long it will take.
fn said(usual: &Usual, run: &Run, passed_ms: u64, left_ms: Option<u64>) -> Option<String> {
    let now = minute(1) + TimeDelta::milliseconds(i64::try_from(passed_ms).unwrap());
    usual.left(run, left_ms.map(|left_ms| Forecast { left_ms, at: now }), now)
}

#[track_caller]
fn check(took: [u64; 3], (passed_ms, left_ms): (u64, Option<u64>), expected: &str) {
    let earlier = ended(took);
    let said = said(&Usual::of([&earlier]), &begun(run(&STEPS)), passed_ms, left_ms);
    assert_eq!(said.as_deref(), Some(expected));
}

#[test]
fn the_rest_is_what_the_steps_usually_took() {
    let took = [30 * SECOND, MINUTE, 20 * SECOND];
    check(took, (0, None), "about 2 min left");
    check(took, (21 * SECOND, None), "about 1 min left");
    // It takes a little longer than usual: what comes after it is left.
    check([30 * SECOND, 12 * SECOND, SECOND], (33 * SECOND, None), "about 20 s left");
    check([SECOND, SECOND, SECOND], (0, None), "about 10 s left");
    check([0, 0, 0], (0, None), "about 10 s left");
    check([51 * SECOND, 0, 0], (0, None), "about 1 min left");
    check([90 * MINUTE, 0, 0], (0, None), "about 90 min left");
}

#[test]
fn what_the_step_knows_of_itself_counts_more() {
    let took = [30 * SECOND, MINUTE, 20 * SECOND];
    check(took, (5 * SECOND, Some(4 * MINUTE)), "about 5 min left");
    check(took, (10 * MINUTE, Some(9 * SECOND)), "about 1 min left");
    // It is counted down until the step says more.
    let run = begun(run(&STEPS));
    let earlier = ended([0, 0, 0]);
    let forecast = Forecast { left_ms: 3 * MINUTE, at: minute(1) };
    let left = Usual::of([&earlier]).left(&run, Some(forecast), minute(3));
    assert_eq!(left.as_deref(), Some("about 1 min left"));
}

#[test]
fn what_takes_longer_than_usual_is_called_so() {
    let took = [MINUTE, MINUTE, MINUTE];
    check(took, (89 * SECOND, None), "about 2 min left");
    check(took, (3 * MINUTE, None), "longer than usual: 3 min instead of 1 min");
    check([2 * SECOND, 0, 0], (11 * SECOND, None), "about 10 s left");
    check([2 * SECOND, 0, 0], (25 * SECOND, None), "longer than usual: 20 s instead of 10 s");
    // The same number twice would say nothing.
    check([62 * SECOND, 0, 0], (95 * SECOND, None), "about 10 s left");
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    let run = begun(run(&STEPS));
    assert_eq!(said(&Usual::default(), &run, 0, None), None);
    let failed = Run { stage: Stage::Pending { next: 3, attempt: 1 }, ..ended([1, 1, 1]) };
    assert_eq!(said(&Usual::of([&failed]), &run, 0, None), None);
    // A step that is new has no history, and half a sum misleads.
    let other = begun(self::run(&["look", "switch", "a new check"]));
    let usual = Usual::of([&ended([MINUTE; 3])]);
    assert_eq!(said(&usual, &other, 0, None), None);
    let in_this_step = said(&Usual::default(), &run, 0, Some(2 * MINUTE));
    assert_eq!(in_this_step.as_deref(), Some("about 2 min left in this step"));
    let last = begun(self::run(&["switch"]));
    let all = said(&Usual::default(), &last, 0, Some(2 * MINUTE));
    assert_eq!(all.as_deref(), Some("about 2 min left"));
}

#[test]
fn nothing_is_said_while_nothing_is_done() {
    let usual = Usual::of([&ended([MINUTE; 3])]);
    let run = run(&STEPS);
    assert_eq!(said(&usual, &run, 0, None), None);
    let in_doubt =
        after(run, &[Event::Intended { step: 0, attempt: 1 }, Event::Interrupted { step: 0 }]);
    assert_eq!(said(&usual, &in_doubt, 0, None), None);
}

#[test]
fn the_middle_counts_and_what_a_person_settled_does_not() {
    let with = |took| ended([took, 0, 0]);
    let mut settled = with(MINUTE / 2);
    settled.steering.signed_off.push(SignOff {
        step: 0,
        name: STEPS[0].to_owned(),
        by: person("ana"),
        reason: "looked myself".to_owned(),
    });
    let runs = [with(MINUTE), with(3 * MINUTE), with(20 * MINUTE), settled];
    let left = said(&Usual::of(&runs), &begun(run(&STEPS)), 0, None);
    assert_eq!(left.as_deref(), Some("about 3 min left"));
}

#[test]
fn a_question_to_people_ends_what_can_be_foreseen() {
    let question = Question { text: "Go on?".to_owned(), level: None };
    let question = StepRule { confirm: Some(question), ..step_rule("check") };
    let run = begun(run_of(vec![step_rule("look"), step_rule("switch"), question]));
    let left = said(&Usual::of([&ended([MINUTE, MINUTE, 90 * MINUTE])]), &run, 0, None);
    assert_eq!(left.as_deref(), Some("about 2 min left until somebody is asked"));
}
