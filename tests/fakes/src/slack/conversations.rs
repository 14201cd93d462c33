//! `conversations.history` (newest first) and `conversations.replies` (oldest first), page by page.

use serde_json::{Value, json};

use super::{
    APP, BOT_USER,
    message::Message,
    state::State,
    web_api::{Answer, Refused, flag, text},
};

pub(super) fn history(state: &mut State, arguments: &Value) -> Answer {
    let messages = readable(state, arguments)?;
    let mut seen: Vec<&Message> = messages
        .iter()
        .filter(|message| message.thread_ts.is_none() || message.is_broadcast)
        .filter(|message| is_wanted(message, arguments))
        .collect();
    seen.reverse();
    page(&seen, arguments)
}

pub(super) fn replies(state: &mut State, arguments: &Value) -> Answer {
    let messages = readable(state, arguments)?;
    let ts = text(arguments, "ts");
    if !messages.iter().any(|message| message.ts == ts) {
        return Err("thread_not_found".into());
    }
    let seen: Vec<&Message> = messages
        .iter()
        .filter(|message| {
            // The root is always there, whatever its age.
            let is_root = message.ts == ts;
            let is_reply = message.thread_ts.as_deref() == Some(ts);
            is_root || (is_reply && is_wanted(message, arguments))
        })
        .collect();
    page(&seen, arguments)
}

fn readable<'a>(state: &'a mut State, arguments: &Value) -> Result<&'a [Message], Refused> {
    let channel = state.find_channel(text(arguments, "channel")).ok_or("channel_not_found")?;
    // Reading takes ids only.
    if channel.id != text(arguments, "channel") {
        return Err("channel_not_found".into());
    }
    if channel.left.contains(BOT_USER) {
        return Err("not_in_channel".into());
    }
    Ok(&channel.messages)
}

fn is_wanted(message: &Message, arguments: &Value) -> bool {
    // Ids are seconds and a number of fixed length, so they compare as texts while seconds have ten digits.
    let is_inclusive = flag(arguments, "inclusive");
    let (oldest, latest) = (text(arguments, "oldest"), text(arguments, "latest"));
    let after = oldest.is_empty()
        || message.ts.as_str() > oldest
        || (is_inclusive && message.ts.as_str() == oldest);
    let before = latest.is_empty()
        || message.ts.as_str() < latest
        || (is_inclusive && message.ts.as_str() == latest);
    after && before
}

fn page(messages: &[&Message], arguments: &Value) -> Answer {
    let limit = match &arguments["limit"] {
        Value::Null => 100,
        Value::String(limit) => limit.parse().map_err(|_| "invalid_limit")?,
        limit => limit.as_u64().and_then(|limit| limit.try_into().ok()).ok_or("invalid_limit")?,
    };
    if !(1..=999_usize).contains(&limit) {
        return Err("invalid_limit".into());
    }
    let start = match text(arguments, "cursor") {
        "" => 0,
        cursor => cursor
            .strip_prefix("next:")
            .and_then(|start| start.parse::<usize>().ok())
            .ok_or("invalid_cursor")?,
    };
    let with_metadata = flag(arguments, "include_all_metadata");
    let page: Vec<Value> = messages
        .iter()
        .skip(start)
        .take(limit)
        .map(|message| as_json(message, with_metadata))
        .collect();
    let end = start + page.len();
    let has_more = end < messages.len();
    let next = if has_more { format!("next:{end}") } else { String::new() };
    Ok(json!({
        "messages": page, "has_more": has_more, "response_metadata": {"next_cursor": next},
    }))
}

fn as_json(message: &Message, with_metadata: bool) -> Value {
    let mut shown = json!({
        "type": "message", "user": message.user, "ts": message.ts, "text": message.text,
        "blocks": message.blocks, "attachments": message.attachments,
    });
    if message.user == BOT_USER {
        shown["bot_id"] = json!("B0FAKE");
        shown["app_id"] = json!(APP);
    }
    if let Some(thread_ts) = &message.thread_ts {
        shown["thread_ts"] = json!(thread_ts);
    }
    if message.is_broadcast {
        shown["subtype"] = json!("thread_broadcast");
    }
    if let Some(metadata) = message.metadata.as_ref().filter(|_| with_metadata) {
        shown["metadata"] = metadata.clone();
    }
    shown
}
