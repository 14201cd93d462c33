//! `manifest`: the app that an administrator makes in Slack.

use insta::assert_snapshot;
use serde_json::Value;

use crate::installation::{Installation, policies::edit};

const PUBLIC: &str = "listen: 127.0.0.1:0\npublic_url: https://countersign.example.com/";

fn settings(text: &str) -> Value {
    let manifest: Value = serde_json::from_str(text).expect("JSON");
    manifest["settings"].clone()
}

/// Before there is an app there are no tokens, and so no section for Slack.
#[tokio::test]
async fn a_manifest_needs_no_tokens() {
    let installation = Installation::bare().await;
    let ended = installation.run(&["manifest", "slack"]).await.expect_code(0);
    let events = &settings(&ended.stdout)["event_subscriptions"];
    assert_eq!(events["request_url"], "http://127.0.0.1:8080/slack/events");
    assert_snapshot!(ended.stderr, @"note: `public_url` is http://127.0.0.1:8080, and Slack posts to https:// addresses on the internet only. Set it, or use --socket-mode, which needs no address.");

    edit(&installation.path("countersign.yaml"), "listen: 127.0.0.1:0", PUBLIC);
    let ended = installation.run(&["manifest", "slack"]).await.expect_code(0);
    let interactivity = &settings(&ended.stdout)["interactivity"];
    assert_eq!(interactivity["request_url"], "https://countersign.example.com/slack/interactions");
    assert_eq!(ended.stderr, "");

    let ended = installation.run(&["manifest", "slack", "--socket-mode"]).await.expect_code(0);
    assert_eq!(settings(&ended.stdout)["socket_mode_enabled"], true);
    assert_eq!(ended.stderr, "");
}

#[tokio::test]
async fn an_app_token_asks_for_socket_mode() {
    let installation = Installation::bare().await;
    let section =
        "slack: { bot_token: xoxb-1, app_token: xapp-1, channel: C1, command: /rollback }\nweb:";
    edit(&installation.path("countersign.yaml"), "web:", section);
    let ended = installation.run(&["manifest", "slack"]).await.expect_code(0);
    assert_eq!(settings(&ended.stdout)["socket_mode_enabled"], true);
    assert!(ended.stdout.contains("\"command\": \"/rollback\""), "{ended}");
    assert_eq!(ended.stderr, "");
}

#[tokio::test]
async fn a_slack_that_cannot_be_heard_is_refused() {
    let table = [
        (
            "slack: { bot_token: xoxb-1, channel: C1 }\nweb:",
            "neither `signing_secret` nor `app_token`",
        ),
        (
            "slack: { bot_token: xoxb-1, app_token: xapp-1, channel: C1, socket_connections: 11 }\nweb:",
            "Slack allows an app 10",
        ),
        (
            "slack: { bot_token: xoxb-1, app_token: xapp-1, channel: C1, socket_connections: 0 }\nweb:",
            "a nonzero",
        ),
    ];
    for (section, said) in table {
        let installation = Installation::bare().await;
        edit(&installation.path("countersign.yaml"), "web:", section);
        let ended = installation.run(&["check"]).await.expect_code(2);
        assert!(ended.stderr.contains(said), "{ended}");
    }
}
