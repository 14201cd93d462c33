//! Slack is away for an hour while fifty incidents come in: people decide elsewhere, and afterwards everything is said, once,
//! in order, and no faster than Slack takes it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use chrono::TimeDelta;
use countersign::{
    engine::{Answer, Decide, Wish},
    view,
};
use domain::{
    person::{ChatName, Identity},
    place::Place,
    port::Clock as _,
    proposal::{Proposal, Stage},
};
use fakes::{
    pagerduty::{Happening, Incident},
    slack::Message,
};
use serde_json::json;

use crate::{
    story,
    world::{CHANNEL, ORDERS, World},
};

const POST: &str = "chat.postMessage";

/// As fast as Slack itself, which refuses what is faster.
async fn at_slacks_pace(w: &mut World) {
    let slack = w.config.slack.as_mut().expect("it has Slack");
    slack.posts_per_second = 1.try_into().expect("one is not zero");
    w.slack.keep_rates();
    w.restart().await;
}

/// The headline of an incident's alert.
fn title(number: usize) -> String {
    format!("Duplicate rows {number:02}.")
}

/// Alerts of incidents with these numbers come in; what is due is not done yet.
pub(crate) async fn alerts(w: &World, numbers: Range<usize>) {
    for number in numbers {
        let incident = Incident {
            id: format!("PINC{number:02}"),
            title: title(number),
            status: "triggered".into(),
            service_id: "PSERVICE".into(),
            service_name: "Data warehouse".into(),
            urgency: "high".into(),
            created_at: "2026-11-23T03:00:00Z".into(),
        };
        w.pagerduty.put_incident(incident.clone());
        w.pagerduty.add_alert(&incident.id, &incident.title, &json!({"models": ORDERS}));
        let (event_id, occurred_at) = (format!("01OUTAGE{number:02}"), w.clock.now().to_rfc3339());
        let happening = Happening {
            event_type: "incident.triggered",
            event_id: &event_id,
            occurred_at: &occurred_at,
        };
        let webhook = w.pagerduty.webhook(happening, &incident);
        assert_eq!(w.send("/webhooks/pagerduty", &webhook).await, 202);
    }
}

/// The proposals that wait, in the order of their incidents.
async fn proposals(w: &World) -> Vec<Proposal> {
    let mut open = w.bot.engine.store.open_proposals().await.expect("reads the proposals");
    open.sort_by_key(|found| found.value.opened_at);
    open.into_iter().map(|found| found.value).collect()
}

/// Somebody decides on the command line.
async fn decides(w: &World, person: &str, proposal: &Proposal, wish: Wish) {
    let identity = Identity { chat: ChatName::Cli, team: String::new(), user: person.to_owned() };
    let (id, plan) = (proposal.id.clone(), proposal.opening.plan.clone());
    let decide = Decide { identity, proposal: id, plan, wish, place: Place::Card };
    let answer = w.bot.engine.decide(&decide).await.expect("it is taken");
    assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    w.drain().await;
}

/// Time passes until nothing is left to say; three seconds at a time, which is what Slack takes in one breath.
pub(crate) async fn until_all_is_said(w: &World) -> i64 {
    for round in 0..2000 {
        let now = w.clock.now();
        let counts = w.bot.engine.store.counts(now).await.expect("counts");
        if (counts.pending_jobs, counts.pending_cards) == (0, 0) {
            return round * 3;
        }
        w.advance(TimeDelta::seconds(3)).await;
    }
    panic!("it never ends");
}

/// Every incident has one card; the threads, by headline, in order.
#[track_caller]
pub(crate) fn threads(w: &World, many: usize) -> BTreeMap<String, Vec<Message>> {
    let cards = w.slack.messages(CHANNEL).into_iter().filter(|card| card.thread_ts.is_none());
    let threads: Vec<_> = cards
        .map(|card| {
            let shown = card.shown();
            let title = (0..many).map(title).find(|title| shown.contains(title));
            (title.expect("a card of ours"), w.slack.replies(CHANNEL, &card.ts))
        })
        .collect();
    assert_eq!(threads.len(), many, "each incident has a card");
    let threads: BTreeMap<_, _> = threads.into_iter().collect();
    assert_eq!(threads.len(), many, "no incident has two");
    let key = |message: &Message| {
        message.metadata.clone().expect("a key")["event_payload"]["key"].clone()
    };
    let keys: Vec<_> = threads.values().flatten().map(|reply| key(reply).to_string()).collect();
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "something is said twice");
    threads
}

#[track_caller]
fn expect_said(thread: &[Message], texts: &[&str]) {
    let shown: Vec<_> = thread.iter().map(Message::shown).collect();
    let fits = shown.len() == texts.len()
        && shown.iter().zip(texts).all(|(shown, text)| shown.contains(text));
    assert!(fits, "expected {texts:#?}\nbut the thread says {shown:#?}");
}

