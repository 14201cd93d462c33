//! What the default rules require, by type and condition; and what holds whatever the conditions are.

use domain::{
    level::Level,
    person::PersonId,
    plan::{Finding, Outcome, RollbackType},
    requirement::{Approval, Requirement},
};
use policies::{Ask, Policies};
use proptest::prelude::*;

use crate::{changed, defaults};

use RollbackType::{BlueGreen, FullEnvironment, ModelLevel, Schema};

const TYPES: [RollbackType; 4] = [BlueGreen, ModelLevel, Schema, FullEnvironment];

/// What differs from a harmless rollback.
#[derive(Clone, Debug, Default)]
struct Facts {
    trigger: &'static str,
    downstream: Vec<String>,
    rollbacks_lately: i64,
    data_loss_ms: Option<u64>,
    security: bool,
}

fn required(policies: &Policies, rollback_type: RollbackType, facts: &Facts) -> Requirement {
    let ask = Ask {
        rollback_type,
        target: policies.target("warehouse").unwrap(),
        models: &["marts.order_analytics".to_owned()],
        downstream: &facts.downstream,
        trigger: facts.trigger,
        findings: &[],
        rollbacks_lately: facts.rollbacks_lately,
        data_loss_ms: facts.data_loss_ms,
        security: facts.security,
        opens_in_ms: None,
    };
    policies.requirement(&ask, &|_| true)
}

fn numbers(requirement: &Requirement) -> Vec<u8> {
    requirement.approvals.iter().map(|level| level.number()).collect()
}

