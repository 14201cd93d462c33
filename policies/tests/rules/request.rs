//! What people may ask for by the default rules, and the sentences for those who may not.

use domain::{
    id::IncidentId,
    person::{ChatName, Identity},
    plan::RollbackType,
};
use policies::{Declined, Policies, Triage, Wanted};

use crate::{changed, defaults};

fn cli(user: &str) -> Identity {
    Identity { chat: ChatName::Cli, team: String::new(), user: user.to_owned() }
}

fn wanted() -> Wanted {
    Wanted {
        rollback_type: RollbackType::ModelLevel,
        target: "prod".to_owned(),
        models: vec!["marts.daily_revenue".to_owned()],
        trigger: "revenue_processing_affected".to_owned(),
        reason: " Two invoices in three are wrong\n".to_owned(),
    }
}

#[track_caller]
fn declined(user: &str, wanted: &Wanted) -> String {
    match defaults().request(&cli(user), wanted) {
        Ok(request) => panic!("it is taken: {request:?}"),
        Err(Declined::Unclear(why)) => format!("unclear: {why}"),
        Err(Declined::Refused(why)) => format!("refused: {why}"),
    }
}

#[test]
fn a_request_is_what_was_typed_made_exact() {
    let request = defaults().request(&cli("ana"), &wanted()).unwrap();
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
    unclear: there is no trigger `revenue_procesing_affected`; did you mean `revenue_processing_affected`?
    unclear: no target of targets.yaml has the id or the environment `staging`; use one of `warehouse`
    unclear: no model is called `drop table`; write it as in its MODEL block, such as `marts.daily_revenue`
    refused: a blue-green rollback (type 1) takes all of it back, not single models: leave the models out, or propose a model-level rollback (type 2). Nothing was proposed.
    unclear: say why, so that the others can read it
    unclear: the reason has 301 letters, and the card's headline holds 300: say the rest in the thread
    ");
}

#[test]
fn those_who_left_and_programs_do_not_ask() {
    let declined = |to: &str| {
        let mut files = changed("people.yaml", "  - id: ana\n", &format!("  - id: ana\n{to}"));
        let escalation = files.0.get_mut("escalation.yaml").unwrap();
        *escalation = escalation.replace("people: [ana]", "people: [bo]");
        let policies = Policies::load(&files).unwrap_or_else(|problems| panic!("{problems}"));
        policies.request(&cli("ana"), &wanted()).expect_err("it is declined").to_string()
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
    let mut request = defaults().request(&cli("ana"), &wanted()).unwrap();
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
