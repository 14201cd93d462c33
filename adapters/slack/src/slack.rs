//! The adapter: posts, edits, replies, whispers and looks for messages; verifies and reads what comes back.
//!
//! It holds no state of incidents and decides nothing. It must never let a text mention anybody, and never post
//! again after an unknown outcome: that is for the caller, who looks with `find` first.

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    Timestamp,
    card::Card,
    id::MessageId,
    letter::Letter,
    notice::{Tone, Volume},
    person::{ChatName, Identity, People},
    port::{Chat, ChatError, MessageRef, Reply},
    words::Words,
};
use serde_json::{Value, json};

use crate::{
    AskWhy, Door, Inbound, Pace, ParseError, SignatureError, Signed, SignedHeaders, SlackConfig,
    SlackError, SocketMode, api::Api, card, inbound, letter, modal, mrkdwn::Readers, pace::Pacer,
    refusal, search, signature::SigningSecrets, thread_reply::paragraph,
};

/// One Slack workspace and the channel that cards go to.
#[derive(Debug)]
pub struct Slack {
    pub(crate) api: Api,
    pacer: Pacer,
    secrets: SigningSecrets,
    team: Option<String>,
    pub(crate) channel: String,
    socket_mode: Option<SocketMode>,
}

impl Slack {
    /// Prepares the adapter; nothing is sent yet. The process needs a rustls provider before, even for plain HTTP.
    pub fn new(config: SlackConfig) -> Result<Self, SlackError> {
        Ok(Self {
            api: Api::new(config.base()?, &config.bot_token)?,
            pacer: Pacer::new(Pace::SLACK),
            secrets: SigningSecrets::new(config.usable_secrets()?),
            channel: config.checked_channel()?,
            socket_mode: config.socket_mode()?,
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
        let socket_mode = self.socket_mode.map(|mode| mode.with_total_timeout(total_timeout));
        Self { api: self.api.with_total_timeout(total_timeout), socket_mode, ..self }
    }

    /// The same adapter that gives up a connection of Socket Mode sooner or later, when nothing is heard on it.
    #[must_use]
    pub fn with_silence(self, silence: Duration) -> Self {
        Self { socket_mode: self.socket_mode.map(|mode| mode.with_silence(silence)), ..self }
    }

    /// Opens connections on which Slack's requests come; `None` where no app token is configured.
    pub fn socket_mode(&self) -> Option<&SocketMode> {
        self.socket_mode.as_ref()
    }

    /// Whether there is a secret to judge by what comes over HTTP.
    pub fn verifies(&self) -> bool {
        !self.secrets.is_empty()
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
            "metadata": search::metadata(key),
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
        self.api.write("chat.postEphemeral", &message).await?;
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
