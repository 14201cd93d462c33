//! What becomes of a call: done, not done, or nobody knows.

use std::time::Duration;

use domain::{
    person::ChatName,
    port::{Chat, ChatError},
};
use fakes::slack::BOT_USER;
use secrecy::SecretString;
use slack::{Slack, SlackConfig, SlackError};

use crate::{
    samples::{key, open_card},
    world::{CHANNEL, World, adapter, at, config},
};

const POST: &str = "chat.postMessage";

async fn post(world: &World) -> Result<(), ChatError> {
    world.slack.post(&open_card(), &world.people, &key(1)).await.map(|_| ())
}

#[track_caller]
fn expect_transient(outcome: Result<(), ChatError>, problem: &str, seconds: Option<u64>) {
    let Err(ChatError::Transient { chat, problem: said, retry_after }) = outcome else {
        panic!("{outcome:?} is not transient");
    };
    assert_eq!((chat, said.as_str()), (ChatName::Slack, problem));
    assert_eq!(retry_after, seconds.map(Duration::from_secs));
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
    world.fake.rate_limit_next(POST, 17);
    expect_transient(post(&world).await, "chat.postMessage: ratelimited", Some(17));
    world.fake.fail_next(POST, "ratelimited");
    expect_transient(post(&world).await, "chat.postMessage: ratelimited", None);
    world.fake.down(true);
    let unavailable = "chat.postMessage: Slack is unavailable (503)";
    expect_transient(post(&world).await, unavailable, None);
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
    expect_transient(post(&world).await, "chat.postMessage: could not connect", None);
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
    slack refuses: chat.postMessage: never_heard_of_it. See Slack's description of this error, mend it, and restart
    slack refuses: chat.postMessage: answered 404. Check slack.api_url and any proxy on the way
    slack refuses: chat.postMessage: not_in_channel. Invite the bot to the channel: /invite @countersign
    slack refuses: chat.postMessage: is_archived. The channel is archived: unarchive it or set another slack.channel
    slack refuses: chat.postMessage: channel_not_found. Check slack.channel: it must be the channel's id, and a private channel must have the bot as a member
    slack refuses: chat.postMessage: invalid_auth. Reinstall the app and set slack.bot_token to the new bot token
    ");
}

#[tokio::test]
async fn slacks_own_rate_rule_is_heard() {
    let world = World::start().await;
    world.fake.allow_posts_per_second(1);
    post(&world).await.expect("the first");
    expect_transient(post(&world).await, "chat.postMessage: ratelimited", Some(1));
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
