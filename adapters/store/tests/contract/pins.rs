//! Pins: one stands for a proposal, one executor works for it, and never beside a run on its target.

use domain::{
    id::PinId,
    level::Level,
    person::PersonId,
    pin::{Event, Opening, Pin, Stage, Work},
    run,
};
use store::Versioned;
use uuid::Uuid;

use crate::{databases::Database, samples::*};

const LEASE_MS: u64 = 60_000;

fn pin(number: u128) -> Pin {
    let proposal = proposal(1, 1, "warehouse");
    let opening = Opening {
        incident: incident_id(1),
        proposal: proposal.id,
        plan: proposal.opening.plan,
        target: proposal.opening.target,
        name: format!("countersign_inc_{number}"),
        versions: vec![],
        by: PersonId::new("ana"),
        level: Level::LOWEST,
    };
    Pin::ask(PinId::new(Uuid::from_u128(number)), opening, at(0)).0
}

fn stepped(pin: &Versioned<Pin>, event: &Event, seconds: i64) -> Versioned<Pin> {
    let (value, _) = pin.value.clone().step(event, at(seconds)).unwrap();
    Versioned { value, version: pin.version }
}

/// A proposal whose run waits to be claimed, and a pin that was asked for.
async fn asked(database: &Database) -> store::Store {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    commit(&store, async |tx| {
        assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
        tx.insert_pin(&pin(1)).await.unwrap();
    })
    .await;
    store
}

contract!(one_stands_for_a_proposal, async |database: &Database| {
    let store = asked(database).await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_pin(&pin(2)).await.is_err(), "the first one stands");
    tx.rollback().await.unwrap();
    let (found, lease) = store.claim_pin("me", at(0), LEASE_MS).await.unwrap().expect("due");
    let over = stepped(&found, &Event::Unauthorised { why: "it is not signed".to_owned() }, 1);
    commit(&store, async |tx| assert!(tx.save_pin(&over, Some(&lease)).await.unwrap())).await;
    commit(&store, async |tx| tx.insert_pin(&pin(2)).await.unwrap()).await;
    let newest = store.pin_of(&proposal_id(1)).await.unwrap().expect("stored").value;
    assert_eq!(newest, pin(2));
    assert_eq!(store.pins_of(&incident_id(1)).await.unwrap().len(), 2);
    // What is over stays as it is (I7).
    let again = Versioned { version: over.version + 1, ..over };
    commit(&store, async |tx| assert!(!tx.save_pin(&again, None).await.unwrap())).await;
});

contract!(a_pin_that_was_taken_over_is_not_its_old_owners, async |database: &Database| {
    let store = asked(database).await;
    assert_eq!(store.next_pin().await.unwrap(), Some(at(0)));
    let claim =
        async |owner: &str, seconds| store.claim_pin(owner, at(seconds), LEASE_MS).await.unwrap();
    let (found, old) = claim("same name", 0).await.expect("due");
    let doing = stepped(&found, &Event::Intended { work: Work::Keep }, 0);
    commit(&store, async |tx| assert!(tx.save_pin(&doing, Some(&old)).await.unwrap())).await;
    assert_eq!(store.next_pin().await.unwrap(), Some(at(60)), "the lease's end");
    assert!(claim("same name", 59).await.is_none(), "the lease holds");
    let (found, new) = claim("same name", 60).await.expect("the lease is over");
    assert!(matches!(found.value.stage, Stage::Doing { .. }), "whoever comes next finds it");
    let did = stepped(&found, &Event::Did { in_place: vec![] }, 61);
    commit(&store, async |tx| {
        assert!(!tx.save_pin(&did, Some(&old)).await.unwrap(), "only the epoch tells them apart");
        assert!(tx.save_pin(&did, Some(&new)).await.unwrap());
    })
    .await;
    assert!(!store.release_target(&old).await.unwrap());
    assert!(store.release_target(&new).await.unwrap());
    assert_eq!(store.next_pin().await.unwrap(), None, "it is kept");
});

contract!(a_pin_and_a_run_share_a_target, async |database: &Database| {
    let store = asked(database).await;
    commit(&store, async |tx| tx.insert_run(&run(1, 1, "warehouse"), at(0)).await.unwrap()).await;
    let run = async |seconds| store.claim_run("me", at(seconds), LEASE_MS).await.unwrap();
    let pin = async |seconds| store.claim_pin("me", at(seconds), LEASE_MS).await.unwrap();
    let (_, lease) = pin(0).await.expect("nothing was ever done there");
    assert!(run(1).await.is_none(), "the pin has the target");
    assert!(store.release_target(&lease).await.unwrap());

    let (mut found, lease) = run(2).await.expect("it is free");
    assert!(pin(3).await.is_none(), "the run has the target");
    // The executor died: what its step left must be dead before anything else is done there.
    assert!(pin(90).await.is_none() && store.next_pin().await.unwrap().is_none());
    let (_, again) = run(90).await.expect("its lease is over");
    assert_eq!(again.epoch, lease.epoch + 1);
    found.value.stage = run::Stage::Succeeded { at: at(91) };
    commit(&store, async |tx| assert!(tx.save_run(&found, Some(&again)).await.unwrap())).await;
    assert!(store.release_target(&again.on_target()).await.unwrap());
    assert!(pin(92).await.is_some());
});