/// The threads say all that the journals have to say.
pub(crate) async fn expect_all_of_the_record(w: &World, threads: &BTreeMap<String, Vec<Message>>) {
    let store = &w.bot.engine.store;
    let mut lines = 0;
    for found in store.incidents(50, None).await.expect("reads the incidents") {
        lines += view::thread(store, &found.value.id).await.expect("reads the record").len();
    }
    assert_eq!(threads.values().flatten().count(), lines, "all of the record is said");
}

/// What a thread says in an hour in which nobody decides.
const LADDER: [&str; 7] = [
    "Alert from",
    "Proposed",
    "Asking <@U0ANA>",
    "Asking <@U0BO>",
    "Asking <@U0BEN>",
    "Asking <@U0MIA>",
    "Asking <@U0CLEO>",
];

story!(
    /// An hour without Slack: the ladder's clock runs, two incidents are decided elsewhere, and then all is said.
    fifty_incidents_while_slack_is_down,
    async |w| {
        at_slacks_pace(w).await;
        w.slack.down(true);
        alerts(w, 0..50).await;
        w.drain().await;
        let open = proposals(w).await;
        assert_eq!(open.len(), 50);
        for _ in 0..20 {
            w.advance(TimeDelta::minutes(1)).await;
        }
        let calm = Wish::Reject { reason: "a known effect".to_owned() };
        decides(w, "ana", &open[0], calm).await;
        decides(w, "bo", &open[1], Wish::Approve { reason: None, typed: None }).await;
        for _ in 0..40 {
            w.advance(TimeDelta::minutes(1)).await;
        }
        assert!(w.slack.messages(CHANNEL).is_empty());
        let warnings = w.warnings().await;
        assert!(warnings.contains("slack is out of order for 60 min"), "{warnings}");
        for proposal in proposals(w).await {
            let Stage::Open { position } = &proposal.stage else { panic!("it waits") };
            assert_eq!(position.rung, 4, "the last level is asked, an hour after the opening");
        }

        w.slack.down(false);
        w.advance(TimeDelta::minutes(1)).await;
        for _ in 0..20 {
            w.advance(TimeDelta::seconds(3)).await;
        }
        let first: Vec<_> = w.slack.messages(CHANNEL).into_iter().take(50).collect();
        assert!(first.iter().all(|card| card.thread_ts.is_none()), "first each incident has its card");
        let took = until_all_is_said(w).await;
        assert_eq!(w.slack.refused_for_pace(), 0, "never too fast");
        assert!(took < 500, "and as fast as Slack allows: {took} s");

        let threads = threads(w, 50);
        for (title, thread) in &threads {
            let told: Vec<_> = thread.iter().map(Message::shown).collect();
            assert!(told[0].contains("Alert from") && told[1].contains("Proposed"), "{title}: {told:?}");
        }
        let of = |proposal: &Proposal| threads.iter().find(|(_, thread)| {
            // The plan's short digest is the same for all; the outcome is not.
            let told: Vec<_> = thread.iter().map(Message::shown).collect();
            told.iter().any(|line| line.contains(if proposal.id == open[0].id { "rejected the rollback" } else { "Rolled back" }))
        });
        let (_, rejected) = of(&open[0]).expect("one was rejected");
        expect_said(rejected, &["Alert from", "Proposed", "Asking <@U0ANA>", "Asking <@U0BO>", "rejected the rollback: a known effect"]);
        let (_, approved) = of(&open[1]).expect("one was rolled back");
        assert!(approved.iter().any(|line| line.shown().contains("<@U0BO> approved")), "{approved:#?}");
        let silent = threads.values().filter(|thread| thread.len() == LADDER.len());
        let mut many = 0;
        for thread in silent {
            expect_said(thread, &LADDER);
            many += 1;
        }
        assert_eq!(many, 48, "the others went up the ladder");
        assert_eq!(w.warnings().await, "");
        w.read_on();
    }
);

story!(
    /// Slack comes and goes, and loses answers: what may have been said is looked for, and nothing is said twice.
    answers_are_lost_while_many_incidents_open,
    async |w| {
        at_slacks_pace(w).await;
        for _ in 0..4 {
            w.slack.lose_reply_of_next(POST);
        }
        w.slack.fail_next_with_status(POST, 502);
        alerts(w, 0..8).await;
        w.drain().await;
        for minute in 0..12 {
            w.slack.down(minute % 3 == 1);
            w.slack.lose_reply_of_next(POST);
            w.slack.lose_reply_of_next("chat.update");
            w.slack.lose_reply_of_next("conversations.replies");
            w.slack.fail_next(POST, "internal_error");
            w.advance(TimeDelta::minutes(1)).await;
        }
        w.slack.down(false);
        until_all_is_said(w).await;
        let threads = threads(w, 8);
        expect_all_of_the_record(w, &threads).await;
        for thread in threads.values() {
            expect_said(thread, &LADDER[..thread.len()]);
        }
        w.read_on();
    }
);
