//! A Slack workspace: channels, messages, modals, and people who press buttons.
//!
//! It answers the methods that a bot like ours calls, refuses what Slack refuses, in Slack's words, and signs what
//! people do as Slack signs it. Its clock is the caller's; the rate rule is off until it is asked for.

mod block_kit;
mod chat;
mod commands;
mod conversations;
pub mod desk;
mod events;
mod hanging;
mod inputs;
mod inspect;
mod interactions;
mod membership;
mod message;
mod modals;
mod people;
pub mod picture;
mod rates;
mod reactions;
mod response_url;
mod signing;
mod socket;
mod state;
mod tokens;
mod views;
mod web_api;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    routing::{any, post},
};
use chrono::{DateTime, Utc};

use crate::{faults::Fault, server::Server};
use state::State;

pub use message::{Ephemeral, Message, Response, ShownButton, View};
pub use socket::Acknowledged;

/// The bot's token that the fake accepts.
pub const BOT_TOKEN: &str = "xoxb-fake-token";
/// The app's own token, for Socket Mode.
pub const APP_TOKEN: &str = "xapp-1-A0FAKE-fake";
/// The secret that the fake signs with.
pub const SIGNING_SECRET: &str = "fake-signing-secret";
/// The id of the workspace.
pub const TEAM: &str = "T0FAKE";
/// The id of the bot's user.
pub const BOT_USER: &str = "U0BOT";
/// The id of the app.
pub const APP: &str = "A0FAKE";

/// A Slack workspace on 127.0.0.1.
#[derive(Debug)]
pub struct FakeSlack {
    state: Arc<Mutex<State>>,
    server: Server,
}

impl FakeSlack {
    /// Starts an empty workspace that takes the time from `now`.
    pub async fn start(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self::start_on(0, now).await.expect("a free port on 127.0.0.1")
    }

    /// Starts an empty workspace on this port, if nobody else has it.
    pub async fn start_on(
        port: u16,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State::new(Box::new(now))));
        let router = Router::new()
            .route("/api/{method}", any(web_api::answer))
            .route("/link", any(socket::link))
            .route("/response/{id}", post(response_url::answer))
            .with_state(Arc::clone(&state));
        let server = Server::start_on(port, router).await?;
        lock(&state).base_url = server.url();
        Ok(Self { state, server })
    }

    /// The base of the API's addresses.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.server.url())
    }

    /// Adds a channel with the bot and all people in it. `name` is written with its `#`.
    pub fn add_channel(&self, id: &str, name: &str) {
        self.lock().add_channel(id, name);
    }

    /// Takes a person, or the bot, out of a channel.
    #[track_caller]
    pub fn leave(&self, channel: &str, user: &str) {
        self.lock().channel_mut(channel).left.insert(user.to_owned());
    }

    /// Closes a channel for good.
    #[track_caller]
    pub fn archive(&self, channel: &str) {
        self.lock().channel_mut(channel).is_archived = true;
    }

    /// A channel is seen only by the people in it.
    #[track_caller]
    pub fn make_private(&self, channel: &str) {
        self.lock().channel_mut(channel).is_private = true;
    }

    /// Deletes a message, as a person or the workspace's retention may do.
    #[track_caller]
    pub fn delete(&self, channel: &str, ts: &str) {
        self.lock().channel_mut(channel).messages.retain(|message| message.ts != ts);
    }

    /// Posts in a thread as somebody who is not the bot.
    #[track_caller]
    pub fn say_in_thread(&self, channel: &str, ts: &str, user: &str, text: &str) -> Message {
        let mut state = self.lock();
        let said = state.say(channel, user, text);
        let messages = &mut state.channel_mut(channel).messages;
        let message = messages.last_mut().expect("it was just said");
        message.thread_ts = Some(ts.to_owned());
        Message { thread_ts: message.thread_ts.clone(), ..said }
    }

    /// Posts as somebody who is not the bot.
    #[track_caller]
    pub fn say(&self, channel: &str, user: &str, text: &str) -> Message {
        self.lock().say(channel, user, text)
    }

    /// Switches the rate rule on: so many posts in one channel within a second of the fake's clock.
    pub fn allow_posts_per_second(&self, posts: usize) {
        self.lock().posts_per_second = Some(posts);
    }

    /// The next call of `method` is refused with `error`, such as `internal_error`.
    pub fn fail_next(&self, method: &str, error: &str) {
        self.fault(method, Fault::Error(error.to_owned()));
    }

    /// Every call of `method` is refused with `error`, such as `account_inactive`, until `stop_failing`.
    pub fn keep_failing(&self, method: &str, error: &str) {
        self.lock().faults.keep(method, error);
    }

    /// Calls of `method` are taken again.
    pub fn stop_failing(&self, method: &str) {
        self.lock().faults.stop(method);
    }

    /// The next call of `method` is answered with an HTTP status, such as 502.
    pub fn fail_next_with_status(&self, method: &str, status: u16) {
        self.fault(method, Fault::Status(status));
    }

    /// The next call of `method` is answered with 429 and `Retry-After`.
    pub fn rate_limit_next(&self, method: &str, seconds: u32) {
        self.fault(method, Fault::RateLimited(seconds));
    }

    /// The next call of `method` is done, and then the connection breaks.
    pub fn lose_reply_of_next(&self, method: &str) {
        self.fault(method, Fault::LoseReply);
    }

    /// The next call of `method` is not done and never answered.
    pub fn hang_next(&self, method: &str) {
        self.fault(method, Fault::Hang);
    }

    /// While down, every call is answered with 503 and nothing is done.
    pub fn down(&self, is_down: bool) {
        self.lock().faults.is_down = is_down;
    }

    fn fault(&self, method: &str, fault: Fault) {
        self.lock().faults.add(method, fault);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // A test that failed while it held the lock has its own message; the others need the state.
    state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
