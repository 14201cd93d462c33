//! The adapter: posts, edits, replies, whispers and looks for messages; verifies and reads what comes back.
//!
//! It holds no state of incidents and decides nothing. It must never let a text mention anybody, and never post
//! again after an unknown outcome: that is for the caller, who looks with `find` first.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use domain::{
    Timestamp,
    card::Card,
    id::MessageId,
    notice::{Tone, Volume},
    person::{ChatName, Identity, People},
    port::{Chat, ChatError, MessageRef, Reply},
    words::Words,
};
use serde_json::{Value, json};
use tracing::warn;

use crate::{
    AskWhy, Interaction, Pace, ParseError, SignatureError, Signed, SignedHeaders, SlackConfig,
    SlackError, api::Api, card, interaction, modal, mrkdwn::Readers, pace::Pacer, refusal,
    signature::SigningSecrets, thread_reply::paragraph,
};

/// The name under which our key stands in a message's metadata.
const METADATA_TYPE: &str = "countersign";
const PAGE_SIZE: &str = "50";
const MOST_PAGES: usize = 20;
/// Slack's clock and ours may differ by so much when a message is looked for.
const CLOCK_MARGIN: TimeDelta = TimeDelta::minutes(5);

/// One Slack workspace and the channel that cards go to.
#[derive(Debug)]
pub struct Slack {
    api: Api,
    pacer: Pacer,
    secrets: SigningSecrets,
    team: Option<String>,
    channel: String,
}

impl Slack {
    /// Prepares the adapter; nothing is sent yet. The process needs a rustls provider before, even for plain HTTP.
    pub fn new(config: SlackConfig) -> Result<Self, SlackError> {
        Ok(Self {
            api: Api::new(config.base()?, &config.bot_token)?,
            pacer: Pacer::new(Pace::SLACK),
            secrets: SigningSecrets::new(config.usable_secrets()?),
            channel: config.checked_channel()?,
            team: config.team,
        })
    }

    /// The same adapter at another pace, for servers that count differently.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pacer: Pacer::new(pace), ..self }
    }

    /// The same adapter with another bound on each call, from connecting to the last byte of the answer.
    #[must_use]
    pub fn with_total_timeout(self, total_timeout: Duration) -> Self {
        Self { api: self.api.with_total_timeout(total_timeout), ..self }
    }

    /// Judges whether Slack has signed `body`, exactly as it was received, around `now`.
    pub fn verify<'a>(
        &self,
        headers: SignedHeaders<'_>,
        body: &'a [u8],
        now: Timestamp,
    ) -> Result<Signed<'a>, SignatureError> {
        self.secrets.verify(headers, body, now)
    }

    /// Reads what a person did. Slack waits 3 seconds for the answer, so work comes after it.
    pub fn parse(&self, signed: &Signed<'_>) -> Result<Interaction, ParseError> {
        interaction::parse(signed)
    }

    /// Asks the person who pressed a button for the reason; `words` say what the button does. The answer comes as
    /// [`Interaction::Submitted`]. `trigger_id` is good once and for 3 seconds.
    pub async fn open_reason_modal(
        &self,
        trigger_id: &str,
        ask: AskWhy<'_>,
        words: &Words,
        people: &People,
    ) -> Result<(), ChatError> {
        let text = paragraph(words, Tone::Neutral, self.readers(people)).text;
        let view = modal::why(ask, &text);
        self.api.write("views.open", &json!({"trigger_id": trigger_id, "view": view})).await?;
        Ok(())
    }

    fn readers<'a>(&'a self, people: &'a People) -> Readers<'a> {
        Readers { people, team: self.team.as_deref() }
    }

    async fn post_message(&self, channel: &str, message: &Value) -> Result<MessageRef, ChatError> {
        const METHOD: &str = "chat.postMessage";
        self.pacer.post(channel).await;
        let answer = self.api.write(METHOD, message).await?;
        match (answer["channel"].as_str(), answer["ts"].as_str()) {
            (Some(channel), Some(ts)) => {
                Ok(MessageRef { channel: channel.to_owned(), message: ts.to_owned() })
            }
            _ => Err(refusal::unknown(METHOD, "the answer does not name the message")),
        }
    }
}

#[async_trait]
impl Chat for Slack {
    fn name(&self) -> ChatName {
        ChatName::Slack
    }

    async fn post(
        &self,
        card: &Card,
        people: &People,
        key: &MessageId,
    ) -> Result<MessageRef, ChatError> {
        let message = json!({
            "channel": self.channel,
            "text": card::fallback(card),
            "blocks": card::blocks(card, self.readers(people)),
            "metadata": metadata(key),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        self.post_message(&self.channel, &message).await
    }

    async fn edit(&self, at: &MessageRef, card: &Card, people: &People) -> Result<(), ChatError> {
        let message = json!({
            "channel": at.channel,
            "ts": at.message,
            "text": card::fallback(card),
            // Never without blocks: Slack would drop the old ones, buttons and all.
            "blocks": card::blocks(card, self.readers(people)),
        });
        self.pacer.edit().await;
        self.api.write("chat.update", &message).await?;
        Ok(())
    }

    async fn reply(
        &self,
        thread: &MessageRef,
        reply: &Reply,
        people: &People,
        key: &MessageId,
    ) -> Result<(), ChatError> {
        let paragraph = paragraph(&reply.words, reply.tone, self.readers(people));
        let message = json!({
            "channel": thread.channel,
            "thread_ts": thread.message,
            "reply_broadcast": reply.volume == Volume::Channel,
            "text": paragraph.text,
            "blocks": paragraph.blocks,
            "metadata": metadata(key),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        self.post_message(&thread.channel, &message).await?;
        Ok(())
    }

    async fn whisper(
        &self,
        to: &Identity,
        thread: &MessageRef,
        words: &Words,
        people: &People,
    ) -> Result<(), ChatError> {
        let paragraph = paragraph(words, Tone::Neutral, self.readers(people));
        // To the channel, where the card is: inside the thread only those see it who have it open.
        let message = json!({
            "channel": thread.channel,
            "user": to.user,
            "text": paragraph.text,
            "blocks": paragraph.blocks,
        });
        self.api.write("chat.postEphemeral", &message).await?;
        Ok(())
    }

    async fn find(
        &self,
        thread: Option<&MessageRef>,
        key: &MessageId,
        since: Timestamp,
    ) -> Result<Option<MessageRef>, ChatError> {
        let (method, channel) = match thread {
            Some(thread) => ("conversations.replies", thread.channel.as_str()),
            None => ("conversations.history", self.channel.as_str()),
        };
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
            form.extend(thread.map(|thread| ("ts", thread.message.as_str())));
            form.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
            let answer = self.api.read(method, &form).await?;
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
}

fn metadata(key: &MessageId) -> Value {
    // Texts only: with other values in the metadata, Slack's clicks cannot be read by every program.
    json!({"event_type": METADATA_TYPE, "event_payload": {"key": key.as_str()}})
}

fn has_key(message: &Value, key: &MessageId) -> bool {
    let metadata = &message["metadata"];
    metadata["event_type"] == METADATA_TYPE && metadata["event_payload"]["key"] == key.as_str()
}
