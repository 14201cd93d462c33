//! Incidents: versions, searches, deliveries seen before, and transactions that end early.

use tokio::task::JoinSet;

use crate::{databases::Database, samples::*};

contract!(a_change_is_saved_only_at_the_version_it_was_read_at, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    let read = store.incident(&incident_id(1)).await.unwrap().expect("stored");
    assert_eq!((read.version, &read.value), (1, &incident(1)));

    let mut mine = read.clone();
    mine.value.alert.title = "mine".to_owned();
    let mut other = read;
    other.value.alert.title = "somebody else's".to_owned();
    commit(&store, async |tx| assert!(tx.save_incident(&mine).await.unwrap())).await;
    commit(&store, async |tx| assert!(!tx.save_incident(&other).await.unwrap())).await;

    let kept = store.incident(&incident_id(1)).await.unwrap().expect("stored");
    assert_eq!((kept.version, kept.value.alert.title.as_str()), (2, "mine"));
});

contract!(fifty_changes_at_once_are_all_kept, async |database: &Database| {
    let stores = [database.store().await, database.store().await];
    insert_incidents(&stores[0], 1).await;
    let mut changes = JoinSet::new();
    for number in 0..50 {
        let store = stores[number % 2].clone();
        changes.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            tx.lock_incident(&incident_id(1)).await.unwrap();
            let mut incident = tx.incident(&incident_id(1)).await.unwrap().expect("stored");
            incident.value.alert.details.insert(format!("change {number}"), String::new());
            assert!(tx.save_incident(&incident).await.unwrap(), "somebody passed the lock");
            tx.commit().await.unwrap();
        });
    }
    changes.join_all().await;
    let incident = stores[0].incident(&incident_id(1)).await.unwrap().expect("stored");
    assert_eq!(incident.version, 51);
    assert_eq!(incident.value.alert.details.len(), 51); // one was there before
});

contract!(without_the_lock_versions_still_decide, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    let mut changes = JoinSet::new();
    for _ in 0..10 {
        let store = store.clone();
        changes.spawn(async move {
            let read = store.incident(&incident_id(1)).await.unwrap().expect("stored");
            let mut tx = store.begin().await.unwrap();
            let saved = tx.save_incident(&read).await.unwrap();
            tx.commit().await.unwrap();
            i64::from(saved)
        });
    }
    let saved: i64 = changes.join_all().await.into_iter().sum();
    let incident = store.incident(&incident_id(1)).await.unwrap().expect("stored");
    assert!(saved >= 1, "nobody saved");
    assert_eq!(incident.version, 1 + saved);
});

contract!(a_delivery_is_fresh_once, async |database: &Database| {
    let store = database.store().await;
    let mut deliveries = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        deliveries.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let is_fresh = tx.see("event-1", "pagerduty", at(0), "{}").await.unwrap();
            tx.commit().await.unwrap();
            is_fresh
        });
    }
    let fresh = deliveries.join_all().await.into_iter().filter(|is_fresh| *is_fresh).count();
    assert_eq!(fresh, 1);

    // An id of one kind says nothing of another kind's.
    commit(&store, async |tx| assert!(tx.see("event-1", "slack", at(0), "x").await.unwrap())).await;
    let counts = store.counts(at(0)).await.unwrap();
    let seen: Vec<_> = counts.seen_by_kind.into_iter().collect();
    assert_eq!(seen, [("pagerduty".to_owned(), 1), ("slack".to_owned(), 1)]);
});

contract!(a_transaction_that_is_dropped_leaves_nothing, async |database: &Database| {
    let store = database.store().await;
    {
        let mut tx = store.begin().await.unwrap();
        assert!(tx.see("event-1", "pagerduty", at(0), "{}").await.unwrap());
        tx.insert_incident(&incident(1)).await.unwrap();
        tx.want_card(&incident_id(1), &[domain::person::ChatName::Slack], at(0), || message_id(1))
            .await
            .unwrap();
        assert!(tx.incident(&incident_id(1)).await.unwrap().is_some(), "a transaction sees itself");
        assert!(store.incident(&incident_id(1)).await.unwrap().is_none(), "others see it early");
    }
    commit(&store, async |tx| {
        assert!(tx.see("event-1", "pagerduty", at(0), "{}").await.unwrap(), "it was not committed");
    })
    .await;
    assert!(store.incident(&incident_id(1)).await.unwrap().is_none());
    assert_eq!(store.counts(at(9)).await.unwrap().pending_cards, 0);
});

contract!(incidents_are_found_and_listed_newest_first, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 5).await;
    commit(&store, async |tx| {
        let mut again = incident(6);
        again.alert.external_id = "Q2".to_owned(); // the same one, reopened
        tx.insert_incident(&again).await.unwrap();
    })
    .await;
    let found = store.incident_by_external("Q2").await.unwrap().expect("stored");
    assert_eq!(found.value.id, incident_id(6));
    assert!(store.incident_by_external("Q9").await.unwrap().is_none());

    let ids = |incidents: Vec<store::Versioned<domain::incident::Incident>>| {
        incidents.into_iter().map(|incident| incident.value.id).collect::<Vec<_>>()
    };
    let first = ids(store.incidents(2, None).await.unwrap());
    assert_eq!(first, [incident_id(6), incident_id(5)]);
    let next = ids(store.incidents(2, Some(&incident_id(5))).await.unwrap());
    assert_eq!(next, [incident_id(4), incident_id(3)]);
    assert_eq!(ids(store.incidents(9, Some(&incident_id(1))).await.unwrap()), []);
});

contract!(a_typed_ending_finds_ids_and_knows_no_wildcards, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 33).await;
    // 33 is "11" in base 32, so its id ends as that of 1 does.
    let ending_in_1 = store.incident_ids_ending("1").await.unwrap();
    assert_eq!(ending_in_1, [incident_id(33), incident_id(1)]);
    assert_eq!(store.incident_ids_ending("0011").await.unwrap(), [incident_id(33)]);
    for wildcard in ["%", "_", "!", "0_1", "%1"] {
        assert_eq!(store.incident_ids_ending(wildcard).await.unwrap(), [], "{wildcard}");
    }
    let short = incident_id(10).short().to_ascii_uppercase();
    assert_eq!(store.incident_ids_ending(&short).await.unwrap(), [incident_id(10)]);
});
