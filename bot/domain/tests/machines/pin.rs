//! The pin: what is kept on whose word, what comes of a try, when it is let go, and what its journal must say.

use domain::{
    card::{Button, Card},
    effect::Effect,
    fold::Fold,
    incident,
    journal::{Actor, Entry, Head, Record},
    notice::{Keeping, Notice},
    pin::{Event, GRACE_MS, Opening, Pin, Stage, TRIES, Work},
    proposal::{self, Proposal},
    refusal::Refusal,
};

use crate::{
    notice::read,
    world::{
        MINUTE_MS, alert, approved, desk::Desk, held_by, identity, incident_id, matrix,
        millisecond, minute, notices, open, opening, person, pin_id, plan, proposal, proposal_id,
        rejected, requirement, version,
    },
};

fn limited() -> proposal::Opening {
    let opening = opening(requirement(&[1], matrix()));
    proposal::Opening { possible_until: Some(minute(300)), ..opening }
}

fn asked_by(id: &str) -> Opening {
    Opening {
        incident: incident_id(),
        proposal: proposal_id(1),
        plan: plan(),
        target: limited().target,
        name: Pin::name(&incident_id(), 0),
        versions: vec![version("shop.orders_daily", "11"), version("shop.revenue", "12")],
        by: person(id),
        level: held_by(id),
    }
}

fn asked() -> Pin {
    Pin::ask(pin_id(1), asked_by("ana"), minute(0)).0
}

#[track_caller]
fn after(pin: Pin, events: &[(Event, i64)]) -> (Pin, Vec<Effect>) {
    events.iter().fold((pin, vec![]), |(pin, _), (event, at)| {
        pin.step(event, minute(*at)).unwrap_or_else(|refusal| panic!("{event:?}: {refusal:?}"))
    })
}

fn intended(work: Work) -> Event {
    Event::Intended { work }
}

fn did() -> Event {
    Event::Did { in_place: vec![] }
}

fn why() -> String {
    "it broke".to_owned()
}

fn closed(at: i64) -> Event {
    Event::ProposalClosed { release_at: minute(at) }
}

#[test]
fn it_is_kept_and_let_go_when_its_proposal_is_over() {
    let (kept, effects) = after(asked(), &[(intended(Work::Keep), 0), (did(), 1)]);
    assert!(matches!(&notices(&effects)[..], [Notice::Keeping(Keeping::Kept { .. })]));
    assert_eq!((kept.stage.clone(), kept.next()), (Stage::Kept, None));
    let early = kept.clone().step(&intended(Work::Release), minute(9));
    assert_eq!(early, Err(Refusal::Outdated), "nobody lets go while it is needed");
    let (ended, _) = after(kept, &[(closed(60), 30)]);
    assert_eq!(ended.next(), Some((Work::Release, minute(60))));
    assert!(ended.clone().step(&intended(Work::Release), minute(59)).is_err());
    let (released, effects) = after(ended, &[(intended(Work::Release), 60), (did(), 61)]);
    assert!(matches!(&notices(&effects)[..], [Notice::Keeping(Keeping::Released { .. })]));
    assert!(!released.is_standing());
    for event in [intended(Work::Keep), did(), closed(99), Event::Unauthorised { why: why() }] {
        assert_eq!(released.clone().step(&event, minute(99)), Err(Refusal::Outdated), "{event:?}");
    }
}

#[test]
fn what_was_not_done_is_tried_again_and_told_in_the_end() {
    let mut pin = asked();
    for tries in 1..TRIES {
        let (_, due) = pin.next().unwrap();
        let (doing, _) = pin.step(&intended(Work::Keep), due).unwrap();
        let (again, effects) = doing.step(&Event::NotDone { why: why() }, due).unwrap();
        assert_eq!((again.tries, effects), (tries, vec![]));
        assert_eq!(again.next().unwrap().1, due + (millisecond(1000 << (tries - 1)) - minute(0)));
        pin = again;
    }
    let (doing, _) = pin.step(&intended(Work::Keep), minute(9)).unwrap();
    let (failed, effects) = doing.step(&Event::NotDone { why: why() }, minute(9)).unwrap();
    assert!(!failed.is_standing());
    assert!(matches!(&notices(&effects)[..], [Notice::Keeping(Keeping::NotKept { .. })]));
}

