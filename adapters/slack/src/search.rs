//! Looks for a message of ours by the key in its metadata, after a post whose outcome nobody knows.

use chrono::TimeDelta;
use domain::{
    Timestamp,
    id::MessageId,
    port::{ChatError, MessageRef},
};
use serde_json::{Value, json};
use tracing::warn;

use crate::{api::Api, refusal};

/// The name under which our key stands in a message's metadata.
const METADATA_TYPE: &str = "countersign";
const PAGE_SIZE: &str = "50";
const MOST_PAGES: usize = 20;
/// Slack's clock and ours may differ by so much when a message is looked for.
const CLOCK_MARGIN: TimeDelta = TimeDelta::minutes(5);

/// The metadata that a message is found by.
pub(crate) fn metadata(key: &MessageId) -> Value {
    // Texts only: with other values in the metadata, Slack's clicks cannot be read by every program.
    json!({"event_type": METADATA_TYPE, "event_payload": {"key": key.as_str()}})
}

/// Looks in a channel, or in a thread of it, through the messages since then.
pub(crate) async fn find(
    api: &Api,
    (channel, thread): (&str, Option<&str>),
    key: &MessageId,
    since: Timestamp,
) -> Result<Option<MessageRef>, ChatError> {
    let method = if thread.is_some() { "conversations.replies" } else { "conversations.history" };
    let since = since.checked_sub_signed(CLOCK_MARGIN).unwrap_or(since);
    let oldest = format!("{}.{:06}", since.timestamp(), since.timestamp_subsec_micros());
    let mut cursor = String::new();
    for _ in 0..MOST_PAGES {
        let mut form = vec![
            ("channel", channel),
            ("oldest", oldest.as_str()),
            ("inclusive", "true"),
            ("limit", PAGE_SIZE),
            ("include_all_metadata", "true"),
        ];
        form.extend(thread.map(|thread| ("ts", thread)));
        form.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
        let answer = api.read(method, &form).await?;
        let Some(messages) = answer["messages"].as_array() else {
            // An absent list is not an empty one: it must not lead to a second post.
            return Err(refusal::unknown(method, "the answer has no messages"));
        };
        if let Some(found) = messages.iter().find(|message| has_key(message, key)) {
            let ts = found["ts"].as_str().map(str::to_owned);
            return Ok(ts.map(|message| MessageRef { channel: channel.to_owned(), message }));
        }
        match answer["response_metadata"]["next_cursor"].as_str() {
            Some(next) if !next.is_empty() => next.clone_into(&mut cursor),
            _ => return Ok(None),
        }
    }
    warn!(message.id = %key, "gave up looking for {key}: too many messages since then");
    Ok(None)
}

fn has_key(message: &Value, key: &MessageId) -> bool {
    let metadata = &message["metadata"];
    metadata["event_type"] == METADATA_TYPE && metadata["event_payload"]["key"] == key.as_str()
}
