//! What people may ask for by the default rules, and the sentences for those who may not.

use domain::{
    id::IncidentId,
    person::{ChatName, Identity},
    plan::RollbackType,
};
use policies::{Declined, Policies, Triage, Wanted, When};

use crate::{changed, defaults};

fn cli(user: &str) -> Identity {
    Identity { chat: ChatName::Cli, team: String::new(), user: user.to_owned() }
}

fn now() -> domain::Timestamp {
    chrono::DateTime::parse_from_rfc3339("2026-11-23T15:00:00Z").unwrap().to_utc()
}

fn wanted() -> Wanted {
    Wanted {
        rollback_type: RollbackType::ModelLevel,
        target: "prod".to_owned(),
        models: vec!["marts.daily_revenue".to_owned()],
        trigger: "revenue_processing_affected".to_owned(),
        reason: " Two invoices in three are wrong\n".to_owned(),
        when: When::AtOnce,
    }
}

#[track_caller]
fn declined(user: &str, wanted: &Wanted) -> String {
    match defaults().request(&cli(user), wanted, now()) {
        Ok(request) => panic!("it is taken: {request:?}"),
        Err(Declined::Unclear { part, why }) => format!("unclear ({part:?}): {why}"),
        Err(Declined::Refused(why)) => format!("refused: {why}"),
    }
}

#[test]
fn a_request_is_what_was_typed_made_exact() {
    let request = defaults().request(&cli("ana"), &wanted(), now()).unwrap();
    assert_eq!((request.by.as_str(), request.target.as_str()), ("ana", "warehouse"));
    assert_eq!(request.reason, "Two invoices in three are wrong");
    assert_eq!(request.models, ["marts.daily_revenue"]);
    let Triage::Propose(found) = defaults().requested(&request) else { panic!("it is offered") };
    assert_eq!(found.suggested, [RollbackType::ModelLevel]);
    assert_eq!(found.models, request.models);
    insta::assert_snapshot!(found.because, @"It is `revenue_processing_affected` (revenue processing is affected): Two invoices in three are wrong.");
}

