//! `reactions.add`: an emoji below a message.

use serde_json::{Value, json};

use super::{
    BOT_USER, FakeSlack, Message,
    state::State,
    web_api::{Answer, text},
};

/// Somebody's emoji below a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reaction {
    pub(super) channel: String,
    pub(super) ts: String,
    pub(super) user: String,
    pub(super) emoji: String,
}

impl FakeSlack {
    /// Who reacted to a message with what, oldest first: `(user, emoji)`.
    pub fn reactions(&self, message: &Message) -> Vec<(String, String)> {
        let state = self.lock();
        let below = state
            .reactions
            .iter()
            .filter(|reaction| reaction.channel == message.channel && reaction.ts == message.ts);
        below.map(|reaction| (reaction.user.clone(), reaction.emoji.clone())).collect()
    }
}

impl State {
    pub(super) fn react(
        &mut self,
        channel: &str,
        ts: &str,
        user: &str,
        emoji: &str,
    ) -> Result<(), &'static str> {
        let is_name = !emoji.is_empty()
            && emoji.bytes().all(|letter| {
                letter.is_ascii_lowercase()
                    || letter.is_ascii_digit()
                    || matches!(letter, b'_' | b'-' | b'+' | b':')
            });
        if !is_name {
            return Err("invalid_name");
        }
        let reaction = Reaction {
            channel: channel.to_owned(),
            ts: ts.to_owned(),
            user: user.to_owned(),
            emoji: emoji.to_owned(),
        };
        if self.reactions.contains(&reaction) {
            return Err("already_reacted");
        }
        self.reactions.push(reaction);
        Ok(())
    }
}

pub(super) fn add(state: &mut State, arguments: &Value) -> Answer {
    let ts = text(arguments, "timestamp");
    if ts.is_empty() {
        return Err("no_item_specified".into());
    }
    let channel = state.find_channel(text(arguments, "channel")).ok_or("channel_not_found")?;
    if channel.is_archived {
        return Err("is_archived".into());
    }
    if channel.left.contains(BOT_USER) {
        return Err("not_in_channel".into());
    }
    if !channel.messages.iter().any(|message| message.ts == ts) {
        return Err("message_not_found".into());
    }
    let id = channel.id.clone();
    state.react(&id, ts, BOT_USER, text(arguments, "name"))?;
    Ok(json!({}))
}
