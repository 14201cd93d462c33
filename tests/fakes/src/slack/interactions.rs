//! What people do with messages: press a button, choose from a menu. The result is the signed request that Slack would send.

use serde_json::{Value, json};

use super::{
    APP, BOT_USER, Ephemeral, FakeSlack, Message, ShownButton, TEAM, message::pressable,
    response_url::Origin,
};
use crate::SignedRequest;

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

    pub(super) fn press(
        &self,
        message: &Message,
        button: &ShownButton,
        user: &str,
    ) -> SignedRequest {
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
        let mut payload = self.block_actions(user, &action(button, &message.ts));
        payload["container"] = container;
        payload["channel"] = json!({"id": message.channel, "name": "fake"});
        payload["message"] = root;
        payload["state"] = json!({"values": {}});
        let origin = Origin::Message(message.ts.clone());
        let thread_ts = message.thread_ts.clone();
        payload["response_url"] =
            json!(self.lock().issue_address(user, &message.channel, thread_ts, Some(origin)));
        self.interaction(&payload)
    }

    /// `user` presses what has this `action_id`, or this text, on what only they saw. Slack does not repeat it.
    #[track_caller]
    pub fn click_ephemeral(&self, shown: &Ephemeral, name: &str, user: &str) -> SignedRequest {
        let pressable = pressable(&shown.blocks, &shown.attachments);
        let Some(button) = find(&pressable, name) else {
            panic!("there is no button {name} on:\n{}", shown.shown())
        };
        self.press_ephemeral(shown, button, user)
    }

    pub(super) fn press_ephemeral(
        &self,
        shown: &Ephemeral,
        button: &ShownButton,
        user: &str,
    ) -> SignedRequest {
        let mut container = json!({
            "type": "message", "message_ts": shown.ts, "channel_id": shown.channel,
            "is_ephemeral": true,
        });
        if let Some(thread_ts) = &shown.thread_ts {
            container["thread_ts"] = json!(thread_ts);
        }
        let mut payload = self.block_actions(user, &action(button, &shown.ts));
        payload["container"] = container;
        payload["channel"] = json!({"id": shown.channel, "name": "fake"});
        payload["state"] = json!({"values": {}});
        let origin = Origin::Ephemeral(shown.ts.clone());
        let thread_ts = shown.thread_ts.clone();
        payload["response_url"] =
            json!(self.lock().issue_address(user, &shown.channel, thread_ts, Some(origin)));
        self.interaction(&payload)
    }

    /// What is the same wherever something is pressed.
    pub(super) fn block_actions(&self, user: &str, action: &Value) -> Value {
        let (trigger_id, person) = {
            let mut state = self.lock();
            (state.issue_trigger(user), state.acting(user).acting())
        };
        json!({
            "type": "block_actions",
            "user": person,
            "api_app_id": APP,
            "token": "outdated",
            "trigger_id": trigger_id,
            "team": {"id": TEAM, "domain": "fake"},
            "enterprise": null,
            "is_enterprise_install": false,
            "actions": [action],
        })
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
