//! Socket Mode: one connection, what comes over it, and when it is given up.

use std::time::Duration;

use fakes::slack::APP_TOKEN;
use futures_util::{SinkExt as _, StreamExt as _};
use secrecy::SecretString;
use serde_json::{Value, json};
use slack::{Connection, Envelope, Heard, Inbound, Lost, Slack, SlackConfig, SlackError};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

use crate::{
    samples::open_card,
    world::{CHANNEL, World, adapter, config},
};

fn listening(api_url: &str) -> Slack {
    adapter(SlackConfig { app_token: Some(SecretString::from(APP_TOKEN)), ..config(api_url) })
}

async fn connected(slack: &Slack) -> Connection {
    slack.socket_mode().expect("it has a token").connect().await.expect("it connects")
}

async fn envelope(connection: &mut Connection) -> Envelope {
    match connection.next().await {
        Ok(Heard::Envelope(envelope)) => envelope,
        other => panic!("no envelope but {other:?}"),
    }
}

#[tokio::test]
async fn what_people_do_comes_as_it_comes_over_http() {
    let world = World::start().await;
    let slack = listening(&world.fake.api_url());
    let mut connection = connected(&slack).await;
    domain::port::Chat::post(&slack, &open_card(), &world.people, &crate::samples::key(1))
        .await
        .expect("it posts");
    let card = world.only_message();
    let requests = [
        (world.fake.click(&card, "approve", "U0ANA"), false),
        (world.fake.command("U0ANA", CHANNEL, "status"), true),
        (world.fake.opens_home("U0ANA"), false),
    ];
    world.fake.ping();
    for (request, accepts_answer) in requests {
        let id = world.fake.push(world.fake.envelope(&request));
        let envelope = envelope(&mut connection).await;
        assert_eq!((&envelope.id, envelope.accepts_answer), (&id, accepts_answer));
        let read = envelope.read().expect("it can be read").expect("it is known");
        let kind = match read {
            Inbound::Interaction(_) => "interactive",
            Inbound::Command(_) => "slash_commands",
            Inbound::Event(_) => "events_api",
        };
        assert_eq!(envelope.kind, kind);
    }
}

#[tokio::test]
async fn an_acknowledgement_carries_an_answer() {
    let world = World::start().await;
    let slack = listening(&world.fake.api_url());
    let mut connection = connected(&slack).await;
    let command = world.fake.command("U0ANA", CHANNEL, "status");
    let answering = async {
        let envelope = envelope(&mut connection).await;
        let answer = json!({"text": "All is calm."});
        connection.acknowledge(&envelope.id, Some(&answer)).await.expect("it is open");
        // The fake hears only while somebody looks.
        connection
    };
    let (acknowledged, connection) = tokio::join!(world.fake.deliver(&command), answering);
    let acknowledged = acknowledged.expect("an acknowledgement");
    assert_eq!(acknowledged.payload, Some(json!({"text": "All is calm."})));
    connection.close().await;
    assert!(world.fake.connected(0).await, "it is closed on both sides");
}

