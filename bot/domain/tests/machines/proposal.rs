//! The proposal: one step of it at a time, taken and refused.

use domain::{
    digest::Digest,
    effect::Effect,
    notice::Notice,
    plan::Workflow,
    proposal::{Event, Outcome, POSTING_GRACE_MS, Proposal, Proposer, Stage},
    refusal::{Course, Refusal},
};

use crate::world::{
    MINUTE_MS, approved, held_by, level, matrix, millisecond, minute, notices, open, opening,
    person, plan, proposal, proposal_id, rejected, requirement, run_id, rung, timer,
};

/// Takes each event at its minute; all of them must be accepted.
#[track_caller]
fn after(proposal: Proposal, events: &[(i64, Event)]) -> Proposal {
    events.iter().fold(proposal, |proposal, (at, event)| {
        proposal.step(event, minute(*at)).unwrap_or_else(|no| panic!("{event:?}: {no:?}")).0
    })
}

#[track_caller]
fn refuses(proposal: &Proposal, event: &Event, at: i64, refusal: &Refusal) {
    let answer = proposal.clone().step(event, minute(at));
    assert_eq!(answer.err().as_ref(), Some(refusal), "{event:?} in {:?}", proposal.stage);
}

#[track_caller]
fn closes(proposal: Proposal, event: &Event, outcome: &Outcome) {
    let (closed, effects) = proposal.step(event, minute(9)).unwrap();
    assert_eq!(closed.stage, Stage::Closed { outcome: outcome.clone(), at: minute(9) });
    assert!(effects.contains(&Effect::ClearTimers), "a closed proposal has no timer");
    assert_eq!(notices(&effects), [Notice::Closed { outcome: outcome.clone() }]);
}

fn deadline(rung: usize, repeats: u32) -> Event {
    Event::DeadlinePassed { rung, repeats }
}

fn escalated() -> Event {
    Event::Escalated { by: person("ana") }
}

fn running() -> Proposal {
    after(proposal(&[1]), &[(1, approved("ana")), (2, Event::RunStarted { run: run_id(1) })])
}

fn stuck() -> Proposal {
    after(running(), &[(3, Event::RunStuck)])
}

#[test]
fn the_way_to_a_finished_rollback() {
    let (approved, effects) = after(proposal(&[2, 1]), &[(1, approved("ana"))])
        .step(&approved("ben"), minute(2))
        .unwrap();
    assert_eq!(approved.stage, Stage::Approved { at: minute(2) });
    assert!(effects.contains(&Effect::StartRun) && effects.contains(&Effect::ClearTimers));
    let running = after(approved, &[(3, Event::RunStarted { run: run_id(1) })]);
    assert_eq!(running.stage, Stage::Running { run: run_id(1) });
    closes(
        running,
        &Event::RunSucceeded,
        &Outcome::RolledBack {
            recovery_ms: 9 * MINUTE_MS,
            target_ms: 15 * MINUTE_MS,
            workflow: Workflow::Emergency,
            signed_off: vec![],
        },
    );
}

#[test]
fn every_end() {
    let changes = vec!["a new deploy".to_owned()];
    let reason = "the numbers are right".to_owned();
    let by = person("ana");
    let voided = Event::Voided { changes: changes.clone() };
    let void = Outcome::Voided { changes };
    closes(
        proposal(&[1]),
        &rejected("ana"),
        &Outcome::Rejected { by: by.clone(), reason: reason.clone() },
    );
    closes(proposal(&[1]), &Event::IncidentResolved, &Outcome::Withdrawn);
    for waiting in [proposal(&[1]), after(proposal(&[1]), &[(1, approved("ana"))]), running()] {
        closes(waiting.clone(), &voided, &void);
        let (_, effects) = waiting.step(&voided, minute(9)).unwrap();
        assert!(effects.contains(&Effect::Assess), "what changed is looked at anew");
    }
    let undone = Event::RunUndone { reason: reason.clone(), signed_off: vec![] };
    closes(running(), &undone, &Outcome::Undone { reason: reason.clone(), signed_off: vec![] });
    closes(stuck(), &rejected("ana"), &Outcome::GivenUp { by, reason });
}

