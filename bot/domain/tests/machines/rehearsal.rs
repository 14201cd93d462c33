//! What a dry run does of a plan.

use domain::plan::{
    Action, Lookup, OnFailure, Pause, Program, Question, RecordType, Rehearsal, Step, Untried,
    rehearse,
};

fn sqlmesh(command: &str) -> Action {
    Action::Sqlmesh(vec![command.to_owned()])
}

fn step(action: Action, only_reads: bool) -> Step {
    Step {
        name: "step".to_owned(),
        action,
        timeout_ms: 1,
        attempts: 1,
        idempotent: true,
        guard: false,
        probe: None,
        undo: None,
        dry_run: None,
        only_reads,
        on_failure: OnFailure::Undo,
    }
}

fn rehearsals(steps: &[Step]) -> Vec<Rehearsal<'_>> {
    rehearse(steps).map(|(_, rehearsal)| rehearsal).collect()
}

#[test]
fn nothing_that_changes_anything_is_done() {
    let (check, probe, dry) = (sqlmesh("check"), sqlmesh("probe"), sqlmesh("inspect"));
    let program = || Action::Command(Program::new(vec!["move".to_owned()]));
    let steps = [
        step(check.clone(), true),
        Step { probe: Some(probe.clone()), ..step(sqlmesh("promote"), false) },
        Step { dry_run: Some(dry.clone()), probe: Some(probe.clone()), ..step(program(), false) },
        step(program(), false),
        step(sqlmesh("verify"), true),
        Step { dry_run: Some(dry.clone()), ..step(sqlmesh("verify"), true) },
    ];
    assert_eq!(
        rehearsals(&steps),
        [
            Rehearsal::Try(&check),
            Rehearsal::Probe(&probe),
            Rehearsal::Try(&dry),
            Rehearsal::Leave(Untried::Changes),
            Rehearsal::Leave(Untried::Follows),
            Rehearsal::Try(&dry),
        ]
    );
}

#[test]
fn questions_to_people_and_waits_are_left_out_and_change_nothing() {
    let lookup = Action::Dns(Lookup {
        name: "db.example.com".to_owned(),
        record: RecordType::A,
        server: "127.0.0.1:53".to_owned(),
        expect: vec![],
        every_ms: 1,
    });
    let question = Question { text: "Go on?".to_owned(), level: None };
    let steps = [
        step(Action::Wait(Pause { duration_ms: 1 }), true),
        step(Action::Confirm(question), true),
        step(lookup.clone(), true),
    ];
    assert_eq!(
        rehearsals(&steps),
        [
            Rehearsal::Leave(Untried::Waits),
            Rehearsal::Leave(Untried::Asks),
            Rehearsal::Try(&lookup),
        ]
    );
}
