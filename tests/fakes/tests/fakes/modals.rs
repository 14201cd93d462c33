//! Modals and homes.

use std::collections::BTreeMap;

use fakes::slack::View;
use serde_json::{Value, json};

use crate::workspace::{CHANNEL, Workspace, payload, plain};

fn option(value: &str) -> Value {
    json!({"text": plain(&value.to_uppercase()), "value": value})
}

fn modal(blocks: &Value) -> Value {
    json!({"type": "modal", "title": plain("T"), "submit": plain("Send"), "blocks": blocks})
}

fn input(action_id: &str, mut element: Value) -> Value {
    element["action_id"] = json!(action_id);
    json!({"type": "input", "block_id": action_id, "label": plain("L"), "element": element})
}

fn form() -> Value {
    modal(&json!([
        input("why", json!({"type": "plain_text_input", "max_length": 10})),
        input("one", json!({"type": "static_select", "options": [option("a"), option("b")]})),
        input("many", json!({"type": "multi_external_select", "min_query_length": 2})),
        {"type": "section", "block_id": "side", "text": plain("S"), "accessory": {
            "type": "radio_buttons", "action_id": "side", "options": [option("x"), option("y")],
            "initial_option": option("x"),
        }},
        {"type": "actions", "elements": [
            {"type": "button", "action_id": "page", "text": plain("Next"), "value": "2"},
        ]},
    ]))
}

impl Workspace {
    async fn open(&self, view: &Value) -> Value {
        let typed = payload(&self.fake.command("U1", CHANNEL, "x"));
        let arguments = json!({"trigger_id": typed["trigger_id"], "view": view});
        self.call("views.open", arguments).await
    }

    fn modals(&self) -> Vec<String> {
        self.fake.views("U1").iter().map(View::shown).collect()
    }
}

#[tokio::test]
async fn inputs_of_every_kind_are_checked() {
    let workspace = Workspace::start().await;
    let bare = |kind: &str| json!({"type": kind});
    let kinds = [
        "external_select",
        "multi_external_select",
        "users_select",
        "multi_users_select",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "plain_text_input",
    ];
    for kind in kinds {
        let answer = workspace.open(&modal(&json!([input("a", bare(kind))]))).await;
        assert_eq!(answer["ok"], true, "{kind}: {answer}");
    }
    let select = |options: Value| json!({"type": "static_select", "options": options});
    let long = json!({"text": plain(&"x".repeat(76)), "value": "v"});
    let heavy = json!({"text": plain("x"), "value": "v".repeat(151)});
    let other = json!({
        "type": "static_select", "options": [option("a")], "initial_option": option("b"),
    });
    let many: Vec<Value> = (0..11).map(|number| option(&number.to_string())).collect();
    let table = [
        (select(json!([])), "/view/blocks/0/element/options"),
        (select(json!([long])), "/view/blocks/0/element/options/0/text/text"),
        (select(json!([heavy])), "/view/blocks/0/element/options/0/value"),
        (select(json!([option("a"), option("a")])), "/view/blocks/0/element/options/1/value"),
        (other, "/view/blocks/0/element"),
        (json!({"type": "checkboxes", "options": many}), "/view/blocks/0/element/options"),
        (
            json!({"type": "plain_text_input", "max_length": 3001}),
            "/view/blocks/0/element/max_length",
        ),
        (bare("button"), "/view/blocks/0/element"),
    ];
    for (element, place) in table {
        let answer = workspace.open(&modal(&json!([input("a", element)]))).await;
        assert_eq!(answer["error"], "invalid_arguments", "{place}");
        let details = answer["response_metadata"]["messages"].to_string();
        assert!(details.contains(&format!("[json-pointer:{place}]")), "{place}: {details}");
    }
    let mut unsendable = form();
    unsendable.as_object_mut().expect("a view").remove("submit");
    assert_eq!(workspace.open(&unsendable).await["error"], "invalid_arguments");
}

