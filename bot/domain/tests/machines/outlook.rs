//! What people may expect of a rollback: what goes away, how long it takes, and until when it is possible.

use domain::{
    card::Card,
    effect::Effect,
    incident::Incident,
    notice::{Tone, Volume},
    proposal::{Event, Opening, Outlook, Proposal},
    refusal::Refusal,
};

use crate::world::*;

/// A proposal that is possible until minute 300, opened and posted at minute 0.
fn closing(outlook: Outlook) -> Proposal {
    open(Opening {
        possible_until: Some(minute(300)),
        outlook,
        ..opening(requirement(&[1], matrix()))
    })
}

#[track_caller]
fn fact(proposal: &Proposal, label: &str) -> Option<String> {
    let (incident, _) = Incident::open(incident_id(), alert(), minute(0), minute(0));
    let card = Card::of(&incident, Some(proposal), None, None);
    let fact = card.facts.into_iter().find(|fact| fact.label == label)?;
    Some(fact.value.to_plain(&people()))
}

#[test]
fn people_are_warned_once_and_not_before_the_time() {
    let proposal = closing(Outlook::default());
    assert_eq!(proposal.warning_due(), Some(minute(240)));
    let early = proposal.clone().step(&Event::WayBackCloses, minute(239));
    assert_eq!(early.unwrap_err(), Refusal::Outdated);

    let (warned, effects) = proposal.step(&Event::WayBackCloses, minute(241)).unwrap();
    let [notice] = &notices(&effects)[..] else { panic!("{effects:?}") };
    assert!(effects.contains(&Effect::SyncCard), "{effects:?}");
    assert_eq!((notice.volume(), notice.tone()), (Volume::Thread, Tone::Attention));
    insta::assert_snapshot!(notice.words().to_plain(&people()), @"This rollback is possible until 23 Nov 08:00 UTC. After that, SQLMesh's janitor may remove the versions that it goes back to. Decide before, or press “Keep the way back”: then it stays until this is closed.");
    insta::assert_snapshot!(fact(&warned, "Possible until").unwrap(), @"23 Nov 08:00:00 UTC – soon! Then SQLMesh's janitor may remove what this goes back to");
    assert_eq!(warned.warning_due(), None);
    let again = warned.step(&Event::WayBackCloses, minute(242));
    assert_eq!(again.unwrap_err(), Refusal::Outdated);
}

#[test]
fn the_time_before_is_the_one_that_the_proposal_started_with() {
    let proposal = closing(Outlook { warn_before_ms: 10 * MINUTE_MS, ..Outlook::default() });
    assert_eq!(proposal.warning_due(), Some(minute(290)));
    // Where less is left from the beginning, people are warned at once.
    let late = closing(Outlook { warn_before_ms: 1000 * MINUTE_MS, ..Outlook::default() });
    assert!(late.step(&Event::WayBackCloses, minute(0)).is_ok());
}

#[test]
fn nobody_is_warned_who_need_not_decide() {
    let unlimited = proposal(&[1]);
    assert_eq!(unlimited.warning_due(), None);
    assert!(unlimited.step(&Event::WayBackCloses, minute(999)).is_err());
    let waiting = closing(Outlook::default());
    let signed = waiting.clone().step(&approved("ana"), minute(1)).unwrap().0;
    let closed = waiting.step(&rejected("ana"), minute(1)).unwrap().0;
    for over in [signed, closed] {
        assert_eq!(over.warning_due(), None, "{:?}", over.stage);
        assert!(over.step(&Event::WayBackCloses, minute(299)).is_err());
    }
}

#[test]
fn the_card_says_what_to_expect() {
    let plain = closing(Outlook::default());
    assert_eq!(fact(&plain, "Taken away"), None);
    assert_eq!(fact(&plain, "Target recovery").unwrap(), "within 15 min");
    assert_eq!(fact(&plain, "Possible until").unwrap(), "23 Nov 08:00:00 UTC");
    let without = vec!["shop.extra".to_owned(), "shop.more".to_owned()];
    let full = closing(Outlook { without, usual_ms: Some(6_200), ..Outlook::default() });
    assert_eq!(fact(&full, "Taken away").unwrap(), "shop.extra, shop.more");
    assert_eq!(fact(&full, "Target recovery").unwrap(), "within 15 min, usually 6 s here");
    // Whoever signs has read what goes away.
    assert!(full.summary().contains("taken away: shop.extra, shop.more\n"), "{}", full.summary());
    assert_ne!(full.summary_digest(), plain.summary_digest());
}

#[test]
fn a_proposal_of_an_earlier_release_can_be_read() {
    let mut stored = serde_json::to_value(closing(Outlook::default())).unwrap();
    stored.as_object_mut().unwrap().remove("warned");
    stored["opening"].as_object_mut().unwrap().remove("outlook");
    let read: Proposal = serde_json::from_value(stored).unwrap();
    assert_eq!(read, closing(Outlook::default()));
}
