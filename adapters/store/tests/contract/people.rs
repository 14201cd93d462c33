//! Letters to those who are asked, errands, and what a chat says of people.

use std::collections::BTreeMap;

use domain::{
    card::Button,
    digest::Digest,
    errand::Errand,
    person::{ChatName, Identity, PersonId},
    port::MessageRef,
    standing::Standing,
};
use store::{HandoverClaim, Knock, ParkedKind, Store};

use crate::{databases::Database, samples::*};

const LEASE_MS: u64 = 60_000;
const CHAT: ChatName = ChatName::Slack;

fn ana() -> (PersonId, Identity) {
    let identity = Identity { chat: CHAT, team: "T1".to_owned(), user: "U0ANA".to_owned() };
    (PersonId::new("ana"), identity)
}

async fn ask(store: &Store, seconds: i64, key: u128) {
    let (person, identity) = ana();
    commit(store, async |tx| {
        let who = (&person, &identity);
        tx.want_handover(&incident_id(1), who, message_id(key), at(seconds)).await.unwrap();
    })
    .await;
}

async fn claim(store: &Store, owner: &str, seconds: i64) -> Option<HandoverClaim> {
    let claims = store.claim_handovers(CHAT, owner, at(seconds), LEASE_MS, 10).await;
    let mut claims = claims.unwrap();
    assert!(claims.len() <= 1, "one person has one letter of an incident");
    claims.pop()
}

fn letter() -> MessageRef {
    MessageRef { channel: "D1".to_owned(), message: "17.1".to_owned() }
}

contract!(a_letter_is_written_once_and_renewed, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    ask(&store, 0, 7).await;
    let dead = claim(&store, "dead", 0).await.expect("wanted");
    let counts = store.counts(at(0)).await.unwrap();
    assert_eq!((counts.pending_letters, counts.oldest_waiting), (1, Some(at(0))));
    assert_eq!(claim(&store, "me", 1).await, None, "it is held");
    let first = claim(&store, "me", 61).await.expect("the lease is over");
    assert!(first.in_doubt && first.letter.is_none(), "the dead one may have written it");
    assert_eq!((&first.key, first.asked, first.told), (&message_id(7), 1, 0));
    assert!(!store.handover_written(&dead, "dead", &letter(), "a").await.unwrap());
    assert!(store.handover_written(&first, "me", &letter(), "a").await.unwrap());
    let placed = HandoverClaim { placed: true, ..first };
    assert!(store.handover_shown(&placed, "me", "a").await.unwrap());
    assert_eq!(store.next_task(&[], &[CHAT]).await.unwrap(), None);

    // Changes come together; asking again is counted, and the key of the first time stays.
    commit(&store, async |tx| tx.renew_handovers(&incident_id(1), at(70)).await.unwrap()).await;
    ask(&store, 71, 8).await;
    assert_eq!(store.next_task(&[], &[CHAT]).await.unwrap(), Some(at(70)));
    let again = claim(&store, "me", 72).await.expect("renewed");
    assert_eq!((again.asked, again.told, again.placed), (2, 1, true));
    assert_eq!((&again.letter, &again.key), (&Some(letter()), &message_id(7)));
    assert_eq!(again.content, "a");
    assert!(store.park_handover(&again, "me", "refused").await.unwrap());
    let counts = store.counts(at(72)).await.unwrap();
    assert_eq!((counts.pending_letters, counts.parked_letters), (0, 1));
    let parked = &store.parked().await.unwrap()[0];
    assert_eq!((parked.what, parked.many, parked.since), (ParkedKind::Letters, 1, at(70)));
    commit(&store, async |tx| tx.renew_handovers(&incident_id(1), at(80)).await.unwrap()).await;
    let renewed = claim(&store, "me", 81).await.expect("no letter that is there stays wrong");
    assert_eq!((renewed.problem.as_str(), renewed.attempts), ("refused", 1));
    // What was not tried is no try, and comes when it may.
    assert!(store.return_handover(&renewed, "me", at(90)).await.unwrap());
    assert_eq!(claim(&store, "me", 89).await, None);
    let renewed = claim(&store, "me", 90).await.expect("it may go");
    assert_eq!((renewed.attempts, renewed.in_doubt), (1, false));
    // A letter that is gone is written anew, under another key.
    assert!(store.forget_letter(&renewed, "me", &message_id(9), at(91)).await.unwrap());
    assert!(!store.handover_shown(&renewed, "me", "a").await.unwrap());
    let anew = claim(&store, "me", 91).await.expect("wanted");
    assert_eq!((&anew.letter, &anew.key, anew.content.as_str()), (&None, &message_id(9), ""));
    // What was never written and is refused waits until somebody is asked again.
    assert!(store.park_handover(&anew, "me", "refused").await.unwrap());
    commit(&store, async |tx| tx.renew_handovers(&incident_id(1), at(92)).await.unwrap()).await;
    assert_eq!(claim(&store, "me", 93).await, None, "nobody is asked anew");
    assert_eq!(store.unpark_handovers(CHAT).await.unwrap(), 1);
    assert!(claim(&store, "me", 94).await.is_some());
});

