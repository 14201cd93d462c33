//! `chat.postMessage`, `chat.update`, `chat.postEphemeral`.

use serde_json::{Value, json};

use super::{
    BOT_USER, block_kit, membership,
    message::{Ephemeral, Message},
    state::State,
    web_api::{Answer, Refused, flag, text},
};

const TEXT_LIMIT: usize = 40_000;

pub(super) fn post_message(state: &mut State, arguments: &Value) -> Answer {
    let channel = writable(state, arguments)?;
    let content = content(arguments)?;
    let metadata = metadata(arguments)?;
    let thread_ts = thread(state, &channel, arguments)?;
    let is_broadcast = flag(arguments, "reply_broadcast") && thread_ts.is_some();
    keep_pace(state, &channel)?;
    let ts = state.next_ts();
    let message = Message {
        channel: channel.clone(),
        ts: ts.clone(),
        thread_ts,
        is_broadcast,
        user: BOT_USER.to_owned(),
        text: content.text,
        blocks: content.blocks,
        attachments: content.attachments,
        metadata,
        edits: 0,
    };
    state.channel_mut(&channel).messages.push(message);
    Ok(json!({"channel": channel, "ts": ts}))
}

pub(super) fn update(state: &mut State, arguments: &Value) -> Answer {
    let channel = writable(state, arguments)?;
    let ts = text(arguments, "ts").to_owned();
    let messages = &mut state.channel_mut(&channel).messages;
    let message =
        messages.iter_mut().find(|message| message.ts == ts).ok_or("message_not_found")?;
    if message.user != BOT_USER {
        return Err("cant_update_message".into());
    }
    // Slack drops the old blocks and attachments when an update brings none.
    content(arguments)?.replace(message);
    Ok(json!({"channel": channel, "ts": ts, "text": message.text}))
}

pub(super) fn post_ephemeral(state: &mut State, arguments: &Value) -> Answer {
    let channel = writable(state, arguments)?;
    let content = content(arguments)?;
    let user = text(arguments, "user").to_owned();
    if !state.users.contains_key(&user) || state.channel_mut(&channel).left.contains(&user) {
        return Err("user_not_in_channel".into());
    }
    let thread_ts = thread(state, &channel, arguments)?;
    let ts = state.next_ts();
    state.ephemerals.push(content.whispered(channel, ts.clone(), user, thread_ts));
    Ok(json!({"message_ts": ts}))
}

pub(super) fn permalink(state: &mut State, arguments: &Value) -> Answer {
    let channel = state.find_channel(text(arguments, "channel")).ok_or("channel_not_found")?;
    let ts = text(arguments, "message_ts");
    let found = channel.messages.iter().find(|message| message.ts == ts);
    let message = found.ok_or("message_not_found")?;
    let id = &channel.id;
    let mut link = format!("https://fake.slack.com/archives/{id}/p{}", ts.replace('.', ""));
    if let Some(thread_ts) = &message.thread_ts {
        link = format!("{link}?thread_ts={thread_ts}&cid={id}");
    }
    Ok(json!({"channel": id, "permalink": link}))
}

/// The id of a channel that the bot may write to.
fn writable(state: &mut State, arguments: &Value) -> Result<String, Refused> {
    let channel = state.find_channel(text(arguments, "channel")).ok_or("channel_not_found")?;
    if channel.is_archived {
        return Err("is_archived".into());
    }
    if channel.left.contains(BOT_USER) {
        return Err("not_in_channel".into());
    }
    let id = channel.id.clone();
    let is_closed =
        state.users.values().any(|user| user.refuses_letters && membership::direct(&user.id) == id);
    if is_closed { Err("messages_tab_disabled".into()) } else { Ok(id) }
}

/// What a message says.
#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) blocks: Vec<Value>,
    pub(super) attachments: Vec<Value>,
}

impl Content {
    pub(super) fn replace(self, message: &mut Message) {
        message.text = self.text;
        message.blocks = self.blocks;
        message.attachments = self.attachments;
        message.edits += 1;
    }

    pub(super) fn whispered(
        self,
        channel: String,
        ts: String,
        user: String,
        thread_ts: Option<String>,
    ) -> Ephemeral {
        let Self { text, blocks, attachments } = self;
        Ephemeral { channel, ts, user, thread_ts, text, blocks, attachments }
    }
}

/// What the arguments say, or why Slack does not take it.
pub(super) fn content(arguments: &Value) -> Result<Content, Refused> {
    let shown = text(arguments, "text");
    let given = |name: &str, error: &str| match &arguments[name] {
        Value::Null => Ok(Vec::new()),
        Value::Array(given) => Ok(given.clone()),
        _ => Err(Refused::from(error)),
    };
    let blocks = given("blocks", "invalid_blocks_format")?;
    let attachments = given("attachments", "invalid_attachments")?;
    if shown.is_empty() && blocks.is_empty() && attachments.is_empty() {
        return Err("no_text".into());
    }
    if shown.chars().count() > TEXT_LIMIT {
        return Err("msg_too_long".into());
    }
    block_kit::check_message(&blocks, &attachments)?;
    Ok(Content { text: shown.to_owned(), blocks, attachments })
}

fn metadata(arguments: &Value) -> Result<Option<Value>, Refused> {
    let metadata = &arguments["metadata"];
    if metadata.is_null() {
        return Ok(None);
    }
    let payload = metadata["event_payload"].as_object().ok_or("invalid_metadata_format")?;
    // Slack takes numbers too, but then clicks on the message cannot be read by every program.
    if !metadata["event_type"].is_string() || !payload.values().all(Value::is_string) {
        return Err("invalid_metadata_format".into());
    }
    Ok(Some(metadata.clone()))
}

fn thread(state: &mut State, channel: &str, arguments: &Value) -> Result<Option<String>, Refused> {
    let thread_ts = text(arguments, "thread_ts");
    if thread_ts.is_empty() {
        return Ok(None);
    }
    let roots = &state.channel_mut(channel).messages;
    let is_there =
        roots.iter().any(|message| message.ts == thread_ts && message.thread_ts.is_none());
    if is_there { Ok(Some(thread_ts.to_owned())) } else { Err("thread_not_found".into()) }
}

fn keep_pace(state: &mut State, channel: &str) -> Result<(), Refused> {
    let now_ms = state.now().timestamp_millis();
    let limit = state.posts_per_second;
    let posted_ms = &mut state.channel_mut(channel).posted_ms;
    posted_ms.retain(|posted| now_ms - posted < 1000);
    if limit.is_some_and(|limit| posted_ms.len() >= limit) {
        return Err(Refused::rate_limited(1));
    }
    posted_ms.push(now_ms);
    Ok(())
}
