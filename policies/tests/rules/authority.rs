//! Who may decide by the default rules, and why.

use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::{
    Timestamp,
    digest::Digest,
    level::Level,
    person::{People, Person, PersonId},
    plan::RollbackType,
    proposal::{Event, Opening, Proposal, Proposer, Stage},
    refusal::Refusal,
    requirement::Requirement,
};
use policies::{Act, Ask, Policies, Verdict};

use crate::{changed, defaults};

fn at(minutes: i64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 23, 3, 0, 0).unwrap() + TimeDelta::minutes(minutes)
}

fn requirement(policies: &Policies, rollback_type: RollbackType) -> Requirement {
    let ask = Ask {
        rollback_type,
        target: policies.target("warehouse").unwrap(),
        models: &[],
        downstream: &[],
        trigger: "data_corruption_detected",
        findings: &[],
        rollbacks_lately: 0,
        data_loss_ms: Some(0),
        security: false,
        opens_in_ms: None,
    };
    policies.requirement(&ask, &|_| true)
}

fn open(policies: &Policies, rollback_type: RollbackType, proposer: Proposer) -> Proposal {
    let opening = Opening {
        incident: "inc_01h455vb4pex5vsknk084sn02q".parse().unwrap(),
        plan: Digest::of("plan"),
        rollback_type,
        target: policies.target("warehouse").unwrap().to_target(),
        models: vec!["marts.order_analytics".to_owned()],
        downstream: vec![],
        possible_until: None,
        recovery_target_ms: 900_000,
        proposer,
        because: "A test.".to_owned(),
        findings: vec![],
        requirement: requirement(policies, rollback_type),
        changes: vec![],
        outlook: domain::proposal::Outlook::default(),
    };
    let id = "prp_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    Proposal::open(id, opening, at(0)).unwrap().0
}

const EVERY_ACT: [Act; 9] = [
    Act::Approve,
    Act::Reject,
    Act::Escalate,
    Act::Pause,
    Act::Resume,
    Act::Cancel,
    Act::Retry,
    Act::Skip,
    Act::Confirm { named: None },
];

fn level(number: u8) -> Level {
    Level::try_from(number).unwrap()
}

fn by_trigger() -> Proposer {
    Proposer::Trigger("data_corruption_detected".to_owned())
}

fn by(person: &str) -> Proposer {
    Proposer::Person(PersonId::new(person))
}

fn person<'a>(policies: &'a Policies, id: &str) -> &'a Person {
    policies.people().get(&PersonId::new(id)).unwrap()
}

/// The verdict in a word, and the rules that it names.
fn verdict(policies: &Policies, who: &str, act: Act, proposal: &Proposal) -> String {
    match policies.may(person(policies, who), act, proposal, at(1)) {
        Verdict::Allowed { level, rules } => {
            format!("allowed {} by {}", level.number(), rules.join(","))
        }
        Verdict::LevelTooLow { level, rules } => {
            format!("too low {} by {}", level.number(), rules.join(","))
        }
        Verdict::Denied { rules, .. } => format!("denied by {}", rules.join(",")),
    }
}

