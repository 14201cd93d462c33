//! The journal: entries are added at the end of their chain and nowhere else.

use domain::{
    id::IncidentId,
    incident,
    journal::{Actor, Entry, Head, Record, SealedEntry},
    level::Level,
    person::PersonId,
    proposal,
    run::{self, Steer, Steered},
};
use store::{Error, Store};
use tokio::task::JoinSet;

use crate::{databases::Database, samples::*};

fn entry(head: &Head, record: Record) -> Entry {
    Entry {
        incident: head.incident.clone(),
        seq: head.next_seq,
        at: at(0),
        actor: Actor::Countersign,
        record,
        notices: vec![],
    }
}

fn remark(what: &str) -> Record {
    Record::Incident(incident::Event::Remarked { what: what.to_owned(), at: at(0) })
}

/// Appends behind `head` in a transaction of its own.
async fn append(
    store: &Store,
    head: &Head,
    record: Record,
    receipt: Option<&str>,
) -> Result<Head, Error> {
    let entry = entry(head, record);
    let (sealed, after) = head.clone().seal(&entry, receipt.map(str::to_owned));
    let mut tx = store.begin().await?;
    tx.append(&sealed, head, &entry).await?;
    tx.commit().await?;
    Ok(after)
}

fn verify(incident: &IncidentId, entries: &[SealedEntry]) -> Vec<Entry> {
    let mut head = Head::genesis(incident);
    entries.iter().map(|sealed| head.follow(sealed).expect("the chain holds")).collect()
}

contract!(entries_come_back_as_they_were_sealed, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 2).await;
    let id = incident_id(1);
    assert_eq!(store.head(&id).await.unwrap(), Head::genesis(&id));

    let decided =
        |number| Record::Proposal { id: proposal_id(number), event: proposal::Event::Posted };
    let head = append(&store, &Head::genesis(&id), remark("größer"), None).await.unwrap();
    let head = append(&store, &head, decided(1), Some("first")).await.unwrap();
    let head = append(&store, &head, decided(2), Some("of another")).await.unwrap();
    let head = append(&store, &head, decided(1), None).await.unwrap();
    let head = append(&store, &head, decided(1), Some("second")).await.unwrap();
    append(&store, &Head::genesis(&incident_id(2)), remark("elsewhere"), None).await.unwrap();

    assert_eq!(store.head(&id).await.unwrap(), head);
    let journal = store.journal(&id).await.unwrap();
    let entries = verify(&id, &journal);
    assert_eq!(entries.len(), 5);
    assert_eq!(entries[0].record, remark("größer"));
    assert_eq!(store.entry(&id, 3).await.unwrap().as_ref(), Some(&journal[3]));
    assert_eq!(store.entry(&id, 5).await.unwrap(), None);
    assert_eq!(store.receipts(&proposal_id(1)).await.unwrap(), ["first", "second"]);
    assert_eq!(store.receipts(&proposal_id(9)).await.unwrap(), [""; 0]);
});

contract!(a_receipt_that_steers_a_run_is_one_of_its_proposals, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    let steered = Steered {
        steer: Steer::Pause,
        by: PersonId::new("ana"),
        level: Level::LOWEST,
        proposal: proposal_id(1),
        plan: plan(1).digest().clone(),
        reason: None,
    };
    let record = Record::Run { id: run_id(1), event: run::Event::Steered(steered) };
    append(&store, &Head::genesis(&incident_id(1)), record.clone(), Some("paused")).await.unwrap();
    assert_eq!(store.receipts(&proposal_id(1)).await.unwrap(), ["paused"]);
    let journal = store.journal(&incident_id(1)).await.unwrap();
    assert_eq!(verify(&incident_id(1), &journal)[0].record, record, "it comes back");
});

contract!(a_chain_neither_forks_nor_has_gaps, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    let genesis = Head::genesis(&incident_id(1));
    let first = append(&store, &genesis, remark("first"), None).await.unwrap();

    let fork = append(&store, &genesis, remark("fork"), None).await.expect_err("forked");
    assert!(fork.is_conflict() && fork.is_transient(), "{fork:?}");

    let gap = Head { next_seq: 2, ..first.clone() };
    let gap = append(&store, &gap, remark("gap"), None).await.expect_err("left a gap");
    assert!(gap.is_conflict(), "{gap:?}");

    let stranger = Head { hash: genesis.hash.clone(), ..first.clone() };
    let wrong = append(&store, &stranger, remark("wrong"), None).await.expect_err("not chained");
    assert!(wrong.is_conflict(), "{wrong:?}");

    append(&store, &first, remark("second"), None).await.unwrap();
    assert_eq!(verify(&incident_id(1), &store.journal(&incident_id(1)).await.unwrap()).len(), 2);
});

contract!(many_at_once_make_one_chain, async |database: &Database| {
    let stores = [database.store().await, database.store().await];
    insert_incidents(&stores[0], 1).await;
    let mut writers = JoinSet::new();
    for number in 0..20 {
        let store = stores[number % 2].clone();
        writers.spawn(async move {
            loop {
                let head = store.head(&incident_id(1)).await.unwrap();
                match append(&store, &head, remark(&format!("{number}")), None).await {
                    Ok(_) => return,
                    Err(error) => assert!(error.is_conflict(), "{error:?}"),
                }
            }
        });
    }
    writers.join_all().await;
    let journal = stores[0].journal(&incident_id(1)).await.unwrap();
    assert_eq!(verify(&incident_id(1), &journal).len(), 20);
});
