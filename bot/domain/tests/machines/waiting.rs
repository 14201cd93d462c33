//! A run that waits for a person climbs the ladder like a proposal does.

use domain::{
    level::Level,
    notice::{Guidance, Notice},
    plan::Question,
    proposal::{Event, Outcome, Proposal, Stage},
    refusal::{Course, Refusal},
    requirement::Rung,
};

use crate::{
    notice::read,
    world::{
        MINUTE_MS, approved, levels, matrix, minute, notices, open, opening, person, proposal,
        requirement, run_id, rung, timer,
    },
};

fn running(proposal: Proposal) -> Proposal {
    [approved("ben"), Event::RunStarted { run: run_id(1) }]
        .iter()
        .fold(proposal, |proposal, event| proposal.step(event, minute(2)).unwrap().0)
}

fn asks(level: Option<u8>) -> Event {
    let level = level.map(|number| levels(&[number])[0]);
    let text = "Swap the restored warehouse in?".to_owned();
    Event::RunAsks { step: "second look".to_owned(), question: Question { text, level } }
}

fn passed(rung: usize, repeats: u32) -> Event {
    Event::DeadlinePassed { rung, repeats }
}

/// Whom the effects ask: the people, and the minutes of waiting.
fn wanted(effects: &[domain::effect::Effect]) -> Vec<(Vec<String>, u64)> {
    let names = |people: &[domain::person::PersonId]| {
        people.iter().map(|person| person.as_str().to_owned()).collect()
    };
    let asked = |notice: &Notice| match notice {
        Notice::Steered(Guidance::Wanted { people, waited_ms, .. }) => {
            Some((names(people), waited_ms / MINUTE_MS))
        }
        Notice::Steered(Guidance::Asks { people, .. }) => Some((names(people), 0)),
        _ => None,
    };
    notices(effects).iter().filter_map(asked).collect()
}

#[test]
fn a_question_climbs_from_the_level_that_it_names() {
    let (asking, effects) = running(proposal(&[2])).step(&asks(Some(2)), minute(100)).unwrap();
    assert_eq!(wanted(&effects), [(vec!["ben".to_owned(), "bea".to_owned()], 0)]);
    // The manager comes a quarter of an hour after the leads, as the ladder has it.
    assert_eq!(timer(&effects), Some((minute(115), 3, 0)));
    let refused = asking.clone().step(&passed(3, 0), minute(114));
    assert_eq!(refused, Err(Refusal::Outdated), "a timer that fires early asks nobody");
    let (asking, effects) = asking.step(&passed(3, 0), minute(115)).unwrap();
    assert_eq!(wanted(&effects), [(vec!["cleo".to_owned()], 15)]);
    assert_eq!(timer(&effects), Some((minute(130), 4, 0)));
    let late = asking.clone().step(&passed(3, 0), minute(116));
    assert_eq!(late, Err(Refusal::Outdated), "a timer that fires twice asks nobody");
    let (asking, _) = asking.step(&passed(4, 0), minute(130)).unwrap();
    // After the last rung the same people are asked again.
    let (asking, effects) = asking.step(&passed(4, 1), minute(140)).unwrap();
    assert_eq!(wanted(&effects), [(vec!["dora".to_owned()], 40)]);
    assert_eq!(timer(&effects), Some((minute(150), 4, 2)));
    // Whatever answers it ends the asking.
    let (going_on, effects) = asking.step(&Event::RunGoesOn, minute(141)).unwrap();
    assert!(effects.contains(&domain::effect::Effect::ClearTimers));
    assert_eq!((&going_on.stage, &going_on.waits), (&Stage::Running { run: run_id(1) }, &None));
    assert_eq!(going_on.step(&passed(4, 2), minute(150)), Err(Refusal::Outdated));
}

