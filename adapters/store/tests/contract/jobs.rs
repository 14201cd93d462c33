//! Jobs: order, retries, parking, and lanes that need a thread.

use domain::{
    effect::{Job, Lane, Urgency},
    letter::Letter,
    notice::Tone,
    person::{ChatName, Identity},
    place::Place,
    port::MessageRef,
    words::Words,
};
use store::{JobClaim, Store};
use tokio::task::JoinSet;

use crate::{databases::Database, samples::*};

const LEASE_MS: u64 = 60_000;
const CHAT: Lane = Lane::Chat(ChatName::Slack);

fn tell(seq: u64) -> Job {
    Job::Tell { seq, index: 0 }
}

/// Queues one job for an incident; the number is its id and its content.
async fn enqueue(store: &Store, lane: Lane, incident: u128, number: u64) {
    let id = message_id(number.into());
    commit(store, async |tx| {
        tx.enqueue(&lane, &incident_id(incident), &tell(number), id, at(0)).await.unwrap();
    })
    .await;
}

async fn claim(store: &Store, lane: Lane, seconds: i64) -> Vec<JobClaim> {
    store.claim_jobs(&lane, "me", at(seconds), LEASE_MS, 10).await.unwrap()
}

fn jobs(claims: &[JobClaim]) -> Vec<Job> {
    claims.iter().map(|claim| claim.job.clone()).collect()
}

contract!(an_incidents_jobs_are_done_in_order, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 2).await;
    // Ids fall while places rise: the order is that of queueing, not of ids.
    for (incident, number) in [(1, 9), (1, 8), (2, 7), (1, 6)] {
        enqueue(&store, Lane::Assess, incident, number).await;
    }
    let first = claim(&store, Lane::Assess, 1).await;
    assert_eq!(jobs(&first), [tell(7), tell(9)], "the oldest of each incident");
    assert_eq!((first[0].attempts, first[0].in_doubt, first[0].queued_at), (0, false, at(0)));
    assert_eq!(jobs(&claim(&store, Lane::Assess, 2).await), [], "both incidents are held");

    assert!(store.finish_job(&first[1], "me").await.unwrap());
    assert!(!store.finish_job(&first[1], "me").await.unwrap(), "twice");
    let second = claim(&store, Lane::Assess, 3).await;
    assert_eq!(jobs(&second), [tell(8)]);
    assert!(store.finish_job(&second[0], "me").await.unwrap());
    assert_eq!(jobs(&claim(&store, Lane::Assess, 4).await), [tell(6)]);
    assert_eq!(store.counts(at(0)).await.unwrap().pending_jobs, 2);
});

contract!(a_job_that_is_retried_keeps_its_place, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    enqueue(&store, Lane::Assess, 1, 1).await;
    enqueue(&store, Lane::Assess, 1, 2).await;
    let first = claim(&store, Lane::Assess, 1).await;
    assert!(store.retry_job(&first[0], "me", at(30), "busy", false).await.unwrap());
    assert_eq!(jobs(&claim(&store, Lane::Assess, 29).await), [], "the later one passed it");
    assert_eq!(store.next_task(&[Lane::Assess], &[]).await.unwrap(), Some(at(30)));

    let again = claim(&store, Lane::Assess, 30).await;
    assert_eq!(jobs(&again), [tell(1)]);
    assert_eq!((again[0].attempts, again[0].in_doubt), (1, false));
    assert!(store.retry_job(&again[0], "me", at(31), "no answer", true).await.unwrap());
    let again = claim(&store, Lane::Assess, 31).await;
    assert!(again[0].in_doubt, "its outcome is not known");
    assert!(store.retry_job(&again[0], "me", at(32), "busy", false).await.unwrap());
    let again = claim(&store, Lane::Assess, 32).await;
    assert_eq!((again[0].attempts, again[0].in_doubt), (3, true), "the doubt stays");
});