#[tokio::test]
async fn what_was_filled_in_is_sent_and_errors_keep_the_modal_open() {
    let workspace = Workspace::start().await;
    workspace.open(&form()).await;
    let fake = &workspace.fake;
    let asked = payload(&fake.suggest("U1", "many", "mo"));
    assert_eq!((&asked["type"], &asked["value"]), (&json!("block_suggestion"), &json!("mo")));
    assert_eq!(asked["block_id"], "many");
    let offered = fake.offered(&json!({"options": [option("m1"), option("m2")]}));
    assert_eq!(offered[0], ("M1".to_owned(), "m1".to_owned()));
    let fill = [("why", "because"), ("one", "b"), ("many", "m1,m2")];
    let sent = payload(&fake.submit_view("U1", &fill));
    assert_eq!(
        sent["view"]["state"]["values"],
        json!({
            "why": {"why": {"type": "plain_text_input", "value": "because"}},
            "one": {"one": {"type": "static_select", "selected_option": option("b")}},
            "many": {"many": {
                "type": "multi_external_select", "selected_options": [option("m1"), option("m2")],
            }},
            "side": {"side": {"type": "radio_buttons", "selected_option": option("x")}},
        })
    );
    assert_eq!(fake.views("U1"), []);
    fake.answered("U1", &json!({"response_action": "errors", "errors": {"why": "too short"}}));
    let errors = BTreeMap::from([("why".to_owned(), "too short".to_owned())]);
    assert_eq!(fake.view_errors("U1"), errors);
    let again = payload(&fake.submit_view("U1", &[("why", "as I said")]));
    let kept = &again["view"]["state"]["values"]["one"]["one"]["selected_option"];
    assert_eq!(*kept, option("b"), "what was filled in stays");
    fake.answered("U1", &Value::Null);
    assert_eq!(fake.views("U1"), []);
}

#[tokio::test]
async fn an_answer_may_update_push_or_clear() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    let titled = |title: &str| {
        json!({
            "type": "modal", "title": plain(title), "blocks": [{"type": "divider"}],
        })
    };
    workspace.open(&titled("one")).await;
    fake.submit_view("U1", &[]);
    fake.answered("U1", &json!({"response_action": "update", "view": titled("two")}));
    assert_eq!(workspace.modals(), ["two\n"]);
    fake.submit_view("U1", &[]);
    fake.answered("U1", &json!({"response_action": "push", "view": titled("three")}));
    assert_eq!(workspace.modals(), ["two\n", "three\n"]);
    let trigger = &payload(&fake.command("U1", CHANNEL, "x"))["trigger_id"];
    let push = json!({"trigger_id": trigger, "view": titled("four")});
    assert_eq!(workspace.call("views.push", push).await["ok"], true);
    let trigger = &payload(&fake.command("U1", CHANNEL, "x"))["trigger_id"];
    let push = json!({"trigger_id": trigger, "view": titled("five")});
    assert_eq!(workspace.error("views.push", push).await, "push_limit_reached");
    fake.submit_view("U1", &[]);
    fake.answered("U1", &json!({"response_action": "clear"}));
    assert_eq!(workspace.modals(), Vec::<String>::new());
}

#[tokio::test]
async fn a_view_is_updated_under_its_hash_and_keeps_what_was_chosen() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    let opened = workspace.open(&form()).await;
    let (id, hash) = (&opened["view"]["id"], &opened["view"]["hash"]);
    let chosen = payload(&fake.in_view_choose("U1", "side", "y"));
    assert_eq!(chosen["container"], json!({"type": "view", "view_id": id}));
    assert_eq!(chosen["actions"][0]["selected_option"], option("y"));
    let update = |hash: &Value| json!({"view_id": id, "hash": hash, "view": form()});
    assert_eq!(workspace.call("views.update", update(hash)).await["ok"], true);
    assert_eq!(workspace.error("views.update", update(hash)).await, "hash_conflict");
    let gone = json!({"view_id": "V0", "view": form()});
    assert_eq!(workspace.error("views.update", gone).await, "not_found");
    let pressed = payload(&fake.in_view_click("U1", "page"));
    let values = &pressed["view"]["state"]["values"];
    assert_eq!(values["side"]["side"]["selected_option"], option("y"));
    assert_eq!(fake.close_view("U1"), None, "the bot did not ask to be told");
}

#[tokio::test]
async fn a_home_is_published_pressed_and_told_of() {
    let workspace = Workspace::start().await;
    let fake = &workspace.fake;
    assert_eq!(payload(&fake.opens_home("U1"))["event"]["view"], Value::Null);
    let button = |value: &str| {
        json!({"type": "actions", "elements": [{
            "type": "button", "action_id": "approve", "text": plain("Approve"), "value": value,
        }]})
    };
    let home = json!({"type": "home", "blocks": [button("1"), button("2")]});
    let publish = |user: &str, view: &Value| json!({"user_id": user, "view": view});
    assert_eq!(workspace.call("views.publish", publish("U1", &home)).await["ok"], true);
    assert_eq!(workspace.error("views.publish", publish("U1", &form())).await, "invalid_arguments");
    assert_eq!(workspace.error("views.publish", publish("U9", &home)).await, "user_not_found");
    let pressed = payload(&fake.home_click("U1", "approve", 1));
    assert_eq!(pressed["actions"][0]["value"], "2");
    assert_eq!(pressed["channel"], Value::Null);
    assert_eq!(pressed["view"]["type"], "home");
    assert_eq!(payload(&fake.opens_home("U1"))["event"]["view"]["type"], "home");
    fake.has_no_homes();
    assert_eq!(workspace.error("views.publish", publish("U1", &home)).await, "not_enabled");
}