#[test]
fn an_outcome_that_nobody_can_tell_is_asked_for_and_never_given_up() {
    let (mut pin, _) = after(asked(), &[(intended(Work::Keep), 0)]);
    let mut told = 0;
    for _ in 0..2 * TRIES {
        let (work, due) = pin.next().unwrap();
        assert_eq!(work, Work::Keep);
        let (again, effects) = pin.step(&Event::Unanswered { why: why() }, due).unwrap();
        told += notices(&effects).len();
        pin = again;
    }
    assert_eq!(told, 1, "people are told once");
    assert!(pin.clone().step(&intended(Work::Keep), minute(99)).is_err(), "never done blindly");
    assert_eq!(after(pin, &[(did(), 99)]).0.stage, Stage::Kept);
}

#[test]
fn what_cannot_be_let_go_is_tried_for_ever() {
    let kept = [(intended(Work::Keep), 0), (did(), 1), (closed(1), 1)];
    let (mut pin, _) = after(asked(), &kept);
    let mut told = 0;
    for _ in 0..2 * TRIES {
        let (work, due) = pin.next().unwrap();
        let (doing, _) = pin.step(&intended(work), due).unwrap();
        let (again, effects) = doing.step(&Event::NotDone { why: why() }, due).unwrap();
        told += notices(&effects).len();
        pin = again;
    }
    assert_eq!((told, pin.next().unwrap().0), (1, Work::Release));
}

#[test]
fn what_is_gone_voids_what_waits_for_it_and_nothing_that_runs() {
    let missing = vec![version("shop.revenue", "12")];
    let event = Event::Gone { missing: missing.clone() };
    let (failed, effects) = after(asked(), &[(intended(Work::Keep), 0), (event, 1)]);
    assert!(!failed.is_standing());
    let tell = proposal::Event::WayBackGone { missing };
    assert!(effects.contains(&Effect::TellProposal(tell.clone())));
    let (void, effects) = open(limited()).step(&tell, minute(1)).unwrap();
    assert!(void.is_closed() && effects.contains(&Effect::Assess));
    let (signed, _) = open(limited()).step(&approved("ana"), minute(1)).unwrap();
    assert_eq!(signed.step(&tell, minute(2)), Err(Refusal::Outdated), "its run finds out itself");
}

#[test]
fn it_moves_on_to_what_comes_in_its_place() {
    let moved = Event::MovedOn { proposal: proposal_id(2) };
    let (kept, _) = after(asked(), &[(intended(Work::Keep), 0), (did(), 1)]);
    assert!(kept.clone().step(&moved, minute(2)).is_err(), "its proposal is not over");
    let (kept, _) = after(kept, &[(closed(90), 2), (moved, 3)]);
    assert_eq!((kept.proposal.clone(), kept.next()), (proposal_id(2), None));
    assert!(kept.covers(&[version("shop.revenue", "12")]));
    assert!(!kept.covers(&[version("shop.revenue", "13")]) && !kept.covers(&[]));
    // What was over before anything was done needs nothing.
    assert!(!after(asked(), &[(closed(1), 1)]).0.is_standing());
}

#[test]
fn who_asks_late_twice_or_for_nothing_is_told() {
    let waiting = open(limited());
    assert_eq!(waiting.may_be_kept(&plan(), None), Ok(()));
    let already = Refusal::AlreadyKept { by: person("ana"), since: minute(0) };
    assert_eq!(waiting.may_be_kept(&plan(), Some(&asked())), Err(already.clone()));
    let other = domain::digest::Digest::of("another");
    assert!(matches!(waiting.may_be_kept(&other, None), Err(Refusal::OtherPlan { .. })));
    assert_eq!(proposal(&[1]).may_be_kept(&plan(), None), Err(Refusal::NothingToKeep));
    let (over, _) = waiting.step(&rejected("ana"), minute(1)).unwrap();
    assert!(matches!(over.may_be_kept(&plan(), None), Err(Refusal::AlreadyClosed { .. })));
    let told = |refusal: &Refusal| refusal.words().to_plain(&crate::world::people());
    insta::assert_snapshot!(told(&already), @"The way back is kept already: Ana asked for it at 23 Nov 03:00:00 UTC. One pin is enough; nothing was changed.");
    insta::assert_snapshot!(told(&Refusal::NothingToKeep), @"Nothing limits how long this rollback is possible, so there is nothing to keep. Nothing was changed.");
}