contract!(a_parked_job_is_kept_and_blocks_nobody, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    enqueue(&store, Lane::Assess, 1, 1).await;
    enqueue(&store, Lane::Assess, 1, 2).await;
    let first = claim(&store, Lane::Assess, 1).await;
    assert!(store.park_job(&first[0], "me", "channel_not_found").await.unwrap());
    let counts = store.counts(at(1)).await.unwrap();
    assert_eq!((counts.pending_jobs, counts.parked_jobs), (1, 1));

    let second = claim(&store, Lane::Assess, 2).await;
    assert_eq!(jobs(&second), [tell(2)]);
    assert!(store.finish_job(&second[0], "me").await.unwrap());
    assert_eq!(store.next_task(&[Lane::Assess], &[]).await.unwrap(), None, "parked is not waiting");

    assert_eq!(store.unpark_jobs(&CHAT).await.unwrap(), 0, "another lane");
    assert_eq!(store.unpark_jobs(&Lane::Assess).await.unwrap(), 1);
    assert_eq!(jobs(&claim(&store, Lane::Assess, 3).await), [tell(1)]);
});

contract!(what_was_replaced_by_a_short_notice_is_never_said, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    enqueue(&store, Lane::Assess, 1, 1).await;
    let first = claim(&store, Lane::Assess, 1).await;
    assert!(store.park_replaced_job(&first[0], "me", "msg_too_long").await.unwrap());
    assert_eq!(store.unpark_jobs(&Lane::Assess).await.unwrap(), 0);
    assert_eq!(jobs(&claim(&store, Lane::Assess, 2).await), []);
    assert_eq!(store.counts(at(2)).await.unwrap().parked_jobs, 1, "it is kept");
});

contract!(a_job_that_was_not_tried_is_as_before, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    enqueue(&store, Lane::Assess, 1, 1).await;
    let first = claim(&store, Lane::Assess, 1).await;
    assert!(store.return_job(&first[0], "me", at(30)).await.unwrap());
    assert!(!store.return_job(&first[0], "me", at(40)).await.unwrap(), "twice");
    assert_eq!(jobs(&claim(&store, Lane::Assess, 29).await), []);
    let again = claim(&store, Lane::Assess, 30).await;
    assert_eq!((again[0].attempts, again[0].in_doubt), (0, false));
    assert!(store.return_job(&again[0], "me", at(5)).await.unwrap());
    assert_eq!(store.next_task(&[Lane::Assess], &[]).await.unwrap(), Some(at(30)), "never earlier");
});

/// Posts the cards of these incidents into one channel, and queues nothing.
async fn threads(store: &Store, incidents: &[u128]) {
    for incident in incidents {
        commit(store, async |tx| {
            let key = || message_id(1000 + incident);
            tx.want_card(&incident_id(*incident), &[ChatName::Slack], at(0), key).await.unwrap();
        })
        .await;
    }
    for card in store.claim_cards(ChatName::Slack, "me", at(0), LEASE_MS, 100).await.unwrap() {
        let message = format!("17.{}", card.incident);
        let thread = MessageRef { channel: "C1".to_owned(), message };
        assert!(store.card_posted(&card, "me", &thread).await.unwrap());
    }
}

fn whisper(user: &str) -> Job {
    let to = Identity { chat: ChatName::Slack, team: "T".to_owned(), user: user.to_owned() };
    Job::Whisper { to, words: Words::plain("hi"), place: Place::Card }
}

contract!(what_is_said_in_private_waits_for_nobody_else, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 2).await;
    threads(&store, &[1, 2]).await;
    let queue =
        [(1, tell(1)), (2, tell(2)), (1, whisper("U1")), (1, whisper("U1")), (1, whisper("U2"))];
    for (number, (incident, job)) in queue.into_iter().enumerate() {
        commit(&store, async |tx| {
            let id = message_id(number as u128);
            tx.enqueue(&CHAT, &incident_id(incident), &job, id, at(1)).await.unwrap();
        })
        .await;
    }
    let claims = claim(&store, CHAT, 2).await;
    assert_eq!(jobs(&claims), [whisper("U1"), whisper("U2"), tell(1), tell(2)]);
    assert!(store.retry_job(&claims[2], "me", at(60), "busy", false).await.unwrap());
    assert!(store.finish_job(&claims[0], "me").await.unwrap());
    assert_eq!(jobs(&claim(&store, CHAT, 3).await), [whisper("U1")], "in order to each person");
});