#[test]
fn a_stuck_run_asks_from_the_lowest_who_can_try_again() {
    let (stuck, effects) = running(proposal(&[1])).step(&Event::RunStuck, minute(20)).unwrap();
    assert_eq!(wanted(&effects), [(vec!["ana".to_owned()], 0)]);
    assert_eq!(timer(&effects), Some((minute(35), 1, 0)));
    let (stuck, effects) = stuck.step(&passed(1, 0), minute(35)).unwrap();
    assert_eq!(wanted(&effects), [(vec!["abe".to_owned()], 15)]);
    let (again, _) = stuck.clone().step(&Event::RunGoesOn, minute(36)).unwrap();
    // It is stuck once more, and the clock begins anew.
    let (_, effects) = again.step(&Event::RunStuck, minute(40)).unwrap();
    assert_eq!(timer(&effects), Some((minute(55), 1, 0)));
    let reason = "mended by hand".to_owned();
    let plan = crate::world::plan();
    let end = Event::Rejected { by: person("ana"), level: Level::LOWEST, plan, reason };
    let (closed, _) = stuck.step(&end, minute(41)).unwrap();
    assert_eq!(closed.waits, None);
    assert!(matches!(closed.stage, Stage::Closed { outcome: Outcome::GivenUp { .. }, .. }));
}

#[test]
fn a_paused_run_is_not_forgotten() {
    let pause = Event::RunPaused { by: person("ana") };
    let (paused, effects) = running(proposal(&[2])).step(&pause, minute(20)).unwrap();
    assert!(wanted(&effects).is_empty(), "whoever paused it has looked");
    assert_eq!(timer(&effects), Some((minute(35), 3, 0)));
    let (paused, effects) = paused.step(&passed(3, 0), minute(35)).unwrap();
    assert_eq!(wanted(&effects), [(vec!["cleo".to_owned()], 15)]);
    let named = |notice: &Notice| matches!(notice, Notice::Steered(Guidance::Wanted { paused: Some(by), .. }) if *by == person("ana"));
    assert!(notices(&effects).iter().any(named), "{effects:?}");
    // A question that comes up meanwhile is asked instead, and somebody who lets it go on ends the asking.
    let (asking, _) = paused.clone().step(&asks(None), minute(36)).unwrap();
    assert_eq!(asking.waits.unwrap().paused, None);
    let (on, effects) = paused.step(&Event::RunGoesOn, minute(36)).unwrap();
    assert!(effects.contains(&domain::effect::Effect::ClearTimers));
    assert_eq!(on.waits, None);
    assert_eq!(proposal(&[1]).step(&pause, minute(1)), Err(Refusal::Outdated), "nothing runs");
}

#[test]
fn nobody_is_asked_where_the_ladder_has_nobody_of_the_level() {
    let short: Vec<Rung> = matrix().into_iter().take(3).collect();
    let proposal = running(open(opening(requirement(&[2], short))));
    let (asking, effects) = proposal.step(&asks(Some(4)), minute(5)).unwrap();
    assert_eq!((wanted(&effects), timer(&effects)), (vec![(vec![], 0)], None));
    assert_eq!(asking.step(&passed(0, 1), minute(600)), Err(Refusal::Outdated));
}

#[test]
fn rungs_without_people_are_passed_over() {
    let ladder = vec![rung(1, 0, &["ana"]), rung(2, 30, &[]), rung(3, 45, &["cleo"])];
    let proposal = running(open(opening(requirement(&[1], ladder))));
    let (_, effects) = proposal.step(&asks(Some(2)), minute(5)).unwrap();
    assert_eq!(wanted(&effects), [(vec!["cleo".to_owned()], 0)]);
    assert_eq!(timer(&effects), Some((minute(15), 2, 1)), "the last ones are asked again");
}

