//! What becomes of a call: done, not done, or nobody knows.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{
    Timestamp,
    letter::Letter,
    notice::Tone,
    person::ChatName,
    port::{Chat, ChatError, Clock, Concern, MessageRef},
    words::Words,
};
use fakes::slack::BOT_USER;
use secrecy::SecretString;
use slack::{Pace, Slack, SlackConfig, SlackError};

use crate::{
    samples::{key, open_card},
    world::{CHANNEL, World, adapter, at, config, identity},
};

const POST: &str = "chat.postMessage";

async fn post(world: &World) -> Result<(), ChatError> {
    world.slack.post(&open_card(), &world.people, &key(1)).await.map(|_| ())
}

#[track_caller]
fn expect_transient(outcome: Result<(), ChatError>, problem: &str) {
    let Err(ChatError::Transient { chat, problem: said }) = outcome else {
        panic!("{outcome:?} is not transient");
    };
    assert_eq!((chat, said.as_str()), (ChatName::Slack, problem));
}

#[track_caller]
fn expect_too_soon(outcome: &Result<(), ChatError>, seconds: u64) {
    let Err(ChatError::TooSoon { chat: ChatName::Slack, wait }) = outcome else {
        panic!("{outcome:?} is not too soon");
    };
    assert_eq!(*wait, Duration::from_secs(seconds));
}

#[track_caller]
fn expect_unknown(outcome: Result<(), ChatError>, problem: &str) {
    let Err(ChatError::Unknown { problem: said, .. }) = outcome else {
        panic!("{outcome:?} is not unknown");
    };
    assert_eq!(said, problem);
}

#[tokio::test]
async fn what_was_not_done_may_be_tried_again() {
    let world = World::start().await;
    world.fake.down(true);
    let unavailable = "chat.postMessage: Slack is unavailable (503)";
    expect_transient(post(&world).await, unavailable);
    world.fake.down(false);
    post(&world).await.expect("all is well again");
    assert_eq!(world.fake.messages(CHANNEL).len(), 1);
}

#[tokio::test]
async fn nobody_listens() {
    // A port that was free a moment ago, on the loopback interface.
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = socket.local_addr().expect("an address");
    drop(socket);
    let world = World::start().await;
    let slack = adapter(config(&format!("http://{address}/api")));
    let world = World { slack, ..world };
    expect_transient(post(&world).await, "chat.postMessage: could not connect");
}