contract!(a_thread_in_which_something_urgent_waits_goes_first, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 3).await;
    threads(&store, &[1, 2, 3]).await;
    for (incident, number, urgency) in [
        (1, 1, Urgency::InTurn),
        (2, 2, Urgency::InTurn),
        (3, 3, Urgency::InTurn),
        (3, 4, Urgency::AtOnce),
    ] {
        commit(&store, async |tx| {
            let (job, id) = (tell(number), message_id(number.into()));
            let to = (&CHAT, &incident_id(incident));
            tx.enqueue_as(urgency, to, &job, id, at(1)).await.unwrap();
        })
        .await;
    }
    let first = store.claim_jobs(&CHAT, "me", at(2), LEASE_MS, 1).await.unwrap();
    assert_eq!(jobs(&first), [tell(3)], "what stands before it, in order");
    assert!(store.finish_job(&first[0], "me").await.unwrap());
    let urgent = store.claim_jobs(&CHAT, "me", at(2), LEASE_MS, 1).await.unwrap();
    assert_eq!(jobs(&urgent), [tell(4)]);
    assert!(store.finish_job(&urgent[0], "me").await.unwrap());

    // The channel is closed: no thread of it is told anything, and what is private goes on.
    commit(&store, async |tx| {
        tx.enqueue(&CHAT, &incident_id(1), &whisper("U1"), message_id(9), at(2)).await.unwrap();
    })
    .await;
    store.put_off_replies(ChatName::Slack, "C2", at(90)).await.unwrap();
    store.put_off_replies(ChatName::Slack, "C1", at(60)).await.unwrap();
    assert_eq!(jobs(&claim(&store, CHAT, 59).await), [whisper("U1")]);
    assert_eq!(jobs(&claim(&store, CHAT, 60).await), [tell(1), tell(2)]);

    let letter = Job::Letter {
        to: Identity { chat: ChatName::Slack, team: "T".to_owned(), user: "U2".to_owned() },
        letter: Letter {
            headline: Words::plain("hi"),
            tone: Tone::Neutral,
            lines: vec![],
            about: None,
            buttons: vec![],
            signs: Words::new(),
            link: None,
        },
    };
    for (number, job) in [(20, whisper("U2")), (21, letter.clone())] {
        commit(&store, async |tx| {
            tx.enqueue(&CHAT, &incident_id(2), &job, message_id(number), at(61)).await.unwrap();
        })
        .await;
    }
    store.put_off_whispers(ChatName::Slack, at(90)).await.unwrap();
    assert_eq!(jobs(&claim(&store, CHAT, 62).await), [letter], "letters go elsewhere");
});

contract!(a_reply_waits_for_its_thread, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    commit(&store, async |tx| {
        let chats = [ChatName::Slack, ChatName::Discord];
        let mut keys = 100..;
        let key = || message_id(keys.next().unwrap());
        tx.want_card(&incident_id(1), &chats, at(0), key).await.unwrap();
    })
    .await;
    enqueue(&store, CHAT, 1, 1).await;
    assert_eq!(jobs(&claim(&store, CHAT, 1).await), [], "there is no thread to reply in");
    assert_eq!(store.next_task(&[CHAT], &[]).await.unwrap(), None);

    for (chat, expected) in [(ChatName::Discord, vec![]), (ChatName::Slack, vec![tell(1)])] {
        let cards = store.claim_cards(chat, "me", at(2), LEASE_MS, 10).await.unwrap();
        let thread = MessageRef { channel: "C1".to_owned(), message: "17.1".to_owned() };
        assert!(store.card_posted(&cards[0], "me", &thread).await.unwrap());
        assert_eq!(jobs(&claim(&store, CHAT, 3).await), expected);
    }
});

contract!(two_workers_never_get_the_same_job, async |database: &Database| {
    let stores = [database.store().await, database.store().await];
    insert_incidents(&stores[0], 20).await;
    for number in 1..=20 {
        enqueue(&stores[0], Lane::Assess, number.into(), number).await;
    }
    let mut workers = JoinSet::new();
    for number in 0..8 {
        let store = stores[number % 2].clone();
        workers.spawn(async move {
            let owner = format!("worker {number}");
            store.claim_jobs(&Lane::Assess, &owner, at(1), LEASE_MS, 5).await.unwrap()
        });
    }
    let claims = workers.join_all().await;
    assert!(claims.iter().all(|claims| claims.len() <= 5), "somebody got more than the limit");
    let mut ids: Vec<_> = claims.iter().flatten().map(|claim| claim.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    assert_eq!(claims.iter().flatten().count(), 20);
});
