//! Takeovers: whoever lost a lease can write nothing any more, however late it wakes up.

use domain::{effect::Job, effect::Lane, run::Stage};

use crate::{databases::Database, samples::*};

const LEASE_MS: u64 = 60_000;

contract!(a_job_that_was_taken_over_is_not_its_old_owners, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    commit(&store, async |tx| {
        let lane = Lane::Assess;
        tx.enqueue(&lane, &incident_id(1), &Job::Assess, message_id(1), at(0)).await.unwrap();
    })
    .await;
    let claim = async |owner: &str, seconds| {
        let claims = store.claim_jobs(&Lane::Assess, owner, at(seconds), LEASE_MS, 1).await;
        claims.unwrap().pop()
    };
    let old = claim("old", 0).await.expect("waits");
    assert_eq!(store.next_task(&[Lane::Assess], &[]).await.unwrap(), Some(at(60)));
    assert!(claim("new", 59).await.is_none(), "the lease holds");
    let new = claim("new", 60).await.expect("the lease is over");
    assert_eq!((new.epoch, new.attempts, new.in_doubt), (old.epoch + 1, 1, true));

    assert!(!store.finish_job(&old, "old").await.unwrap());
    assert!(!store.finish_job(&old, "new").await.unwrap(), "an old epoch");
    assert!(!store.finish_job(&new, "old").await.unwrap(), "another owner");
    assert!(!store.renew_job(&old, "old", at(0), LEASE_MS).await.unwrap());
    assert!(!store.retry_job(&old, "old", at(0), "late", false).await.unwrap());
    assert!(!store.park_job(&old, "old", "late").await.unwrap());
    assert!(store.finish_job(&new, "new").await.unwrap());
});

contract!(a_run_that_was_taken_over_is_not_its_old_owners, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    commit(&store, async |tx| {
        assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
        tx.insert_run(&run(1, 1, "warehouse"), at(0)).await.unwrap();
    })
    .await;
    let claim =
        async |owner: &str, seconds| store.claim_run(owner, at(seconds), LEASE_MS).await.unwrap();
    let (mut run, old) = claim("same name", 0).await.expect("waits");
    assert!(store.renew_target(&old.on_target(), at(30), LEASE_MS).await.unwrap());
    assert!(claim("same name", 89).await.is_none(), "it was renewed");
    let (mut taken, new) = claim("same name", 90).await.expect("the lease is over");
    assert_eq!((new.epoch, taken.version), (old.epoch + 1, run.version));

    run.value.stage = Stage::Doing { step: 0, attempt: 1 };
    commit(&store, async |tx| {
        assert!(!tx.save_run(&run, Some(&old)).await.unwrap(), "only the epoch tells them apart");
    })
    .await;
    assert!(!store.renew_target(&old.on_target(), at(91), LEASE_MS).await.unwrap());
    assert!(!store.release_target(&old.on_target()).await.unwrap());

    taken.value.stage = Stage::Succeeded { at: at(92) };
    commit(&store, async |tx| assert!(tx.save_run(&taken, Some(&new)).await.unwrap())).await;
    let kept = store.run(&run_id(1)).await.unwrap().expect("stored");
    assert_eq!((kept.version, kept.value), (2, taken.value));
    assert!(store.release_target(&new.on_target()).await.unwrap());
    assert!(claim("same name", 500).await.is_none(), "nothing is left to do");
});

contract!(a_target_is_not_taken_over_while_its_run_is_saved, async |database: &Database| {
    let (executor, other) = (database.store().await, database.store().await);
    insert_incidents(&executor, 1).await;
    commit(&executor, async |tx| {
        assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
        tx.insert_run(&run(1, 1, "warehouse"), at(0)).await.unwrap();
    })
    .await;
    let (mut run, lease) =
        executor.claim_run("old", at(0), LEASE_MS).await.unwrap().expect("waits");
    run.value.stage = Stage::Doing { step: 0, attempt: 1 };

    // The intent is written, but not committed, when the lease ends.
    let mut tx = executor.begin().await.unwrap();
    assert!(tx.save_run(&run, Some(&lease)).await.unwrap());
    let takeover = async { other.claim_run("new", at(61), LEASE_MS).await.unwrap() };
    let commit = async {
        // Lets the takeover come as far as it can.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        tx.commit().await.unwrap();
    };
    let (taken, ()) = tokio::join!(takeover, commit);
    let (seen, lease) = taken.expect("the lease is over");
    assert_eq!((lease.epoch, seen.version), (2, 2));
    assert_eq!(seen.value.stage, run.value.stage, "whoever takes over sees the intent");
});