#[test]
fn people_read_what_becomes_of_the_way_back() {
    let (by, name) = (person("ana"), "countersign_inc_1".to_owned());
    let in_place = vec!["shop.profile".to_owned()];
    let gone = |count| vec![version("shop.orders_daily", "11"); count];
    let notices = [
        Keeping::Asked { by: by.clone() },
        Keeping::Kept { by: by.clone(), name: name.clone(), in_place: vec![] },
        Keeping::Kept { by: by.clone(), name: name.clone(), in_place },
        Keeping::Gone { missing: gone(1) },
        Keeping::Gone { missing: gone(2) },
        Keeping::NotKept { why: why() },
        Keeping::Unclear { name: name.clone(), why: why() },
        Keeping::MovedOn { by },
        Keeping::Released { name: name.clone() },
        Keeping::NotReleased { name, why: why() },
    ];
    insta::assert_snapshot!(read(&notices.map(Notice::Keeping)), @r"
    thread, neutral: Ana wants to keep the way back: SQLMesh is told to hold what this rollback goes back to.
    thread, good: The way back is kept, for Ana: the environment countersign_inc_1 in SQLMesh's state holds it until this is closed, and the janitor leaves it alone. Nobody has to hurry because of it.
    thread, attention: The way back is kept, for Ana: the environment countersign_inc_1 in SQLMesh's state holds it until this is closed, and the janitor leaves it alone. Nobody has to hurry because of it. But shop.profile changed in place: the definition is kept, and the old rows are in a rollback point or nowhere.
    channel, bad: The way back could not be kept, because SQLMesh's janitor was faster: shop.orders_daily=11 is gone.
    channel, bad: The way back could not be kept, because SQLMesh's janitor was faster: shop.orders_daily=11, shop.orders_daily=11 are gone.
    thread, attention: The way back could not be kept: it broke. What limits it still does; to try once more, press “Keep the way back” again.
    thread, attention: Nobody can tell yet whether the way back is kept: it broke. It is asked again by itself; to look yourself, see whether sqlmesh environments names countersign_inc_1.
    thread, neutral: The way back of this proposal is the one that is kept already, for Ana.
    thread, neutral: The way back is no longer kept: the environment countersign_inc_1 is gone from SQLMesh's state, and what nothing else holds is the janitor's again.
    thread, attention: The environment countersign_inc_1 is not needed any more, and could not be taken out of SQLMesh's state: it broke. It does no harm but keeps old tables; the operator can take it away with sqlmesh invalidate countersign_inc_1.
    ");
}

#[track_caller]
fn shows(pin: Option<&Pin>, proposal: &Proposal) -> (Vec<String>, bool) {
    let (incident, _) = incident::Incident::open(incident_id(), alert(), minute(0), minute(0));
    let card = Card::of(&incident, Some(proposal), None, None).with_pin(Some(proposal), pin);
    let facts =
        card.facts.iter().filter(|fact| ["Possible until", "Way back"].contains(&fact.label));
    let shown = |fact: &domain::card::Fact| {
        format!("{}: {}", fact.label, fact.value.to_plain(&crate::world::people()))
    };
    (facts.map(shown).collect(), card.buttons.contains(&Button::Keep))
}

#[test]
fn the_card_shows_the_deadline_or_who_keeps_it() {
    let waiting = open(limited());
    let until = "Possible until: 23 Nov 08:00:00 UTC".to_owned();
    assert_eq!(shows(None, &waiting), (vec![until.clone()], true));
    assert_eq!(shows(None, &proposal(&[1])), (vec![], false));
    let about = "Way back: about to be kept, for Ana".to_owned();
    assert_eq!(shows(Some(&asked()), &waiting), (vec![until.clone(), about], false));
    let (kept, _) = after(asked(), &[(intended(Work::Keep), 0), (did(), 1)]);
    let stays = "Way back: kept by Ana until this is closed".to_owned();
    assert_eq!(shows(Some(&kept), &waiting), (vec![stays.clone()], false));
    // Kept already when it was proposed, so that nothing limits it.
    assert_eq!(shows(Some(&kept), &proposal(&[1])), (vec![stays], false));
    let (over, _) = waiting.clone().step(&rejected("ana"), minute(1)).unwrap();
    let (ended, _) = after(kept, &[(closed(60), 2)]);
    let (released, _) = after(ended.clone(), &[(intended(Work::Release), 60), (did(), 61)]);
    let no_longer = "Way back: no longer kept".to_owned();
    assert_eq!(shows(Some(&released), &over), (vec![no_longer], false));
    let still = "Way back: kept by Ana until 23 Nov 04:00:00 UTC".to_owned();
    assert_eq!(shows(Some(&ended), &over), (vec![still], false));
    let (failed, _) = after(asked(), &[(Event::Unauthorised { why: why() }, 1)]);
    let not = "Way back: not kept: it broke".to_owned();
    assert_eq!(shows(Some(&failed), &waiting), (vec![until, not], true));
}

/// A pin that was asked for, done, and let go because its proposal was rejected.
fn kept_at_the_desk() -> Desk {
    let mut desk = Desk::new();
    let mut take = |record, at| desk.take(record, minute(at)).unwrap();
    take(Record::Incident(incident::Event::Reported { alert: alert(), at: minute(0) }), 0);
    let opened = proposal::Event::Opened { opening: Box::new(limited()) };
    take(Record::Proposal { id: proposal_id(1), event: opened }, 1);
    let pin = |event| Record::Pin { id: pin_id(1), event };
    take(pin(Event::Asked { opening: Box::new(asked_by("ana")) }), 2);
    take(pin(intended(Work::Keep)), 3);
    take(pin(did()), 4);
    take(Record::Proposal { id: proposal_id(1), event: rejected("ana") }, 5);
    let at = 5 + i64::try_from(GRACE_MS / MINUTE_MS).unwrap();
    take(pin(intended(Work::Release)), at);
    take(pin(did()), at + 1);
    desk
}

fn entries(desk: &Desk) -> Vec<Entry> {
    let mut head = Head::genesis(&incident_id());
    desk.journal.iter().map(|sealed| head.follow(sealed).unwrap()).collect()
}

fn folded(entries: &[Entry]) -> Result<Fold, String> {
    let mut fold = Fold::default();
    entries.iter().try_for_each(|entry| fold.apply(entry)).map_err(|error| error.why)?;
    Ok(fold)
}

#[test]
fn the_fold_knows_it() {
    let desk = kept_at_the_desk();
    assert_eq!(folded(&entries(&desk)).unwrap(), desk.state());
    assert!(!desk.pins[&pin_id(1)].is_standing());
}

#[test]
fn a_pin_that_nobody_could_have_asked_for_is_refused() {
    let whole = entries(&kept_at_the_desk());
    let place = whole.iter().position(|entry| matches!(entry.record, Record::Pin { .. })).unwrap();
    let forged = |change: fn(&mut Entry, &mut Opening)| {
        let mut entries = whole[..=place].to_vec();
        let mut entry = entries.pop().unwrap();
        let mut opening = asked_by("ana");
        change(&mut entry, &mut opening);
        let event = Event::Asked { opening: Box::new(opening) };
        entry.record = Record::Pin { id: pin_id(1), event };
        folded(&[entries, vec![entry]].concat()).unwrap_err()
    };
    let by_nobody = forged(|entry, _| entry.actor = Actor::Countersign);
    assert!(by_nobody.contains("nobody could keep"), "{by_nobody}");
    let by_another = forged(|entry, _| {
        entry.actor = Actor::Person { person: person("ben"), identity: identity("ben") };
    });
    assert!(by_another.contains("nobody could keep"), "{by_another}");
    let elsewhere = forged(|_, opening| opening.target.environment = "dev".to_owned());
    assert!(elsewhere.contains("nobody could keep"), "{elsewhere}");
    let unnamed = forged(|_, opening| opening.name = "prod".to_owned());
    assert!(unnamed.contains("is not the name of this pin"), "{unnamed}");
    let other_plan = forged(|_, opening| opening.plan = domain::digest::Digest::of("another"));
    assert!(other_plan.contains("OtherPlan"), "{other_plan}");

    let unasked: Vec<Entry> = [&whole[..place], &whole[place + 1..]].concat();
    assert!(folded(&unasked).unwrap_err().contains("was not asked for before"));
    let again = [&whole[..=place], &whole[place..=place]].concat();
    assert!(folded(&again).is_err(), "asked twice");
    // Let go at another time than its proposal's end says.
    let sooner: Vec<Entry> = whole
        .iter()
        .cloned()
        .map(|mut entry| {
            if let Record::Pin { event: Event::ProposalClosed { release_at }, .. } =
                &mut entry.record
            {
                *release_at = minute(5);
            }
            entry
        })
        .collect();
    assert!(folded(&sooner).unwrap_err().contains("is not over like this"));
}
