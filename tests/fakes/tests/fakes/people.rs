//! Who is who, who is where, and what happens.

use fakes::slack::BOT_USER;
use serde_json::{Value, json};

use crate::workspace::{CHANNEL, Workspace, payload, with_button};

#[tokio::test]
async fn people_are_what_they_were_made() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    for id in ["UGUEST", "USINGLE", "USTRANGE", "UGONE", "UBOT", "UNAMED"] {
        fake.add_user(id);
    }
    fake.make_guest("UGUEST");
    fake.make_single_channel_guest("USINGLE");
    fake.make_stranger("USTRANGE", "T9");
    fake.deactivate("UGONE");
    fake.make_bot("UBOT");
    fake.rename("UNAMED", "ana");
    let table = [
        ("U1", "is_restricted", json!(false)),
        ("U1", "deleted", json!(false)),
        ("UGUEST", "is_restricted", json!(true)),
        ("UGUEST", "is_ultra_restricted", json!(false)),
        ("USINGLE", "is_ultra_restricted", json!(true)),
        ("USTRANGE", "is_stranger", json!(true)),
        ("USTRANGE", "team_id", json!("T9")),
        ("UGONE", "deleted", json!(true)),
        ("UBOT", "is_bot", json!(true)),
        ("UNAMED", "name", json!("ana")),
    ];
    for (user, field, expected) in table {
        let answer = workspace.call("users.info", json!({"user": user})).await;
        assert_eq!(answer["user"][field], expected, "{user} {field}");
    }
    assert_eq!(workspace.error("users.info", json!({"user": "U9"})).await, "user_not_found");
    let message = workspace.post_blocks(json!([with_button("a")])).await;
    let clicked = payload(&fake.click(&message, "a", "USTRANGE"));
    assert_eq!(clicked["user"]["team_id"], "T9", "a stranger acts from their own workspace");
    assert_eq!(payload(&fake.user_changed("UGONE"))["event"]["user"]["deleted"], true);
    let open = |user: &str| json!({"users": user});
    assert_eq!(workspace.error("conversations.open", open("UGONE")).await, "user_disabled");
    assert_eq!(workspace.error("conversations.open", open("UBOT")).await, "cannot_dm_bot");
    fake.refuses_letters("U1");
    let direct = &workspace.call("conversations.open", open("U1")).await["channel"]["id"];
    let letter = json!({"channel": direct, "text": "x"});
    assert_eq!(workspace.error("chat.postMessage", letter).await, "messages_tab_disabled");
}

#[tokio::test]
async fn groups_tell_who_came_and_who_went() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    fake.add_group("S1", "oncall", &["U1"]);
    fake.add_group("S1", "oncall", &["U2"]);
    let event = payload(&fake.group_changed("S1"));
    assert_eq!(event["event"]["added_users"], json!(["U2"]));
    assert_eq!(event["event"]["removed_users"], json!(["U1"]));
    let again = payload(&fake.group_changed("S1"));
    assert_eq!(again["event"]["added_users"], json!([]));
    assert_ne!(event["event_id"], again["event_id"]);
    let users = workspace.call("usergroups.users.list", json!({"usergroup": "S1"})).await;
    assert_eq!(users["users"], json!(["U2"]));
    let list = workspace.call("usergroups.list", json!({})).await;
    assert_eq!(list["usergroups"][0]["handle"], "oncall");
    fake.has_no_groups();
    assert_eq!(workspace.error("usergroups.list", json!({})).await, "plan_upgrade_required");
}

#[tokio::test]
async fn a_channel_knows_its_members_and_takes_the_invited() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    fake.add_user("UGUEST");
    fake.make_guest("UGUEST");
    let channel = json!({"channel": CHANNEL});
    let info = workspace.call("conversations.info", channel.clone()).await;
    assert_eq!(
        (&info["channel"]["is_member"], &info["channel"]["name"]),
        (&json!(true), &json!("one"))
    );
    let invite = |user: &str| json!({"channel": CHANNEL, "users": user});
    let table = [
        ("", "no_user"),
        ("U9", "user_not_found"),
        ("U1", "already_in_channel"),
        (BOT_USER, "cant_invite_self"),
        ("UGUEST", "user_is_restricted"),
    ];
    for (user, expected) in table {
        assert_eq!(workspace.error("conversations.invite", invite(user)).await, expected);
    }
    fake.leave(CHANNEL, "U1");
    let members = workspace.call("conversations.members", channel.clone()).await;
    assert!(!members["members"].to_string().contains("\"U1\""));
    assert_eq!(workspace.call("conversations.invite", invite("U1")).await["ok"], true);
    let members = workspace.call("conversations.members", channel.clone()).await;
    assert!(members["members"].to_string().contains("\"U1\""));
    fake.leave(CHANNEL, BOT_USER);
    let outside = workspace.call("conversations.info", channel.clone()).await;
    assert_eq!(outside["channel"]["is_member"], false);
    assert_eq!(workspace.error("conversations.invite", invite("U1")).await, "not_in_channel");
    fake.make_private(CHANNEL);
    assert_eq!(workspace.error("conversations.info", channel).await, "channel_not_found");
}

#[tokio::test]
async fn reactions_and_links_belong_to_a_message() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    let head = workspace.post(json!({"channel": CHANNEL, "text": "head"})).await;
    let said = fake.say_in_thread(CHANNEL, &head, "U1", "I saw it");
    let event = payload(&fake.reacts("U1", &said, "pushpin"));
    assert_eq!(event["event"]["item"]["ts"], json!(said.ts));
    assert_eq!(fake.reactions(&said), [("U1".to_owned(), "pushpin".to_owned())]);
    let removed = payload(&fake.takes_reaction_away("U1", &said, "pushpin"));
    assert_eq!(removed["event"]["type"], "reaction_removed");
    let react = |name: &str| json!({"channel": CHANNEL, "timestamp": said.ts, "name": name});
    assert_eq!(workspace.call("reactions.add", react("eyes")).await["ok"], true);
    assert_eq!(workspace.error("reactions.add", react("eyes")).await, "already_reacted");
    assert_eq!(workspace.error("reactions.add", react(":eyes :")).await, "invalid_name");
    let link = json!({"channel": CHANNEL, "message_ts": said.ts});
    let link = workspace.call("chat.getPermalink", link).await;
    let expected = format!(
        "https://fake.slack.com/archives/C1/p{}?thread_ts={head}&cid=C1",
        said.ts.replace('.', "")
    );
    assert_eq!(link["permalink"], json!(expected));
    let gone = json!({"channel": CHANNEL, "message_ts": "1.2"});
    assert_eq!(workspace.error("chat.getPermalink", gone).await, "message_not_found");
}

#[tokio::test]
async fn a_repeated_event_is_the_same_one_signed_anew() {
    let workspace = Workspace::start().await;
    let event = workspace.fake.opens_home("U1");
    workspace.advance(60_000);
    let retried = workspace.fake.retried(&event, 1);
    assert_eq!(retried.body, event.body);
    assert_eq!(retried.header("x-slack-retry-num"), "1");
    assert_eq!(retried.header("x-slack-retry-reason"), "http_timeout");
    assert_ne!(retried.header("x-slack-signature"), event.header("x-slack-signature"));
    let challenge: Value = payload(&workspace.fake.challenge());
    assert_eq!(challenge["type"], "url_verification");
}
