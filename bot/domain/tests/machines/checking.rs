//! A check whose failure takes the rollback back, and whose silence asks a person.

use domain::{
    plan::{Finding, OnFailure, Outcome},
    run::{Event, Run, Stage, Steer, StepRule},
};

use crate::{
    run::{after, run_of},
    world::{minute, steered, step_rule},
};

/// A change, and a check of it that is tried twice.
fn checked() -> Run {
    let on_failure = OnFailure::UndoWhenFailed;
    let plain =
        StepRule { has_probe: false, has_undo: false, idempotent: true, ..step_rule("check") };
    let run = run_of(vec![step_rule("switch"), StepRule { on_failure, attempts: 2, ..plain }]);
    let did = Event::Did { step: 0, note: String::new(), findings: vec![] };
    after(run, &[Event::Intended { step: 0, attempt: 1 }, did, intended(1)])
}

fn intended(attempt: u32) -> Event {
    Event::Intended { step: 1, attempt }
}

fn found(outcomes: &[Outcome]) -> Event {
    let finding = |outcome: &Outcome| Finding {
        check: "row_count".to_owned(),
        subject: "marts.orders".to_owned(),
        outcome: *outcome,
        detail: "980 rows.".to_owned(),
    };
    let findings = outcomes.iter().map(finding).collect();
    Event::Failed { step: 1, why: "1 of 2 checks does not pass".to_owned(), findings }
}

#[test]
fn what_is_wrong_is_taken_back_and_what_cannot_be_told_is_asked() {
    use Outcome::{Fail, Inconclusive, Pass};
    let again = Stage::Pending { next: 1, attempt: 2 };
    for (outcomes, turns_back) in [
        (&[Pass, Fail][..], true),
        (&[Inconclusive, Fail], true),
        (&[Pass, Inconclusive], false),
        // The check itself broke: that says nothing of the data.
        (&[], false),
    ] {
        let once = after(checked(), &[found(outcomes)]);
        assert_eq!(once.stage, again, "{outcomes:?}: it is tried again first");
        let twice = after(once, &[intended(2), found(outcomes)]);
        let is_back = matches!(twice.stage, Stage::Undoing { step: 0, .. });
        let is_stuck = matches!(twice.stage, Stage::Stuck { step: 1, .. });
        assert_eq!(
            (is_back, is_stuck),
            (turns_back, !turns_back),
            "{outcomes:?}: {:?}",
            twice.stage
        );
    }
}

#[test]
fn a_cancel_is_the_reason_that_is_kept() {
    let cancel = Event::Steered(steered("ana", Steer::Cancel, Some("wrong night")));
    let run = checked().step(&cancel, minute(5)).unwrap().0;
    let run = after(run, &[found(&[Outcome::Fail])]);
    let Stage::Undoing { reason, .. } = &run.stage else { panic!("{:?}", run.stage) };
    assert!(reason.contains("wrong night"), "{reason}");
}
