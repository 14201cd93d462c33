//! Somebody says that it was not they who signed: it counts no longer, whatever it has set going is stopped, and nothing
//! begins on the strength of it, whichever way somebody tries.

use domain::{
    digest::Digest,
    effect::Effect,
    notice::{Consequence, Notice},
    proposal::{Event, Halted, Proposal, Stage},
    refusal::Refusal,
    run::{self, Run, Steer, Stop},
};

use crate::{
    notice::read,
    world::{
        approved, desk::Desk, held_by, incident_id, minute, notices, person, plan, proposal,
        proposal_id, rejected, run_id, steered,
    },
};

pub(crate) fn disowned(id: &str) -> Event {
    Event::Disowned { by: person(id), level: held_by(id), plan: plan() }
}

fn all(proposal: Proposal, events: &[Event]) -> Proposal {
    events.iter().fold(proposal, |proposal, event| proposal.step(event, minute(2)).unwrap().0)
}

fn running(needs: &[u8], signers: &[&str]) -> Proposal {
    let signed: Vec<Event> = signers.iter().map(|id| approved(id)).collect();
    all(all(proposal(needs), &signed), &[Event::RunStarted { run: run_id(1) }])
}

/// Who is told of it, and what it makes.
#[track_caller]
fn alarm(effects: &[Effect]) -> (Vec<String>, Consequence) {
    let told = notices(effects);
    let alarm = told.iter().find_map(|notice| match notice {
        Notice::Disowned { people, consequence, .. } => {
            let people = people.iter().map(|person| person.as_str().to_owned()).collect();
            Some((people, consequence.clone()))
        }
        _ => None,
    });
    alarm.unwrap_or_else(|| panic!("no alarm in {told:?}"))
}

#[test]
fn an_approval_of_an_open_proposal_is_taken_back() {
    let open = all(proposal(&[2, 1]), &[approved("ana")]);
    let (open, effects) = open.step(&disowned("ana"), minute(3)).unwrap();
    assert!(open.approvals.is_empty() && matches!(open.stage, Stage::Open { .. }));
    // Those who were asked and the next level, without the one whose account it is.
    let next = ["abe", "ben", "bea"].map(str::to_owned).to_vec();
    assert_eq!(alarm(&effects), (next, Consequence::TakenBack));
    for event in [approved("ana"), rejected("ana"), Event::Escalated { by: person("ana") }] {
        assert_eq!(open.clone().step(&event, minute(4)), Err(Refusal::Disowned), "{event:?}");
    }
    let twice = open.clone().step(&disowned("ana"), minute(4));
    assert_eq!(twice, Err(Refusal::AlreadyDisowned));
    let other = Event::Disowned { by: person("abe"), level: held_by("abe"), plan: Digest::of("x") };
    assert!(matches!(open.clone().step(&other, minute(4)), Err(Refusal::OtherPlan { .. })));
    // Others decide.
    let decided = all(open, &[approved("abe"), approved("ben")]);
    assert!(matches!(decided.stage, Stage::Approved { .. }));
}

#[test]
fn what_is_approved_and_has_not_begun_is_asked_for_anew() {
    let waiting = all(proposal(&[2]), &[approved("ben")]);
    let (open, effects) = waiting.step(&disowned("ben"), minute(50)).unwrap();
    assert!(matches!(&open.stage, Stage::Open { position } if position.rung == 2));
    assert!(!effects.contains(&Effect::StartRun));
    let told = notices(&effects);
    assert!(matches!(&told[..], [Notice::Disowned { .. }, Notice::Asked { .. }]), "{told:?}");
    assert_eq!(crate::world::timer(&effects), Some((minute(65), 3, 0)));
    assert!(matches!(all(open, &[approved("bea")]).stage, Stage::Approved { .. }));
}

#[test]
fn a_run_is_halted_and_goes_on_only_when_it_is_approved_again() {
    let (halting, effects) = running(&[2], &["ben"]).step(&disowned("ben"), minute(3)).unwrap();
    assert!(effects.contains(&Effect::HaltRun { by: person("ben") }), "{effects:?}");
    let paused = Halted::Paused { under_way: Some("switch".to_owned()) };
    let heard = Event::RunHalted { by: person("ben"), halt: paused };
    let (halted, effects) = halting.step(&heard, minute(3)).unwrap();
    let (people, _) = alarm(&effects);
    assert_eq!(people, ["ana", "abe", "bea", "cleo"]);
    assert!(crate::world::timer(&effects).is_some(), "nobody's silence leaves it half done");
    assert!(halted.has_lapsed());
    let may = |proposal: &Proposal, id: &str, steer| {
        proposal.may_steer(&steered(id, steer, Some("because")), None)
    };
    let missing = Err(Refusal::ApprovalsMissing { given: 0, needed: 1 });
    assert_eq!(may(&halted, "bea", Steer::Resume), missing);
    let stop = Stop { step: 1, count: 1 };
    assert_eq!(may(&halted, "bea", Steer::Confirm { stop }), missing);
    assert_eq!(may(&halted, "bea", Steer::Cancel), Ok(()), "taking back needs no approval");
    assert_eq!(may(&halted, "ben", Steer::Cancel), Err(Refusal::Disowned));
    assert_eq!(halted.clone().step(&approved("ben"), minute(4)), Err(Refusal::Disowned));
    let low = halted.clone().step(&approved("ana"), minute(4));
    assert!(matches!(low, Err(Refusal::NeedsLevel { .. })), "{low:?}");
    let renewed = all(halted, &[approved("bea")]);
    assert_eq!(may(&renewed, "bea", Steer::Resume), Ok(()));
    let (on, _) = renewed.step(&Event::RunGoesOn, minute(5)).unwrap();
    assert_eq!(on.waits, None);
}

