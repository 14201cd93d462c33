//! Every "no", as the person who clicked reads it.

use domain::{
    digest::Digest,
    plan::Workflow,
    proposal::Outcome,
    refusal::{Course, Refusal},
    run::SignOff,
    standing::Standing,
};

use crate::world::{identity, level, minute, people, person, plan};

fn watch() -> String {
    "Stakeholders watch; they do not decide.".to_owned()
}

#[test]
fn every_refusal() {
    let needs = |ids: &[&str], due| Refusal::NeedsLevel {
        needed: level(2),
        held: level(1),
        who: ids.iter().copied().map(person).collect(),
        due,
    };
    let refusals = [
        Refusal::Outdated,
        Refusal::IncidentResolved,
        Refusal::NobodyCanApprove,
        Refusal::ProposalOpen,
        Refusal::Unknown { identity: identity("eve").to_string() },
        Refusal::NotAMember { standing: Standing::Guest },
        Refusal::NotAMember { standing: Standing::Deactivated },
        Refusal::StandingUnknown,
        Refusal::forbidden(watch()),
        Refusal::Forbidden { reason: watch(), who: vec![person("ana")], due: None },
        Refusal::Forbidden {
            reason: watch(),
            who: vec![person("ben"), person("bea")],
            due: Some(minute(30)),
        },
        needs(&["ben", "bea", "cleo"], Some(minute(30))),
        needs(&["ben"], None),
        needs(&[], None),
        Refusal::ProposerDoesNotCount,
        Refusal::Disowned,
        Refusal::AlreadyDisowned,
        Refusal::NothingToDisown,
        Refusal::ApprovalsMissing { given: 1, needed: 2 },
        Refusal::NotTyped { name: "prod".to_owned() },
        Refusal::OtherPlan { shown: Digest::of("an older plan"), current: plan() },
        Refusal::AlreadyLifted { by: person("ben"), at: minute(5) },
        Refusal::JustAsked { who: vec![person("ben"), person("bea")], at: minute(30) },
        Refusal::ReasonMissing,
        Refusal::NotRunning,
        Refusal::AlreadyPaused { by: person("ana"), since: minute(5) },
        Refusal::NotPaused,
        Refusal::IsPaused { by: person("ana"), since: minute(5) },
        Refusal::AnswerAwaited,
        Refusal::IsStuck,
        Refusal::AlreadyCancelled { by: person("ana") },
        Refusal::AlreadyTakenBack,
        Refusal::NotStuck,
        Refusal::NothingAsked,
        Refusal::OtherStop,
        Refusal::NothingToTry,
    ];
    let sentences = refusals.map(|refusal| refusal.words().to_plain(&people()));
    insta::assert_snapshot!(sentences.join("\n"), @"
    That is already taken care of; nothing was changed.
    This incident is resolved; nothing was changed.
    The policies name nobody who could approve this, so it cannot be proposed. Ask the operator to run `countersign check`.
    A proposal for this target is already waiting; decide on that one first.
    I do not know you yet, so your click changed nothing. Ask the operator to add { chat: slack, team: T1, user: U_eve } to people.yaml.
    Your click changed nothing: you are a guest in this workspace, and guests never decide. Ask somebody of the level that is asked now, or the operator.
    Your click changed nothing: your account is switched off. Ask somebody of the level that is asked now, or the operator.
    Your click changed nothing: Slack does not tell me right now whether your account is in order, and without that nobody decides. Please press again in a minute. If it stays like this, tell the operator: the bot needs the scope users:read.
    Stakeholders watch; they do not decide. Nothing was changed.
    Stakeholders watch; they do not decide. Ana can decide, and is asked already. Nothing was changed.
    Stakeholders watch; they do not decide. Ben and Bea can decide; they are asked from 23 Nov 03:30:00 UTC on. Nothing was changed.
    This needs level 2, and you hold level 1. Ben, Bea and Cleo can decide; that level is asked at 23 Nov 03:30:00 UTC, or sooner if you press “Ask the next level now”. Nothing was changed.
    This needs level 2, and you hold level 1. Ben can decide: please ask in the thread. Nothing was changed.
    This needs level 2, and you hold level 1. The escalation names nobody of that level: tell the operator. Nothing was changed.
    You proposed this, and it needs more than one person: others have to sign. Nothing was changed.
    You said that somebody else signed here in your name, so nothing more is taken from this account in this incident; others decide. Nothing was changed.
    That is known already: what was signed here in your name does not count, and the others have been told. Nothing more was changed.
    Nothing was signed here from this account, so there is nothing to take back. Nothing was changed.
    It needs its approvals first: 1 of 2 count. Whoever may approve presses Approve on the card; after that it can go on. Nothing was changed.
    This replaces a whole environment, so an approval needs its name, typed exactly: prod. Press Approve on the card and type it; nothing was changed.
    The plan has changed since this card was drawn: it shows plan 8df23b65, and 9523fa88 waits now. Nothing was signed or changed. Please read the newest card in the thread, and decide there.
    You are a little late: Ben has lifted this hold (23 Nov 03:05 UTC), so nothing is held any more. Nothing was changed.
    Ben and Bea were asked a moment ago, at 23 Nov 03:30:00 UTC. Give them a minute before the next level is woken. Nothing was changed.
    Please say why: this needs a reason that the others can read.
    No rollback is under way here, so there is nothing to steer. Nothing was changed.
    It is paused already, by Ana since 23 Nov 03:05:00 UTC. Nothing was changed.
    It is not paused (any more); the thread shows how it goes. Nothing was changed.
    It is paused by Ana since 23 Nov 03:05:00 UTC. Press Resume first, then answer the question. Nothing was changed.
    It already waits for an answer, and nothing runs before somebody gives it. Nothing was changed.
    It is stuck and does nothing by itself: try the step again, skip it, or end the rollback. Nothing was changed.
    Ana has cancelled it already; the thread shows how it is taken back. Nothing was changed.
    It has failed and is being taken back already; the thread shows how it goes. Nothing was changed.
    It is not stuck (any more): somebody may have been faster. The thread shows how it goes. Nothing was changed.
    No question waits for an answer (any more): somebody may have been faster. The thread shows how it goes. Nothing was changed.
    The rollback has gone on since this card was drawn, and has stopped again at another place. Nothing was signed or changed. Please read the newest card in the thread, and decide there.
    There is nothing to try again: the step has no way back that could be taken. Take it back by hand and skip it here, or end the rollback. Nothing was changed.
    ");
}

#[test]
fn whoever_comes_late_reads_who_decided_and_what_happens_now() {
    let begins = |opens| Some(Course::Begins { opens });
    let signed =
        |tally, course| Refusal::AlreadySigned { tally, needed: 2, at: Some(minute(3)), course };
    let approved = |by: &[&str], course| {
        let by = by.iter().copied().map(person).collect();
        Refusal::AlreadyApproved { by, at: Some(minute(4)), course }
    };
    let refusals = [
        signed(1, None),
        signed(2, begins(None)),
        signed(2, Some(Course::Runs)),
        approved(&["ben"], begins(None)),
        approved(&["ben", "bea"], begins(Some(minute(60)))),
        approved(&["ben", "bea"], Some(Course::Runs)),
        approved(&["ben", "bea"], Some(Course::Stuck)),
    ];
    let sentences = refusals.map(|refusal| refusal.words().to_plain(&people()));
    insta::assert_snapshot!(sentences.join("\n"), @"
    You have signed this already, at 23 Nov 03:03:00 UTC, and it counts: 1 of 2 approvals are there. One person counts once, so nothing more is needed of you: others have to give what is missing. Your click changed nothing.
    You have signed this already, at 23 Nov 03:03:00 UTC, and enough people have. The rollback begins in a moment. Your click changed nothing.
    You have signed this already, at 23 Nov 03:03:00 UTC, and enough people have. The rollback is under way: the card shows how far it is, and offers to pause or to cancel it. Your click changed nothing.
    You are a little late: Ben signed at 23 Nov 03:04:00 UTC, and that is enough. The rollback begins in a moment. Your click changed nothing.
    You are a little late: Ben and Bea have signed, the last of them at 23 Nov 03:04:00 UTC, and that is enough. The rollback begins by itself when its maintenance window opens (23 Nov 04:00 UTC); until then it can be rejected on the card. Your click changed nothing.
    You are a little late: Ben and Bea have signed, the last of them at 23 Nov 03:04:00 UTC, and that is enough. The rollback is under way: the card shows how far it is, and offers to pause or to cancel it. Your click changed nothing.
    You are a little late: Ben and Bea have signed, the last of them at 23 Nov 03:04:00 UTC, and that is enough. The rollback is stuck and needs a person: the card says why, and offers the ways on. Your click changed nothing.
    ");
}

#[test]
fn whoever_comes_when_it_is_over_reads_how_it_ended() {
    let reason = || "the numbers are right".to_owned();
    let (by, signed_off) = (person("ben"), vec![]);
    let rolled_back = |signed_off| Outcome::RolledBack {
        recovery_ms: 120_000,
        target_ms: 900_000,
        workflow: Workflow::Emergency,
        signed_off,
    };
    let sign_off = SignOff {
        step: 1,
        name: "Check the data".to_owned(),
        by: person("cleo"),
        reason: reason(),
    };
    let changes = vec!["shop.revenue was deployed anew".to_owned(), "a model is new".to_owned()];
    let outcomes = [
        rolled_back(vec![]),
        rolled_back(vec![sign_off]),
        Outcome::Undone {
            reason: "the views are locked".to_owned(),
            signed_off: signed_off.clone(),
        },
        Outcome::Cancelled { by: by.clone(), reason: reason(), signed_off },
        Outcome::Rejected { by: by.clone(), reason: "Wait for me!".to_owned() },
        Outcome::GivenUp { by, reason: reason() },
        Outcome::Voided { changes },
        Outcome::Withdrawn,
    ];
    let closed = |outcome: &Outcome, signed| {
        let refusal = Refusal::AlreadyClosed { outcome: outcome.clone(), at: minute(5), signed };
        refusal.words().to_plain(&people())
    };
    let mut sentences: Vec<String> = outcomes.iter().map(|outcome| closed(outcome, None)).collect();
    sentences.push(closed(&outcomes[0], Some(minute(3))));
    insta::assert_snapshot!(sentences.join("\n"), @"
    You are a little late: the rollback is done, and every check passed (23 Nov 03:05 UTC). Nothing is left to decide. Your click changed nothing.
    You are a little late: the rollback is done, on the word of people (23 Nov 03:05 UTC). Nothing is left to decide. Your click changed nothing.
    You are a little late: the rollback failed, and was taken back (23 Nov 03:05 UTC). Why: the views are locked. If a rollback is still needed, propose it anew. Your click changed nothing.
    You are a little late: Ben cancelled the rollback, and it was taken back (23 Nov 03:05 UTC). Why: the numbers are right. If a rollback is still needed, propose it anew. Your click changed nothing.
    You are a little late: Ben rejected the rollback (23 Nov 03:05 UTC). Why: Wait for me! If a rollback is still needed, propose it anew. Your click changed nothing.
    You are a little late: Ben ended the stuck rollback (23 Nov 03:05 UTC). Why: the numbers are right. If a rollback is still needed, propose it anew. Your click changed nothing.
    This card is out of date: what it proposes has changed since it was drawn, so the proposal is void, with its approvals (23 Nov 03:05 UTC). What changed: shop.revenue was deployed anew; a model is new. The target is looked at again: please read the newest card in the thread, and decide there. Your click changed nothing.
    You are a little late: the incident was resolved before enough people had decided (23 Nov 03:05 UTC). If a rollback is still needed, propose it anew. Your click changed nothing.
    You have signed this already, at 23 Nov 03:03:00 UTC, and it is over: the rollback is done, and every check passed (23 Nov 03:05 UTC). Nothing is left to decide. Your click changed nothing.
    ");
}

/// What was written before more was kept says what it can.
#[test]
fn older_records_are_read_and_worded() {
    let records = [
        r#"{"refusal":"forbidden","reason":"Stakeholders watch."}"#,
        r#"{"refusal":"already_signed","tally":1,"needed":2}"#,
        r#"{"refusal":"already_approved"}"#,
        r#"{"refusal":"already_closed","outcome":{"outcome":"withdrawn"},"at":"2026-11-23T03:05:00Z"}"#,
    ];
    let worded = records.map(|record| {
        let refusal: Refusal = serde_json::from_str(record).unwrap();
        assert_eq!(serde_json::to_string(&refusal).unwrap(), record, "it is written as it was");
        refusal.words().to_plain(&people())
    });
    insta::assert_snapshot!(worded.join("\n"), @"
    Stakeholders watch. Nothing was changed.
    You have signed this already, and it counts: 1 of 2 approvals are there. One person counts once, so nothing more is needed of you: others have to give what is missing. Your click changed nothing.
    You are a little late: enough people have signed already. The thread shows how the rollback goes. Your click changed nothing.
    You are a little late: the incident was resolved before enough people had decided (23 Nov 03:05 UTC). If a rollback is still needed, propose it anew. Your click changed nothing.
    ");
}
