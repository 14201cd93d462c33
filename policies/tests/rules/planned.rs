//! The default planned runbooks with their parameters filled in, and when they are taken.

use domain::plan::{
    Action, OnFailure, RollbackType, Step,
    Workflow::{Emergency, Planned},
};
use policies::{Files, Policies};

use crate::{
    defaults, files,
    runbook::{lines_of, parameters},
};

const TYPES: [RollbackType; 4] = [
    RollbackType::BlueGreen,
    RollbackType::ModelLevel,
    RollbackType::Schema,
    RollbackType::FullEnvironment,
];

fn shown(rollback_type: RollbackType) -> String {
    lines_of(defaults().runbook_for(rollback_type, Planned).unwrap())
}

#[test]
fn the_default_planned_model_level_runbook() {
    insta::assert_snapshot!(shown(RollbackType::ModelLevel), @r#"
    Check that it is still possible: sqlmesh check --to marts.a=11 --to marts.b=12
      300 s, 2 attempts, idempotent true, guard true, Undo
    Back up the tables of the models: sqlmesh save --point pt_2 --into /var/lib/points --kind tables --models=marts.a,marts.b
      7200 s, 2 attempts, idempotent true, guard false, Undo
      probe: sqlmesh probe-point --point pt_2 --into /var/lib/points
    Verify the backup: sqlmesh verify-point --point pt_2 --into /var/lib/points
      3600 s, 2 attempts, idempotent true, guard false, Undo
    Ask whether everybody is ready: confirm, Some(Level(1)): The backup is made. Are jobs stopped and readers told, so that the models can go back?
      0 s, 1 attempts, idempotent true, guard false, Undo
    Check the target again: sqlmesh check --to marts.a=11 --to marts.b=12
      300 s, 2 attempts, idempotent true, guard true, Undo
    Point the models back: sqlmesh promote --to marts.a=11 --to marts.b=12 --expect-fingerprint 9f86d081884c7d65 --user countersign
      1800 s, 3 attempts, idempotent true, guard true, Undo
      probe: sqlmesh probe --to marts.a=11 --to marts.b=12
      undo: sqlmesh promote --to marts.a=21 --to marts.b=22 --expect-fingerprint 9f86d081884c7d65 --instead-of marts.a=11 --instead-of marts.b=12 --user countersign
    Check the switch: sqlmesh verify --to marts.a=11 --to marts.b=12 --baseline {"marts.a": {"rows": 3}}
      600 s, 2 attempts, idempotent true, guard false, UndoWhenFailed
    Check the data: sqlmesh verify --to marts.a=11 --to marts.b=12 --audits --baseline {"marts.a": {"rows": 3}}
      1800 s, 2 attempts, idempotent true, guard false, UndoWhenFailed
    "#);
}

#[test]
fn the_default_planned_full_environment_runbook() {
    insta::assert_snapshot!(shown(RollbackType::FullEnvironment), @"
    Verify the rollback point: sqlmesh verify-point --point pt_1 --into /var/lib/points
      14400 s, 2 attempts, idempotent true, guard true, Undo
    Ask whether everybody is ready: confirm, Some(Level(1)): Are all jobs that write stopped, and readers told, so that the backup can begin?
      0 s, 1 attempts, idempotent true, guard false, Undo
    Back up the present environment: sqlmesh save --point pt_2 --into /var/lib/points --kind full
      28800 s, 2 attempts, idempotent true, guard true, Undo
      probe: sqlmesh probe-point --point pt_2 --into /var/lib/points
    Verify the backup: sqlmesh verify-point --point pt_2 --into /var/lib/points
      14400 s, 2 attempts, idempotent true, guard false, Undo
    Restore the point beside the live environment: sqlmesh restore-beside --point pt_1 --into /var/lib/points --tag pt_2
      28800 s, 3 attempts, idempotent true, guard false, Undo
      probe: sqlmesh probe-beside --point pt_1 --into /var/lib/points --tag pt_2
      undo: sqlmesh drop-beside --point pt_1 --into /var/lib/points --tag pt_2
    Verify what was restored: sqlmesh verify-beside --point pt_1 --into /var/lib/points --tag pt_2
      14400 s, 2 attempts, idempotent true, guard false, Undo
    Ask before the exchange: confirm, Some(Level(2)): Swap the restored environment in?
      0 s, 1 attempts, idempotent true, guard false, Undo
    Exchange the environments: sqlmesh swap --point pt_1 --into /var/lib/points --tag pt_2
      900 s, 3 attempts, idempotent true, guard true, Undo
      probe: sqlmesh probe-swap --point pt_1 --into /var/lib/points --tag pt_2
      undo: sqlmesh unswap --point pt_1 --into /var/lib/points --tag pt_2
    Check the restored environment: sqlmesh verify-live --point pt_1 --into /var/lib/points
      1800 s, 2 attempts, idempotent true, guard false, UndoWhenFailed
    ");
}

/// Whatever the type: a backup with data, verified, and a question before the first step that could be taken back.
#[test]
fn each_backs_up_and_asks_before_it_changes_anything() {
    let policies = defaults();
    for rollback_type in TYPES {
        let runbook = policies.runbook_for(rollback_type, Planned).unwrap();
        assert_eq!((runbook.rollback_type(), runbook.workflow()), (rollback_type, Planned));
        let steps = runbook.steps(&parameters()).unwrap();
        let at = |is_it: &dyn Fn(&Action) -> bool| {
            steps.iter().position(|step| is_it(&step.action)).expect("there is such a step")
        };
        let calls = |words: &'static [&str]| {
            move |action: &Action| match action {
                Action::Sqlmesh(given) => {
                    words.iter().all(|word| given.iter().any(|one| one == word))
                }
                _ => false,
            }
        };
        let backup = at(&|action| {
            calls(&["save", "pt_2", "full"])(action) || calls(&["save", "pt_2", "tables"])(action)
        });
        let verified = at(&calls(&["verify-point", "pt_2"]));
        let asked = at(&|action| matches!(action, Action::Confirm(_)));
        let changes = |step: &Step| {
            ["promote", "restore-schema", "swap"]
                .iter()
                .any(|word| matches!(&step.action, Action::Sqlmesh(given) if given[0] == *word))
        };
        let changed = steps.iter().position(changes).expect("a change");
        assert!(backup < verified && verified < changed && asked < changed, "{rollback_type}");
        assert!(steps[changed].guard && steps[changed].undo.is_some(), "{rollback_type}");
        let last = steps.last().unwrap();
        assert_eq!(last.on_failure, OnFailure::UndoWhenFailed, "{rollback_type}");
    }
}

#[test]
fn without_a_planned_runbook_the_emergencys_is_taken() {
    let mut files: Files = files("rules");
    files.0.remove("runbooks/schema_planned.yaml");
    let policies = Policies::load(&files).unwrap();
    let named = |rollback_type, workflow| {
        policies.runbook_for(rollback_type, workflow).unwrap().name().to_owned()
    };
    assert_eq!(named(RollbackType::Schema, Planned), "schema");
    assert_eq!(named(RollbackType::Schema, Emergency), "schema");
    assert_eq!(named(RollbackType::BlueGreen, Planned), "blue_green_planned");
    assert_eq!(named(RollbackType::BlueGreen, Emergency), "blue_green");
}