#[test]
fn approvals_that_ran_out_can_be_given_again() {
    let (lapsed, effects) =
        running(proposal(&[2])).step(&Event::RunLapsed { disowned: None }, minute(300)).unwrap();
    assert_eq!(wanted(&effects), [(vec!["ben".to_owned(), "bea".to_owned()], 0)]);
    let low = lapsed.clone().step(&approved("ana"), minute(301));
    assert!(matches!(low, Err(Refusal::NeedsLevel { .. })), "{low:?}");
    let (renewed, effects) = lapsed.step(&approved("bea"), minute(301)).unwrap();
    let told = notices(&effects);
    assert!(
        matches!(&told[..], [Notice::ApprovedBy { given: 1, needed: 1, .. }, renewed] if *renewed == Notice::Steered(Guidance::Renewed)),
        "{told:?}"
    );
    assert!(!effects.contains(&domain::effect::Effect::StartRun), "the run is there already");
    assert!(matches!(renewed.stage, Stage::Stuck { .. }));
    assert!(!renewed.waits.as_ref().unwrap().lapsed);
    let once_more = renewed.step(&approved("cleo"), minute(302));
    let at = Some(minute(301));
    let (by, course) = (vec![person("bea")], Some(Course::Stuck));
    assert_eq!(once_more, Err(Refusal::AlreadyApproved { by, at, course }));
}

#[test]
fn approvals_that_are_good_are_not_given_twice() {
    let (stuck, _) = running(proposal(&[2])).step(&Event::RunStuck, minute(3)).unwrap();
    let (by, at, course) = (vec![person("ben")], Some(minute(2)), Some(Course::Stuck));
    let late = Refusal::AlreadyApproved { by, at, course };
    assert_eq!(stuck.step(&approved("bea"), minute(4)), Err(late));
}

#[test]
fn a_run_waits_for_people() {
    let wanted =
        |question: Option<&str>, (number, role, id): (u8, &str, &str), waited_min, lapsed| {
            Guidance::Wanted {
                question: question.map(str::to_owned),
                level: levels(&[number])[0],
                role: role.to_owned(),
                people: vec![person(id)],
                waited_ms: waited_min * MINUTE_MS,
                paused: None,
                lapsed,
                disowned: None,
                next: minute(30),
            }
        };
    let paused = Guidance::Wanted {
        question: None,
        level: levels(&[2])[0],
        role: "tech lead".to_owned(),
        people: vec![person("ben")],
        waited_ms: 15 * MINUTE_MS,
        paused: Some(person("ana")),
        lapsed: false,
        disowned: None,
        next: minute(30),
    };
    let notices = [
        paused,
        wanted(None, (1, "on-call engineer", "ana"), 0, false),
        wanted(None, (2, "tech lead", "ben"), 15, false),
        wanted(
            Some("Swap the restored warehouse in?"),
            (3, "engineering manager", "cleo"),
            15,
            false,
        ),
        wanted(None, (1, "on-call engineer", "ana"), 0, true),
        Guidance::Renewed,
    ];
    insta::assert_snapshot!(read(&notices.map(Notice::Steered)), @r"
    channel, attention: Ben, tech lead (level 2): the rollback is still paused, by Ana for 15 min now. Resume lets it go on, Cancel takes back what was done; nothing runs before that. Without an answer, the escalation goes on at 23 Nov 03:30:00 UTC.
    thread, attention: Ana, on-call engineer (level 1): please look at it, then try the step again, skip it, or end the rollback. Without an answer, the escalation goes on at 23 Nov 03:30:00 UTC.
    channel, attention: Ben, tech lead (level 2): the rollback has been stuck for 15 min. Please look at it, then try the step again, skip it, or end the rollback. Without an answer, the escalation goes on at 23 Nov 03:30:00 UTC.
    channel, attention: Cleo, engineering manager (level 3): the rollback has been waiting for 15 min: Swap the restored warehouse in? Confirm lets it go on, Cancel takes back what was done. Without an answer, the escalation goes on at 23 Nov 03:30:00 UTC.
    thread, attention: Ana, on-call engineer (level 1): please look at it, then approve the same plan again, or end the rollback. Without an answer, the escalation goes on at 23 Nov 03:30:00 UTC.
    thread, good: The approvals are good again. Resume, or Try again where it is stuck, lets the rollback go on.
    ");
}
