//! The adapter: posts, edits, replies, whispers and looks for messages; verifies and reads what comes back.
//!
//! It holds no state of incidents and decides nothing. It must never let a text mention anybody, and never post
//! again after an unknown outcome: that is for the caller, who looks with `find` first.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Timestamp,
    card::Card,
    id::MessageId,
    letter::Letter,
    notice::{Tone, Volume},
    person::{ChatName, Identity, People},
    port::{Chat, ChatError, Clock, Concern, MessageRef, Reply},
    words::Words,
};
use serde_json::{Value, json};

use crate::{
    AskWhy, Door, Inbound, Pace, ParseError, SignatureError, Signed, SignedHeaders, SlackConfig,
    SlackError, api::Api, card, inbound, letter, modal, mrkdwn::Readers, refusal, search,
    signature::SigningSecrets, thread_reply::paragraph,
};

/// One Slack workspace and the channel that cards go to.
#[derive(Debug)]
pub struct Slack {
    api: Api,
    secrets: SigningSecrets,
    team: Option<String>,
    channel: String,
}

impl Slack {
    /// Prepares the adapter; nothing is sent yet. The process needs a rustls provider before, even for plain HTTP.
    pub fn new(config: SlackConfig) -> Result<Self, SlackError> {
        Ok(Self {
            api: Api::new(config.base()?, &config.bot_token)?,
            secrets: SigningSecrets::new(config.usable_secrets()?),
            channel: config.checked_channel()?,
            team: config.team,
        })
    }

    /// The same adapter at another pace, for servers that count differently.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { api: self.api.with_pace(pace), ..self }
    }

    /// The same adapter, which paces itself by this clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { api: self.api.with_clock(clock), ..self }
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

    /// Reads what Slack sent to one of the HTTP endpoints. It waits 3 seconds for the answer.
    pub fn parse(&self, door: Door, signed: &Signed<'_>) -> Result<Inbound, ParseError> {
        inbound::parse(door, signed)
    }

    /// What one person alone is shown as the answer to a command.
    pub fn answer(&self, words: &Words, people: &People) -> Value {
        let paragraph = paragraph(words, Tone::Neutral, self.readers(people));
        json!({"response_type": "ephemeral", "text": paragraph.text, "blocks": paragraph.blocks})
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

    /// The conversation with one person; Slack opens it where there is none yet.
    async fn direct(&self, to: &Identity) -> Result<String, ChatError> {
        const METHOD: &str = "conversations.open";
        let answer = self.api.write(METHOD, &json!({"users": to.user})).await?;
        match answer["channel"]["id"].as_str() {
            Some(channel) => Ok(channel.to_owned()),
            None => Err(refusal::unknown(METHOD, "the answer names no conversation")),
        }
    }

    /// Writes to a channel. What is wrong with the channel of the cards is wrong with the whole chat; what is wrong with
    /// another one concerns whoever is there.
    async fn call(
        &self,
        method: &'static str,
        channel: &str,
        message: &Value,
    ) -> Result<Value, ChatError> {
        self.api.write(method, message).await.map_err(|error| match error {
            ChatError::Permanent { chat, concerns: Concern::Channel, problem, advice }
                if channel == self.channel =>
            {
                ChatError::Permanent { chat, concerns: Concern::Chat, problem, advice }
            }
            error => error,
        })
    }

    async fn post_message(&self, channel: &str, message: &Value) -> Result<MessageRef, ChatError> {
        const METHOD: &str = "chat.postMessage";
        let answer = self.call(METHOD, channel, message).await?;
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
            "metadata": search::metadata(key),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        self.post_message(&self.channel, &message).await
    }

    fn progress_waits(&self) -> Option<Duration> {
        self.api.progress_waits()
    }

    async fn edit(&self, at: &MessageRef, card: &Card, people: &People) -> Result<(), ChatError> {
        let message = json!({
            "channel": at.channel,
            "ts": at.message,
            "text": card::fallback(card),
            // Never without blocks: Slack would drop the old ones, buttons and all.
            "blocks": card::blocks(card, self.readers(people)),
        });
        self.call("chat.update", &at.channel, &message).await?;
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
            "metadata": search::metadata(key),
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
        self.call("chat.postEphemeral", &thread.channel, &message).await?;
        Ok(())
    }

    async fn write(
        &self,
        to: &Identity,
        letter: &Letter,
        people: &People,
        key: &MessageId,
    ) -> Result<MessageRef, ChatError> {
        let channel = self.direct(to).await?;
        let letter = letter::letter(letter, self.readers(people));
        let message = json!({
            "channel": channel,
            "text": letter.text,
            "blocks": letter.blocks,
            "metadata": search::metadata(key),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        self.post_message(&channel, &message).await
    }

    async fn find_letter(
        &self,
        to: &Identity,
        key: &MessageId,
        since: Timestamp,
    ) -> Result<Option<MessageRef>, ChatError> {
        let channel = self.direct(to).await?;
        search::find(&self.api, (&channel, None), key, since).await
    }

    async fn find(
        &self,
        thread: Option<&MessageRef>,
        key: &MessageId,
        since: Timestamp,
    ) -> Result<Option<MessageRef>, ChatError> {
        let place = match thread {
            Some(thread) => (thread.channel.as_str(), Some(thread.message.as_str())),
            None => (self.channel.as_str(), None),
        };
        search::find(&self.api, place, key, since).await
    }
}
