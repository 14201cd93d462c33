//! What people press, type and hear in private.

use serde_json::{Value, json};

use crate::workspace::{CHANNEL, Workspace, payload, plain, with_button};

fn menu() -> Value {
    json!([
        {"type": "actions", "elements": [
            {"type": "button", "action_id": "open", "text": plain("Runbook"), "url": "https://x.test/"},
            {"type": "overflow", "action_id": "more", "options": [
                {"text": plain("Escalate"), "value": "escalate 1"},
                {"text": plain("Dashboard"), "value": "2", "url": "https://y.test/"},
            ]},
        ]},
    ])
}

#[tokio::test]
async fn an_option_of_a_menu_comes_as_the_selected_one_and_links_act_no_more_than_they_do() {
    let workspace = Workspace::start().await;
    let message = workspace.post_blocks(menu()).await;
    let texts: Vec<String> = message.buttons().into_iter().map(|shown| shown.text).collect();
    assert_eq!(texts, ["Escalate"]);
    let leads: Vec<_> = message.links().into_iter().filter_map(|shown| shown.url).collect();
    assert_eq!(leads, ["https://x.test/", "https://y.test/"]);
    let chosen = payload(&workspace.fake.choose(&message, "Escalate", "U1"));
    let action = &chosen["actions"][0];
    assert_eq!((&action["type"], &action["action_id"]), (&json!("overflow"), &json!("more")));
    assert_eq!(action["selected_option"]["value"], "escalate 1");
    assert_eq!(action["value"], Value::Null);
    let followed = payload(&workspace.fake.click(&message, "Runbook", "U1"));
    assert_eq!(followed["actions"][0]["action_id"], "open");
}

#[tokio::test]
async fn a_press_in_a_thread_and_one_on_a_private_answer_say_so() {
    let workspace = Workspace::start().await;
    let head = workspace.post(json!({"channel": CHANNEL, "text": "head"})).await;
    let reply = json!({
        "channel": CHANNEL, "text": "x", "thread_ts": head, "blocks": [with_button("a")],
    });
    let ts = workspace.post(reply).await;
    let clicked = payload(&workspace.fake.click(&workspace.fake.message(CHANNEL, &ts), "a", "U1"));
    assert_eq!(clicked["container"]["thread_ts"], json!(head));
    assert_eq!(clicked["message"]["thread_ts"], json!(head));
    let whisper =
        json!({"channel": CHANNEL, "user": "U1", "text": "x", "blocks": [with_button("b")]});
    workspace.call("chat.postEphemeral", whisper).await;
    let shown = &workspace.fake.ephemerals("U1")[0];
    assert_eq!(shown.buttons()[0].action_id, "b");
    let clicked = payload(&workspace.fake.click_ephemeral(shown, "b", "U1"));
    assert_eq!(clicked["container"]["is_ephemeral"], true);
    assert_eq!(clicked["message"], Value::Null);
}

#[tokio::test]
async fn a_response_address_takes_five_answers_in_half_an_hour() {
    let workspace = Workspace::start().await;
    let typed = || payload(&workspace.fake.command("U1", CHANNEL, "status"));
    let command = typed();
    assert_eq!((&command["command"], &command["text"]), (&json!("/countersign"), &json!("status")));
    let url = &command["response_url"];
    assert_eq!(workspace.respond(url, json!({})).await.as_deref(), Some("no_text"));
    for number in 2..=5 {
        assert_eq!(workspace.respond(url, json!({"text": number.to_string()})).await, None);
    }
    let sixth = workspace.respond(url, json!({"text": "6"})).await;
    assert_eq!(sixth.as_deref(), Some("used_url"));
    let heard: Vec<String> =
        workspace.fake.responses("U1").iter().map(fakes::slack::Response::shown).collect();
    assert_eq!(heard, ["2", "3", "4", "5"]);
    let late = typed();
    workspace.advance(30 * 60 * 1000 + 1);
    let answer = workspace.respond(&late["response_url"], json!({"text": "x"})).await;
    assert_eq!(answer.as_deref(), Some("expired_url"));
}

#[tokio::test]
async fn an_answer_replaces_or_deletes_what_was_acted_on() {
    let workspace = Workspace::start().await;
    let request = workspace.fake.command("U1", CHANNEL, "list");
    let answer = json!({"text": "page 1", "blocks": [with_button("next")]});
    let page = workspace.fake.told(&request, &answer).expect("an answer");
    let clicked = payload(&workspace.fake.click_ephemeral(&page, "next", "U1"));
    let url = &clicked["response_url"];
    let replaced = json!({"text": "page 2", "replace_original": true});
    assert_eq!(workspace.respond(url, replaced).await, None);
    let shown: Vec<String> =
        workspace.fake.ephemerals("U1").iter().map(fakes::slack::Ephemeral::shown).collect();
    assert_eq!(shown, ["page 2"]);
    assert_eq!(workspace.respond(url, json!({"delete_original": true})).await, None);
    assert_eq!(workspace.fake.ephemerals("U1"), []);
    let loud = json!({"text": "for all", "response_type": "in_channel"});
    assert_eq!(workspace.respond(url, loud).await, None);
    assert_eq!(workspace.fake.messages(CHANNEL)[0].text, "for all");
}