#[test]
fn everybody_else_hears_why_not() {
    let with = |change: fn(&mut Wanted)| {
        let mut wanted = wanted();
        change(&mut wanted);
        declined("ana", &wanted)
    };
    let lines = [
        declined("mallory", &wanted()),
        with(|wanted| wanted.trigger = "data_corruption_detected".to_owned()),
        with(|wanted| wanted.trigger = "revenue_procesing_affected".to_owned()),
        with(|wanted| wanted.target = "staging".to_owned()),
        with(|wanted| wanted.models = vec!["drop table".to_owned()]),
        with(|wanted| wanted.rollback_type = RollbackType::BlueGreen),
        with(|wanted| wanted.reason = "\n ".to_owned()),
        with(|wanted| wanted.reason = "x".repeat(301)),
    ];
    insta::assert_snapshot!(lines.join("\n"), @"
    refused: nobody in people.yaml has the identity `{ chat: cli, user: mallory }`, so it is not known who asks. Ask the operator to add it. Nothing was proposed.
    refused: `data_corruption_detected` (data is corrupt) is recognised in alerts, without a person. People judge these: `revenue_processing_affected`, `customer_experience_degraded`, `compliance_violation_risk`, `stakeholder_escalation`, `sla_breach_imminent`, `unexpected_behaviour`, `integration_failures`, `performance_regression`, `data_quality_issues`, `monitoring_system_failure`. Nothing was proposed.
    unclear (Trigger): there is no trigger `revenue_procesing_affected`; did you mean `revenue_processing_affected`?
    unclear (Target): no target of targets.yaml has the id or the environment `staging`; use one of `warehouse`
    unclear (Models): no model is called `drop table`; write it as in its MODEL block, such as `marts.daily_revenue`
    refused: a blue-green rollback (type 1) takes all of it back, not single models: leave the models out, or propose a model-level rollback (type 2). Nothing was proposed.
    unclear (Reason): say why, so that the others can read it
    unclear (Reason): the reason has 301 letters, and the card's headline holds 300: say the rest in the thread
    ");
}

#[test]
fn those_who_left_and_programs_do_not_ask() {
    let declined = |to: &str| {
        let mut files = changed("people.yaml", "  - id: ana\n", &format!("  - id: ana\n{to}"));
        let escalation = files.0.get_mut("escalation.yaml").unwrap();
        *escalation = escalation.replace("people: [ana]", "people: [bo]");
        let policies = Policies::load(&files).unwrap_or_else(|problems| panic!("{problems}"));
        policies.request(&cli("ana"), &wanted(), now()).expect_err("it is declined").to_string()
    };
    let lines = [declined("    active: false\n"), declined("    kind: bot\n")];
    insta::assert_snapshot!(lines.join("\n"), @"
    Ana Ruiz is marked as not active in people.yaml, so others have to propose it. Nothing was proposed.
    Ana Ruiz is a program, and a manual trigger is for people to judge. Nothing was proposed.
    ");
}

#[test]
fn a_type_is_offered_or_it_is_not() {
    let offered = "rollbacks: [blue_green, model_level, schema, full_environment]";
    let files = changed("targets.yaml", offered, "rollbacks: [model_level, blue_green]");
    let policies = Policies::load(&files).unwrap_or_else(|problems| panic!("{problems}"));
    let mut request = defaults().request(&cli("ana"), &wanted(), now()).unwrap();
    assert_eq!(policies.instead_of(&request), [RollbackType::BlueGreen]);
    request.rollback_type = RollbackType::Schema;
    let Triage::Nothing { why } = policies.requested(&request) else { panic!("it is offered") };
    insta::assert_snapshot!(why, @"targets.yaml does not offer a schema rollback (type 3) for `warehouse`, only a model-level rollback (type 2) or a blue-green rollback (type 1). Nothing was proposed.");
    assert_eq!(policies.instead_of(&request), [RollbackType::ModelLevel, RollbackType::BlueGreen]);
}

#[test]
fn an_open_proposal_is_named() {
    let incident: IncidentId = "inc_01k7gq2y00e9jvd5m8wz4sn02q".parse().unwrap();
    insta::assert_snapshot!(Declined::already_open("warehouse", &incident), @"a proposal for `warehouse` is open already, in incident inc_01k7gq2y00e9jvd5m8wz4sn02q: decide on that one first, or reject it. Nothing was proposed.");
}

#[test]
fn a_window_is_the_next_one_or_holds_the_chosen_moment() {
    let window = "    environment: prod\n    window:\n      time_zone: Europe/Berlin\n      days: [sat]\n      from: \"23:00\"\n      to: \"02:00\"\n      notices: [10 min, 1 h]\n";
    let files = changed("targets.yaml", "    environment: prod\n", window);
    let policies = Policies::load(&files).unwrap_or_else(|problems| panic!("{problems}"));
    let planned = |when| policies.request(&cli("ana"), &Wanted { when, ..wanted() }, now());
    let at = |text: &str| planned(When::At(text.to_owned()));
    let window = planned(When::NextWindow).unwrap().window.unwrap();
    assert_eq!(window.opens.to_rfc3339(), "2026-11-28T22:00:00+00:00");
    assert_eq!(window.closes.to_rfc3339(), "2026-11-29T01:00:00+00:00");
    assert_eq!(window.notices_ms, [3_600_000, 600_000]);
    let chosen = at("2026-11-29 00:30").unwrap().window.unwrap();
    assert_eq!(chosen.opens.to_rfc3339(), "2026-11-28T23:30:00+00:00");
    assert_eq!(chosen.closes, window.closes);
    let none = Wanted { when: When::NextWindow, ..wanted() };
    let lines = [
        at("tomorrow night").unwrap_err(),
        at("2026-11-23 12:00").unwrap_err(),
        at("2026-11-29 02:00").unwrap_err(),
        defaults().request(&cli("ana"), &none, now()).unwrap_err(),
    ];
    insta::assert_snapshot!(lines.map(|declined| declined.to_string()).join("\n"), @"
    `tomorrow night` is no moment: write it as `2026-11-29 02:00` (Europe/Berlin) or with its offset, `2026-11-29T02:00:00+01:00`
    `2026-11-23 12:00` is past; the next one is from 2026-11-28 23:00 to 2026-11-29 02:00 (Europe/Berlin)
    `2026-11-29 02:00` is in no maintenance window of `warehouse`; the next one is from 2026-11-28 23:00 to 2026-11-29 02:00 (Europe/Berlin). Nothing was proposed.
    targets.yaml gives `warehouse` no maintenance window, so nothing can be planned there. Nothing was proposed.
    ");
}

#[test]
fn a_window_that_cannot_be_read_says_where() {
    let window = "    environment: prod\n    window:\n      time_zone: Europe/Berlim\n      from: \"25:00\"\n      to: \"02:00\"\n";
    let files = changed("targets.yaml", "    environment: prod\n", window);
    insta::assert_snapshot!(Policies::load(&files).unwrap_err(), @r#"
    error: there is no time zone `Europe/Berlim`
      --> targets.yaml:12:18
       |
    12 |       time_zone: Europe/Berlim
       |                  ^^^^^^^^^^^^^
       |
       = help: did you mean `Europe/Berlin`?

    error: `25:00` is not a time of the day
      --> targets.yaml:13:13
       |
    13 |       from: "25:00"
       |             ^^^^^^^
       |
       = help: write hours and minutes, in quotes: `"02:30"`

    2 mistakes
    "#);
}
