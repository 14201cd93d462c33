//! A proposal that waits for its maintenance window.

use domain::{
    effect::Effect,
    notice::{Notice, Schedule},
    proposal::{Due, Event, Opening, Outlook, Proposal, Stage},
    refusal::Refusal,
    window::Window,
};

use crate::world::{
    approved, matrix, minute, notices, open, opening, people, rejected, requirement,
};

/// From minute 100 to minute 160, told of 60 and 10 minutes before.
fn window() -> Window {
    let notices_ms = vec![60 * 60_000, 10 * 60_000];
    Window { opens: minute(100), closes: minute(160), notices_ms }
}

fn planned() -> Proposal {
    let outlook = Outlook { window: Some(window()), ..Outlook::default() };
    let mut requirement = requirement(&[1], matrix());
    requirement.valid_ms = 200 * 60_000;
    open(Opening { outlook, ..opening(requirement) })
}

fn waiting() -> Proposal {
    planned().step(&approved("ana"), minute(1)).unwrap().0
}

fn stepped(
    proposal: &Proposal,
    event: &Event,
    at: i64,
) -> Result<(Proposal, Vec<Effect>), Refusal> {
    proposal.clone().step(event, minute(at))
}

#[test]
fn nothing_runs_before_the_window_opens() {
    let (approved, effects) = stepped(&planned(), &approved("ana"), 1).unwrap();
    assert!(matches!(approved.stage, Stage::Approved { .. }));
    assert!(!effects.contains(&Effect::StartRun));
    assert_eq!(stepped(&approved, &Event::WindowOpened, 99).err(), Some(Refusal::Outdated));
    assert_eq!(stepped(&approved, &Event::WindowOpened, 100).unwrap().1, [Effect::StartRun]);
    assert_eq!(stepped(&approved, &Event::WindowOpened, 160).err(), Some(Refusal::Outdated));
}

#[test]
fn an_approval_inside_the_window_starts_it_and_one_after_it_is_too_late() {
    assert!(stepped(&planned(), &approved("ana"), 130).unwrap().1.contains(&Effect::StartRun));
    let late = stepped(&planned(), &approved("ana"), 160).err();
    assert_eq!(late, Some(Refusal::WindowClosed { closes: minute(160) }));
    insta::assert_snapshot!(late.unwrap().words().to_plain(&people()), @"You are a little late: the maintenance window of this rollback closed at 23 Nov 05:40:00 UTC. Propose it anew for another one; nothing was changed.");
}

#[test]
fn what_is_due_when() {
    for (proposal, at, due) in [
        (planned(), 39, None),
        (planned(), 40, Some(Due::Notice)),
        (planned(), 100, None),
        (planned(), 160, Some(Due::Miss)),
        (waiting(), 95, Some(Due::Notice)),
        (waiting(), 100, Some(Due::Begin)),
        (waiting(), 159, Some(Due::Begin)),
        (waiting(), 160, Some(Due::Miss)),
    ] {
        assert_eq!(proposal.due(minute(at)), due, "{:?} at {at}", proposal.stage);
        let next = proposal.next_due(minute(at)).expect("something is to come");
        assert_eq!(next == minute(at), due.is_some(), "at {at}: {next}");
    }
    let over = waiting().step(&rejected("cleo"), minute(2)).unwrap().0;
    assert_eq!((over.due(minute(200)), over.next_due(minute(3))), (None, None));
}

#[test]
fn each_notice_is_given_once() {
    let (told, effects) = stepped(&waiting(), &Event::WindowNears, 40).unwrap();
    assert_eq!(notices(&effects).len(), 1);
    assert_eq!(stepped(&told, &Event::WindowNears, 41).err(), Some(Refusal::Outdated));
    assert_eq!(told.next_due(minute(41)), Some(minute(90)));
    // One whose time was over when it was proposed is not given at all.
    let notices_ms = vec![24 * 60 * 60_000, 10 * 60_000];
    let outlook = Outlook { window: Some(Window { notices_ms, ..window() }), ..Outlook::default() };
    let late = open(Opening { outlook, ..opening(requirement(&[1], matrix())) });
    assert_eq!((late.due(minute(1)), late.next_due(minute(1))), (None, Some(minute(90))));
    // Slept through both of them.
    let late = stepped(&waiting(), &Event::WindowNears, 95).unwrap().0;
    assert_eq!(late.next_due(minute(95)), Some(minute(100)));
    assert_eq!(stepped(&waiting(), &Event::WindowNears, 100).err(), Some(Refusal::Outdated));
}

#[test]
fn what_waits_can_be_called_off_and_what_does_not_cannot() {
    let over = stepped(&waiting(), &rejected("cleo"), 50).unwrap().0;
    assert!(matches!(over.stage, Stage::Closed { .. }));
    let at_once = open(opening(requirement(&[1], matrix())));
    let at_once = stepped(&at_once, &approved("ana"), 1).unwrap().0;
    assert_eq!(stepped(&at_once, &rejected("cleo"), 2).err(), Some(Refusal::AlreadyApproved));
    assert_eq!(at_once.due(minute(500)), None);
}

#[test]
fn the_window_is_part_of_what_people_sign() {
    let at_once = open(opening(planned().opening.requirement));
    assert_ne!(planned().summary_digest(), at_once.summary_digest());
}

#[test]
fn the_words_of_a_window() {
    let (opens, closes) = (minute(100), minute(160));
    let lines = [
        Schedule::Proposed { opens, closes },
        Schedule::Begins { opens, closes },
        Schedule::Nears { opens, closes, missing: 0 },
        Schedule::Nears { opens, closes, missing: 1 },
        Schedule::Nears { opens, closes, missing: 2 },
    ]
    .map(|schedule| Notice::Planned(schedule).words().to_plain(&people()));
    insta::assert_snapshot!(lines.join("\n"), @"
    It is planned for the maintenance window between 23 Nov 04:40:00 UTC and 23 Nov 05:40:00 UTC (the card says the day). Approvals are good until it closes; without enough of them nothing runs, and the proposal is void then.
    The rollback begins by itself at 23 Nov 04:40:00 UTC, when its maintenance window opens, and not after 23 Nov 05:40:00 UTC (the card says the day). Until then it can still be rejected.
    The rollback begins at 23 Nov 04:40:00 UTC. It is approved; until then it can still be rejected.
    The maintenance window of this rollback is between 23 Nov 04:40:00 UTC and 23 Nov 05:40:00 UTC, and 1 approval is still missing. Without it nothing runs.
    The maintenance window of this rollback is between 23 Nov 04:40:00 UTC and 23 Nov 05:40:00 UTC, and 2 approvals are still missing. Without them nothing runs.
    ");
}
