//! Cards: what is wanted only grows, and what is shown never goes back.

use domain::{effect::Urgency, person::ChatName, port::MessageRef};
use store::{CardClaim, Store};

use crate::{databases::Database, samples::*};

const LEASE_MS: u64 = 60_000;

async fn want(store: &Store, seconds: i64, key: u128) {
    commit(store, async |tx| {
        let chats = [ChatName::Slack];
        tx.want_card(&incident_id(1), &chats, at(seconds), || message_id(key)).await.unwrap();
    })
    .await;
}

async fn claim(store: &Store, owner: &str, seconds: i64) -> Option<CardClaim> {
    let claims = store.claim_cards(ChatName::Slack, owner, at(seconds), LEASE_MS, 10).await;
    let mut claims = claims.unwrap();
    assert!(claims.len() <= 1, "one incident has one card");
    claims.pop()
}

fn thread() -> MessageRef {
    MessageRef { channel: "C1".to_owned(), message: "17.1".to_owned() }
}

contract!(quick_changes_are_shown_once, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    assert_eq!(claim(&store, "me", 0).await, None);
    for number in 0..5 {
        want(&store, number, 7 + u128::try_from(number).unwrap()).await;
    }
    assert_eq!(store.next_task(&[], &[ChatName::Slack]).await.unwrap(), Some(at(0)));
    let card = claim(&store, "me", 5).await.expect("wanted");
    assert_eq!((card.wanted, card.attempts, card.in_doubt), (5, 0, false));
    assert_eq!((&card.thread, &card.key, card.queued_at), (&None, &message_id(7), at(0)));
    assert_eq!(claim(&store, "me", 6).await, None, "it is held");

    // A change while the card is on its way is shown after it.
    want(&store, 7, 99).await;
    assert!(store.card_posted(&card, "me", &thread()).await.unwrap());
    assert_eq!(store.thread(&incident_id(1), ChatName::Slack).await.unwrap(), Some(thread()));
    assert_eq!(store.thread(&incident_id(1), ChatName::Discord).await.unwrap(), None);
    let card = claim(&store, "me", 8).await.expect("changed since");
    assert_eq!((card.wanted, card.thread.as_ref()), (6, Some(&thread())));
    assert!(store.card_shown(&card, "me").await.unwrap());
    assert_eq!(claim(&store, "me", 9).await, None);
    assert_eq!(store.counts(at(9)).await.unwrap().pending_cards, 0);
    assert_eq!(store.next_task(&[], &[ChatName::Slack]).await.unwrap(), None);
});

contract!(what_is_shown_never_goes_back, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    want(&store, 0, 7).await;
    let slow = claim(&store, "slow", 0).await.expect("wanted");
    want(&store, 10, 8).await;
    let quick = claim(&store, "quick", 61).await.expect("the lease is over");
    assert!(quick.in_doubt, "the slow one may have posted it");
    assert_eq!((quick.epoch, quick.attempts), (slow.epoch + 1, 1));
    assert_eq!(quick.key, slow.key, "one key, so that the post can be found");
    assert!(store.card_posted(&quick, "quick", &thread()).await.unwrap());

    let other = MessageRef { message: "18.2".to_owned(), ..thread() };
    assert!(!store.card_posted(&slow, "slow", &other).await.unwrap());
    assert!(!store.card_shown(&slow, "slow").await.unwrap());
    assert!(!store.retry_card(&slow, "slow", at(0), "late", true).await.unwrap());
    assert!(!store.park_card(&slow, "slow", "late").await.unwrap());
    assert_eq!(store.thread(&incident_id(1), ChatName::Slack).await.unwrap(), Some(thread()));
    assert_eq!(claim(&store, "me", 200).await, None, "it is up to date");
});

contract!(a_card_waits_as_long_as_the_chat_asked, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    want(&store, 0, 7).await;
    let card = claim(&store, "me", 0).await.expect("wanted");
    assert!(store.retry_card(&card, "me", at(30), "ratelimited", false).await.unwrap());
    want(&store, 5, 8).await;
    assert_eq!(claim(&store, "me", 29).await, None, "a change does not shorten the wait");
    assert_eq!(store.next_task(&[], &[ChatName::Slack]).await.unwrap(), Some(at(30)));
    let card = claim(&store, "me", 30).await.expect("due");
    assert_eq!((card.attempts, card.in_doubt, card.queued_at), (1, false, at(0)));
    assert!(store.retry_card(&card, "me", at(31), "no answer", true).await.unwrap());
    let card = claim(&store, "me", 31).await.expect("due");
    assert!(card.in_doubt);
    assert!(store.card_posted(&card, "me", &thread()).await.unwrap());

    want(&store, 40, 9).await;
    let card = claim(&store, "me", 40).await.expect("changed");
    assert_eq!((card.attempts, card.in_doubt, card.queued_at), (0, false, at(40)));
});

