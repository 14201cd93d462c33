//! A proposal that waits for its maintenance window.

use domain::{
    card::Card,
    effect::Effect,
    incident::Incident,
    notice::{Notice, Schedule},
    plan::Workflow,
    proposal::{Due, Event, Opening, Outcome, Outlook, Proposal, Stage},
    refusal::Refusal,
    requirement::Pace,
    window::Window,
};

use crate::world::{
    MINUTE_MS, alert, approved, incident_id, matrix, minute, notices, open, opening, people,
    rejected, requirement, run_id, timer,
};

/// From minute 100 to minute 160, told of 60 and 10 minutes before.
fn window() -> Window {
    let notices_ms = vec![60 * 60_000, 10 * 60_000];
    Window { opens: minute(100), closes: minute(160), notices_ms }
}

fn planned() -> Proposal {
    let outlook =
        Outlook { window: Some(window()), workflow: Workflow::Planned, ..Outlook::default() };
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
    let late = stepped(&at_once, &rejected("cleo"), 2).err();
    assert!(matches!(late, Some(Refusal::AlreadyApproved { .. })), "{late:?}");
    let late = stepped(&waiting(), &approved("cleo"), 50).err().unwrap();
    insta::assert_snapshot!(late.words().to_plain(&people()), @"You are a little late: Ana signed at 23 Nov 03:01:00 UTC, and that is enough. The rollback begins by itself when its maintenance window opens (23 Nov 04:40 UTC); until then it can be rejected on the card. Your click changed nothing.");
    assert_eq!(at_once.due(minute(500)), None);
}

#[test]
fn the_window_is_part_of_what_people_sign() {
    let at_once = open(opening(planned().opening.requirement));
    assert_ne!(planned().summary_digest(), at_once.summary_digest());
}

#[test]
fn its_time_counts_from_the_window_and_its_end_names_the_document() {
    let running = [Event::WindowOpened, Event::RunStarted { run: run_id(1) }]
        .iter()
        .fold(waiting(), |proposal, event| stepped(&proposal, event, 100).unwrap().0);
    let (over, effects) = stepped(&running, &Event::RunSucceeded, 107).unwrap();
    let Stage::Closed { outcome, .. } = &over.stage else { panic!("{:?}", over.stage) };
    let target_ms = 15 * MINUTE_MS;
    let (recovery_ms, workflow) = (7 * MINUTE_MS, Workflow::Planned);
    let expected = Outcome::RolledBack { recovery_ms, target_ms, workflow, signed_off: vec![] };
    assert_eq!(*outcome, expected);
    let documented = Notice::Planned(Schedule::Documented { incident: incident_id() });
    assert_eq!(notices(&effects), [Notice::Closed { outcome: expected }, documented.clone()]);
    insta::assert_snapshot!(outcome.words().to_plain(&people()), @"Rolled back: every step is done and every check passed, 7 min after it was due to begin, within the 15 min meant for it.");
    // What was never begun has nothing to tell.
    let rejected = stepped(&waiting(), &rejected("cleo"), 50).unwrap().1;
    assert!(!notices(&rejected).contains(&documented));
    let void = Event::Voided { changes: vec!["prod was deployed again".to_owned()] };
    assert!(!notices(&stepped(&running, &void, 101).unwrap().1).contains(&documented));
}

#[test]
fn records_from_before_there_were_planned_runbooks_stay_as_they_are() {
    let outlook = Outlook { workflow: Workflow::Emergency, ..planned().opening.outlook };
    let text = serde_json::to_string(&outlook).unwrap();
    assert!(!text.contains("workflow"), "{text}");
    let old = open(Opening { outlook: serde_json::from_str(&text).unwrap(), ..planned().opening });
    let run = Event::RunStarted { run: run_id(1) };
    let events = [(approved("ana"), 1), (Event::WindowOpened, 100), (run, 100)];
    let running =
        events.iter().fold(old, |proposal, (event, at)| stepped(&proposal, event, *at).unwrap().0);
    let told = notices(&stepped(&running, &Event::RunSucceeded, 107).unwrap().1);
    let text = serde_json::to_value(&told).unwrap();
    assert_eq!(text[0]["outcome"]["recovery_ms"], 107 * MINUTE_MS);
    assert_eq!((told.len(), text[0]["outcome"]["workflow"].is_null()), (1, true));
}

#[test]
fn it_asks_mildly_until_it_is_decided_and_urgently_when_its_run_waits() {
    let urgent = Pace { after_ms: vec![0, 15 * MINUTE_MS], repeat_ms: 10 * MINUTE_MS };
    let mut mild = requirement(&[1], matrix()[..2].to_vec());
    (mild.ladder[1].after_ms, mild.repeat_ms) = (240 * MINUTE_MS, 480 * MINUTE_MS);
    mild.urgent = Some(urgent);
    let outlook = planned().opening.outlook;
    let open = open(Opening { outlook, ..opening(mild) });
    let again = Event::DeadlinePassed { rung: 1, repeats: 0 };
    assert_eq!(stepped(&open, &again, 239).err(), Some(Refusal::Outdated));
    assert_eq!(timer(&stepped(&open, &again, 240).unwrap().1), Some((minute(720), 1, 1)));
    let events = [(approved("ana"), 1), (Event::WindowOpened, 100)];
    let running =
        events.iter().fold(open, |open, (event, at)| stepped(&open, event, *at).unwrap().0);
    let running = stepped(&running, &Event::RunStarted { run: run_id(1) }, 100).unwrap().0;
    let (stuck, effects) = stepped(&running, &Event::RunStuck, 110).unwrap();
    assert_eq!(timer(&effects), Some((minute(125), 1, 0)));
    let (asked, effects) = stepped(&stuck, &again, 125).unwrap();
    assert_eq!(timer(&effects), Some((minute(135), 1, 1)));
    let incident = Incident::open(incident_id(), alert(), minute(0), minute(0)).0;
    let card = Card::of(&incident, Some(&asked), None, None);
    assert_eq!(card.next_ask.map(|next| next.at), Some(minute(135)));
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
        Schedule::Documented { incident: incident_id() },
    ]
    .map(|schedule| Notice::Planned(schedule).words().to_plain(&people()));
    insta::assert_snapshot!(lines.join("\n"), @"
    It is planned for the maintenance window between 23 Nov 04:40 UTC and 23 Nov 05:40 UTC. Approvals are good until it closes; without enough of them nothing runs, and the proposal is void then.
    The rollback begins by itself at 23 Nov 04:40 UTC, when its maintenance window opens, and not after 23 Nov 05:40 UTC. Until then it can still be rejected.
    The rollback begins at 23 Nov 04:40 UTC. It is approved; until then it can still be rejected.
    The maintenance window of this rollback is between 23 Nov 04:40 UTC and 23 Nov 05:40 UTC, and 1 approval is still missing. Without it nothing runs.
    The maintenance window of this rollback is between 23 Nov 04:40 UTC and 23 Nov 05:40 UTC, and 2 approvals are still missing. Without them nothing runs.
    All of this as one document, with room for what is to be learnt: countersign report incident inc_00000000000000000000000001.
    ");
}