#[tokio::test]
async fn what_slack_says_of_the_end() {
    let reasons = ["warning", "refresh_requested", "something_new", "link_disabled"];
    for reason in reasons {
        let world = World::start().await;
        let slack = listening(&world.fake.api_url());
        let mut connection = connected(&slack).await;
        world.fake.push_text("no JSON");
        world.fake.push_text(r#"{"type": "news"}"#);
        world.fake.disconnect(reason);
        let heard = connection.next().await.expect("it is told before");
        let is_off = matches!(heard, Heard::SwitchedOff);
        assert!(is_off || matches!(heard, Heard::EndsSoon), "{heard:?}");
        assert_eq!(is_off, reason == "link_disabled", "{reason}");
        world.fake.hang_up();
        assert!(matches!(connection.next().await, Err(Lost::Closed | Lost::Broken { .. })));
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let mut said = Vec::new();
    let errors = [
        "invalid_auth",
        "token_revoked",
        "not_allowed_token_type",
        "access_denied",
        "internal_error",
        "ratelimited",
    ];
    for error in errors {
        let world = World::start().await;
        world.fake.fail_next("apps.connections.open", error);
        said.push(refused(&listening(&world.fake.api_url())).await);
    }
    let world = World::start().await;
    world.fake.take_scope("connections:write");
    said.push(refused(&listening(&world.fake.api_url())).await);
    insta::assert_snapshot!(said.join("\n"), @"
    slack refuses: apps.connections.open: invalid_auth. Make an app-level token (Basic Information, App-Level Tokens) and set slack.app_token to it
    slack refuses: apps.connections.open: token_revoked. Make an app-level token (Basic Information, App-Level Tokens) and set slack.app_token to it
    slack refuses: apps.connections.open: not_allowed_token_type. slack.app_token is a token of another kind: it must be an app-level token, which begins with xapp-
    slack refuses: apps.connections.open: access_denied. Switch Socket Mode on in the app's settings, or take slack.app_token out
    slack gave no answer: apps.connections.open: internal_error
    slack takes no more for 1000 ms
    slack refuses: apps.connections.open: missing_scope (connections:write). Make an app-level token with the scope connections:write and set slack.app_token to it
    ");
}

async fn refused(slack: &Slack) -> String {
    let refused = slack.socket_mode().expect("it has a token").connect().await;
    refused.expect_err("it is refused").to_string()
}

#[test]
fn another_kind_of_token_is_noticed_at_the_start() {
    let _already = rustls::crypto::ring::default_provider().install_default();
    for token in ["xoxb-1", "", " "] {
        let token = Some(SecretString::from(token));
        let error = Slack::new(SlackConfig { app_token: token, ..config("https://slack.com/api") });
        assert!(matches!(error, Err(SlackError::AppToken)));
    }
}

/// Where everything comes over Socket Mode there is nothing to verify.
#[test]
fn an_app_token_stands_in_for_a_signing_secret() {
    let _already = rustls::crypto::ring::default_provider().install_default();
    let unsigned = || SlackConfig { signing_secrets: vec![], ..config("https://slack.com/api") };
    let app_token = Some(SecretString::from(APP_TOKEN));
    assert!(Slack::new(SlackConfig { app_token: app_token.clone(), ..unsigned() }).is_ok());
    assert!(matches!(Slack::new(unsigned()), Err(SlackError::SigningSecret)));
    let blank = vec![SecretString::from(" ")];
    let blank = SlackConfig { app_token, signing_secrets: blank, ..unsigned() };
    assert!(matches!(Slack::new(blank), Err(SlackError::SigningSecret)), "a blank one is a slip");
}

/// A line that a firewall has forgotten: it takes everything and says nothing.
#[tokio::test]
async fn a_line_that_stays_silent_is_given_up() {
    let server = Server::start(|line| async move {
        let _kept = line;
        std::future::pending::<()>().await;
    })
    .await;
    let slack = listening(&server.api_url).with_silence(Duration::from_millis(90));
    let lost = connected(&slack).await.next().await.expect_err("nothing comes");
    assert!(matches!(lost, Lost::Silent { .. }), "{lost}");
}

/// Without a word from Slack, whoever answers our pings is there.
#[tokio::test]
async fn a_line_that_answers_is_kept() {
    let server = Server::start(|mut line| async move {
        let mut pings = 0;
        while pings < 5 {
            // Looking for the next message sends the answer to the one before.
            match line.next().await {
                Some(Ok(Message::Ping(_))) => pings += 1,
                Some(Ok(_)) => {}
                other => panic!("no ping but {other:?}"),
            }
        }
        let envelope = json!({"type": "events_api", "envelope_id": "1", "payload": {}});
        line.send(Message::text(envelope.to_string())).await.expect("it is open");
        std::future::pending::<()>().await;
    })
    .await;
    let slack = listening(&server.api_url).with_silence(Duration::from_millis(900));
    assert_eq!(envelope(&mut connected(&slack).await).await.id, "1");
}

type Line = WebSocketStream<TcpStream>;

/// A Slack that gives one connection, greets, and then does as it is told.
struct Server {
    api_url: String,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn start<F>(then: impl FnOnce(Line) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let (mut asked, _) = listener.accept().await.expect("somebody asks");
            let mut request = [0; 4096];
            assert!(asked.read(&mut request).await.expect("a request") > 0);
            let body: Value = json!({"ok": true, "url": format!("ws://{address}/link")});
            let body = body.to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            asked.write_all(answer.as_bytes()).await.expect("it listens");
            let (stream, _) = listener.accept().await.expect("somebody connects");
            let mut line = accept_async(stream).await.expect("a WebSocket");
            line.send(Message::text(r#"{"type": "hello"}"#)).await.expect("it is open");
            then(line).await;
        });
        Self { api_url: format!("http://{address}/api"), _tasks: tasks }
    }
}