#[test]
fn it_opens_only_where_somebody_could_answer() {
    let open = |needs: &[u8], ladder| {
        Proposal::open(proposal_id(1), opening(requirement(needs, ladder)), minute(0))
    };
    let nobody = Some(Refusal::NobodyCanApprove);
    assert_eq!(
        open(&[], matrix()).err(),
        nobody,
        "no approval needed means nobody may, not everybody"
    );
    assert_eq!(open(&[1], vec![]).err(), nobody);
    assert_eq!(open(&[1], vec![rung(1, 0, &[]), rung(2, 30, &[])]).err(), nobody);
    let (_, effects) = open(&[1], vec![rung(1, 0, &[]), rung(2, 30, &["ben"])]).unwrap();
    assert!(
        matches!(
            &notices(&effects)[..],
            [Notice::Proposed { .. }, Notice::LevelSkipped { .. }, Notice::Asked { .. }]
        ),
        "{effects:?}"
    );
}

#[test]
fn a_click_that_cannot_count_is_refused_in_words() {
    let two = proposal(&[2, 2]);
    let needs_two = |due| Refusal::NeedsLevel {
        needed: level(2),
        held: level(1),
        who: ["ben", "bea", "cleo", "dora"].map(person).to_vec(),
        due,
    };
    refuses(&two, &approved("ana"), 1, &needs_two(Some(minute(30))));
    refuses(&two, &rejected("ana"), 1, &needs_two(Some(minute(30))));
    let asked = after(two.clone(), &[(15, deadline(1, 0)), (30, deadline(2, 0))]);
    refuses(&asked, &approved("ana"), 31, &needs_two(None));
    let signed = after(two.clone(), &[(1, approved("ben"))]);
    let twice = Refusal::AlreadySigned { tally: 1, needed: 2, at: Some(minute(1)), course: None };
    refuses(&signed, &approved("ben"), 2, &twice);
    let shown = Digest::of("an older plan");
    let old = Event::Approved { by: person("ben"), level: held_by("ben"), plan: shown.clone() };
    refuses(&two, &old, 1, &Refusal::OtherPlan { shown, current: plan() });
    let (by, reason) = (person("ben"), " \n".to_owned());
    let silent = Event::Rejected { by, level: level(2), plan: plan(), reason };
    refuses(&two, &silent, 1, &Refusal::ReasonMissing);
}

#[test]
fn whoever_comes_late_is_told_who_decided_and_how_it_goes_on() {
    let late = |course| {
        let (by, at) = (vec![person("ana")], Some(minute(1)));
        Refusal::AlreadyApproved { by, at, course: Some(course) }
    };
    let signed = after(proposal(&[1]), &[(1, approved("ana"))]);
    refuses(&signed, &approved("ben"), 2, &late(Course::Begins { opens: None }));
    refuses(&running(), &rejected("ben"), 4, &late(Course::Runs));
    refuses(&running(), &escalated(), 4, &late(Course::Runs));
    refuses(&stuck(), &approved("ben"), 4, &late(Course::Stuck));
    let (at, course) = (Some(minute(1)), Some(Course::Runs));
    let twice = Refusal::AlreadySigned { tally: 1, needed: 1, at, course };
    refuses(&running(), &approved("ana"), 4, &twice);
    let closed = after(proposal(&[2, 2]), &[(1, approved("ben")), (5, Event::IncidentResolved)]);
    let over = |signed| {
        let (outcome, at) = (Outcome::Withdrawn, minute(5));
        Refusal::AlreadyClosed { outcome, at, signed }
    };
    refuses(&closed, &approved("bea"), 6, &over(None));
    refuses(&closed, &approved("ben"), 6, &over(Some(minute(1))));
    refuses(&closed, &rejected("ben"), 6, &over(None));
}

#[test]
fn a_stuck_run_is_ended_only_by_somebody_of_the_level_with_a_reason_and_the_right_plan() {
    let run = run_id(1);
    let signed = [approved("ben"), approved("cleo"), Event::RunStarted { run }, Event::RunStuck];
    let stuck = after(proposal(&[2, 2]), &signed.map(|event| (1, event)));
    let who = ["ben", "bea", "cleo", "dora"].map(person).to_vec();
    let low = Refusal::NeedsLevel { needed: level(2), held: level(1), who, due: None };
    refuses(&stuck, &rejected("ana"), 2, &low);
    let end = |shown, reason: &str| Event::Rejected {
        by: person("bea"),
        level: held_by("bea"),
        plan: shown,
        reason: reason.to_owned(),
    };
    refuses(&stuck, &end(plan(), ""), 2, &Refusal::ReasonMissing);
    let (shown, current) = (Digest::of("an older plan"), plan());
    let other = Refusal::OtherPlan { shown: shown.clone(), current };
    refuses(&stuck, &end(shown, "enough"), 2, &other);
    assert!(after(stuck, &[(2, end(plan(), "enough"))]).is_closed());
}

