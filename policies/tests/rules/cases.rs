//! The default cases, what a failing one looks like, and the committed schemas.

use std::{fs, path::Path};

use policies::{CaseResult, Files, run_cases, schemas};

use crate::{changed, defaults, files};

#[test]
fn the_default_policies_pass_the_default_cases() {
    let reports = run_cases(&defaults(), &files("cases"));
    let failed: Vec<String> =
        reports.iter().filter(|report| !report.passed()).map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert!(reports.len() >= 8, "only {} cases were found", reports.len());
}

#[test]
fn a_case_that_fails_shows_what_differs() {
    let policies = changed("escalation.yaml", "after: 15 min", "after: 20 min");
    let policies = policies::Policies::load(&policies).unwrap();
    let cases = files("cases");
    let reports = run_cases(&policies, &cases);
    let failed: Vec<String> =
        reports.iter().filter(|report| !report.passed()).map(ToString::to_string).collect();
    insta::assert_snapshot!(failed.join("\n"), @"
    FAILED  In a window that is open already, whoever has to decide is asked as in an emergency (planned_for_an_open_window.yaml)
      timeline:
          00:00 level 1: ana
        - 00:15 level 1: bo
        + 00:20 level 1: bo
          00:30 level 2: ben, tess
          00:45 level 3: mia
          48:00 level 4: cleo, vic
          72:00 level 4: cleo, vic again
    FAILED  A corrupt model that nothing important reads from is for level 1 (row_count_of_a_plain_model.yaml)
      timeline:
          00:00 level 1: ana
        - 00:15 level 1: bo
        + 00:20 level 1: bo
          00:30 level 2: ben, tess
          00:45 level 3: mia
          01:00 level 4: cleo, vic
          01:15 level 4: cleo, vic again
    ");
}

#[test]
fn a_broken_case_is_told_from_a_failing_one() {
    let text = "name: A slip\nproposal: { trigger: error_rate_hihg, target: warehouse, rollback_type: schema }\nexpect: {}\n";
    let cases: Files = [("slip.yaml", text)].into_iter().collect();
    let reports = run_cases(&defaults(), &cases);
    assert!(matches!(reports[0].result, CaseResult::Broken { .. }));
    insta::assert_snapshot!(reports[0], @r#"
    BROKEN  slip.yaml
    error: there is no trigger `error_rate_hihg`
     --> slip.yaml:2:22
      |
    2 | proposal: { trigger: error_rate_hihg, target: warehouse, rollback_type: schema }
      |                      ^^^^^^^^^^^^^^^
      |
      = help: did you mean `error_rate_high`?

    1 mistake
    "#);
}

#[test]
fn a_simulation_prints_who_would_be_asked_when() {
    let text = "title: Audit failed on daily_revenue\nservice: Data warehouse\ndetails: { model: marts.daily_revenue }\n";
    let alert = policies::alert("alert.yaml", text).unwrap();
    let at = "2026-11-23T02:00:00Z".parse().unwrap();
    insta::assert_snapshot!(defaults().simulate(&alert, at, None), @"
    model-level rollback (type 2) of marts.daily_revenue in warehouse
    It is `data_corruption_detected` (data is corrupt): the headline contains “audit fail*”.
    A model-level rollback needs one approval of level 1.
    The business depends on marts.daily_revenue (read by the finance dashboard), so level 2 decides.
    Carried out by the runbook model_level.

    If nobody answers:
      03:00 CET  Ana Ruiz (on-call engineer (primary), level 1)
      03:15 CET  Bo Lindqvist (on-call engineer (secondary), level 1)
      03:30 CET  Ben Okafor, Tess Novak (senior engineer or tech lead, level 2)
      03:45 CET  Mia Haddad (engineering manager, level 3)
      04:00 CET  Cleo Martin, Vic Tanaka (CTO or VP engineering, level 4)
      04:15 CET  Cleo Martin, Vic Tanaka (CTO or VP engineering, level 4), again and again; nothing runs by itself
    ");
    let opens = "2026-11-24T02:00:00Z".parse().unwrap();
    let planned = defaults().simulate(&alert, at, Some(opens));
    let (_, planned) = planned.split_once("so level 2 decides.\n").unwrap();
    insta::assert_snapshot!(planned, @"
    Carried out by the runbook model_level_planned.

    If nobody answers:
      Mon 03:00 CET  Ana Ruiz (on-call engineer (primary), level 1)
      Mon 07:00 CET  Bo Lindqvist (on-call engineer (secondary), level 1)
      Mon 11:00 CET  Ben Okafor, Tess Novak (senior engineer or tech lead, level 2)
      Tue 03:00 CET  Mia Haddad (engineering manager, level 3)
      Wed 03:00 CET  Cleo Martin, Vic Tanaka (CTO or VP engineering, level 4)
      Thu 03:00 CET  Cleo Martin, Vic Tanaka (CTO or VP engineering, level 4), again and again; nothing runs by itself
    ");
    let wrong = policies::alert("alert.yaml", "title: x\nservce: Data warehouse\n").unwrap_err();
    assert!(wrong.to_string().contains("did you mean `service`?"), "{wrong}");
}

/// Set `UPDATE_SCHEMAS` to write them anew.
#[test]
fn the_committed_schemas_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (name, text) in schemas() {
        let path = folder.join(name);
        if option_env!("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == text, "{name} is outdated: run this test with UPDATE_SCHEMAS=1");
    }
}

#[test]
fn every_default_file_names_its_schema() {
    for (path, text) in files("rules").0.iter().chain(&files("cases").0) {
        if path.rsplit('.').next() == Some("yaml") {
            let first = text.lines().next().unwrap();
            let schema = first
                .strip_prefix("# yaml-language-server: $schema=")
                .unwrap_or_else(|| panic!("{path} does not name its schema"));
            let name = schema.rsplit('/').next().unwrap();
            assert!(schemas().iter().any(|(known, _)| *known == name), "{path} names {schema}");
        }
    }
}
