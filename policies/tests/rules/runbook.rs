//! The default runbook with its parameters filled in.

use std::collections::BTreeMap;

use domain::{
    level::Level,
    plan::{Action, OnFailure, Program, Question, RollbackType},
};
use policies::{ParameterError, ParameterType, Policies, Runbook};

use crate::{changed, defaults};

pub(crate) fn parameters() -> BTreeMap<String, Vec<String>> {
    let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    [
        ("models", list(&["marts.a", "marts.b"])),
        ("kept", list(&["marts.a", "marts.b"])),
        ("put_back", list(&["marts.a", "marts.b"])),
        ("restate", list(&["marts.b"])),
        ("history", list(&["marts.b=20260827"])),
        ("to", list(&["marts.a=11", "marts.b=12"])),
        ("from", list(&["marts.a=21", "marts.b=22"])),
        ("instead_of", list(&["marts.a=11", "marts.b=12"])),
        ("fingerprint", list(&["9f86d081884c7d65"])),
        ("leaving", list(&["marts.a=21", "marts.b=22"])),
        ("reached", list(&["marts.a=11", "marts.b=12"])),
        ("point", list(&["pt_1"])),
        ("saved", list(&["pt_2"])),
        ("moment", list(&["1795316340000"])),
        ("base", list(&["/srv/bases/sunday"])),
        ("log", list(&["/srv/wal"])),
        ("tag", list(&["pt_2"])),
        ("points", list(&["/var/lib/points"])),
        ("baseline", list(&[r#"{"marts.a": {"rows": 3}}"#])),
    ]
    .into_iter()
    .map(|(name, values)| (name.to_owned(), values))
    .collect()
}

/// The steps of a default runbook as lines.
fn shown(rollback_type: RollbackType) -> String {
    lines_of(defaults().runbook(rollback_type).unwrap())
}

pub(crate) fn lines_of(runbook: &Runbook) -> String {
    let lines: Vec<String> = runbook
        .steps(&parameters())
        .unwrap()
        .iter()
        .flat_map(|step| {
            let words = |action: &Action| match action {
                Action::Sqlmesh(words) => format!("sqlmesh {}", words.join(" ")),
                Action::Confirm(question) => {
                    format!("confirm, {:?}: {}", question.level, question.text)
                }
                other => format!("{other:?}"),
            };
            let beside = |what: &str, action: &Option<Action>| {
                action.as_ref().map(|action| format!("  {what}: {}", words(action)))
            };
            [
                Some(format!("{}: {}", step.name, words(&step.action))),
                Some(format!(
                    "  {} s, {} attempts, idempotent {}, guard {}, {:?}",
                    step.timeout_ms / 1000,
                    step.attempts,
                    step.idempotent,
                    step.guard,
                    step.on_failure
                )),
                beside("probe", &step.probe),
                beside("undo", &step.undo),
            ]
        })
        .flatten()
        .collect();
    lines.join("\n")
}

#[test]
fn the_default_model_level_runbook() {
    let policies = defaults();
    let runbook = policies.runbook(RollbackType::ModelLevel).unwrap();
    assert_eq!((runbook.name(), runbook.recovery_target_ms()), ("model_level", 900_000));
    insta::assert_snapshot!(shown(RollbackType::ModelLevel), @r#"
    Check that it is still possible: sqlmesh check --to marts.a=11 --to marts.b=12
      120 s, 2 attempts, idempotent true, guard true, Undo
    Make a rollback point: sqlmesh save --point pt_2 --into /var/lib/points --kind versions
      120 s, 2 attempts, idempotent true, guard false, Ask
      probe: sqlmesh probe-point --point pt_2 --into /var/lib/points
    Point the models back: sqlmesh promote --to marts.a=11 --to marts.b=12 --expect-fingerprint 9f86d081884c7d65 --user countersign
      600 s, 3 attempts, idempotent true, guard true, Undo
      probe: sqlmesh probe --to marts.a=11 --to marts.b=12
      undo: sqlmesh promote --to marts.a=21 --to marts.b=22 --expect-fingerprint 9f86d081884c7d65 --instead-of marts.a=11 --instead-of marts.b=12 --user countersign
    Check the data: sqlmesh verify --to marts.a=11 --to marts.b=12 --audits --baseline {"marts.a": {"rows": 3}}
      300 s, 2 attempts, idempotent true, guard false, Ask
    "#);
}

#[test]
fn the_default_schema_runbook() {
    insta::assert_snapshot!(shown(RollbackType::Schema), @r#"
    Make a rollback point: sqlmesh save --point pt_2 --into /var/lib/points --kind tables --models=marts.a,marts.b
      600 s, 2 attempts, idempotent true, guard true, Undo
      probe: sqlmesh probe-point --point pt_2 --into /var/lib/points
    Verify the point with the lost values: sqlmesh verify-point --point pt_1 --into /var/lib/points
      600 s, 2 attempts, idempotent true, guard false, Undo
    Check that it is still possible: sqlmesh check-schema --to marts.a=11 --to marts.b=12 --leaving marts.a=21 --leaving marts.b=22 --point pt_1 --into /var/lib/points --restate marts.b --history marts.b=20260827
      600 s, 2 attempts, idempotent true, guard true, Undo
    Restore columns and their values: sqlmesh restore-schema --to marts.a=11 --to marts.b=12 --leaving marts.a=21 --leaving marts.b=22 --point pt_1 --into /var/lib/points --restate marts.b --history marts.b=20260827 --expect-fingerprint 9f86d081884c7d65 --user countersign
      1200 s, 3 attempts, idempotent true, guard true, Undo
      probe: sqlmesh probe-schema --to marts.a=11 --to marts.b=12 --leaving marts.a=21 --leaving marts.b=22 --point pt_1 --into /var/lib/points --restate marts.b --history marts.b=20260827 --expect-fingerprint 9f86d081884c7d65
      undo: sqlmesh restore-schema --to marts.a=21 --to marts.b=22 --leaving marts.a=11 --leaving marts.b=12 --point pt_2 --into /var/lib/points --put-back marts.a --put-back marts.b --expect-fingerprint 9f86d081884c7d65 --instead-of marts.a=11 --instead-of marts.b=12 --user countersign
    Check columns and data: sqlmesh verify-schema --to marts.a=11 --to marts.b=12 --leaving marts.a=21 --leaving marts.b=22 --point pt_1 --into /var/lib/points --restate marts.b --history marts.b=20260827 --saved=pt_2 --audits --baseline {"marts.a": {"rows": 3}}
      600 s, 2 attempts, idempotent true, guard false, Ask
    "#);
}

#[test]
fn the_default_full_environment_runbook() {
    insta::assert_snapshot!(shown(RollbackType::FullEnvironment), @"
    Recover the moment before the release: sqlmesh save --point pt_1 --into /var/lib/points --kind full --at 1795316340000 --base /srv/bases/sunday --log /srv/wal --reason before the release
      7200 s, 2 attempts, idempotent true, guard true, Undo
      probe: sqlmesh probe-point --point pt_1 --into /var/lib/points
    Verify the rollback point: sqlmesh verify-point --point pt_1 --into /var/lib/points
      1800 s, 2 attempts, idempotent true, guard true, Undo
    Restore it beside the live environment: sqlmesh restore-beside --point pt_1 --into /var/lib/points --tag pt_2
      3600 s, 3 attempts, idempotent true, guard false, Undo
      probe: sqlmesh probe-beside --point pt_1 --into /var/lib/points --tag pt_2
      undo: sqlmesh drop-beside --point pt_1 --into /var/lib/points --tag pt_2
    Verify what was restored: sqlmesh verify-beside --point pt_1 --into /var/lib/points --tag pt_2
      1800 s, 2 attempts, idempotent true, guard false, Undo
    Ask before the exchange: confirm, Some(Level(2)): Swap the restored environment in?
      0 s, 1 attempts, idempotent true, guard false, Undo
    Exchange the environments: sqlmesh swap --point pt_1 --into /var/lib/points --tag pt_2
      300 s, 3 attempts, idempotent true, guard true, Undo
      probe: sqlmesh probe-swap --point pt_1 --into /var/lib/points --tag pt_2
      undo: sqlmesh unswap --point pt_1 --into /var/lib/points --tag pt_2
    Check the restored environment: sqlmesh verify-live --point pt_1 --into /var/lib/points
      600 s, 2 attempts, idempotent true, guard false, Ask
    ");
}

#[test]
fn a_check_that_changes_nothing_has_nothing_to_take_back() {
    let policies = defaults();
    let steps = policies.runbook(RollbackType::ModelLevel).unwrap().steps(&parameters()).unwrap();
    let [check, save, promote, verify] = &steps[..] else { panic!("{} steps", steps.len()) };
    assert!(check.undo.is_none() && check.on_failure == OnFailure::Undo);
    assert!(save.undo.is_none() && save.probe.is_some() && save.idempotent);
    assert!(
        promote.undo.is_some() && promote.probe.is_some() && promote.guard && promote.idempotent
    );
    assert!(verify.undo.is_none() && verify.on_failure == OnFailure::Ask);
}

#[test]
fn a_question_between_two_steps() {
    let asked = |confirm: &str| {
        let step = format!("  - name: Second look\n    confirm: {confirm}\n\n  # Reads");
        let policies =
            Policies::load(&changed("runbooks/model_level.yaml", "  # Reads", &step)).unwrap();
        let runbook = policies.runbook(RollbackType::ModelLevel).unwrap();
        runbook.steps(&parameters()).unwrap().remove(0)
    };
    let question = asked("{ question: \"Swap the restored warehouse in?\" }");
    let text = "Swap the restored warehouse in?".to_owned();
    let action = Action::Confirm(Question { text: text.clone(), level: None });
    assert_eq!(question.action, action);
    assert!(question.probe.is_none() && question.undo.is_none() && !question.guard);
    let level = Level::try_from(2).ok();
    let named = asked("{ question: \"Swap the restored warehouse in?\", level: 2 }");
    assert_eq!(named.action, Action::Confirm(Question { text, level }));
}

#[test]
fn flags_that_only_other_programs_mean_are_let_through() {
    for command in [
        "command: [sqlmesh, plan, prod, --skip-backfill, --no-gaps,",
        "command: [sqlmesh, plan, prod, --explain,",
        "command: [kubectl, apply, --dry-run,",
    ] {
        let files = changed("runbooks/model_level.yaml", "sqlmesh: [check,", command);
        assert!(Policies::load(&files).is_ok(), "{command}");
    }
}

#[test]
fn an_optional_parameter_leaves_with_its_flag() {
    let policies = defaults();
    let runbook = policies.runbook(RollbackType::ModelLevel).unwrap();
    let mut given = parameters();
    given.remove("baseline");
    let steps = runbook.steps(&given).unwrap();
    let Action::Sqlmesh(words) = &steps[3].action else { panic!("{:?}", steps[3].action) };
    assert_eq!(words, &["verify", "--to", "marts.a=11", "--to", "marts.b=12", "--audits"]);
}

#[test]
fn a_step_leaves_with_its_optional_parameter() {
    let policies = defaults();
    let names = |rollback_type, given: &BTreeMap<String, Vec<String>>| -> Vec<String> {
        let steps = policies.runbook(rollback_type).unwrap().steps(given).unwrap();
        steps.into_iter().map(|step| step.name).collect()
    };
    let all = parameters();
    let without = |name: &str| {
        let mut given = all.clone();
        given.remove(name);
        given
    };
    let first = names(RollbackType::FullEnvironment, &all).remove(0);
    assert_eq!(first, "Recover the moment before the release");
    let first = names(RollbackType::FullEnvironment, &without("moment")).remove(0);
    assert_eq!(first, "Verify the rollback point");
    assert_eq!(names(RollbackType::Schema, &all).len(), 5);
    assert_eq!(
        names(RollbackType::Schema, &without("point"))[1],
        "Check that it is still possible"
    );
}

#[test]
fn a_step_that_is_left_out_may_use_its_parameter_anywhere() {
    let files = changed(
        "runbooks/model_level.yaml",
        "steps:\n",
        "steps:\n  - name: Note it\n    only_with: baseline\n    http: { method: POST, url: \"https://example.com/\", body: '{\"was\": ${baseline}}' }\n    timeout: 10 s\n    idempotent: true\n    expect: { status: [200] }\n\n",
    );
    let policies = Policies::load(&files).unwrap();
    let runbook = policies.runbook(RollbackType::ModelLevel).unwrap();
    let mut given = parameters();
    assert_eq!(runbook.steps(&given).unwrap().len(), 5);
    given.remove("baseline");
    assert_eq!(runbook.steps(&given).unwrap().len(), 4);
}

#[test]
fn something_is_left_of_every_runbook() {
    let mut files = changed("runbooks/model_level.yaml", "name: model_level", "name: model_level");
    let text = files.0["runbooks/model_level.yaml"]
        .replace("    timeout:", "    only_with: baseline\n    timeout:");
    files.0.insert("runbooks/model_level.yaml".to_owned(), text);
    let problems = Policies::load(&files).unwrap_err();
    let [problem] = &problems.0[..] else { panic!("{problems}") };
    assert_eq!(problem.message, "every step of this runbook may be left out");
}

#[test]
fn values_within_letters_are_joined_by_commas() {
    let files = changed(
        "runbooks/model_level.yaml",
        "sqlmesh: [check, \"${to}\"]",
        "command: [/usr/bin/measure, \"--models=${models}\", \"${models}\"]",
    );
    let mut files = files;
    let text = files.0["runbooks/model_level.yaml"].replacen(
        "parameters:\n",
        "parameters:\n  models: { type: model_list }\n",
        1,
    );
    files.0.insert("runbooks/model_level.yaml".to_owned(), text);
    let policies = Policies::load(&files).unwrap();
    let steps = policies.runbook(RollbackType::ModelLevel).unwrap().steps(&parameters()).unwrap();
    let words = ["/usr/bin/measure", "--models=marts.a,marts.b", "marts.a", "marts.b"];
    let Action::Command(Program { argv, .. }) = &steps[0].action else {
        panic!("{:?}", steps[0].action)
    };
    assert_eq!(argv, &words);
}

#[test]
fn values_that_no_pattern_allows_are_refused() {
    let policies = defaults();
    let runbook = policies.runbook(RollbackType::ModelLevel).unwrap();
    let with = |name: &str, values: &[&str]| {
        let mut given = parameters();
        given.insert(name.to_owned(), values.iter().map(|value| (*value).to_owned()).collect());
        runbook.steps(&given)
    };
    let missing = ParameterError::Missing { name: "to".to_owned() };
    assert_eq!(with("to", &[]), Err(missing));
    let too_many = ParameterError::TooMany { name: "fingerprint".to_owned(), count: 2 };
    assert_eq!(with("fingerprint", &["1", "2"]), Err(too_many));
    let value = "--environment=dev".to_owned();
    let not_allowed = ParameterError::NotAllowed {
        name: "to".to_owned(),
        kind: ParameterType::VersionMap,
        value,
    };
    assert_eq!(with("to", &["marts.a=1", "--environment=dev"]), Err(not_allowed));
}
