//! The hold: what it says when, and that nothing but a person with authority ends it.

use domain::{
    digest::Digest,
    fold::Fold,
    hold::{Event, Hold, Stage},
    journal::{Entry, Head, Record},
    notice::Notice,
    refusal::Refusal,
    run,
};

use crate::world::{
    alert, approved, desk::Desk, held_by, hold_id, hold_opening, incident_id, level, matrix,
    minute, notices, opening, person, plan, proposal, proposal_id, requirement, run_id, steered,
    version,
};

const DAY: i64 = 24 * 60;

fn placed(needs: &[u8]) -> Hold {
    let opening = hold_opening(&proposal_id(1), run_id(1), &proposal(needs));
    Hold::place(hold_id(1), opening, minute(0)).0
}

fn seen(plan: &str, bad: &[&str]) -> Event {
    let bad = bad.iter().map(|identifier| version("shop.orders_daily", identifier)).collect();
    Event::ReleaseSeen { plan_id: plan.to_owned(), bad }
}

fn lifted(id: &str, reason: &str) -> Event {
    Event::Lifted { by: person(id), level: held_by(id), plan: plan(), reason: reason.to_owned() }
}

#[track_caller]
fn step(hold: Hold, event: &Event, at: i64) -> (Hold, Vec<Notice>) {
    let (hold, effects) = hold.step(event, minute(at)).unwrap();
    (hold, notices(&effects))
}

#[test]
fn people_are_reminded_at_its_time_and_once() {
    let hold = placed(&[1]);
    let due = |reminders| Event::ReminderDue { reminders };
    assert_eq!(hold.clone().step(&due(0), minute(DAY - 1)), Err(Refusal::Outdated), "too early");
    assert_eq!(hold.clone().step(&due(1), minute(DAY)), Err(Refusal::Outdated), "another one");
    let (hold, told) = step(hold, &due(0), DAY + 3);
    assert!(matches!(&told[..], [Notice::HoldStands { .. }]), "{told:?}");
    assert_eq!(hold.clone().step(&due(0), minute(DAY + 3)), Err(Refusal::Outdated), "fired twice");
    assert_eq!(hold.remind_at(), Some(minute(2 * DAY + 3)));
    assert_eq!(step(hold, &due(1), 2 * DAY + 3).1.len(), 1);
}

#[test]
fn a_bad_version_is_told_once_for_each_plan() {
    let hold = placed(&[1]);
    let (hold, told) = step(hold, &seen("a", &[]), 1);
    assert!(told.is_empty(), "a good deploy is noted quietly: {told:?}");
    assert_eq!(hold.clone().step(&seen("a", &[]), minute(2)), Err(Refusal::Outdated));
    let (hold, told) = step(hold, &seen("b", &["22"]), 3);
    assert!(matches!(&told[..], [Notice::BadVersionsBack { plan_id, .. }] if plan_id == "b"));
    assert_eq!(hold.clone().step(&seen("b", &["22"]), minute(4)), Err(Refusal::Outdated));
    let (hold, told) = step(hold, &seen("c", &["22"]), 5);
    assert_eq!(told.len(), 1, "another plan is told: {told:?}");
    assert_eq!(hold.returned().map(|found| found.plan_id.as_str()), Some("c"));
    let (hold, told) = step(hold, &seen("d", &[]), 6);
    assert!(matches!(&told[..], [Notice::BadVersionsGone { .. }]), "{told:?}");
    assert!(hold.returned().is_none() && hold.is_held(), "no deploy lifts a hold");
    // The environment goes back and forth: the plan was told before.
    let (hold, told) = step(hold, &seen("b", &["22"]), 7);
    assert!(told.is_empty() && hold.returned().is_some(), "{told:?}");
    assert!(hold.returns.iter().filter(|found| found.over_at.is_none()).count() == 1);
}

