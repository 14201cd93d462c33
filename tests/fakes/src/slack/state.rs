//! What the workspace remembers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    BOT_USER,
    hanging::Hanging,
    message::{Ephemeral, Message, Response, View},
    people::{Group, Standing, User},
    rates::Rates,
    reactions::Reaction,
    response_url::Address,
    socket::Socket,
    tokens::Tokens,
};
use crate::faults::Faults;

/// Tells the fake's time.
pub(super) type Clock = Box<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How long a trigger is good, in milliseconds.
const TRIGGER_LIFE_MS: i64 = 3000;

#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_archived: bool,
    pub(super) is_private: bool,
    pub(super) left: BTreeSet<String>,
    pub(super) messages: Vec<Message>,
    /// When messages were posted lately, in milliseconds.
    pub(super) posted_ms: Vec<i64>,
}

#[derive(Debug)]
struct Trigger {
    user: String,
    issued_ms: i64,
    is_used: bool,
}

pub(super) struct State {
    clock: Clock,
    counter: u32,
    triggers: BTreeMap<String, Trigger>,
    pub(super) faults: Faults,
    pub(super) hanging: Hanging,
    pub(super) tokens: Tokens,
    pub(super) socket: Socket,
    pub(super) rates: Rates,
    pub(super) posts_per_second: Option<usize>,
    /// The fake's own address.
    pub(super) base_url: String,
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) has_groups: bool,
    pub(super) addresses: BTreeMap<u32, Address>,
    pub(super) responses: Vec<Response>,
    pub(super) reactions: Vec<Reaction>,
    pub(super) homes: BTreeMap<String, View>,
    pub(super) has_homes: bool,
    /// The modal that each person sent last, until the bot's answer is known.
    pub(super) submitted: BTreeMap<String, View>,
    /// Options that were offered for what people typed.
    pub(super) offered: Vec<Value>,
    pub(super) channels: Vec<Channel>,
    pub(super) ephemerals: Vec<Ephemeral>,
    pub(super) views: Vec<View>,
    pub(super) calls: Vec<(String, Value)>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("State").field("channels", &self.channels).finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn new(clock: Clock) -> Self {
        let mut bot = User::new(BOT_USER);
        bot.standing = Standing::Bot;
        Self {
            clock,
            counter: 0,
            triggers: BTreeMap::new(),
            faults: Faults::default(),
            hanging: Hanging::default(),
            tokens: Tokens::default(),
            socket: Socket::default(),
            rates: Rates::default(),
            posts_per_second: None,
            base_url: String::new(),
            users: BTreeMap::from([(BOT_USER.to_owned(), bot)]),
            groups: BTreeMap::new(),
            has_groups: true,
            addresses: BTreeMap::new(),
            responses: Vec::new(),
            reactions: Vec::new(),
            homes: BTreeMap::new(),
            has_homes: true,
            submitted: BTreeMap::new(),
            offered: Vec::new(),
            channels: Vec::new(),
            ephemerals: Vec::new(),
            views: Vec::new(),
            calls: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    pub(super) fn add_channel(&mut self, id: &str, name: &str) {
        self.channels.push(Channel {
            id: id.to_owned(),
            name: name.to_owned(),
            is_archived: false,
            is_private: false,
            left: BTreeSet::new(),
            messages: Vec::new(),
            posted_ms: Vec::new(),
        });
    }

    /// The channel with this id or name.
    pub(super) fn find_channel(&mut self, channel: &str) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|known| known.id == channel || known.name == channel)
    }

    /// The channel with this id or name, which the test says is there.
    #[track_caller]
    pub(super) fn channel_mut(&mut self, channel: &str) -> &mut Channel {
        self.find_channel(channel).unwrap_or_else(|| panic!("the fake has no channel {channel}"))
    }

    #[track_caller]
    pub(super) fn say(&mut self, channel: &str, user: &str, text: &str) -> Message {
        let ts = self.next_ts();
        let channel = self.channel_mut(channel);
        let message = Message {
            channel: channel.id.clone(),
            ts,
            thread_ts: None,
            is_broadcast: false,
            user: user.to_owned(),
            text: text.to_owned(),
            blocks: Vec::new(),
            attachments: Vec::new(),
            metadata: None,
            edits: 0,
        };
        channel.messages.push(message.clone());
        message
    }

    /// A message id: the second, and a number that makes it unique.
    pub(super) fn next_ts(&mut self) -> String {
        format!("{}.{:06}", self.now().timestamp(), self.next_number())
    }

    pub(super) fn next_number(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }

    /// A trigger for what `user` just did.
    pub(super) fn issue_trigger(&mut self, user: &str) -> String {
        let id = format!("{}.0.fake", self.next_number());
        let issued_ms = self.now().timestamp_millis();
        let trigger = Trigger { user: user.to_owned(), issued_ms, is_used: false };
        self.triggers.insert(id.clone(), trigger);
        id
    }

    /// The user behind a trigger that is used now, or Slack's refusal.
    pub(super) fn use_trigger(&mut self, id: &str) -> Result<String, &'static str> {
        let now_ms = self.now().timestamp_millis();
        let trigger = self.triggers.get_mut(id).ok_or("invalid_trigger_id")?;
        if trigger.is_used {
            return Err("exchanged_trigger_id");
        }
        if now_ms - trigger.issued_ms > TRIGGER_LIFE_MS {
            return Err("expired_trigger_id");
        }
        trigger.is_used = true;
        Ok(trigger.user.clone())
    }
}