contract!(a_parked_card_is_tried_again_with_the_next_change, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    want(&store, 0, 7).await;
    let card = claim(&store, "me", 0).await.expect("wanted");
    assert!(store.park_card(&card, "me", "not_in_channel").await.unwrap());
    assert_eq!(claim(&store, "me", 100).await, None);
    let counts = store.counts(at(100)).await.unwrap();
    assert_eq!((counts.pending_cards, counts.parked_cards), (0, 1));
    assert_eq!(store.next_task(&[], &[ChatName::Slack]).await.unwrap(), None);

    want(&store, 101, 8).await;
    let card = claim(&store, "me", 101).await.expect("changed");
    assert_eq!((card.wanted, card.queued_at), (2, at(0)));
    assert!(store.park_card(&card, "me", "not_in_channel").await.unwrap());
    assert_eq!(store.unpark_cards(ChatName::Slack).await.unwrap(), 1);
    let card = claim(&store, "me", 102).await.expect("unparked");
    assert_eq!(card.attempts, 0);
});

async fn want_all(store: &Store, wanted: &[(u128, Urgency)], seconds: i64) {
    for (incident, urgency) in wanted {
        commit(store, async |tx| {
            let (id, chats) = (incident_id(*incident), [ChatName::Slack]);
            let key = || message_id(100 + incident);
            tx.want_card_as(*urgency, &id, &chats, at(seconds), key).await.unwrap();
        })
        .await;
    }
}

async fn claim_all(store: &Store, seconds: i64) -> Vec<CardClaim> {
    store.claim_cards(ChatName::Slack, "me", at(seconds), LEASE_MS, 10).await.unwrap()
}

fn incidents(claims: &[CardClaim]) -> Vec<domain::id::IncidentId> {
    claims.iter().map(|claim| claim.incident.clone()).collect()
}

contract!(first_what_stands_nowhere_then_what_people_wait_for, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 4).await;
    want_all(&store, &[(1, Urgency::InTurn), (2, Urgency::InTurn), (3, Urgency::InTurn)], 0).await;
    for card in claim_all(&store, 0).await {
        let message = format!("17.{}", card.incident);
        let thread = MessageRef { message, ..thread() };
        assert!(store.card_posted(&card, "me", &thread).await.unwrap());
    }
    let wanted =
        [(1, Urgency::Progress), (2, Urgency::InTurn), (3, Urgency::AtOnce), (4, Urgency::InTurn)];
    want_all(&store, &wanted, 1).await;
    let claims = claim_all(&store, 2).await;
    assert_eq!(incidents(&claims), [4, 3, 2, 1].map(incident_id));
    assert!(claims[3].is_progress && !claims[2].is_progress);
    for card in &claims {
        assert!(store.return_card(card, "me", at(2)).await.unwrap());
        assert!(!store.return_card(card, "me", at(2)).await.unwrap(), "twice");
    }

    store.put_off_posts(ChatName::Slack, at(60)).await.unwrap();
    store.put_off_edits(ChatName::Slack, Urgency::Progress, at(50)).await.unwrap();
    let claims = claim_all(&store, 3).await;
    assert_eq!(incidents(&claims), [3, 2].map(incident_id));
    assert_eq!(claims[0].attempts, 0, "what was not tried does not count");
    for card in &claims {
        assert!(store.return_card(card, "me", at(40)).await.unwrap());
    }
    // Somebody pressed a button of a card that waits: it waits no more.
    want_all(&store, &[(1, Urgency::AtOnce)], 5).await;
    assert_eq!(incidents(&claim_all(&store, 5).await), [incident_id(1)]);
    assert_eq!(incidents(&claim_all(&store, 62).await), [4, 3, 2].map(incident_id));
});

contract!(a_card_whose_message_is_gone_is_posted_anew, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    want(&store, 0, 7).await;
    let card = claim(&store, "me", 0).await.expect("wanted");
    assert!(store.card_posted(&card, "me", &thread()).await.unwrap());
    want(&store, 1, 8).await;
    let edit = claim(&store, "me", 1).await.expect("wanted");
    let (at_card, new) = ((&incident_id(1), ChatName::Slack), message_id(70));
    assert!(store.forget_message(at_card, &thread(), &new, at(2)).await.unwrap());
    assert!(!store.forget_message(at_card, &thread(), &new, at(2)).await.unwrap(), "twice");
    assert!(!store.card_shown(&edit, "me").await.unwrap(), "there is nothing to show it in");
    assert_eq!(store.thread(&incident_id(1), ChatName::Slack).await.unwrap(), None);
    let card = claim(&store, "me", 2).await.expect("it is wanted at once");
    assert_eq!((&card.thread, &card.key, card.in_doubt), (&None, &message_id(70), false));
    let anew = MessageRef { message: "18.1".to_owned(), ..thread() };
    assert!(store.card_posted(&card, "me", &anew).await.unwrap());
    assert_eq!(claim(&store, "me", 3).await, None);
});