#[test]
fn who_may_do_what() {
    let policies = defaults();
    let model = open(&policies, RollbackType::ModelLevel, by_trigger());
    let schema = open(&policies, RollbackType::Schema, by("ben"));
    let own = open(&policies, RollbackType::ModelLevel, by("ana"));
    let reaches = "by level_reaches";
    let escalates = "by any_level_escalates";
    let (steers, settles) = ("by level_steers", "by highest_level_settles");
    let full = open(&policies, RollbackType::FullEnvironment, by_trigger());
    for (who, act, proposal, expected) in [
        ("ana", Act::Approve, &model, format!("allowed 1 {reaches}")),
        ("cleo", Act::Approve, &model, format!("allowed 4 {reaches}")),
        ("ana", Act::Reject, &model, format!("allowed 1 {reaches}")),
        ("sam", Act::Approve, &model, "denied by no_level".to_owned()),
        ("sam", Act::Escalate, &model, "denied by no_level".to_owned()),
        ("ana", Act::Approve, &schema, format!("too low 1 {reaches}")),
        ("ana", Act::Reject, &schema, format!("too low 1 {reaches}")),
        ("ana", Act::Escalate, &schema, format!("allowed 1 {escalates}")),
        ("tess", Act::Approve, &schema, format!("allowed 2 {reaches}")),
        ("ben", Act::Approve, &schema, "denied by proposer_is_not_second".to_owned()),
        ("ben", Act::Reject, &schema, format!("allowed 2 {reaches}")),
        ("ana", Act::LiftHold, &model, "allowed 1 by level_lifts_hold".to_owned()),
        ("sam", Act::LiftHold, &model, "denied by no_level".to_owned()),
        ("sam", Act::Keep, &schema, "denied by no_level".to_owned()),
        ("ana", Act::Keep, &schema, "allowed 1 by any_level_keeps".to_owned()),
        ("ana", Act::LiftHold, &schema, "too low 1 by level_lifts_hold".to_owned()),
        ("ben", Act::LiftHold, &schema, "allowed 2 by level_lifts_hold".to_owned()),
        ("ana", Act::Approve, &own, format!("allowed 1 {reaches}")),
        ("ana", Act::Pause, &model, format!("allowed 1 {steers}")),
        ("ana", Act::Resume, &schema, format!("too low 1 {steers}")),
        ("tess", Act::Cancel, &full, format!("allowed 2 {steers}")),
        ("ana", Act::Retry, &full, format!("too low 1 {steers}")),
        ("sam", Act::Cancel, &model, "denied by no_level".to_owned()),
        ("ana", Act::Skip, &model, format!("allowed 1 {settles}")),
        ("tess", Act::Skip, &full, format!("too low 2 {settles}")),
        ("mia", Act::Skip, &full, format!("allowed 3 {settles}")),
        ("tess", Act::Confirm { named: None }, &full, format!("too low 2 {settles}")),
        ("tess", Act::Confirm { named: Some(level(2)) }, &full, format!("allowed 2 {settles}")),
        ("mia", Act::Confirm { named: Some(level(4)) }, &full, format!("too low 3 {settles}")),
    ] {
        assert_eq!(
            verdict(&policies, who, act, proposal),
            expected,
            "{who} {act:?} {}",
            proposal.opening.rollback_type
        );
    }
}

#[test]
fn people_who_left_and_programs_decide_nothing() {
    for (change, rule) in
        [("level: 2\n    active: false", "inactive"), ("level: 2\n    kind: bot", "not_human")]
    {
        let policies = Policies::load(&changed("people.yaml", "level: 2", change)).unwrap();
        let proposal = open(&policies, RollbackType::ModelLevel, by_trigger());
        for act in EVERY_ACT {
            assert_eq!(
                verdict(&policies, "ben", act, &proposal),
                format!("denied by {rule}"),
                "{act:?}"
            );
        }
        let asked: Vec<&PersonId> =
            proposal.requirement().ladder.iter().flat_map(|rung| &rung.people).collect();
        assert!(!asked.contains(&&PersonId::new("ben")), "ben is asked");
    }
}

#[test]
fn somebody_whom_the_file_does_not_name_is_nobody() {
    let policies = defaults();
    let proposal = open(&policies, RollbackType::ModelLevel, by_trigger());
    let stranger = Person {
        id: PersonId::new("mallory"),
        name: "Mallory".to_owned(),
        level: Some(level(9)),
        identities: vec![],
    };
    let verdict = policies.may(&stranger, Act::Approve, &proposal, at(1));
    assert!(matches!(verdict, Verdict::Denied { .. }), "{verdict:?}");
    let forged = Person { level: Some(level(9)), ..person(&policies, "sam").clone() };
    let verdict = policies.may(&forged, Act::Approve, &proposal, at(1));
    assert!(matches!(verdict, Verdict::Denied { .. }), "{verdict:?}");
}

#[test]
fn a_rule_for_one_environment_is_said_in_its_own_words() {
    let rule = "@id(\"prod_is_for_managers\")\n@reason(\"Prod is decided on by management.\")\n\
                forbid (principal, action, resource)\nwhen { resource.environment == \"prod\" && principal.level < 3 };\n\n\
                @id(\"no_level\")";
    let policies = Policies::load(&changed("authority.cedar", "@id(\"no_level\")", rule)).unwrap();
    let proposal = open(&policies, RollbackType::ModelLevel, by_trigger());
    assert_eq!(verdict(&policies, "mia", Act::Approve, &proposal), "allowed 3 by level_reaches");
    // Ben's level would be enough for the proposal's machine: the rule itself has to say no.
    let verdict = policies.may(person(&policies, "ben"), Act::Approve, &proposal, at(1));
    let Verdict::Denied { reason, .. } = verdict else { panic!("{verdict:?}") };
    assert_eq!(reason, "Prod is decided on by management.");
}

