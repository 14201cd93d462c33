//! What people do: press a button, send a modal. The result is the signed request that Slack would send.

use serde_json::{Map, Value, json};

use super::{BOT_USER, FakeSlack, Message, SIGNING_SECRET, TEAM};
use crate::signed_request::{SignedRequest, hmac_hex};

impl FakeSlack {
    /// `user` presses a button of `message`, as the message stands in the caller's hands: a card that was edited
    /// meanwhile still has its old buttons on a slow screen.
    #[track_caller]
    pub fn click(&self, message: &Message, action_id: &str, user: &str) -> SignedRequest {
        let button = message.buttons().into_iter().find(|button| button.action_id == action_id);
        let Some(button) = button else {
            panic!("there is no button {action_id} on:\n{}", message.shown())
        };
        let trigger_id = self.lock().issue_trigger(user);
        let mut root = json!({
            "type": "message", "user": BOT_USER, "bot_id": "B0BOT", "ts": message.ts,
            "text": message.text, "blocks": message.blocks,
        });
        if let Some(thread_ts) = &message.thread_ts {
            root["thread_ts"] = json!(thread_ts);
        }
        self.interaction(&json!({
            "type": "block_actions",
            "user": {"id": user, "username": user, "name": user, "team_id": TEAM},
            "api_app_id": "A0FAKE",
            "token": "outdated",
            "container": {
                "type": "message", "message_ts": message.ts, "channel_id": message.channel,
                "is_ephemeral": false,
            },
            "trigger_id": trigger_id,
            "team": {"id": TEAM, "domain": "fake"},
            "enterprise": null,
            "is_enterprise_install": false,
            "channel": {"id": message.channel, "name": "fake"},
            "message": root,
            "state": {"values": {}},
            "response_url": "https://hooks.slack.com/actions/fake",
            "actions": [{
                "action_id": button.action_id, "block_id": "fake", "type": "button",
                "text": {"type": "plain_text", "text": button.text, "emoji": true},
                "value": button.value, "action_ts": message.ts,
            }],
        }))
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
