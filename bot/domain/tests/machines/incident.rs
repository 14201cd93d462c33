//! The incident: what each delivery does, and that their order does not matter.

use domain::{
    Timestamp,
    incident::{Event, Incident, Stage},
    refusal::Refusal,
};
use proptest::prelude::*;

use crate::world::{alert, incident_id, minute, notices};

fn opened() -> Incident {
    Incident::open(incident_id(), alert(), minute(0), minute(1)).0
}

fn acknowledged(at: i64) -> Event {
    Event::Acknowledged { at: minute(at) }
}

fn given_back(at: i64) -> Event {
    Event::Unacknowledged { at: minute(at) }
}

fn resolved(at: i64) -> Event {
    Event::Resolved { at: minute(at) }
}

fn remarked(at: i64) -> Event {
    Event::Remarked { what: "incident.priority_updated".to_owned(), at: minute(at) }
}

/// Delivers `events` in this order; a refused one changes nothing.
fn deliver<'e>(events: impl IntoIterator<Item = &'e Event>) -> Incident {
    events.into_iter().fold(opened(), |incident, event| {
        incident.clone().step(event).map_or(incident, |(moved, _)| moved)
    })
}

#[track_caller]
fn ends_in(events: &[Event], stage: &Stage) {
    assert_eq!(deliver(events).stage, *stage, "after {events:?}");
}

#[track_caller]
fn is_refused(before: &[Event], event: &Event, refusal: &Refusal) {
    assert_eq!(
        deliver(before).step(event).err().as_ref(),
        Some(refusal),
        "{event:?} in {before:?}"
    );
}

#[test]
fn deliveries_in_and_out_of_order() {
    let over = Stage::Resolved { at: minute(9) };
    ends_in(&[], &Stage::Triggered);
    ends_in(&[acknowledged(2)], &Stage::Acknowledged);
    ends_in(&[acknowledged(2), given_back(3)], &Stage::Triggered);
    ends_in(&[given_back(3), acknowledged(2)], &Stage::Triggered);
    ends_in(&[acknowledged(2), acknowledged(5), given_back(3)], &Stage::Acknowledged);
    ends_in(&[remarked(7), acknowledged(2)], &Stage::Acknowledged);
    ends_in(
        &[Event::Reported { alert: alert(), at: minute(7) }, acknowledged(2)],
        &Stage::Triggered,
    );
    ends_in(&[resolved(9)], &over);
    ends_in(&[acknowledged(12), resolved(9)], &over);
    ends_in(&[resolved(9), acknowledged(12), resolved(10), given_back(13)], &over);
}

#[test]
fn what_is_late_or_repeated_is_refused() {
    is_refused(&[acknowledged(2)], &acknowledged(2), &Refusal::Outdated);
    is_refused(&[acknowledged(2), given_back(3)], &acknowledged(1), &Refusal::Outdated);
    is_refused(&[], &given_back(0), &Refusal::Outdated);
    is_refused(&[resolved(9)], &resolved(9), &Refusal::IncidentResolved);
    is_refused(&[resolved(9)], &Event::Detailed { alert: alert() }, &Refusal::IncidentResolved);
}

#[test]
fn an_acknowledgement_that_is_heard_again_is_not_told_again() {
    let (_, effects) = deliver(&[acknowledged(2)]).step(&acknowledged(5)).unwrap();
    assert_eq!(notices(&effects), []);
}

fn when(event: &Event) -> Timestamp {
    match event {
        Event::Reported { at, .. }
        | Event::Acknowledged { at }
        | Event::Unacknowledged { at }
        | Event::Resolved { at }
        | Event::Remarked { at, .. } => *at,
        Event::Requested { .. } | Event::Detailed { .. } | Event::NotProposed { .. } => minute(0),
    }
}

fn any_delivery() -> impl Strategy<Value = Event> {
    (0..10_u8, 0..1000_i64).prop_map(|(kind, at)| match kind {
        0..=3 => acknowledged(at),
        4..=6 => given_back(at),
        7..=8 => remarked(at),
        _ => resolved(at),
    })
}

/// Deliveries in the order of their moments, and the same ones doubled and shuffled.
fn any_orders() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    prop::collection::vec(any_delivery(), 0..8).prop_flat_map(|mut events| {
        events.sort_by_key(when);
        events.dedup_by_key(|event| when(event));
        let doubled = [events.clone(), events.clone()].concat();
        (Just(events), Just(doubled).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Where no two deliveries speak of the same moment, every order of them ends in the same stage. (When it was
    /// resolved is what the first resolve heard says.)
    #[test]
    fn every_order_ends_in_the_same_stage((in_order, mixed) in any_orders()) {
        let (straight, bent) = (deliver(&in_order), deliver(&mixed));
        prop_assert_eq!(straight.is_resolved(), bent.is_resolved());
        if !straight.is_resolved() {
            prop_assert_eq!(straight.stage, bent.stage);
        }
    }
}
