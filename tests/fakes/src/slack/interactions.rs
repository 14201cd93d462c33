//! What people do: press a button, send a modal. The result is the signed request that Slack would send.

use serde_json::{Map, Value, json};

use super::{BOT_USER, FakeSlack, Message, SIGNING_SECRET, ShownButton, TEAM, message::pressable};
use crate::signed_request::{SignedRequest, hmac_hex};

impl FakeSlack {
    /// `user` presses what has this `action_id`, or this text, on `message` as it stands in the caller's hands: a
    /// card that was edited meanwhile still has its old buttons on a slow screen. Links count too: Slack tells of them.
    #[track_caller]
    pub fn click(&self, message: &Message, name: &str, user: &str) -> SignedRequest {
        let pressable = pressable(&message.blocks, &message.attachments);
        let Some(button) = find(&pressable, name) else {
            panic!("there is no button {name} on:\n{}", message.shown())
        };
        self.press(message, button, user)
    }

    /// `user` opens the menu of `message` and chooses the option with this text.
    #[track_caller]
    pub fn choose(&self, message: &Message, option: &str, user: &str) -> SignedRequest {
        let pressable = pressable(&message.blocks, &message.attachments);
        let found = pressable.iter().find(|shown| shown.in_menu && shown.text == option);
        let Some(chosen) = found else {
            panic!("there is no option {option} in a menu of:\n{}", message.shown())
        };
        self.press(message, chosen, user)
    }

    fn press(&self, message: &Message, button: &ShownButton, user: &str) -> SignedRequest {
        let mut root = json!({
            "type": "message", "user": BOT_USER, "bot_id": "B0BOT", "ts": message.ts,
            "text": message.text, "blocks": message.blocks, "attachments": message.attachments,
        });
        let below = message.attachments.iter().position(|attachment| {
            pressable(&[], std::slice::from_ref(attachment)).contains(button)
        });
        let mut container = json!({
            "type": "message", "message_ts": message.ts, "channel_id": message.channel,
            "is_ephemeral": false,
        });
        if let Some(place) = below {
            container["type"] = json!("message_attachment");
            container["attachment_id"] = json!(place + 1);
            container["is_app_unfurl"] = json!(false);
        }
        if let Some(thread_ts) = &message.thread_ts {
            root["thread_ts"] = json!(thread_ts);
            container["thread_ts"] = json!(thread_ts);
        }
        let mut payload = self.block_actions(user, action(button, &message.ts));
        payload["container"] = container;
        payload["channel"] = json!({"id": message.channel, "name": "fake"});
        payload["message"] = root;
        payload["state"] = json!({"values": {}});
        payload["response_url"] = json!("https://hooks.slack.com/actions/fake");
        self.interaction(&payload)
    }

    /// What is the same wherever something is pressed.
    pub(super) fn block_actions(&self, user: &str, action: Value) -> Value {
        let trigger_id = self.lock().issue_trigger(user);
        json!({
            "type": "block_actions",
            "user": {"id": user, "username": user, "name": user, "team_id": TEAM},
            "api_app_id": "A0FAKE",
            "token": "outdated",
            "trigger_id": trigger_id,
            "team": {"id": TEAM, "domain": "fake"},
            "enterprise": null,
            "is_enterprise_install": false,
            "actions": [action],
        })
    }

    /// `user` fills in their newest modal, `(action_id, text)` each, and sends it; it closes. Slack's own checks of
    /// required and too long inputs are made before.
    #[track_caller]
    pub fn submit_view(&self, user: &str, inputs: &[(&str, &str)]) -> SignedRequest {
        let view = {
            let mut state = self.lock();
            let place = state.views.iter().rposition(|view| view.user == user);
            let Some(place) = place else { panic!("no modal stands open for {user}") };
            state.views.remove(place)
        };
        let mut values = Map::new();
        let blocks = view.view["blocks"].as_array().into_iter().flatten();
        for block in blocks.filter(|block| block["type"] == "input") {
            let action_id = block["element"]["action_id"].as_str().unwrap_or_default();
            let given = inputs.iter().find(|(name, _)| *name == action_id).map(|(_, text)| *text);
            let is_optional = block["optional"] == true;
            assert!(
                is_optional || given.is_some_and(|text| !text.is_empty()),
                "Slack does not send a modal while the input {action_id} is empty"
            );
            let most = block["element"]["max_length"].as_u64().unwrap_or(3000);
            let length = given.map_or(0, |text| text.encode_utf16().count());
            assert!(
                u64::try_from(length).is_ok_and(|length| length <= most),
                "Slack takes no more than {most} letters in {action_id}"
            );
            let block_id = block["block_id"].as_str().unwrap_or("generated");
            let state = json!({action_id: {"type": "plain_text_input", "value": given}});
            values.insert(block_id.to_owned(), state);
        }
        let mut sent = view.view;
        sent["id"] = json!(view.id);
        sent["team_id"] = json!(TEAM);
        sent["state"] = json!({"values": values});
        let trigger_id = self.lock().issue_trigger(user);
        self.interaction(&json!({
            "type": "view_submission",
            "team": {"id": TEAM, "domain": "fake"},
            "user": {"id": user, "username": user, "name": user, "team_id": TEAM},
            "api_app_id": "A0FAKE",
            "trigger_id": trigger_id,
            "view": sent,
            "response_urls": [],
        }))
    }

    /// Any payload, signed as Slack signs at the fake's time.
    pub fn interaction(&self, payload: &Value) -> SignedRequest {
        self.sign(format!("payload={}", percent_encoded(&payload.to_string())).into_bytes())
    }

    /// Any body, signed as Slack signs at the fake's time.
    pub fn sign(&self, body: Vec<u8>) -> SignedRequest {
        let timestamp = self.lock().now().timestamp().to_string();
        let message = [b"v0:", timestamp.as_bytes(), b":", body.as_slice()].concat();
        let signature = format!("v0={}", hmac_hex(SIGNING_SECRET, &message));
        let headers = vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("x-slack-request-timestamp", timestamp),
            ("x-slack-signature", signature),
        ];
        SignedRequest { headers, body }
    }
}

/// What has this name or, failing that, this text.
pub(super) fn find<'a>(pressable: &'a [ShownButton], name: &str) -> Option<&'a ShownButton> {
    let named = pressable.iter().find(|shown| shown.action_id == name && !shown.in_menu);
    named.or_else(|| pressable.iter().find(|shown| shown.text == name))
}

/// A press as Slack tells of it.
pub(super) fn action(button: &ShownButton, ts: &str) -> Value {
    let text = json!({"type": "plain_text", "text": button.text, "emoji": true});
    let block_id = if button.block_id.is_empty() { "fake" } else { &button.block_id };
    if button.in_menu {
        return json!({
            "action_id": button.action_id, "block_id": block_id, "type": "overflow",
            "selected_option": {"text": text, "value": button.value}, "action_ts": ts,
        });
    }
    json!({
        "action_id": button.action_id, "block_id": block_id, "type": "button", "text": text,
        "value": button.value, "action_ts": ts,
    })
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
            char::from(byte).to_string()
        }
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