#[test]
fn the_proposer_may_sign_alone_but_not_as_one_of_two() {
    let by_ben = |needs: &[u8]| {
        let proposer = Proposer::Person(person("ben"));
        open(domain::proposal::Opening { proposer, ..opening(requirement(needs, matrix())) })
    };
    refuses(&by_ben(&[2, 2]), &approved("ben"), 1, &Refusal::ProposerDoesNotCount);
    let alone = after(by_ben(&[2]), &[(1, approved("ben"))]);
    assert_eq!(alone.stage, Stage::Approved { at: minute(1) });
}

#[test]
fn an_approval_that_ran_out_while_others_were_awaited_counts_no_longer() {
    let mut short = requirement(&[2, 2], matrix());
    short.valid_ms = 20 * MINUTE_MS;
    let signed = after(open(opening(short)), &[(0, approved("ben"))]);
    let in_time = after(signed.clone(), &[(20, approved("cleo"))]);
    assert_eq!(in_time.stage, Stage::Approved { at: minute(20) });
    let too_late = after(signed, &[(21, approved("cleo"))]);
    assert_eq!(too_late.tally().given, 1, "the first one has run out");
    let again = after(too_late, &[(22, approved("ben"))]);
    assert_eq!(again.stage, Stage::Approved { at: minute(22) }, "and may be given again");
}

#[test]
fn machine_events_out_of_place_are_refused() {
    let started = Event::RunStarted { run: run_id(2) };
    for event in [&started, &Event::RunStuck, &Event::RunSucceeded, &Event::Posted] {
        refuses(&proposal(&[1]), event, 1, &Refusal::Outdated);
    }
    for event in [&started, &Event::IncidentResolved, &deadline(1, 0), &Event::Posted] {
        refuses(&running(), event, 20, &Refusal::Outdated);
    }
    refuses(&stuck(), &Event::RunSucceeded, 20, &Refusal::Outdated);
    refuses(&stuck(), &Event::Voided { changes: vec![] }, 20, &Refusal::Outdated);
}

#[test]
fn the_clock_starts_when_the_card_is_posted_unless_the_chat_is_down() {
    let opened = || {
        Proposal::open(proposal_id(1), opening(requirement(&[1], matrix())), minute(0)).unwrap().0
    };
    let grace = i64::try_from(POSTING_GRACE_MS).unwrap();
    let (posted, effects) = opened().step(&Event::Posted, millisecond(grace)).unwrap();
    assert_eq!(posted.asked_from, millisecond(grace));
    assert_eq!(timer(&effects), Some((minute(15) + (millisecond(grace) - minute(0)), 1, 0)));
    let (late, effects) = opened().step(&Event::Posted, millisecond(grace + 1)).unwrap();
    assert_eq!((late.asked_from, timer(&effects)), (minute(0), None));
    let (climbed, _) = opened().step(&escalated(), millisecond(5)).unwrap();
    let (posted, effects) = climbed.step(&Event::Posted, millisecond(9)).unwrap();
    assert_eq!(
        (posted.asked_from, timer(&effects)),
        (minute(0), None),
        "a climb is not taken back"
    );
    let alone = opening(requirement(&[1], vec![rung(1, 0, &["ana"])]));
    let (alone, _) = Proposal::open(proposal_id(1), alone, millisecond(0)).unwrap();
    let (_, effects) = alone.step(&Event::Posted, millisecond(7)).unwrap();
    let again = millisecond(7 + 10 * 60_000);
    assert_eq!(timer(&effects), Some((again, 0, 1)), "silence is counted from there too");
}

#[test]
fn a_deadline_names_its_rung_and_waits_for_its_minute() {
    let waiting = proposal(&[1]);
    refuses(&waiting, &deadline(1, 0), 14, &Refusal::Outdated);
    refuses(&waiting, &deadline(2, 0), 99, &Refusal::Outdated);
    refuses(&waiting, &deadline(0, 1), 99, &Refusal::Outdated);
    let reached = after(waiting, &[(15, deadline(1, 0))]);
    refuses(&reached, &deadline(1, 0), 15, &Refusal::Outdated);
    let (_, effects) = reached.step(&escalated(), minute(16)).unwrap();
    assert!(matches!(&notices(&effects)[..], [Notice::EscalatedBy { .. }, Notice::Asked { .. }]));
    assert_eq!(timer(&effects), Some((minute(45), 3, 0)), "the matrix stays as it is above");
}
