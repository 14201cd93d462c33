//! What a test may look at: messages, whispers, modals, calls.

use serde_json::Value;

use super::{Ephemeral, FakeSlack, Message, View, membership};

impl FakeSlack {
    /// What a channel shows, by its id or `#name`, oldest first: messages, and replies that were broadcast.
    #[track_caller]
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        let mut state = self.lock();
        let messages = state.channel_mut(channel).messages.iter();
        messages
            .filter(|message| message.thread_ts.is_none() || message.is_broadcast)
            .cloned()
            .collect()
    }

    /// What a thread shows below its head, oldest first.
    #[track_caller]
    pub fn replies(&self, channel: &str, ts: &str) -> Vec<Message> {
        let mut state = self.lock();
        let messages = state.channel_mut(channel).messages.iter();
        messages.filter(|message| message.thread_ts.as_deref() == Some(ts)).cloned().collect()
    }

    /// A message as it is now.
    #[track_caller]
    pub fn message(&self, channel: &str, ts: &str) -> Message {
        let mut state = self.lock();
        let mut messages = state.channel_mut(channel).messages.iter();
        let found = messages.find(|message| message.ts == ts).cloned();
        found.unwrap_or_else(|| panic!("there is no message {ts} in {channel}"))
    }

    /// What only this person saw, oldest first.
    pub fn ephemerals(&self, user: &str) -> Vec<Ephemeral> {
        self.lock().ephemerals.iter().filter(|shown| shown.user == user).cloned().collect()
    }

    /// What only this person saw since the last time; it is gone then.
    pub fn take_ephemerals(&self, user: &str) -> Vec<Ephemeral> {
        self.lock().ephemerals.extract_if(.., |shown| shown.user == user).collect()
    }

    /// What the bot wrote to this person alone, oldest first.
    pub fn letters(&self, user: &str) -> Vec<Message> {
        let mut state = self.lock();
        let channel = state.find_channel(&membership::direct(user));
        channel.map(|channel| channel.messages.clone()).unwrap_or_default()
    }

    /// The modals that stand open for this person, the newest last.
    pub fn views(&self, user: &str) -> Vec<View> {
        self.lock().views.iter().filter(|view| view.user == user).cloned().collect()
    }

    /// The arguments of the calls of `method` that got through, oldest first.
    pub fn calls(&self, method: &str) -> Vec<Value> {
        let state = self.lock();
        let calls = state.calls.iter().filter(|(called, _)| called == method);
        calls.map(|(_, arguments)| arguments.clone()).collect()
    }
}
