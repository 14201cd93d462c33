//! Holds: one for each rollback, standing until they are lifted, due when people are to be reminded.

use domain::{
    hold::{Event, Hold, Opening},
    id::HoldId,
    level::Level,
    person::PersonId,
    release::ModelVersion,
};
use store::Store;
use uuid::Uuid;

use crate::{databases::Database, samples::*};

fn hold_id(number: u128) -> HoldId {
    HoldId::new(Uuid::from_u128(number))
}

/// A hold of the proposal and run with the same number, placed as many seconds after the beginning.
fn hold(number: u128, on: &str) -> Hold {
    let opening = Opening {
        incident: incident_id(number),
        proposal: proposal_id(number),
        plan: plan(number).digest().clone(),
        run: run_id(number),
        target: target(on),
        bad: vec![ModelVersion { model: "orders_daily".to_owned(), identifier: "22".to_owned() }],
        reason: "The row count dropped by 40 %.".to_owned(),
        needs: Level::LOWEST,
        who: vec![PersonId::new("ana")],
        remind_ms: 100_000,
    };
    Hold::place(hold_id(number), opening, at(i64::try_from(number).unwrap())).0
}

/// Stores a rollback and its hold for each target; numbers from 1.
async fn insert_holds(store: &Store, targets: &[&str]) {
    insert_incidents(store, 9).await;
    commit(store, async |tx| {
        for (number, on) in (1_u128..).zip(targets) {
            assert!(tx.insert_proposal(&proposal(number, number, on)).await.unwrap());
            let created_at = at(i64::try_from(number).unwrap());
            tx.insert_run(&run(number, number, on), created_at).await.unwrap();
            tx.insert_hold(&hold(number, on)).await.unwrap();
        }
    })
    .await;
}

fn lifted(number: u128) -> Event {
    Event::Lifted {
        by: PersonId::new("ana"),
        level: Level::LOWEST,
        plan: plan(number).digest().clone(),
        reason: "it is fine".to_owned(),
    }
}

/// Moves a stored hold by one event.
async fn change(store: &Store, number: u128, event: &Event, seconds: i64) {
    let event = event.clone();
    commit(store, async |tx| {
        let mut found = tx.hold_with_id(&hold_id(number)).await.unwrap().expect("stored");
        found.value = found.value.step(&event, at(seconds)).unwrap().0;
        assert!(tx.save_hold(&found).await.unwrap());
    })
    .await;
}

fn ids(holds: &[store::Versioned<Hold>]) -> Vec<HoldId> {
    holds.iter().map(|found| found.value.id.clone()).collect()
}

contract!(holds_stand_until_they_are_lifted, async |database: &Database| {
    let store = database.store().await;
    insert_holds(&store, &["warehouse", "warehouse", "lake"]).await;
    assert_eq!(store.hold_of(&proposal_id(2)).await.unwrap().unwrap().value, hold(2, "warehouse"));
    assert!(store.hold_of(&proposal_id(9)).await.unwrap().is_none());
    assert_eq!(ids(&store.holds_of(&incident_id(3)).await.unwrap()), [hold_id(3)]);
    assert_eq!(ids(&store.standing_holds("warehouse").await.unwrap()), [hold_id(1), hold_id(2)]);
    assert_eq!(ids(&store.holds(2).await.unwrap()), [hold_id(3), hold_id(2)]);
    assert_eq!(store.hold_ids_ending("3").await.unwrap(), [hold_id(3)]);
    assert_eq!(store.counts(at(0)).await.unwrap().held_targets, 2);

    change(&store, 1, &lifted(1), 20).await;
    assert_eq!(ids(&store.standing_holds("warehouse").await.unwrap()), [hold_id(2)]);
    let newest = store.newest_hold_on("warehouse").await.unwrap().unwrap();
    assert_eq!((newest.value.id, newest.version), (hold_id(2), 1));
    change(&store, 2, &lifted(2), 21).await;
    assert!(store.standing_holds("warehouse").await.unwrap().is_empty());
    assert_eq!(store.counts(at(0)).await.unwrap().held_targets, 1);

    // Lifted is final, whatever somebody writes.
    commit(&store, async |tx| {
        let found = tx.hold_with_id(&hold_id(1)).await.unwrap().unwrap();
        assert!(!tx.save_hold(&found).await.unwrap());
    })
    .await;
});

contract!(a_rollback_has_one_hold, async |database: &Database| {
    let store = database.store().await;
    insert_holds(&store, &["warehouse"]).await;
    let again = Hold { id: hold_id(7), ..hold(1, "warehouse") };
    let mut tx = store.begin().await.unwrap();
    let error = tx.insert_hold(&again).await.expect_err("held twice");
    assert!(error.is_conflict(), "{error:?}");
});

contract!(a_save_names_the_version_it_was_read_with, async |database: &Database| {
    let store = database.store().await;
    insert_holds(&store, &["warehouse"]).await;
    let old = store.hold_with_id(&hold_id(1)).await.unwrap().unwrap();
    change(&store, 1, &Event::ReleaseSeen { plan_id: "a".to_owned(), bad: vec![] }, 5).await;
    commit(&store, async |tx| assert!(!tx.save_hold(&old).await.unwrap())).await;
});

contract!(reminders_are_found_by_their_time, async |database: &Database| {
    let store = database.store().await;
    assert_eq!(store.next_reminder().await.unwrap(), None);
    insert_holds(&store, &["warehouse", "lake"]).await;
    assert_eq!(store.next_reminder().await.unwrap(), Some(at(101)));
    assert!(store.due_holds(at(100), 10).await.unwrap().is_empty());
    let due = store.due_holds(at(102), 10).await.unwrap();
    assert_eq!(due.iter().map(|hold| &hold.id).collect::<Vec<_>>(), [&hold_id(1), &hold_id(2)]);
    assert_eq!(store.due_holds(at(102), 1).await.unwrap().len(), 1);
    change(&store, 1, &Event::ReminderDue { reminders: 0 }, 102).await;
    change(&store, 2, &lifted(2), 102).await;
    assert!(store.due_holds(at(201), 10).await.unwrap().is_empty());
    assert_eq!(store.next_reminder().await.unwrap(), Some(at(202)));
});

contract!(what_is_back_is_counted, async |database: &Database| {
    let store = database.store().await;
    insert_holds(&store, &["warehouse"]).await;
    assert_eq!(store.counts(at(0)).await.unwrap().returned_holds, 0);
    let bad = hold(1, "warehouse").opening.bad;
    change(&store, 1, &Event::ReleaseSeen { plan_id: "a".to_owned(), bad }, 5).await;
    assert_eq!(store.counts(at(0)).await.unwrap().returned_holds, 1);
    change(&store, 1, &Event::ReleaseSeen { plan_id: "b".to_owned(), bad: vec![] }, 6).await;
    assert_eq!(store.counts(at(0)).await.unwrap().returned_holds, 0);
});
