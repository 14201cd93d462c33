//! Runs: who may claim one, in which order, and what hangs on the lease.

use domain::{
    card::{Reading, Watched},
    plan::Outcome,
    run::{Pause, Run, Stage},
};
use store::{Output, RunLease, Store};
use tokio::task::JoinSet;

use crate::{
    databases::{Database, run as run_sql},
    samples::*,
};

const LEASE_MS: u64 = 60_000;

/// Stores an incident with one run per target; numbers from 1, created in that order.
async fn insert_runs(store: &Store, targets: &[&str]) {
    insert_incidents(store, 9).await;
    commit(store, async |tx| {
        for (number, target) in (1_u128..).zip(targets) {
            // Another incident each: one of them could not have two open proposals on a target.
            assert!(tx.insert_proposal(&proposal(number, number, target)).await.unwrap());
            let created_at = at(i64::try_from(number).unwrap());
            tx.insert_run(&run(number, number, target), created_at).await.unwrap();
        }
    })
    .await;
}

async fn claim(store: &Store, owner: &str, seconds: i64) -> Option<RunLease> {
    let claimed = store.claim_run(owner, at(seconds), LEASE_MS).await.unwrap();
    claimed.map(|(run, lease)| {
        assert_eq!((&run.value.id, &run.value.target), (&lease.run, &lease.target));
        lease
    })
}

async fn end(store: &Store, lease: &RunLease) {
    let lease = lease.clone();
    commit(store, async |tx| {
        let mut run = tx.run(&lease.run).await.unwrap().expect("stored");
        run.value.stage = Stage::Succeeded { at: at(50) };
        assert!(tx.save_run(&run, Some(&lease)).await.unwrap());
    })
    .await;
}

contract!(one_executor_works_on_a_target, async |database: &Database| {
    let store = database.store().await;
    insert_runs(&store, &["warehouse", "warehouse", "lake"]).await;
    let due = store.next_run().await.unwrap().expect("a run waits");
    assert!(due < at(0), "it can be claimed at once");
    let first = claim(&store, "a", 10).await.expect("waits");
    assert_eq!((&first.run, first.epoch), (&run_id(1), 1));
    let lake = claim(&store, "b", 10).await.expect("another target");
    assert_eq!((&lake.run, lake.epoch), (&run_id(3), 1));
    assert_eq!(claim(&store, "c", 11).await, None, "both targets are held");
    assert_eq!(store.next_run().await.unwrap(), Some(at(70)));
    assert_eq!(store.next_due(&[], &[]).await.unwrap(), Some(at(70)));

    end(&store, &first).await;
    assert_eq!(claim(&store, "c", 12).await, None, "the target was not given back");
    assert!(store.release_target(&first.on_target()).await.unwrap());
    assert!(!store.release_target(&first.on_target()).await.unwrap(), "twice");
    let second = claim(&store, "c", 12).await.expect("free again");
    assert_eq!((&second.run, second.epoch), (&run_id(2), 2), "the epoch only grows");
    assert_eq!(store.counts(at(12)).await.unwrap().runs_under_way, 2);
});

contract!(a_run_that_was_begun_goes_before_an_older_one, async |database: &Database| {
    let store = database.store().await;
    insert_runs(&store, &["warehouse", "warehouse"]).await;
    // Only the younger one was there when the target was claimed.
    run_sql(&database.url, "update run set at_rest = 1 where created_ms = 1767225601000").await;
    let lease = claim(&store, "a", 10).await.expect("waits");
    assert_eq!(lease.run, run_id(2));
    run_sql(&database.url, "update run set at_rest = 0").await;
    let taken = claim(&store, "b", 71).await.expect("the lease is over");
    assert_eq!((&taken.run, taken.epoch), (&run_id(2), 2));
});

/// Saves a change that a person makes to a run: no lease is asked for.
async fn steer(store: &Store, number: u128, change: fn(&mut Run)) {
    commit(store, async |tx| {
        let mut run = tx.run(&run_id(number)).await.unwrap().expect("stored");
        change(&mut run.value);
        assert!(tx.save_run(&run, None).await.unwrap());
    })
    .await;
}

contract!(a_run_that_waits_for_a_person_keeps_its_target, async |database: &Database| {
    let store = database.store().await;
    insert_runs(&store, &["warehouse", "warehouse", "lake"]).await;
    let first = claim(&store, "a", 10).await.expect("waits");
    assert_eq!(first.run, run_id(1));
    let pause = |run: &mut Run| {
        let by = domain::person::PersonId::new("ana");
        run.steering.paused = Some(Pause { by, since: at(11) });
    };
    steer(&store, 1, pause).await;
    assert!(store.release_target(&first.on_target()).await.unwrap());
    let lake = claim(&store, "a", 12).await.expect("another target is free");
    assert_eq!(lake.run, run_id(3));
    assert_eq!(claim(&store, "b", 12).await, None, "neither the paused one nor the one behind it");
    let next = store.next_run().await.unwrap();
    assert_eq!(next, Some(at(72)), "only the lake's lease ends: nobody spins on the warehouse");

    steer(&store, 1, |run| run.steering.paused = None).await;
    let again = claim(&store, "b", 13).await.expect("it goes on");
    assert_eq!((&again.run, again.epoch), (&run_id(1), 2));
    // Who was the last to work on a target is not held up by a pause of somebody who never began.
    steer(&store, 2, pause).await;
    assert!(store.release_target(&again.on_target()).await.unwrap());
    assert_eq!(claim(&store, "b", 14).await.expect("it is its target").run, run_id(1));
});