contract!(an_errand_that_is_wanted_again_is_done_again, async |database: &Database| {
    let store = database.store().await;
    let errand = Errand::Home { of: ana().1 };
    let want = async |seconds| {
        commit(&store, async |tx| tx.want_errand(CHAT, &errand, at(seconds)).await.unwrap()).await;
    };
    want(0).await;
    want(1).await;
    let lost = store.claim_errands(CHAT, "me", at(1), LEASE_MS, 10).await.unwrap();
    assert!(store.retry_errand(&lost[0], "me", at(2), "no answer").await.unwrap());
    let counts = store.counts(at(1)).await.unwrap();
    assert_eq!((counts.pending_errands, counts.oldest_waiting), (1, Some(at(0))));
    assert_eq!(counts.refused, BTreeMap::from([("no answer".to_owned(), 1)]));
    let waits = &store.parked().await.unwrap()[0];
    assert_eq!((waits.what, waits.many, waits.since), (ParkedKind::Errands, 1, at(0)));
    let claims = store.claim_errands(CHAT, "me", at(2), LEASE_MS, 10).await.unwrap();
    assert_eq!(claims.len(), 1, "two wishes are one errand");
    assert_eq!(claims[0].errand, errand);
    want(3).await;
    assert!(!store.finish_errand(&claims[0], "me").await.unwrap(), "wanted again meanwhile");
    assert!(store.retry_errand(&claims[0], "me", at(4), "").await.unwrap());
    let claims = store.claim_errands(CHAT, "me", at(4), LEASE_MS, 10).await.unwrap();
    assert!(store.return_errand(&claims[0], "me", at(5)).await.unwrap(), "it may not go yet");
    assert_eq!(store.next_task(&[], &[CHAT]).await.unwrap(), Some(at(5)));
    let claims = store.claim_errands(CHAT, "me", at(5), LEASE_MS, 10).await.unwrap();
    assert!(store.finish_errand(&claims[0], "me").await.unwrap());
    assert_eq!(store.next_task(&[], &[CHAT]).await.unwrap(), None);
});

contract!(what_a_chat_said_later_counts, async |database: &Database| {
    let store = database.store().await;
    let who = ana().1;
    let see = async |standing, seconds| {
        commit(&store, async |tx| tx.see_member(&who, standing, at(seconds)).await.unwrap()).await;
    };
    assert_eq!(store.member(&who).await.unwrap(), None);
    commit(&store, async |tx| tx.see_home(&who, at(0)).await.unwrap()).await;
    assert_eq!(store.member(&who).await.unwrap().unwrap().standing, None);
    see(Standing::Deactivated, 5).await;
    // An answer to a question of before the account was closed comes late.
    see(Standing::Member, 4).await;
    let member = store.member(&who).await.unwrap().unwrap();
    assert_eq!(member.standing, Some((Standing::Deactivated, at(5))));
    assert_eq!(member.home_at, Some(at(0)));
});

contract!(a_click_is_remembered_for_a_while, async |database: &Database| {
    let store = database.store().await;
    insert_incidents(&store, 1).await;
    commit(&store, async |tx| {
        assert!(tx.insert_proposal(&proposal(1, 1, "warehouse")).await.unwrap());
    })
    .await;
    let knock = |button, seconds| Knock {
        identity: ana().1,
        incident: incident_id(1),
        proposal: proposal_id(1),
        plan: Digest::of("the plan"),
        button,
        at: at(seconds),
    };
    for knock in [knock(Button::Approve, 0), knock(Button::Reject, 9)] {
        commit(&store, async |tx| tx.keep_knock(&knock).await.unwrap()).await;
    }
    assert_eq!(store.knocks(CHAT).await.unwrap(), [knock(Button::Reject, 9)]);
    let who = ana().1;
    commit(&store, async |tx| {
        assert!(tx.tell_knock(&who, &incident_id(1)).await.unwrap());
        assert!(!tx.tell_knock(&who, &incident_id(1)).await.unwrap(), "once is enough");
    })
    .await;
    store.forget_knocks(at(9)).await.unwrap();
    assert_eq!(store.knocks(CHAT).await.unwrap().len(), 1);
    store.forget_knocks(at(10)).await.unwrap();
    assert_eq!(store.knocks(CHAT).await.unwrap(), []);
});
