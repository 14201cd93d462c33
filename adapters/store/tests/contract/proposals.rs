//! Proposals, their plans and their timers.

use domain::{
    digest::Digest,
    proposal::{Outcome, Stage},
};
use store::{Timer, Versioned};

use crate::{
    databases::{Database, run as run_sql},
    samples::*,
};

contract!(one_proposal_per_incident_and_target_is_open, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 2).await;
    commit(&store, async |tx| {
        assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
        assert!(!tx.insert_proposal(&proposal(2, 1, "warehouse")).await.unwrap(), "a second one");
        // The refusal leaves the transaction usable.
        assert!(tx.insert_proposal(&proposal(3, 1, "lake")).await.unwrap(), "another target");
        assert!(tx.insert_proposal(&proposal(4, 2, "warehouse")).await.unwrap(), "other incident");
    })
    .await;
    assert_eq!(store.counts(at(0)).await.unwrap().open_proposals, 3);
    let open = store.open_proposal_on("warehouse").await.unwrap().expect("open");
    assert_eq!(open.value.id, proposal_id(1));

    let closed = Stage::Closed { outcome: Outcome::Withdrawn, at: at(5) };
    commit(&store, async |tx| {
        let mut first = tx.proposal(&proposal_id(1)).await.unwrap().expect("stored");
        first.value.stage = closed;
        assert!(tx.save_proposal(&first).await.unwrap());
        assert!(tx.insert_proposal(&proposal(5, 1, "warehouse")).await.unwrap(), "it is closed");
    })
    .await;
    let ids: Vec<_> = store
        .proposals_of(&incident_id(1))
        .await
        .unwrap()
        .into_iter()
        .map(|proposal| proposal.value.id)
        .collect();
    assert_eq!(ids, [proposal_id(1), proposal_id(3), proposal_id(5)]);
    let open = store.open_proposal_on("warehouse").await.unwrap().expect("open");
    assert_eq!(open.value.id, proposal_id(4), "the oldest that is open, whatever its incident");
    let open = store.open_proposals().await.unwrap().into_iter().map(|found| found.value.id);
    assert_eq!(open.collect::<Vec<_>>(), [proposal_id(3), proposal_id(4), proposal_id(5)]);
    assert_eq!(store.proposal_ids_ending("00003").await.unwrap(), [proposal_id(3)]);
});

contract!(a_closed_proposal_is_never_written_again, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    let mut value = proposal(1, 1, "warehouse");
    value.stage = Stage::Closed { outcome: Outcome::Withdrawn, at: at(5) };
    commit(&store, async |tx| {
        assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
        assert!(tx.save_proposal(&Versioned { value, version: 1 }).await.unwrap());
        let reopened = Versioned { value: proposal(1, 1, "warehouse"), version: 2 };
        assert!(!tx.save_proposal(&reopened).await.unwrap());
        assert!(!tx.note_on_closed_proposal(&reopened).await.unwrap());
        let mut noted = proposal(1, 1, "warehouse");
        noted.stage = Stage::Closed { outcome: Outcome::Withdrawn, at: at(5) };
        let noted = Versioned { value: noted, version: 2 };
        assert!(tx.note_on_closed_proposal(&noted).await.unwrap());
        assert!(!tx.note_on_closed_proposal(&noted).await.unwrap(), "somebody was faster");
    })
    .await;
    assert!(store.open_proposal_on("warehouse").await.unwrap().is_none());
});

contract!(a_proposal_needs_its_incident, async |database: &Database| {
    let store = database.store().await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
    let error = tx.commit().await.expect_err("committed a proposal of nothing");
    assert!(!error.is_transient(), "{error:?}");
    assert!(store.proposal(&proposal_id(1)).await.unwrap().is_none());
});

contract!(a_changed_plan_shows, async |database: &Database| {
    let store = database.store().await;
    let sealed = plan(1);
    commit(&store, async |tx| {
        tx.put_plan(&sealed, at(0)).await.unwrap();
        tx.put_plan(&sealed, at(1)).await.unwrap();
    })
    .await;
    assert_eq!(store.plan(sealed.digest()).await.unwrap(), Some(sealed.clone()));
    assert!(store.plan(&Digest::of("another")).await.unwrap().is_none());

    run_sql(&database.url, "update plan set body = replace(body, 'orders_daily', 'customers')")
        .await;
    let changed = store.plan(sealed.digest()).await.unwrap().expect("still there");
    assert_ne!(changed.digest(), sealed.digest());
    assert_eq!(changed.plan().models, ["customers"]);
});

contract!(a_proposal_has_one_timer, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    commit(&store, async |tx| {
        for number in 1..=3 {
            let target = format!("target {number}");
            tx.insert_proposal(&proposal(number, 1, &target)).await.unwrap();
            let due = at(40 - 10 * i64::try_from(number).unwrap());
            tx.set_timer(&proposal_id(number), &incident_id(1), 1, 0, due).await.unwrap();
        }
    })
    .await;
    let due = store.due_timers(at(20), 10).await.unwrap();
    assert_eq!(
        due.iter().map(|timer| &timer.proposal).collect::<Vec<_>>(),
        [&proposal_id(3), &proposal_id(2)]
    );
    assert_eq!(store.due_timers(at(20), 1).await.unwrap().len(), 1);
    assert_eq!(store.counts(at(20)).await.unwrap().due_timers, 2);
    assert_eq!(store.next_timer().await.unwrap(), Some(at(10)));
    assert_eq!(store.next_due(&[], &[]).await.unwrap(), Some(at(10)));

    commit(&store, async |tx| {
        tx.set_timer(&proposal_id(3), &incident_id(1), 2, 7, at(15)).await.unwrap();
        tx.clear_timer(&proposal_id(1)).await.unwrap();
    })
    .await;
    assert!(!store.drop_timer(&due[0]).await.unwrap(), "it was set anew since");
    let now = Timer {
        proposal: proposal_id(3),
        incident: incident_id(1),
        rung: 2,
        repeats: 7,
        due: at(15),
    };
    assert_eq!(store.due_timers(at(99), 10).await.unwrap(), [now.clone(), due[1].clone()]);
    assert!(store.drop_timer(&now).await.unwrap());
    assert!(!store.drop_timer(&now).await.unwrap());
    assert_eq!(store.next_timer().await.unwrap(), Some(at(20)));
    assert_eq!(store.next_task(&[], &[]).await.unwrap(), None, "a timer is no task");
});