contract!(a_proposal_is_run_once, async |database: &Database| {
    let store = database.store().await;
    insert_runs(&store, &["warehouse"]).await;
    assert_eq!(store.run_of(&proposal_id(1)).await.unwrap().expect("stored").value.id, run_id(1));
    assert_eq!(store.runs_of(&incident_id(1)).await.unwrap().len(), 1);
    assert!(store.run_of(&proposal_id(2)).await.unwrap().is_none());

    let mut again = run(2, 1, "warehouse");
    again.proposal = proposal_id(1);
    let mut tx = store.begin().await.unwrap();
    let error = tx.insert_run(&again, at(5)).await.expect_err("ran twice");
    assert!(error.is_conflict(), "{error:?}");
});

contract!(runs_of_a_target_are_counted_from_a_moment, async |database: &Database| {
    let store = database.store().await;
    insert_runs(&store, &["warehouse", "lake", "warehouse", "warehouse"]).await;
    for (since, expected) in [(0, 3), (3, 2), (4, 1), (5, 0)] {
        let runs = store.rollbacks_since("warehouse", at(since)).await.unwrap();
        assert_eq!(runs, expected, "since {since} s");
    }
    let newest = store.runs_on("warehouse", 2).await.unwrap().into_iter().map(|run| run.value.id);
    assert_eq!(newest.collect::<Vec<_>>(), [run_id(4), run_id(3)]);
});

contract!(the_live_line_is_kept_beside_the_run, async |database: &Database| {
    let store = database.store().await;
    insert_runs(&store, &["warehouse"]).await;
    let lease = claim(&store, "a", 10).await.expect("waits");
    assert_eq!(store.live(&run_id(1)).await.unwrap(), None);
    let watched = Watched {
        title: "System: error rate".to_owned(),
        unit: Some("%".to_owned()),
        began: Some("3.1".to_owned()),
        now: Reading::Value { value: "0.4\0".to_owned(), outcome: Outcome::Pass },
    };
    assert_eq!(store.watched(&run_id(1)).await.unwrap(), []);
    commit(&store, async |tx| {
        tx.set_watched(&run_id(1), std::slice::from_ref(&watched)).await.unwrap();
    })
    .await;
    assert_eq!(store.watched(&run_id(1)).await.unwrap(), [watched]);
    commit(&store, async |tx| tx.set_live(&run_id(1), "3 of 7 models").await.unwrap()).await;
    assert_eq!(store.live(&run_id(1)).await.unwrap().as_deref(), Some("3 of 7 models"));

    assert_eq!(store.run(&run_id(1)).await.unwrap().expect("stored").version, 1);

    end(&store, &lease).await;
    assert_eq!(store.live(&run_id(1)).await.unwrap(), None, "the step it spoke of is over");
});

contract!(executors_that_claim_at_once_get_different_targets, async |database: &Database| {
    let stores = [database.store().await, database.store().await];
    insert_runs(&stores[0], &["a", "b", "c", "a", "b", "c"]).await;
    let mut executors = JoinSet::new();
    for number in 0..8 {
        let store = stores[number % 2].clone();
        executors.spawn(async move { claim(&store, &format!("executor {number}"), 10).await });
    }
    let leases: Vec<RunLease> = executors.join_all().await.into_iter().flatten().collect();
    let mut targets: Vec<_> = leases.iter().map(|lease| lease.target.as_str()).collect();
    targets.sort_unstable();
    assert_eq!(targets, ["a", "b", "c"]);
    assert!(leases.iter().all(|lease| lease.epoch == 1));
});

contract!(what_the_steps_printed_is_kept_in_order, async |database: &Database| {
    let store = database.store().await;
    insert_runs(&store, &["warehouse"]).await;
    let output = |step, act: &str, text: &str| Output {
        at: at(7),
        step,
        act: act.to_owned(),
        text: text.to_owned(),
    };
    assert_eq!(store.outputs_of(&run_id(1)).await.unwrap(), []);
    let kept =
        [output(0, "do", "checked"), output(1, "do", ""), output(1, "undo", "é\n✓ \u{fffd}")];
    for output in &kept {
        store.keep_output(&run_id(1), output).await.unwrap();
    }
    assert_eq!(store.outputs_of(&run_id(1)).await.unwrap(), kept);
    store.keep_output(&run_id(1), &output(2, "do", "a\0b")).await.unwrap();
    let read = store.outputs_of(&run_id(1)).await.unwrap();
    assert_eq!(read[3].text, "a\u{fffd}b", "a text that both databases can hold");
});