#[test]
fn each_type_under_each_condition() {
    let policies = defaults();
    let critical = vec!["\"wh\".\"marts\".\"daily_revenue\"".to_owned()];
    let harmless = || Facts { data_loss_ms: Some(0), ..Facts::default() };
    let conditions: [(&str, Facts); 9] = [
        ("nothing", harmless()),
        ("critical consumer", Facts { downstream: critical, ..harmless() }),
        ("business", Facts { trigger: "sla_breach_imminent", ..harmless() }),
        ("loss of 15 min", Facts { data_loss_ms: Some(900_000), ..harmless() }),
        ("loss of more", Facts { data_loss_ms: Some(900_001), ..harmless() }),
        ("unknown loss", Facts { data_loss_ms: None, ..harmless() }),
        ("security", Facts { security: true, ..harmless() }),
        ("third rollback", Facts { rollbacks_lately: 2, ..harmless() }),
        ("fourth rollback", Facts { rollbacks_lately: 3, ..harmless() }),
    ];
    let rows: Vec<String> = conditions
        .iter()
        .map(|(name, facts)| {
            let cells =
                TYPES.map(|kind| format!("{:?}", numbers(&required(&policies, kind, facts))));
            format!("{name:<18} {}", cells.map(|cell| format!("{cell:<10}")).concat())
                .trim_end()
                .to_owned()
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @"
    nothing            [1]       [1]       [2, 2]    [3, 2]
    critical consumer  [1]       [2]       [2, 2]    [3, 2]
    business           [3]       [3]       [3, 2]    [3, 2]
    loss of 15 min     [1]       [1]       [2, 2]    [4, 3, 2]
    loss of more       [4]       [4]       [4, 2]    [4, 3, 2]
    unknown loss       [1]       [1]       [2, 2]    [4, 3, 2]
    security           [4]       [4]       [4, 2]    [4, 3, 2]
    third rollback     [1]       [1]       [2, 2]    [3, 2]
    fourth rollback    [2]       [2]       [3, 2]    [4, 2]
    ");
}

#[test]
fn reasons_say_what_was_found() {
    let policies = defaults();
    let facts = Facts {
        downstream: vec!["marts.daily_revenue".to_owned()],
        rollbacks_lately: 3,
        data_loss_ms: Some(7_200_000),
        trigger: "stakeholder_escalation",
        security: false,
    };
    let requirement = required(&policies, ModelLevel, &facts);
    insta::assert_snapshot!(requirement.reasons.join("\n"), @"
    A model-level rollback needs one approval of level 1.
    The business depends on marts.daily_revenue (read by the finance dashboard), so level 2 decides.
    Revenue, customers or compliance are touched, so level 3 decides.
    Up to 2 h of data could be lost, which is more than 15 minutes, so level 4 decides.
    This target was rolled back 3 times within a day, so the next level decides.
    ");
}

#[test]
fn a_breach_raises_by_its_trigger_alone() {
    let policies = defaults();
    let facts =
        Facts { trigger: "security_breach_identified", data_loss_ms: Some(0), ..Facts::default() };
    assert_eq!(numbers(&required(&policies, ModelLevel, &facts)), [4]);
    assert_eq!(numbers(&required(&policies, FullEnvironment, &facts)), [4, 3, 2]);
}

#[test]
fn two_reasons_for_level_4_ask_for_one_person_of_level_4() {
    let facts = Facts { security: true, data_loss_ms: Some(1), ..Facts::default() };
    assert_eq!(numbers(&required(&defaults(), FullEnvironment, &facts)), [4, 3, 2]);
}

#[test]
fn a_type_that_the_rules_leave_out_can_be_approved_by_nobody() {
    let base = "  blue_green:\n    approvals: [1]\n    reason: A blue-green rollback needs one approval of level 1.\n";
    let policies = Policies::load(&changed("authority.yaml", base, "")).unwrap();
    let facts = Facts { security: true, rollbacks_lately: 9, ..Facts::default() };
    let requirement = required(&policies, BlueGreen, &facts);
    assert_eq!(requirement.approvals, []);
    assert_eq!(requirement.reasons.len(), 1, "{:?}", requirement.reasons);
}

#[test]
fn a_finding_that_did_not_pass_can_raise() {
    let rule = "raise:\n  - id: doubt\n    when: { finding_not_passed: true }\n    by: 1\n    reason: \"Not passed: {detail}.\"\n";
    let policies = Policies::load(&changed("authority.yaml", "raise:\n", rule)).unwrap();
    let finding = |outcome| Finding {
        check: "backup".to_owned(),
        subject: "marts.x".to_owned(),
        outcome,
        detail: String::new(),
    };
    for (outcome, approvals) in
        [(Outcome::Pass, [1]), (Outcome::Inconclusive, [2]), (Outcome::Fail, [2])]
    {
        let ask = Ask {
            rollback_type: ModelLevel,
            target: policies.target("warehouse").unwrap(),
            models: &[],
            downstream: &[],
            trigger: "data_corruption_detected",
            findings: &[finding(outcome)],
            rollbacks_lately: 0,
            data_loss_ms: Some(0),
            security: false,
            opens_in_ms: None,
        };
        assert_eq!(numbers(&policies.requirement(&ask, &|_| true)), approvals, "{outcome:?}");
    }
}

#[test]
fn the_requirement_names_the_policies_and_leaves_out_whom_nobody_reaches() {
    let policies = defaults();
    let ask = Ask {
        rollback_type: ModelLevel,
        target: policies.target("warehouse").unwrap(),
        models: &[],
        downstream: &[],
        trigger: "data_corruption_detected",
        findings: &[],
        rollbacks_lately: 0,
        data_loss_ms: None,
        security: false,
        opens_in_ms: None,
    };
    let requirement =
        policies.requirement(&ask, &|person| !["ana", "tess"].contains(&person.id.as_str()));
    assert_eq!(requirement.policy_digest, *policies.digest());
    assert_eq!((requirement.repeat_ms, requirement.valid_ms), (900_000, 14_400_000));
    let people: Vec<Vec<&str>> = requirement
        .ladder
        .iter()
        .map(|rung| rung.people.iter().map(PersonId::as_str).collect())
        .collect();
    assert_eq!(people, [vec![], vec!["bo"], vec!["ben"], vec!["mia"], vec!["cleo", "vic"]]);
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let trigger = prop_oneof![
        Just("data_corruption_detected"),
        Just("security_breach_identified"),
        Just("sla_breach_imminent"),
        Just("unknown"),
    ];
    let downstream = prop_oneof![Just(vec![]), Just(vec!["marts.daily_revenue".to_owned()])];
    let loss = proptest::option::of(0_u64..10_000_000);
    (trigger, downstream, 0_i64..6, loss, any::<bool>()).prop_map(
        |(trigger, downstream, rollbacks_lately, data_loss_ms, security)| Facts {
            trigger,
            downstream,
            rollbacks_lately,
            data_loss_ms,
            security,
        },
    )
}

fn approval(person: usize, level: Level) -> Approval {
    Approval {
        person: PersonId::new(format!("p{person}")),
        level,
        at: domain::Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn whatever_the_facts_the_requirement_is_sound() {
    let policies = defaults();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) };
    proptest!(config, |(facts in any_facts(), kind in 0_usize..4, raised in proptest::collection::vec(0_u8..4, 4))| {
        let harmless = Facts { data_loss_ms: Some(0), ..Facts::default() };
        let base = required(&policies, TYPES[kind], &harmless);
        let requirement = required(&policies, TYPES[kind], &facts);

        // Conditions only ever raise.
        prop_assert!(requirement.approvals.len() >= base.approvals.len());
        let raises = requirement.approvals.iter().zip(&base.approvals).all(|(now, before)| now >= before);
        prop_assert!(raises, "{:?} became {:?}", base.approvals, requirement.approvals);
        // The people of the file can give what is asked for, and a sentence says why.
        let held: Vec<Approval> = policies.people().iter().filter_map(|person| person.level)
            .enumerate().map(|(person, level)| approval(person, level)).collect();
        prop_assert!(requirement.tally(&held).is_complete());
        prop_assert!(!requirement.reasons.is_empty());

        // Levels are nested: whoever holds more may stand in for whoever holds less.
        let exact: Vec<Approval> = requirement.approvals.iter()
            .enumerate().map(|(person, level)| approval(person, *level)).collect();
        let higher: Vec<Approval> = exact.iter().zip(raised.iter().cycle()).enumerate()
            .map(|(person, (exact, more))| {
                let level = Level::try_from((exact.level.number() + more).min(9)).unwrap();
                approval(person, level)
            }).collect();
        prop_assert!(requirement.tally(&exact).is_complete());
        prop_assert!(requirement.tally(&higher).is_complete());
        prop_assert!(!requirement.tally(&exact[1..]).is_complete());
    });
}