#[test]
fn the_machine_refuses_every_level_that_is_too_low() {
    let policies = defaults();
    let plan = Digest::of("plan");
    let mut too_low = 0;
    for rollback_type in
        [RollbackType::ModelLevel, RollbackType::Schema, RollbackType::FullEnvironment]
    {
        let fresh = open(&policies, rollback_type, by_trigger());
        let event =
            Event::Approved { by: PersonId::new("cleo"), level: level(4), plan: plan.clone() };
        let half = fresh.clone().step(&event, at(1)).unwrap().0;
        for proposal in [fresh, half] {
            for somebody in policies.people().iter() {
                let verdict = policies.may(somebody, Act::Approve, &proposal, at(2));
                let Verdict::LevelTooLow { level, .. } = verdict else { continue };
                too_low += 1;
                let event = Event::Approved { by: somebody.id.clone(), level, plan: plan.clone() };
                let refusal = proposal.clone().step(&event, at(2));
                assert!(matches!(refusal, Err(Refusal::NeedsLevel { .. })), "{refusal:?}");
            }
        }
    }
    assert!(too_low >= 6, "only {too_low} verdicts");
}

#[test]
fn a_higher_level_may_do_all_that_a_lower_one_may() {
    let policies = defaults();
    for rollback_type in
        [RollbackType::BlueGreen, RollbackType::Schema, RollbackType::FullEnvironment]
    {
        let proposal = open(&policies, rollback_type, by_trigger());
        for act in EVERY_ACT {
            let mut people: Vec<&Person> = policies.people().iter().collect();
            people.sort_by_key(|person| person.level);
            let allowed = people.iter().map(|person| {
                matches!(policies.may(person, act, &proposal, at(1)), Verdict::Allowed { .. })
            });
            let allowed: Vec<bool> = allowed.collect();
            assert!(allowed.is_sorted(), "{rollback_type} {act:?}: {allowed:?}");
            assert!(
                !allowed[0] && allowed[people.len() - 1],
                "{rollback_type} {act:?}: {allowed:?}"
            );
        }
    }
}

#[test]
fn what_no_rule_allows_is_refused() {
    let policies = changed(
        "authority.cedar",
        "when { principal.level >= 1 };",
        "when { resource.target == \"other\" };",
    );
    let policies = Policies::load(&policies).unwrap();
    let proposal = open(&policies, RollbackType::ModelLevel, by_trigger());
    let verdict = policies.may(person(&policies, "cleo"), Act::Escalate, &proposal, at(1));
    let Verdict::Denied { reason, rules } = verdict else { panic!("{verdict:?}") };
    assert_eq!(
        (reason.as_str(), rules.len()),
        ("No rule allows it, and what no rule allows is refused.", 0)
    );
}

#[test]
fn a_rule_that_fails_allows_nothing() {
    // `datetime` of a broken text fails when it is evaluated; a failing `forbid` must not open the door.
    let rule = "@id(\"fails\")\n@reason(\"Never.\")\nforbid (principal, action, resource)\n\
                when { resource.lowest_level * 9223372036854775807 + 9223372036854775807 > 0 };\n\n@id(\"no_level\")";
    let policies = Policies::load(&changed("authority.cedar", "@id(\"no_level\")", rule)).unwrap();
    let proposal = open(&policies, RollbackType::ModelLevel, by_trigger());
    let verdict = policies.may(person(&policies, "cleo"), Act::Approve, &proposal, at(1));
    let Verdict::Denied { reason, .. } = verdict else { panic!("{verdict:?}") };
    assert!(reason.contains("could not be evaluated"), "{reason}");
}