#[test]
fn lifting_needs_the_level_the_plan_and_a_reason() {
    let hold = placed(&[3, 2]);
    let refused = |event: &Event| hold.clone().step(event, minute(1)).unwrap_err();
    let Refusal::NeedsLevel { needed, held, who, due } = refused(&lifted("ana", "why not")) else {
        panic!("level 1 lifted it")
    };
    assert_eq!((needed, held, due), (level(2), level(1), None));
    assert_eq!(who, ["ben", "bea", "cleo", "dora"].map(person));
    assert_eq!(refused(&lifted("ben", " \n")), Refusal::ReasonMissing);
    let of_another = Event::Lifted {
        by: person("ben"),
        level: level(2),
        plan: Digest::of("another"),
        reason: "it is fine".to_owned(),
    };
    assert!(matches!(refused(&of_another), Refusal::OtherPlan { .. }));
    let (hold, told) = step(hold, &lifted("ben", "it is fine"), 2);
    assert!(matches!(&told[..], [Notice::HoldLifted { .. }]), "{told:?}");
    assert!(matches!(&hold.stage, Stage::Lifted { reason, .. } if reason == "it is fine"));
    let late = hold.step(&lifted("cleo", "me too"), minute(3)).unwrap_err();
    assert_eq!(late, Refusal::AlreadyLifted { by: person("ben"), at: minute(2) });
}

/// A rollback that has succeeded at the desk, with the hold that it left.
fn rolled_back() -> Desk {
    let mut desk = Desk::new();
    let reported = domain::incident::Event::Reported { alert: alert(), at: minute(0) };
    desk.take(Record::Incident(reported), minute(0)).unwrap();
    let opening = Box::new(opening(requirement(&[1], matrix())));
    let opened = domain::proposal::Event::Opened { opening };
    desk.take(Record::Proposal { id: proposal_id(1), event: opened }, minute(1)).unwrap();
    desk.take(Record::Proposal { id: proposal_id(1), event: approved("ana") }, minute(2)).unwrap();
    let id = desk.runs.keys().next().unwrap().clone();
    loop {
        let event = match desk.runs[&id].stage {
            run::Stage::Pending { next, attempt } => run::Event::Intended { step: next, attempt },
            run::Stage::Doing { step, .. } => {
                run::Event::Did { step, note: String::new(), findings: vec![] }
            }
            run::Stage::Asking { .. } => {
                let stop = desk.runs[&id].stop().unwrap();
                run::Event::Steered(steered("dora", run::Steer::Confirm { stop }, None))
            }
            _ => return desk,
        };
        desk.take(Record::Run { id: id.clone(), event }, minute(3)).unwrap();
    }
}

fn entries(desk: &Desk) -> Vec<Entry> {
    let mut head = Head::genesis(&incident_id());
    desk.journal.iter().map(|sealed| head.follow(sealed).unwrap()).collect()
}

#[track_caller]
fn cannot_have_happened(entries: &[Entry], why: &str) {
    let mut fold = Fold::default();
    let error = entries.iter().try_for_each(|entry| fold.apply(entry)).unwrap_err();
    assert!(error.why.contains(why), "{error}");
}

#[test]
fn a_rollback_that_succeeds_leaves_one_and_the_fold_knows_it() {
    let mut desk = rolled_back();
    let id = desk.holds.keys().next().expect("it is held").clone();
    for (event, at) in [(seen("b", &["22"]), 9), (lifted("ben", "it is fine"), 10)] {
        desk.take(Record::Hold { id: id.clone(), event }, minute(at)).unwrap();
    }
    let mut fold = Fold::default();
    for entry in &entries(&desk) {
        fold.apply(entry).unwrap();
    }
    assert_eq!(fold, desk.state());
}

#[test]
fn a_hold_of_nothing_that_was_rolled_back_is_refused() {
    let whole = entries(&rolled_back());
    let placed =
        whole.iter().position(|entry| matches!(entry.record, Record::Hold { .. })).unwrap();

    let twice: Vec<Entry> = {
        let mut again = whole[placed].clone();
        again.record = match again.record {
            Record::Hold { event, .. } => Record::Hold { id: hold_id(9), event },
            other => other,
        };
        whole.iter().cloned().chain([again]).collect()
    };
    cannot_have_happened(&twice, "has a hold already");

    // Before the proposal is closed.
    let mut early = whole.clone();
    early.swap(placed - 1, placed);
    cannot_have_happened(&early, "was not rolled back like this");

    let of_another_run = |entry: &Entry| {
        let mut entry = entry.clone();
        if let Record::Hold { event: Event::Placed { opening }, .. } = &mut entry.record {
            opening.run = run_id(77);
        }
        entry
    };
    let forged: Vec<Entry> = whole.iter().map(of_another_run).collect();
    cannot_have_happened(&forged, "was not rolled back like this");

    let mut unknown = whole[..placed].to_vec();
    let event = lifted("ben", "it is fine");
    unknown.push(Entry { record: Record::Hold { id: hold_id(9), event }, ..whole[placed].clone() });
    cannot_have_happened(&unknown, "was not placed before");
}
