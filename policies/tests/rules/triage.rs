//! What alerts suggest by the default rules.

use std::collections::BTreeMap;

use domain::alert::Alert;
use policies::{Category, Kind, Policies, Triage};

use crate::{changed, defaults};

fn alert(title: &str, details: &[(&str, &str)]) -> Alert {
    Alert {
        external_id: "Q1ABC".to_owned(),
        title: title.to_owned(),
        service_id: "PSVC1".to_owned(),
        service_name: "Data warehouse".to_owned(),
        url: None,
        urgency: Some("high".to_owned()),
        details: details
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

#[track_caller]
fn proposed(policies: &Policies, alert: &Alert) -> policies::Match {
    match policies.triage(alert) {
        Triage::Propose(found) => found,
        Triage::Nothing { why } => panic!("nothing is proposed: {why}"),
    }
}

#[test]
fn the_triggers_are_those_of_the_house_rules() {
    let policies = defaults();
    let mut by_category: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for trigger in policies.triggers() {
        let automatic = matches!(trigger.category, Category::Critical | Category::Performance);
        assert_eq!(trigger.kind == Kind::Automatic, automatic, "{}", trigger.id);
        by_category.entry(format!("{:?}", trigger.category)).or_default().push(&trigger.id);
    }
    let lines: Vec<String> = by_category
        .into_iter()
        .map(|(category, ids)| format!("{category}: {}", ids.join(", ")))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    Business: revenue_processing_affected, customer_experience_degraded, compliance_violation_risk, stakeholder_escalation, sla_breach_imminent
    Critical: security_breach_identified, data_corruption_detected, critical_service_failure, error_rate_high, response_time_high
    Performance: query_timeout_rate_high, warehouse_utilization_high, memory_utilization_high, connection_pool_exhaustion, deadlock_rate_high
    Technical: unexpected_behaviour, integration_failures, performance_regression, data_quality_issues, monitoring_system_failure
    ");
}

#[test]
fn says_what_matched_and_why() {
    let policies = defaults();
    let found = proposed(&policies, &alert("orders_daily: row count dropped 40 %", &[]));
    insta::assert_snapshot!(found.because, @"It is `data_corruption_detected` (data is corrupt): the headline contains “row count”.");
    assert_eq!(found.rules, ["triggers.yaml: data_corruption_detected", "targets.yaml: warehouse"]);
    let named = alert("Something is odd", &[("trigger", "deadlock_rate_high")]);
    insta::assert_snapshot!(proposed(&policies, &named).because, @"It is `deadlock_rate_high` (deadlocks are more than 300 % above their baseline): the alert names it.");
    let by_detail = alert("Check 17", &[("signal", "audit_failure")]);
    insta::assert_snapshot!(proposed(&policies, &by_detail).because, @"It is `data_corruption_detected` (data is corrupt): the alert's detail `signal` contains “audit_failure”.");
}

#[test]
fn models_come_from_the_alert_when_they_look_like_models() {
    let policies = defaults();
    for (details, models) in [
        (vec![("models", "marts.a, marts.b,marts.a,")], vec!["marts.a", "marts.b"]),
        (vec![("model", "marts.a")], vec!["marts.a"]),
        (vec![], vec![]),
        (vec![("models", "marts.a; drop table x, --to, marts.b")], vec!["marts.b"]),
    ] {
        let found = proposed(&policies, &alert("row count dropped", &details));
        assert_eq!(found.models, models, "{details:?}");
    }
    let odd = alert("row count dropped", &[("models", "marts.a; drop table x")]);
    insta::assert_snapshot!(proposed(&policies, &odd).because, @"It is `data_corruption_detected` (data is corrupt): the headline contains “row count”. Ignored, because no model is called so: “marts.a; drop table x”.");
}

#[test]
fn the_targets_own_models_go_back_when_the_alert_names_none() {
    let files =
        changed("targets.yaml", "    models:\n", "    default_models: [marts.x]\n    models:\n");
    let policies = Policies::load(&files).unwrap();
    assert_eq!(proposed(&policies, &alert("row count dropped", &[])).models, ["marts.x"]);
}

#[test]
fn nothing_is_proposed_without_a_reason() {
    let policies = defaults();
    let why = |alert: &Alert| match policies.triage(alert) {
        Triage::Nothing { why } => why,
        Triage::Propose(found) => panic!("{found:?}"),
    };
    let elsewhere =
        Alert { service_name: "Web shop".to_owned(), ..alert("row count dropped", &[]) };
    let answers = [
        why(&elsewhere),
        why(&alert("Disk is nearly full", &[])),
        why(&alert("SLA at risk", &[])),
        why(&alert("Something", &[("trigger", "sla_breach_imminent")])),
    ];
    insta::assert_snapshot!(answers.join("\n"), @"
    no target in targets.yaml lists the PagerDuty service “Web shop” (PSVC1).
    no trigger in triggers.yaml matches the alert's headline or details. If one is needed, propose it by hand.
    it looks like `sla_breach_imminent` (the headline contains “sla”), which a person has to judge: no rollback is proposed without one.
    it looks like `sla_breach_imminent` (the alert names it), which a person has to judge: no rollback is proposed without one.
    ");
}

#[test]
fn a_service_is_known_by_id_or_name() {
    let files = changed("targets.yaml", "[Data warehouse]", "[PSVC1]");
    let policies = Policies::load(&files).unwrap();
    assert_eq!(proposed(&policies, &alert("row count dropped", &[])).target, "warehouse");
}

#[test]
fn the_policies_describe_themselves() {
    let policies = defaults();
    let text = policies.describe();
    let (_, matrix) = text.split_once("\n\n").unwrap();
    let (matrix, _) = matrix.split_once("\nWhat starts a proposal").unwrap();
    insta::assert_snapshot!(matrix, @"
    Who is asked when
               0 s  level 1, on-call engineer (primary): Ana Ruiz (planned: 0 s)
            15 min  level 1, on-call engineer (secondary): Bo Lindqvist (planned: 4 h)
            30 min  level 2, senior engineer or tech lead: Ben Okafor, Tess Novak (planned: 8 h)
            45 min  level 3, engineering manager: Mia Haddad (planned: 24 h)
               1 h  level 4, CTO or VP engineering: Cleo Martin, Vic Tanaka (planned: 48 h)
      then the last of them again every 15 min (planned: 24 h)

    What a rollback requires
      blue-green rollback (type 1): one approval of level 1. A blue-green rollback needs one approval of level 1.
      model-level rollback (type 2): one approval of level 1. A model-level rollback needs one approval of level 1.
      schema rollback (type 3): approvals of level 2 and level 2. A schema rollback needs two people of level 2.
      full environment rollback (type 4): approvals of level 3 and level 2. A full environment rollback needs one person of level 3 and one of level 2.
      business_critical_consumer: at least level 2. The business depends on …, so level 2 decides.
      business_impact: at least level 3. Revenue, customers or compliance are touched, so level 3 decides.
      data_loss: at least level 4. Up to … of data could be lost, which is more than 15 minutes, so level 4 decides.
      security: at least level 4. Security is touched, so level 4 decides.
      security_breach: at least level 4. A security breach was identified, so level 4 decides.
      full_data_loss: besides one of level 4. Up to … of data will be lost, so somebody of level 4 signs besides.
      full_data_loss_unknown: besides one of level 4. Nobody knows how much data will be lost, so somebody of level 4 signs besides.
      full_security: besides one of level 4. Security is touched, so somebody of level 4 signs besides.
      full_security_breach: besides one of level 4. A security breach was identified, so somebody of level 4 signs besides.
      too_many_rollbacks: 1 level(s) higher. This target was rolled back … times within a day, so the next level decides.
      approvals are good for 4 h

    What a rollback does
      blue-green rollback (type 1): blue_green
        Check that it is still possible
        Make a rollback point
        Switch back to the state before the release
        Check the data
      blue-green rollback (type 1), planned: blue_green_planned
        Check that it is still possible
        Back up the environment
        Verify the backup
        Ask whether everybody is ready
        Check the target again
        Switch back to the state before the release
        Check the switch
        Check the data
      model-level rollback (type 2): model_level
        Check that it is still possible
        Make a rollback point
        Point the models back
        Check the data
      model-level rollback (type 2), planned: model_level_planned
        Check that it is still possible
        Back up the tables of the models
        Verify the backup
        Ask whether everybody is ready
        Check the target again
        Point the models back
        Check the switch
        Check the data
      schema rollback (type 3): schema
        Make a rollback point
        Verify the point with the lost values, only with `point`
        Check that it is still possible
        Restore columns and their values
        Check columns and data
      schema rollback (type 3), planned: schema_planned
        Check that it is still possible
        Back up the tables of the models
        Verify the backup
        Verify the point with the lost values, only with `point`
        Ask whether everybody is ready
        Check the target again
        Restore columns and their values
        Check the columns
        Check the data
      full environment rollback (type 4): full_environment
        Recover the moment before the release, only with `moment`
        Verify the rollback point
        Restore it beside the live environment
        Verify what was restored
        Ask before the exchange
        Exchange the environments
        Check the restored environment
      full environment rollback (type 4), planned: full_environment_planned
        Verify the rollback point
        Ask whether everybody is ready
        Back up the present environment
        Verify the backup
        Restore the point beside the live environment
        Verify what was restored
        Ask before the exchange
        Exchange the environments
        Check the restored environment
    ");
}

#[test]
fn automatic_triggers_are_rules_for_prometheus() {
    let rules = defaults().prometheus_rules();
    let first: Vec<&str> = rules.lines().take(10).collect();
    insta::assert_snapshot!(first.join("\n"), @r#"
    groups:
      - name: countersign
        rules:
          - alert: critical_service_failure
            expr: "up{job=\"warehouse\"} == 0"
            for: 120s
            labels:
              trigger: critical_service_failure
            annotations:
              summary: "a critical service does not answer"
    "#);
}

#[test]
fn how_often_a_target_is_looked_at() {
    let every = |files: &policies::Files| {
        Policies::load(files).unwrap().target("warehouse").unwrap().look_every_ms
    };
    let with = |text: &str| {
        changed(
            "targets.yaml",
            "    rollbacks:",
            &format!("    look_every: {text}\n    rollbacks:"),
        )
    };
    assert_eq!(defaults().target("warehouse").unwrap().look_every_ms, Some(300_000));
    assert_eq!(every(&with("30 s")), Some(30_000));
    assert_eq!(every(&with("0 min")), None, "only when somebody asks");
    assert_eq!(defaults().hold_reminder_ms(), 86_400_000);
    let unsaid = changed("authority.yaml", "hold_reminder: 24 h\n", "");
    assert_eq!(Policies::load(&unsaid).unwrap().hold_reminder_ms(), 86_400_000);
}
