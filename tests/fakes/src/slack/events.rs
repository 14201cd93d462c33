//! What happens in the workspace, as the Events API tells the bot.

use serde_json::{Value, json};

use super::{APP, BOT_USER, FakeSlack, Message, TEAM, membership};
use crate::SignedRequest;

impl FakeSlack {
    /// Slack asks whether the endpoint is ours.
    pub fn challenge(&self) -> SignedRequest {
        self.sign_json(&json!({
            "token": "outdated", "challenge": "fake-challenge", "type": "url_verification",
        }))
    }

    /// `user` opens the app's home.
    pub fn opens_home(&self, user: &str) -> SignedRequest {
        let home = self.lock().homes.get(user).cloned();
        let mut event = json!({
            "type": "app_home_opened", "user": user, "channel": membership::direct(user),
            "tab": "home",
        });
        if let Some(home) = home {
            event["view"] = super::views::as_json(&home);
        }
        self.event(event)
    }

    /// `user` reacts to a message with an emoji, written without its colons.
    #[track_caller]
    pub fn reacts(&self, user: &str, message: &Message, emoji: &str) -> SignedRequest {
        let added = self.lock().react(&message.channel, &message.ts, user, emoji);
        assert_eq!(added, Ok(()), "Slack lets {user} react with {emoji}");
        self.event(reaction("reaction_added", user, message, emoji))
    }

    /// `user` takes a reaction away.
    pub fn takes_reaction_away(&self, user: &str, message: &Message, emoji: &str) -> SignedRequest {
        self.lock().reactions.retain(|reaction| {
            reaction.channel != message.channel
                || reaction.ts != message.ts
                || reaction.user != user
                || reaction.emoji != emoji
        });
        self.event(reaction("reaction_removed", user, message, emoji))
    }

    /// Something about a person has changed: the person as they are now.
    pub fn user_changed(&self, user: &str) -> SignedRequest {
        let user = self.lock().acting(user).as_json();
        let cache_ts = self.lock().now().timestamp();
        self.event(json!({"type": "user_change", "user": user, "cache_ts": cache_ts}))
    }

    /// People came to a group or went: the difference to the last such event.
    #[track_caller]
    pub fn group_changed(&self, group: &str) -> SignedRequest {
        let (added, removed) = self.lock().group_mut(group).news();
        let now = self.lock().now().timestamp();
        self.event(json!({
            "type": "subteam_members_changed", "subteam_id": group, "team_id": TEAM,
            "date_previous_update": now - 60, "date_update": now,
            "added_users": added, "added_users_count": added.len().to_string(),
            "removed_users": removed, "removed_users_count": removed.len().to_string(),
        }))
    }

    /// Any event, in Slack's envelope and signed.
    pub fn event(&self, mut event: Value) -> SignedRequest {
        let (number, now, event_ts) = {
            let mut state = self.lock();
            let event_ts = state.next_ts();
            (state.next_number(), state.now().timestamp(), event_ts)
        };
        event["event_ts"] = json!(event_ts);
        self.sign_json(&json!({
            "token": "outdated", "team_id": TEAM, "context_team_id": TEAM,
            "context_enterprise_id": null, "api_app_id": APP, "event": event,
            "type": "event_callback", "event_id": format!("Ev{number:08}"), "event_time": now,
            "authorizations": [{
                "enterprise_id": null, "team_id": TEAM, "user_id": BOT_USER, "is_bot": true,
                "is_enterprise_install": false,
            }],
            "is_ext_shared_channel": false, "event_context": "fake",
        }))
    }
}

fn reaction(kind: &str, user: &str, message: &Message, emoji: &str) -> Value {
    json!({
        "type": kind, "user": user, "reaction": emoji, "item_user": message.user,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
    })
}
