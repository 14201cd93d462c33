//! Tokens, scopes and limits.

use fakes::slack::{APP_TOKEN, BOT_TOKEN};
use serde_json::{Value, json};

use crate::workspace::{CHANNEL, Workspace};

#[tokio::test]
async fn each_method_wants_its_kind_of_token_and_its_scope() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    let post = json!({"channel": CHANNEL, "text": "x"});
    let table = [
        (APP_TOKEN, "chat.postMessage", "not_allowed_token_type"),
        (BOT_TOKEN, "apps.connections.open", "not_allowed_token_type"),
        ("xoxb-other", "chat.postMessage", "invalid_auth"),
    ];
    for (token, method, expected) in table {
        let answer = workspace.call_as(token, method, post.clone()).await;
        assert_eq!(answer["error"], expected, "{method}");
    }
    fake.take_scope("chat:write");
    let answer = workspace.call("chat.postMessage", post.clone()).await;
    assert_eq!(
        (&answer["error"], &answer["needed"]),
        (&json!("missing_scope"), &json!("chat:write"))
    );
    assert!(answer["provided"].as_str().expect("scopes").contains("users:read"));
    fake.give_scope("chat:write");
    assert_eq!(workspace.call("chat.postMessage", post.clone()).await["ok"], true);
    fake.make_private(CHANNEL);
    fake.take_scope("groups:history");
    let history = workspace.call("conversations.history", json!({"channel": CHANNEL})).await;
    assert_eq!(history["needed"], "groups:history");
    fake.take_scope("connections:write");
    let link = workspace.call_as(APP_TOKEN, "apps.connections.open", json!({})).await;
    assert_eq!(link["needed"], "connections:write");
    let url = format!("{}/auth.test", fake.api_url());
    let request = workspace.client.post(url).bearer_auth(BOT_TOKEN);
    let answer = request.send().await.expect("an answer");
    let scopes = answer.headers()["x-oauth-scopes"].to_str().expect("text").to_owned();
    assert!(scopes.contains("chat:write") && !scopes.contains("groups:history"), "{scopes}");
    fake.revoke_token();
    assert_eq!(workspace.error("chat.postMessage", post.clone()).await, "token_revoked");
    fake.restore_token();
    fake.keep_failing("chat.postMessage", "account_inactive");
    for _ in 0..2 {
        let error = workspace.error("chat.postMessage", post.clone()).await;
        assert_eq!(error, "account_inactive");
    }
    fake.stop_failing("chat.postMessage");
    assert_eq!(workspace.call("chat.postMessage", post).await["ok"], true);
}

#[tokio::test]
async fn a_channel_takes_a_short_burst_and_then_a_post_a_second() {
    let workspace = Workspace::start().await;
    workspace.fake.add_channel("C2", "#two");
    workspace.fake.keep_rates();
    let post = |channel: &str| json!({"channel": channel, "text": "x"});
    for _ in 0..3 {
        workspace.post(post(CHANNEL)).await;
    }
    assert_eq!(workspace.error("chat.postMessage", post(CHANNEL)).await, "ratelimited");
    workspace.post(post("C2")).await;
    workspace.advance(1000);
    workspace.post(post(CHANNEL)).await;
    assert_eq!(workspace.error("chat.postMessage", post(CHANNEL)).await, "ratelimited");
    assert_eq!(workspace.fake.refused_for_pace(), 2);
}

#[tokio::test]
async fn a_method_has_its_tier_in_a_minute() {
    let workspace = Workspace::start().await;
    let ts = workspace.post(json!({"channel": CHANNEL, "text": "x"})).await;
    workspace.fake.keep_rates();
    let update = json!({"channel": CHANNEL, "ts": ts, "text": "y"});
    for _ in 0..50 {
        assert_eq!(workspace.call("chat.update", update.clone()).await["ok"], true);
    }
    workspace.advance(20_000);
    let url = format!("{}/chat.update", workspace.fake.api_url());
    let request = workspace.client.post(url).bearer_auth(BOT_TOKEN).json(&update);
    let answer = request.send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"40".parse().expect("a header"))
    );
    assert_eq!(answer.json::<Value>().await.expect("JSON")["error"], "ratelimited");
    workspace.advance(40_000);
    assert_eq!(workspace.call("chat.update", update).await["ok"], true);
}