#[tokio::test]
async fn a_lost_reply_is_looked_for_and_found() {
    let world = World::start().await;
    world.fake.lose_reply_of_next(POST);
    expect_unknown(post(&world).await, "chat.postMessage: the connection was lost");
    let found = world.slack.find(None, &key(1), at(0)).await.expect("an answer");
    assert_eq!(found.expect("it was posted").message, world.only_message().ts);
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_unknown() {
    let world = World::start().await;
    let patient = adapter(config(&world.fake.api_url()));
    let slack = world.slack.with_total_timeout(Duration::from_millis(50));
    let world = World { slack, ..world };
    world.fake.hang_next(POST);
    expect_unknown(post(&world).await, "chat.postMessage: no answer in time");
    let found = patient.find(None, &key(1), at(0)).await.expect("an answer");
    assert_eq!(found, None, "it was never posted");
}

#[tokio::test]
async fn errors_after_which_something_may_have_been_done_are_unknown() {
    let world = World::start().await;
    world.fake.fail_next_with_status(POST, 502);
    expect_unknown(post(&world).await, "chat.postMessage: Slack answered 502");
    for error in ["internal_error", "fatal_error"] {
        world.fake.fail_next(POST, error);
        expect_unknown(post(&world).await, &format!("chat.postMessage: {error}"));
    }
}

#[tokio::test]
async fn what_somebody_must_mend_says_what_to_do() {
    let world = World::start().await;
    let mut refusals = Vec::new();
    let errors = ["token_revoked", "missing_scope", "msg_too_long", "never_heard_of_it"];
    for error in errors {
        world.fake.fail_next(POST, error);
        refusals.push(post(&world).await.expect_err("a refusal").to_string());
    }
    world.fake.fail_next_with_status(POST, 404);
    refusals.push(post(&world).await.expect_err("a refusal").to_string());
    world.fake.leave(CHANNEL, BOT_USER);
    refusals.push(post(&world).await.expect_err("a refusal").to_string());
    world.fake.archive(CHANNEL);
    refusals.push(post(&world).await.expect_err("a refusal").to_string());
    let elsewhere = SlackConfig { channel: "C0OTHER".to_owned(), ..config(&world.fake.api_url()) };
    let stranger =
        SlackConfig { bot_token: SecretString::from("xoxb-old"), ..config(&world.fake.api_url()) };
    for config in [elsewhere, stranger] {
        let world = World { slack: adapter(config), ..World::start().await };
        refusals.push(post(&world).await.expect_err("a refusal").to_string());
    }
    insta::assert_snapshot!(refusals.join("\n"), @"
    slack refuses: chat.postMessage: token_revoked. Reinstall the app and set slack.bot_token to the new bot token
    slack refuses: chat.postMessage: missing_scope. Give the app the scopes that `countersign manifest slack` lists, and reinstall it; `countersign doctor` says which are missing
    slack refuses: chat.postMessage: msg_too_long. This is a fault in Countersign: please report it with this message
    slack refuses: chat.postMessage: never_heard_of_it. See Slack's description of this error and mend it
    slack refuses: chat.postMessage: answered 404. Check slack.api_url and any proxy on the way
    slack refuses: chat.postMessage: not_in_channel. Invite the bot to the channel: /invite @countersign
    slack refuses: chat.postMessage: is_archived. The channel is archived: unarchive it or set another slack.channel
    slack refuses: chat.postMessage: channel_not_found. Check slack.channel: it must be the channel's id, and a private channel must have the bot as a member
    slack refuses: chat.postMessage: invalid_auth. Reinstall the app and set slack.bot_token to the new bot token
    ");
}

/// A clock that a test moves.
struct Hand(Mutex<i64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        at(*self.0.lock().expect("nobody panics"))
    }
}

#[tokio::test]
async fn what_slack_asks_for_holds_for_all_that_would_meet_the_same_limit() {
    let world = World::start().await;
    let hand = Arc::new(Hand(Mutex::new(0)));
    let World { fake, slack, people } = world;
    let world = World { slack: slack.with_clock(hand.clone()), fake, people };
    world.fake.rate_limit_next(POST, 17);
    expect_too_soon(&post(&world).await, 17);
    expect_too_soon(&post(&world).await, 17);
    *hand.0.lock().expect("nobody panics") = 16;
    expect_too_soon(&post(&world).await, 1);
    let letter = Letter {
        headline: Words::plain("You are asked."),
        tone: Tone::Neutral,
        lines: vec![],
        about: None,
        buttons: vec![],
        signs: Words::new(),
        link: None,
    };
    let written = world.slack.write(&identity("U0ANA"), &letter, &world.people, &key(2)).await;
    written.expect("a letter goes to another channel");
    assert!(world.fake.messages(CHANNEL).is_empty(), "nothing was sent meanwhile");
    *hand.0.lock().expect("nobody panics") = 17;
    post(&world).await.expect("the time is over");
    world.fake.fail_next(POST, "ratelimited");
    expect_too_soon(&post(&world).await, 1);
}

#[tokio::test]
async fn whoever_is_too_early_hears_so_and_sends_nothing() {
    let world = World::start().await;
    let World { fake, slack, people } = world;
    let hand = Arc::new(Hand(Mutex::new(0)));
    let world =
        World { slack: slack.with_pace(Pace::SLACK).with_clock(hand.clone()), fake, people };
    for _ in 0..3 {
        post(&world).await.expect("the burst");
    }
    expect_too_soon(&post(&world).await, 1);
    assert_eq!(world.fake.messages(CHANNEL).len(), 3);
    *hand.0.lock().expect("nobody panics") = 1;
    post(&world).await.expect("a second later");
}

#[tokio::test]
async fn a_refusal_says_what_it_is_about() {
    let world = World::start().await;
    let elsewhere = MessageRef { channel: "C0OLD".to_owned(), message: "1.2".to_owned() };
    let table = [
        ("token_revoked", Concern::Chat, Concern::Chat),
        ("invalid_auth", Concern::Chat, Concern::Chat),
        ("account_inactive", Concern::Chat, Concern::Chat),
        ("missing_scope", Concern::Chat, Concern::Chat),
        ("channel_not_found", Concern::Chat, Concern::Channel),
        ("is_archived", Concern::Chat, Concern::Channel),
        ("not_in_channel", Concern::Chat, Concern::Channel),
        ("restricted_action", Concern::Chat, Concern::Channel),
        ("msg_too_long", Concern::Message, Concern::Message),
        ("invalid_blocks", Concern::Message, Concern::Message),
        ("never_heard_of_it", Concern::Message, Concern::Message),
        ("message_not_found", Concern::Root, Concern::Root),
        ("cant_update_message", Concern::Errand, Concern::Errand),
    ];
    let concern = |outcome: Result<(), ChatError>| match outcome {
        Err(ChatError::Permanent { concerns, .. }) => concerns,
        other => panic!("{other:?} is no refusal"),
    };
    for (error, here, there) in table {
        world.fake.fail_next(POST, error);
        assert_eq!(concern(post(&world).await), here, "{error}");
        world.fake.fail_next("chat.update", error);
        let edited = world.slack.edit(&elsewhere, &open_card(), &world.people).await;
        assert_eq!(concern(edited), there, "{error} in another channel");
    }
    world.fake.fail_next("conversations.replies", "missing_scope");
    let found = world.slack.find(Some(&elsewhere), &key(1), at(0)).await;
    assert_eq!(concern(found.map(|_| ())), Concern::Errand, "the others can be sent");
}

#[test]
fn a_wrong_configuration_is_refused_at_once() {
    let _already = rustls::crypto::ring::default_provider().install_default();
    let good = || config("https://slack.com/api");
    let secret = |text: &str| SecretString::from(text);
    let wrong = |config: SlackConfig| Slack::new(config).expect_err("wrong");
    assert!(Slack::new(good()).is_ok());
    for url in ["", "slack.com/api", "ftp://slack.com", "https://slack.com/api?x=1"] {
        let error = wrong(SlackConfig { api_url: url.to_owned(), ..good() });
        assert!(matches!(error, SlackError::Address { .. }), "{url}: {error}");
    }
    for token in ["", " ", "xoxb\n1"] {
        let error = wrong(SlackConfig { bot_token: secret(token), ..good() });
        assert!(matches!(error, SlackError::Token), "{token:?}: {error}");
    }
    for secrets in [vec![], vec![secret(" ")]] {
        let error = wrong(SlackConfig { signing_secrets: secrets, ..good() });
        assert!(matches!(error, SlackError::SigningSecret), "{error}");
    }
    for channel in ["", "#incidents", "incidents", "c0123"] {
        let error = wrong(SlackConfig { channel: channel.to_owned(), ..good() });
        assert!(matches!(error, SlackError::Channel { .. }), "{channel}: {error}");
    }
    let shown = format!("{:?}", Slack::new(good()));
    assert!(!shown.contains("xoxb") && !shown.contains("fake-signing-secret"), "{shown}");
}
