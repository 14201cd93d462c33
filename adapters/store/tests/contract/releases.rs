//! The ledger of releases, and the looks that fill it.

use std::collections::BTreeMap;

use domain::{
    person::PersonId,
    release::{Learnt, Release, Snapshot, Verdict},
    run::{Pause, Run, Stage},
};
use store::{Look, ToldCommit, Versioned};
use tokio::task::JoinSet;

use crate::{databases::Database, samples::*};

fn release(target: &str, place: u64) -> Release {
    let snapshot = Snapshot { identifier: place.to_string(), version: "v".to_owned() };
    Release {
        target: target.to_owned(),
        place,
        plan_id: format!("plan {place}"),
        fingerprint: format!("state {place}"),
        finalized_at: Some(at(1)),
        seen_at: at(2),
        snapshots: BTreeMap::from([("größe".to_owned(), snapshot)]),
        commit: None,
        learnt: Learnt::Poll,
        verdict: Verdict::Unknown,
        run: None,
        baseline: None,
    }
}

contract!(releases_are_read_as_they_were_written, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    let judged = Release {
        finalized_at: None,
        commit: Some("abcdef0".to_owned()),
        learnt: Learnt::Rollback,
        verdict: Verdict::Good,
        run: Some(run_id(1)),
        ..release("warehouse", 2)
    };
    commit(&store, async |tx| {
        assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
        tx.insert_run(&run(1, 1, "warehouse"), at(1)).await.unwrap();
        for release in [&release("warehouse", 1), &judged, &release("lake", 1)] {
            tx.insert_release(release).await.unwrap();
        }
    })
    .await;
    let found = store.releases("warehouse", 9).await.unwrap();
    assert_eq!(found, [judged.clone(), release("warehouse", 1)]);
    assert_eq!(store.releases("warehouse", 1).await.unwrap(), [judged]);
    assert!(store.releases("nowhere", 9).await.unwrap().is_empty());

    commit(&store, async |tx| {
        let many = tx.judge_releases("warehouse", "state 1", Verdict::Bad, &run_id(1)).await;
        assert_eq!(many.unwrap(), 1);
        let none = tx.judge_releases("warehouse", "state 7", Verdict::Bad, &run_id(1)).await;
        assert_eq!(none.unwrap(), 0);
        tx.name_commit("warehouse", 1, "0123456").await.unwrap();
    })
    .await;
    assert!(store.keep_baseline(&release("warehouse", 1), "{}").await.unwrap());
    assert!(!store.keep_baseline(&release("warehouse", 7), "{}").await.unwrap());
    let first = store.releases("warehouse", 9).await.unwrap().remove(1);
    assert_eq!((first.verdict, first.run), (Verdict::Bad, Some(run_id(1))));
    assert_eq!((first.commit.as_deref(), first.baseline.as_deref()), (Some("0123456"), Some("{}")));
    let counted = store.counts(at(0)).await.unwrap().releases_by_verdict;
    assert_eq!(
        counted,
        BTreeMap::from([("bad".to_owned(), 1), ("good".to_owned(), 1), ("unknown".to_owned(), 1)])
    );
});

contract!(a_place_in_the_ledger_is_taken_once, async |database: &Database| {
    let store = database.store().await;
    commit(&store, async |tx| tx.insert_release(&release("warehouse", 1)).await.unwrap()).await;
    let mut tx = store.begin().await.unwrap();
    let error = tx.insert_release(&release("warehouse", 1)).await.expect_err("taken");
    assert!(error.is_conflict(), "{error:?}");
});

contract!(one_process_looks_at_a_target, async |database: &Database| {
    let stores = [database.store().await, database.store().await];
    let mut lookers = JoinSet::new();
    for number in 0..6 {
        let store = stores[number % 2].clone();
        lookers.spawn(async move {
            store.claim_look("warehouse", &format!("looker {number}"), at(10), 60_000).await
        });
    }
    let claims: Vec<_> = lookers.join_all().await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(claims.len(), 1, "{claims:?}");
    assert_eq!(stores[0].next_look().await.unwrap(), Some(at(70)), "the end of the lease");
    let again = stores[0].claim_look("warehouse", "another", at(71), 60_000).await.unwrap();
    assert!(again.is_some(), "the lease is over");
    let late = stores[0].finish_look(&claims[0], "nobody", None, "", at(99)).await.unwrap();
    assert!(!late, "somebody else has taken it over");
});

contract!(a_look_that_is_wanted_meanwhile_comes_sooner, async |database: &Database| {
    let store = database.store().await;
    let claim = store.claim_look("warehouse", "a", at(10), 60_000).await.unwrap().expect("due");
    commit(&store, async |tx| tx.want_look("warehouse", at(15)).await.unwrap()).await;
    assert!(store.finish_look(&claim, "a", Some(at(12)), "", at(310)).await.unwrap());
    assert_eq!(store.next_look().await.unwrap(), Some(at(15)));
    assert!(store.claim_look("warehouse", "a", at(14), 60_000).await.unwrap().is_none());
    let claim = store.claim_look("warehouse", "a", at(15), 60_000).await.unwrap().expect("due");
    assert!(store.finish_look(&claim, "a", None, "no route", at(315)).await.unwrap());
    let look = store.look("warehouse").await.unwrap().expect("looked at");
    let expected = Look {
        due_at: at(315),
        wanted_at: Some(at(15)),
        looked_at: Some(at(12)),
        problem: "no route".to_owned(),
        commit: None,
    };
    assert_eq!(look, expected);
    let looks = store.counts(at(0)).await.unwrap().looks;
    assert_eq!(looks["warehouse"].at, Some(at(12)));
    assert!(store.look("lake").await.unwrap().is_none());
});

contract!(a_commit_waits_for_its_release, async |database: &Database| {
    let store = database.store().await;
    let told = |commit: &str, seconds, of_next| ToldCommit {
        commit: commit.to_owned(),
        at: at(seconds),
        of_next,
    };
    let (first, second) = (told("0123456", 1, true), told("789abcd", 2, false));
    commit(&store, async |tx| {
        tx.tell_commit("warehouse", &first).await.unwrap();
        tx.tell_commit("warehouse", &second).await.unwrap();
        tx.forget_commit("warehouse", &first).await.unwrap();
    })
    .await;
    let look = store.look("warehouse").await.unwrap().expect("a row");
    assert_eq!(look.commit, Some(second.clone()), "the later one stays");
    commit(&store, async |tx| tx.forget_commit("warehouse", &second).await.unwrap()).await;
    assert_eq!(store.look("warehouse").await.unwrap().expect("a row").commit, None);
});

contract!(runs_under_way_are_counted_by_target, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    commit(&store, async |tx| {
        assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
        tx.insert_run(&run(1, 1, "warehouse"), at(1)).await.unwrap();
    })
    .await;
    assert_eq!(store.runs_under_way_on("warehouse").await.unwrap(), 1);
    assert_eq!(store.runs_under_way_on("lake").await.unwrap(), 0);

    let save = async |run: Run, version| {
        let run = Versioned { value: run, version };
        commit(&store, async |tx| assert!(tx.save_run(&run, None).await.unwrap())).await;
        store.runs_under_way_on("warehouse").await.unwrap()
    };
    let mut paused = run(1, 1, "warehouse");
    paused.steering.paused = Some(Pause { by: PersonId::new("ana"), since: at(2) });
    assert!(paused.is_at_rest());
    assert_eq!(save(paused, 1).await, 1, "it has left the target half done");
    let over = Stage::Succeeded { at: at(3) };
    assert_eq!(save(Run { stage: over, ..run(1, 1, "warehouse") }, 2).await, 0);
});