#[test]
fn why_has_an_answer_in_words() {
    let policies = defaults();
    let schema = open(&policies, RollbackType::Schema, by("ben"));
    let event =
        Event::Approved { by: PersonId::new("tess"), level: level(2), plan: Digest::of("plan") };
    let signed = schema.clone().step(&event, at(1)).unwrap().0;
    let say = |who: &str, proposal: &Proposal| {
        policies.why(&PersonId::new(who), proposal, at(2)).to_plain(policies.people())
    };
    let answers = [
        say("ana", &schema),
        say("ben", &schema),
        say("mia", &schema),
        say("sam", &schema),
        say("tess", &signed),
        say("mallory", &schema),
    ];
    insta::assert_snapshot!(answers.join("\n\n"), @"
    Ana Ruiz may not approve this: they hold level 1, and what is missing needs level 2. Rule level_reaches: Whoever holds the level of the lowest approval that is still missing, or a higher one, may decide. It has 0 of 2 approvals. A schema rollback needs two people of level 2. What is missing needs level 2 or higher. Could approve: Cleo Martin, Mia Haddad, Tess Novak and Vic Tanaka. Could not: Ana Ruiz, Ben Okafor, Bo Lindqvist and Sam Weber. Asked next, if nobody decides before 23 Nov 03:15:00 UTC: Bo Lindqvist (on-call engineer (secondary), level 1).

    Ben Okafor may not approve this. Where two people are needed, whoever proposed does not count as one of them: somebody else has to sign. Said by proposer_is_not_second in authority.cedar. It has 0 of 2 approvals. A schema rollback needs two people of level 2. What is missing needs level 2 or higher. Could approve: Cleo Martin, Mia Haddad, Tess Novak and Vic Tanaka. Could not: Ana Ruiz, Ben Okafor, Bo Lindqvist and Sam Weber. Asked next, if nobody decides before 23 Nov 03:15:00 UTC: Bo Lindqvist (on-call engineer (secondary), level 1).

    Mia Haddad may approve this, holding level 3. Rule level_reaches: Whoever holds the level of the lowest approval that is still missing, or a higher one, may decide. It has 0 of 2 approvals. A schema rollback needs two people of level 2. What is missing needs level 2 or higher. Could approve: Cleo Martin, Mia Haddad, Tess Novak and Vic Tanaka. Could not: Ana Ruiz, Ben Okafor, Bo Lindqvist and Sam Weber. Asked next, if nobody decides before 23 Nov 03:15:00 UTC: Bo Lindqvist (on-call engineer (secondary), level 1).

    Sam Weber may not approve this. People without a level watch and are told, but do not decide. Said by no_level in authority.cedar. It has 0 of 2 approvals. A schema rollback needs two people of level 2. What is missing needs level 2 or higher. Could approve: Cleo Martin, Mia Haddad, Tess Novak and Vic Tanaka. Could not: Ana Ruiz, Ben Okafor, Bo Lindqvist and Sam Weber. Asked next, if nobody decides before 23 Nov 03:15:00 UTC: Bo Lindqvist (on-call engineer (secondary), level 1).

    Tess Novak has signed already, and one person counts once. It has 1 of 2 approvals. A schema rollback needs two people of level 2. What is missing needs level 2 or higher. Could approve: Cleo Martin, Mia Haddad and Vic Tanaka. Could not: Ana Ruiz, Ben Okafor, Bo Lindqvist, Sam Weber and Tess Novak. Asked next, if nobody decides before 23 Nov 03:15:00 UTC: Bo Lindqvist (on-call engineer (secondary), level 1).

    people.yaml does not name mallory, so nothing they do changes anything. It has 0 of 2 approvals. A schema rollback needs two people of level 2. What is missing needs level 2 or higher. Could approve: Cleo Martin, Mia Haddad, Tess Novak and Vic Tanaka. Could not: Ana Ruiz, Ben Okafor, Bo Lindqvist and Sam Weber. Asked next, if nobody decides before 23 Nov 03:15:00 UTC: Bo Lindqvist (on-call engineer (secondary), level 1).
    ");
}

#[test]
fn why_speaks_of_a_way_back_that_could_be_kept() {
    let policies = defaults();
    let mut proposal = open(&policies, RollbackType::FullEnvironment, by_trigger());
    let why = |who: &str, proposal: &Proposal| {
        let words = policies.why_keeping(&PersonId::new(who), proposal, at(2));
        words.map(|words| words.to_plain(policies.people()).trim_end().to_owned())
    };
    assert_eq!(why("ana", &proposal), None, "it has no deadline");
    proposal.opening.possible_until = Some(at(300));
    assert_eq!(why("mallory", &proposal), None);
    let answers = ["ana", "sam"].map(|who| why(who, &proposal).unwrap());
    insta::assert_snapshot!(answers.join("\n\n"), @r"
    Ana Ruiz may keep the way back, holding level 1. Rule any_level_keeps: Whoever holds a level may keep the way back from SQLMesh's janitor: nobody reads anything else because of it.

    Sam Weber may not keep the way back. People without a level watch and are told, but do not decide.
    ");
}

#[test]
fn why_speaks_of_a_run_that_is_under_way() {
    let policies = defaults();
    let mut proposal = open(&policies, RollbackType::FullEnvironment, by_trigger());
    let why = |who: &str, proposal: &Proposal| {
        let words = policies.why_steering(&PersonId::new(who), proposal, Some(level(2)), at(2));
        words.map(|words| words.to_plain(policies.people()).trim_end().to_owned())
    };
    assert_eq!(why("ana", &proposal), None, "nothing is under way");
    let run = "run_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    proposal.stage = Stage::Running { run };
    assert_eq!(why("mallory", &proposal), None);
    let answers = ["ana", "ben", "mia", "sam"].map(|who| why(who, &proposal).unwrap());
    insta::assert_snapshot!(answers.join("\n\n"), @r"
    Ana Ruiz may not pause the run, let it go on, cancel it or try a stuck step again: they hold level 1, and it needs level 2. Rule level_steers: Whoever holds the level of the lowest approval that the rollback needs, or a higher one, may pause its run, let it go on, cancel it, or try a step that is stuck again. Ana Ruiz may not skip a stuck step: they hold level 1, and it needs level 3. Rule highest_level_settles: To skip a step or to answer the question between two steps, one needs the level of the highest approval that the rollback asks for, unless the step names another. Ana Ruiz may not answer a question between two steps: they hold level 1, and it needs level 2. Rule highest_level_settles: To skip a step or to answer the question between two steps, one needs the level of the highest approval that the rollback asks for, unless the step names another.

    Ben Okafor may pause the run, let it go on, cancel it or try a stuck step again, holding level 2. Rule level_steers: Whoever holds the level of the lowest approval that the rollback needs, or a higher one, may pause its run, let it go on, cancel it, or try a step that is stuck again. Ben Okafor may not skip a stuck step: they hold level 2, and it needs level 3. Rule highest_level_settles: To skip a step or to answer the question between two steps, one needs the level of the highest approval that the rollback asks for, unless the step names another. Ben Okafor may answer a question between two steps, holding level 2. Rule highest_level_settles: To skip a step or to answer the question between two steps, one needs the level of the highest approval that the rollback asks for, unless the step names another.

    Mia Haddad may pause the run, let it go on, cancel it or try a stuck step again, holding level 3. Rule level_steers: Whoever holds the level of the lowest approval that the rollback needs, or a higher one, may pause its run, let it go on, cancel it, or try a step that is stuck again. Mia Haddad may skip a stuck step, holding level 3. Rule highest_level_settles: To skip a step or to answer the question between two steps, one needs the level of the highest approval that the rollback asks for, unless the step names another. Mia Haddad may answer a question between two steps, holding level 3. Rule highest_level_settles: To skip a step or to answer the question between two steps, one needs the level of the highest approval that the rollback asks for, unless the step names another.

    Sam Weber may not pause the run, let it go on, cancel it, try a stuck step again or answer a question between two steps. People without a level watch and are told, but do not decide. Sam Weber may not skip a stuck step. People without a level watch and are told, but do not decide.
    ");
}

#[test]
fn why_says_what_a_decided_proposal_waits_for() {
    let policies = defaults();
    let opened = open(&policies, RollbackType::ModelLevel, by_trigger());
    let event =
        Event::Approved { by: PersonId::new("ana"), level: level(1), plan: Digest::of("plan") };
    let run = "run_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    let begun = [event, Event::RunStarted { run }];
    let running =
        begun.iter().fold(opened, |proposal, event| proposal.step(event, at(1)).unwrap().0);
    let after = |event: &Event| running.clone().step(event, at(2)).unwrap().0;
    let say = |proposal: &Proposal| {
        let words = policies.why(&PersonId::new("ana"), proposal, at(3));
        words.to_plain(policies.people())
    };
    let answers = [
        say(&running),
        say(&after(&Event::RunStuck)),
        say(&after(&Event::RunLapsed { disowned: None })),
    ];
    insta::assert_snapshot!(answers.join("\n\n"), @r"
    Ana Ruiz has signed already, and one person counts once. It has 1 of 1 approvals. A model-level rollback needs one approval of level 1. It no longer waits for a decision.

    Ana Ruiz has signed already, and one person counts once. It has 1 of 1 approvals. A model-level rollback needs one approval of level 1. It no longer waits for a decision. Its run waits for a person. Asked now: Ana Ruiz (on-call engineer (primary), level 1).

    Ana Ruiz may approve this, holding level 1. Rule level_reaches: Whoever holds the level of the lowest approval that is still missing, or a higher one, may decide. It has 1 of 1 approvals. A model-level rollback needs one approval of level 1. It no longer waits for a decision. But approvals have run out or were disowned, and whoever may approve can do so again. Asked now: Ana Ruiz (on-call engineer (primary), level 1).
    ");
}

#[test]
fn names_in_answers_are_people_and_not_letters() {
    let policies = defaults();
    let proposal = open(&policies, RollbackType::ModelLevel, by_trigger());
    let words = policies.why(&PersonId::new("ana"), &proposal, at(2));
    assert!(!words.to_plain(&People::default()).contains("Ana Ruiz"));
    assert!(words.to_plain(policies.people()).contains("Ana Ruiz"));
}