#[test]
fn a_run_is_halted_only_for_somebody_who_has_disowned() {
    let running = running(&[2], &["ben"]);
    for halt in [Halted::Paused { under_way: None }, Halted::Waited, Halted::GoesBack] {
        let heard = |id: &str| Event::RunHalted { by: person(id), halt: halt.clone() };
        let hears = |proposal: &Proposal, id: &str| {
            proposal.clone().step(&heard(id), minute(3)).map(|_| ())
        };
        assert_eq!(hears(&running, "ben"), Err(Refusal::Outdated), "nobody has disowned");
        let told = all(running.clone(), &[disowned("ben")]);
        assert_eq!(hears(&told, "bea"), Err(Refusal::Outdated), "it was ben");
        assert_eq!(hears(&told, "ben"), Ok(()));
        let stuck = all(running.clone(), &[Event::RunStuck, disowned("ben")]);
        assert_eq!(hears(&stuck, "ben"), Err(Refusal::Outdated), "nothing is under way");
    }
}

#[test]
fn whoever_can_sign_in_place_of_what_was_disowned_is_asked() {
    let goes_on =
        all(running(&[1], &["ana"]), &[Event::RunStuck, disowned("ana"), Event::RunGoesOn]);
    let meets = |id: &str| Event::RunLapsed { disowned: Some(person(id)) };
    let foreign = goes_on.clone().step(&meets("bea"), minute(4));
    assert_eq!(foreign, Err(Refusal::Outdated), "bea has disowned nothing");
    let (stuck, effects) = goes_on.step(&meets("ana"), minute(4)).unwrap();
    let stopped = Notice::Stuck {
        name: "Check the data".to_owned(),
        reason: String::new(),
        disowned: Some(person("ana")),
    };
    let told = [vec![stopped], notices(&effects)].concat();
    let (due, rung, repeats) = crate::world::timer(&effects).unwrap();
    // The clock asks nobody from whom nothing is taken any more.
    let passed = Event::DeadlinePassed { rung, repeats };
    let (stuck, effects) = stuck.step(&passed, due).unwrap();
    let told = [told, notices(&effects)].concat();
    insta::assert_snapshot!(read(&told), @"
    channel, bad: The rollback stops before Check the data: what was signed in the name of Ana was taken back, because it was not they who signed, and the approvals that are left are not enough. If the plan is right, others sign it again with Approve, and then press Try again; End the rollback leaves the target as it is now. Nothing runs by itself.
    thread, attention: Abe, role at minute 15 (level 1): the approval of Ana was taken back, and yours can stand in its place. Please look at the rollback, then approve the same plan again, or end it. Without an answer, the escalation goes on at 23 Nov 03:19:00 UTC.
    channel, attention: Ben and Bea, role at minute 30 (level 2): the rollback has been stuck for 15 min: the approval of Ana was taken back, and yours can stand in its place. Please look at the rollback, then approve the same plan again, or end it. Without an answer, the escalation goes on at 23 Nov 03:34:00 UTC.
    ");
    assert_eq!(stuck.clone().step(&approved("ana"), due), Err(Refusal::Disowned));
    let renewed = all(stuck, &[approved("abe")]);
    assert!(!renewed.has_lapsed());
    // Whoever was asked last has not answered: the ladder goes on from where it stood.
    let (due, rung, repeats) = crate::world::timer(&effects).unwrap();
    assert!(renewed.step(&Event::DeadlinePassed { rung, repeats }, due).is_ok());
}

#[test]
fn records_from_before_it_was_told_apart_read_the_same() {
    let old = r#"{"event":"run_lapsed"}"#;
    let read: Event = serde_json::from_str(old).unwrap();
    assert_eq!(read, Event::RunLapsed { disowned: None });
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
    let old = r#"{"event":"approvals_lapsed","why":"ana's was good until seven"}"#;
    let read: run::Event = serde_json::from_str(old).unwrap();
    assert!(matches!(read, run::Event::ApprovalsLapsed { disowned: None, .. }));
    assert_eq!(serde_json::to_string(&read).unwrap(), old);
}

#[test]
fn a_pause_for_it_outlives_whatever_the_step_comes_to() {
    let halted = all(
        running(&[2], &["ben"]),
        &[
            disowned("ben"),
            Event::RunHalted { by: person("ben"), halt: Halted::Paused { under_way: None } },
        ],
    );
    let question = domain::plan::Question { text: "Swap it in?".to_owned(), level: None };
    let asks = Event::RunAsks { step: "second look".to_owned(), question };
    for event in [Event::RunStuck, asks] {
        let later = all(halted.clone(), std::slice::from_ref(&event));
        assert!(later.has_lapsed(), "{event:?}");
        assert!(!all(later, &[approved("bea")]).has_lapsed(), "{event:?}");
    }
}

#[test]
fn what_is_over_is_told_and_stays_over() {
    let over = all(running(&[2], &["ben"]), &[Event::RunSucceeded]);
    let (told, effects) = over.clone().step(&disowned("ben"), minute(900)).unwrap();
    assert_eq!(alarm(&effects).1, Consequence::Over);
    assert_eq!((told.stage, told.approvals), (over.stage, over.approvals));
}

#[test]
fn a_run_stops_where_it_stands() {
    let (incident, steps) = (incident_id(), Desk::steps());
    let target = "warehouse".to_owned();
    let (run, _) = Run::create(run_id(1), incident, proposal_id(1), plan(), target, steps);
    let halted = run::Event::Halted { by: person("ben") };
    let told = |run: Run| {
        let (run, effects) = run.step(&halted, minute(4)).unwrap();
        let halt = effects.iter().find_map(|effect| match effect {
            Effect::TellProposal(Event::RunHalted { halt, .. }) => Some(halt.clone()),
            _ => None,
        });
        (run, halt.unwrap())
    };
    let (paused, halt) = told(run.clone());
    assert_eq!((halt, paused.is_at_rest()), (Halted::Paused { under_way: None }, true));
    assert_eq!(told(paused).1, Halted::Waited, "a pause of somebody else stays");
    let doing = run::Event::Intended { step: 0, attempt: 1 };
    let (doing, _) = run.step(&doing, minute(3)).unwrap();
    let (paused, halt) = told(doing.clone());
    assert_eq!(halt, Halted::Paused { under_way: Some("look".to_owned()) });
    assert!(!paused.is_at_rest(), "the step comes to its end");
    let did = run::Event::Did { step: 0, note: String::new(), findings: vec![] };
    let (asking, _) = paused.step(&did, minute(5)).unwrap();
    assert!(asking.is_at_rest());
    let cancel = run::Event::Steered(steered("bea", Steer::Cancel, Some("wrong")));
    let (cancelled, _) = doing.step(&cancel, minute(4)).unwrap();
    let (still, halt) = told(cancelled.clone());
    assert_eq!((halt, still), (Halted::GoesBack, cancelled));
}

#[test]
fn the_alarm_says_what_it_means() {
    let alarm = |consequence, given| Notice::Disowned {
        by: person("ana"),
        people: vec![person("ben"), person("cleo")],
        consequence,
        given,
        needed: 2,
    };
    let under_way = Some("Point the models back".to_owned());
    let notices = [
        alarm(Consequence::TakenBack, 1),
        alarm(Consequence::Paused { under_way }, 1),
        alarm(Consequence::Paused { under_way: None }, 2),
        alarm(Consequence::Waits, 1),
        alarm(Consequence::GoesBack, 1),
        alarm(Consequence::Over, 2),
    ];
    insta::assert_snapshot!(read(&notices), @"
    channel, bad: Ana says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. Nothing has begun: 1 of 2 approvals count now, and others decide. Ben and Cleo: please look at this, and at that account, now.
    channel, bad: Ana says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. The rollback is paused: Point the models back comes to its end, and nothing further begins (1 of 2 approvals count now). Ben and Cleo: please look at it now. Approve the same plan again if it is right, or cancel it; and see to that account.
    channel, bad: Ana says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. The rollback is paused, and nothing further begins (2 of 2 approvals count now). Ben and Cleo: please look at it now, then let it go on or cancel it; and see to that account.
    channel, bad: Ana says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. The rollback waits for a person and stays as it is (1 of 2 approvals count now). Ben and Cleo: please look at it now. Approve the same plan again if it is right, or cancel it; and see to that account.
    channel, bad: Ana says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. What the rollback did is being taken back, and that goes on. Ben and Cleo: please look at this, and at that account, now.
    channel, bad: Ana says: that was not me. Somebody else may have their account, and whatever was signed here in their name no longer counts. The rollback was over by then: nothing is left to be stopped here, so please look at what was done, if anything was. Ben and Cleo: please look at this, and at that account, now.
    ");
}
