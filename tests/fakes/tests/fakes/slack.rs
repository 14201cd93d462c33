//! Slack's rules for messages, and for who asks.

use fakes::slack::BOT_USER;
use serde_json::{Value, json};

use crate::workspace::{CHANNEL, Workspace, payload, with_button};

#[tokio::test]
async fn the_token_is_checked_before_the_method() {
    let workspace = Workspace::start().await;
    let url = format!("{}/auth.test", workspace.fake.api_url());
    let bare = workspace.client.post(&url).send().await.expect("an answer");
    let wrong = workspace.client.post(&url).bearer_auth("x").send().await.expect("an answer");
    assert_eq!(bare.json::<Value>().await.expect("JSON")["error"], "not_authed");
    assert_eq!(wrong.json::<Value>().await.expect("JSON")["error"], "invalid_auth");
    assert_eq!(workspace.call("auth.test", json!({})).await["user_id"], BOT_USER);
    assert_eq!(workspace.error("chat.delete", json!({})).await, "unknown_method");
}

#[tokio::test]
async fn messages_are_refused_in_slacks_words() {
    let workspace = Workspace::start().await;
    let table = [
        (json!({"channel": "C9", "text": "x"}), "channel_not_found"),
        (json!({"channel": CHANNEL}), "no_text"),
        (json!({"channel": CHANNEL, "text": "x".repeat(40_001)}), "msg_too_long"),
        (json!({"channel": CHANNEL, "text": "x", "thread_ts": "1.2"}), "thread_not_found"),
        (
            json!({"channel": CHANNEL, "text": "x", "metadata": {"event_type": "a", "event_payload": {"n": 1}}}),
            "invalid_metadata_format",
        ),
    ];
    for (arguments, expected) in table {
        assert_eq!(workspace.error("chat.postMessage", arguments).await, expected);
    }
    let ts = workspace.post(json!({"channel": "#one", "text": "x"})).await;
    let others = workspace.fake.say(CHANNEL, "U1", "mine").ts;
    let update = |ts: &str| json!({"channel": CHANNEL, "ts": ts, "text": "y"});
    assert_eq!(workspace.error("chat.update", update("1.2")).await, "message_not_found");
    assert_eq!(workspace.error("chat.update", update(&others)).await, "cant_update_message");
    workspace.fake.leave(CHANNEL, BOT_USER);
    assert_eq!(workspace.error("chat.update", update(&ts)).await, "not_in_channel");
    workspace.fake.archive(CHANNEL);
    assert_eq!(workspace.error("chat.update", update(&ts)).await, "is_archived");
}

#[tokio::test]
async fn blocks_are_refused_with_the_place_of_the_fault() {
    let workspace = Workspace::start().await;
    let plain = |text: String| json!({"type": "plain_text", "text": text});
    let section = |letters: usize| json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(letters)}});
    let mut doubled = with_button("same");
    let button = doubled["elements"][0].clone();
    doubled["elements"].as_array_mut().expect("elements").push(button);
    let table = [
        (vec![json!({"type": "header", "text": plain("x".repeat(151))})], "/blocks/0/text/text"),
        (vec![section(3001)], "/blocks/0/text/text"),
        (vec![section(0)], "/blocks/0/text/text"),
        (vec![json!({"type": "section"})], "/blocks/0"),
        (
            vec![json!({"type": "section", "fields": vec![plain("x".to_owned()); 11]})],
            "/blocks/0/fields",
        ),
        (vec![json!({"type": "carousel"})], "/blocks/0"),
        (vec![json!({"type": "input", "label": plain("x".to_owned())})], "/blocks/0"),
        (vec![json!({"type": "actions", "elements": []})], "/blocks/0"),
        (vec![doubled], "/blocks/0/elements/1/action_id"),
        (vec![json!({"type": "divider", "block_id": "a"}); 2], "/blocks/1/block_id"),
        (vec![json!({"type": "divider"}); 51], "/blocks"),
    ];
    for (blocks, place) in table {
        let arguments = json!({"channel": CHANNEL, "text": "x", "blocks": blocks});
        let answer = workspace.call("chat.postMessage", arguments).await;
        assert_eq!(answer["error"], "invalid_blocks", "{place}");
        let details = answer["response_metadata"]["messages"].to_string();
        assert!(details.contains(&format!("[json-pointer:{place}]")), "{place}: {details}");
    }
    let long = json!({"channel": CHANNEL, "text": "x", "blocks": vec![section(2900); 5]});
    assert_eq!(workspace.error("chat.postMessage", long).await, "msg_blocks_too_long");
    assert!(workspace.fake.messages(CHANNEL).is_empty());
}

#[tokio::test]
async fn attachments_are_checked_like_blocks_and_count_with_them() {
    let workspace = Workspace::start().await;
    let section = |letters: usize| json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(letters)}});
    let below = |blocks: Value| json!({"color": "#2eb67d", "fallback": "x", "blocks": blocks});
    let divider = json!({"type": "divider"});
    let table = [
        (vec![below(json!([section(3001)]))], "invalid_attachments"),
        (vec![below(json!([]))], "invalid_attachments"),
        (vec![json!({"color": "green", "blocks": [divider]})], "invalid_attachments"),
        (vec![json!({"colour": "#2eb67d", "blocks": [divider]})], "invalid_attachments"),
        (vec![below(json!(vec![&divider; 21]))], "invalid_attachments"),
        (vec![below(json!(vec![&divider; 20])); 3], "invalid_attachments"),
        (vec![below(json!(vec![section(2900); 5]))], "msg_blocks_too_long"),
        (vec![below(json!([divider])); 101], "too_many_attachments"),
    ];
    for (attachments, expected) in table {
        let arguments = json!({"channel": CHANNEL, "text": "x", "attachments": attachments});
        assert_eq!(workspace.error("chat.postMessage", arguments).await, expected);
    }
    let attachments = json!([below(json!([section(1), with_button("a")]))]);
    let arguments = json!({"channel": CHANNEL, "text": "t", "blocks": [section(2)], "attachments": attachments});
    let ts = workspace.post(arguments).await;
    let message = workspace.fake.message(CHANNEL, &ts);
    assert_eq!((message.shown().as_str(), message.buttons().len()), ("xx\nx", 1));
    let clicked = payload(&workspace.fake.click(&message, "a", "U1"));
    assert_eq!(clicked["container"]["type"], "message_attachment");
    let update = json!({"channel": CHANNEL, "ts": ts, "text": "t", "blocks": [section(2)]});
    workspace.call("chat.update", update).await;
    assert_eq!(workspace.fake.message(CHANNEL, &ts).attachments, Vec::<Value>::new());
}

#[tokio::test]
async fn an_update_without_blocks_drops_the_old_ones() {
    let workspace = Workspace::start().await;
    let blocks = json!([with_button("a")]);
    let ts = workspace.post(json!({"channel": CHANNEL, "text": "x", "blocks": blocks})).await;
    assert_eq!(workspace.fake.message(CHANNEL, &ts).buttons().len(), 1);
    workspace.call("chat.update", json!({"channel": CHANNEL, "ts": ts, "text": "y"})).await;
    let message = workspace.fake.message(CHANNEL, &ts);
    assert_eq!((message.shown().as_str(), message.buttons().len(), message.edits), ("y", 0, 1));
}

#[tokio::test]
async fn the_rate_rule_goes_by_the_fakes_clock_and_by_channel() {
    let workspace = Workspace::start().await;
    workspace.fake.add_channel("C2", "#two");
    workspace.fake.allow_posts_per_second(1);
    let say = |channel: &str| json!({"channel": channel, "text": "x"});
    workspace.post(say(CHANNEL)).await;
    workspace.post(say("C2")).await;
    assert_eq!(workspace.error("chat.postMessage", say(CHANNEL)).await, "ratelimited");
    workspace.advance(999);
    assert_eq!(workspace.error("chat.postMessage", say(CHANNEL)).await, "ratelimited");
    workspace.advance(1);
    workspace.post(say(CHANNEL)).await;
}

#[tokio::test]
async fn a_trigger_is_good_once_and_for_three_seconds() {
    let workspace = Workspace::start().await;
    let blocks = json!([with_button("a")]);
    let ts = workspace.post(json!({"channel": CHANNEL, "text": "x", "blocks": blocks})).await;
    let message = workspace.fake.message(CHANNEL, &ts);
    let view = json!({
        "type": "modal", "title": {"type": "plain_text", "text": "T"},
        "blocks": [{"type": "divider"}],
    });
    let open = |trigger: &str| json!({"trigger_id": trigger, "view": view});
    let trigger = || {
        let clicked = payload(&workspace.fake.click(&message, "a", "U1"));
        clicked["trigger_id"].as_str().expect("a trigger").to_owned()
    };
    let [first, late] = [trigger(), trigger()];
    assert_eq!(workspace.call("views.open", open(&first)).await["ok"], true);
    assert_eq!(workspace.error("views.open", open(&first)).await, "exchanged_trigger_id");
    assert_eq!(workspace.error("views.open", open("1.2")).await, "invalid_trigger_id");
    workspace.advance(3001);
    assert_eq!(workspace.error("views.open", open(&late)).await, "expired_trigger_id");
    assert_eq!(workspace.fake.views("U1").len(), 1);
}

#[tokio::test]
async fn history_hides_replies_whispers_and_unasked_metadata() {
    let workspace = Workspace::start().await;
    let metadata = json!({"event_type": "a", "event_payload": {"key": "k"}});
    let head =
        workspace.post(json!({"channel": CHANNEL, "text": "head", "metadata": metadata})).await;
    for broadcast in [false, true] {
        let reply = json!({
            "channel": CHANNEL, "text": "reply", "thread_ts": head, "reply_broadcast": broadcast,
        });
        workspace.post(reply).await;
    }
    let whisper = json!({"channel": CHANNEL, "user": "U1", "text": "psst"});
    assert_eq!(workspace.call("chat.postEphemeral", whisper).await["ok"], true);
    let read = json!({"channel": CHANNEL});
    let history = workspace.call("conversations.history", read).await;
    let texts: Vec<&Value> =
        history["messages"].as_array().expect("messages").iter().map(|m| &m["text"]).collect();
    assert_eq!(texts, ["reply", "head"], "newest first");
    assert!(history["messages"][1]["metadata"].is_null());
    let read = json!({"channel": CHANNEL, "ts": head, "limit": 2, "include_all_metadata": true});
    let replies = workspace.call("conversations.replies", read).await;
    assert_eq!(replies["messages"][0]["metadata"], metadata);
    assert_eq!(replies["has_more"], true);
    let cursor = &replies["response_metadata"]["next_cursor"];
    let read = json!({"channel": CHANNEL, "ts": head, "limit": 2, "cursor": cursor});
    let rest = workspace.call("conversations.replies", read).await;
    assert_eq!(rest["messages"].as_array().expect("messages").len(), 1);
    assert_eq!(rest["has_more"], false);
    assert_eq!(workspace.fake.take_ephemerals("U1").len(), 1);
    assert!(workspace.fake.ephemerals("U1").is_empty());
}
