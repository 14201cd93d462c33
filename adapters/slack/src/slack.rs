//! The adapter: posts, edits, replies, whispers and looks for messages; verifies and reads what comes back.
//!
//! It holds no state of incidents and decides nothing. It must never let a text mention anybody, and never post
//! again after an unknown outcome: that is for the caller, who looks with `find` first.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Timestamp,
    card::Card,
    home::Home,
    id::{IncidentId, MessageId},
    letter::Letter,
    notice::{Tone, Volume},
    person::{ChatName, Identity, People},
    place::Place,
    port::{Chat, ChatError, Clock, Concern, Heard, MessageRef, Presence, Reply, Utterance},
    standing::Standing,
    words::Words,
};
use serde_json::{Value, json};

use crate::{
    Door, Inbound, Pace, ParseError, SignatureError, Signed, SignedHeaders, SlackConfig,
    SlackError, SocketMode,
    api::Api,
    card, greeting, home, inbound, letter,
    mrkdwn::Readers,
    permalink::Permalinks,
    presence, refusal,
    response::Responses,
    search,
    signature::SigningSecrets,
    thread_reply::{Paragraph, paragraph},
    utterance,
};

/// One Slack workspace and the channel that cards go to.
#[derive(Debug)]
pub struct Slack {
    pub(crate) api: Api,
    secrets: SigningSecrets,
    pub(crate) team: Option<String>,
    pub(crate) channel: String,
    socket_mode: Option<SocketMode>,
    pub(crate) responses: Responses,
    pub(crate) permalinks: Permalinks,
}

impl Slack {
    /// Prepares the adapter; nothing is sent yet. The process needs a rustls provider before, even for plain HTTP.
    pub fn new(config: SlackConfig) -> Result<Self, SlackError> {
        Ok(Self {
            api: Api::new(config.base()?, &config.bot_token)?,
            responses: Responses::new(config.base()?)?,
            permalinks: Permalinks::default(),
            secrets: SigningSecrets::new(config.usable_secrets()?),
            channel: config.checked_channel()?,
            socket_mode: config.socket_mode()?,
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

    pub(crate) fn readers<'a>(&'a self, people: &'a People) -> Readers<'a> {
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
        let answer = self.api.write(method, message).await;
        answer.map_err(|error| self.concerning(channel, error))
    }

    fn concerning(&self, channel: &str, error: ChatError) -> ChatError {
        match error {
            ChatError::Permanent { chat, concerns: Concern::Channel, problem, advice }
                if channel == self.channel =>
            {
                ChatError::Permanent { chat, concerns: Concern::Chat, problem, advice }
            }
            error => error,
        }
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

    /// Shows something to one person alone, where they look.
    async fn show_to(
        &self,
        to: &Identity,
        (card, place): (&MessageRef, &Place),
        paragraph: &Paragraph,
    ) -> Result<Heard, ChatError> {
        // Inside a thread only those see it who have it open: there only if that is where they look.
        let (channel, thread) = match place {
            Place::Card => (&card.channel, None),
            Place::Channel { channel } => (channel, None),
            Place::Thread { channel, message } => (channel, Some(message)),
            Place::Private => return Ok(Heard::Elsewhere),
        };
        let mut message = json!({
            "channel": channel,
            "user": to.user,
            "text": paragraph.text,
            "blocks": paragraph.blocks,
        });
        if let Some(thread) = thread {
            message["thread_ts"] = json!(thread);
        }
        let is_ours = *channel == card.channel;
        let is_elsewhere = |error: &str| refusal::is_elsewhere(error, is_ours);
        let answer = self.api.write_unless("chat.postEphemeral", &message, is_elsewhere).await;
        let answer = answer.map_err(|error| self.concerning(channel, error))?;
        Ok(if answer.is_some() { Heard::There } else { Heard::Elsewhere })
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
        let mut message = json!({
            "channel": self.channel,
            "metadata": search::metadata(key),
            "unfurl_links": false,
            "unfurl_media": false,
        });
        card::fill(&mut message, card, self.readers(people));
        self.post_message(&self.channel, &message).await
    }

    fn progress_waits(&self) -> Option<Duration> {
        self.api.progress_waits()
    }

    async fn edit(&self, at: &MessageRef, card: &Card, people: &People) -> Result<(), ChatError> {
        let mut message = json!({"channel": at.channel, "ts": at.message});
        card::fill(&mut message, card, self.readers(people));
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
        (card, place): (&MessageRef, &Place),
        words: &Words,
        people: &People,
    ) -> Result<Heard, ChatError> {
        let paragraph = paragraph(words, Tone::Neutral, self.readers(people));
        self.show_to(to, (card, place), &paragraph).await
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

    async fn edit_letter(
        &self,
        at: &MessageRef,
        letter: &Letter,
        people: &People,
    ) -> Result<(), ChatError> {
        let letter = letter::letter(letter, self.readers(people));
        let message = json!({
            "channel": at.channel,
            "ts": at.message,
            "text": letter.text,
            "blocks": letter.blocks,
        });
        self.call("chat.update", &at.channel, &message).await?;
        Ok(())
    }

    async fn greet(
        &self,
        to: &Identity,
        (card, place): (&MessageRef, &Place),
        words: &Words,
        incident: &IncidentId,
    ) -> Result<Heard, ChatError> {
        let people = People::default();
        let greeting = greeting::greeting(words, incident, self.readers(&people));
        self.show_to(to, (card, place), &greeting).await
    }

    async fn bring_in(&self, who: &Identity, thread: &MessageRef) -> Result<Presence, ChatError> {
        presence::bring_in(&self.api, &thread.channel, &who.user).await
    }

    async fn link(&self, to: &MessageRef) -> Result<String, ChatError> {
        let link = self.permalink(to).await?;
        if link.is_empty() {
            return Err(refusal::unknown("chat.getPermalink", "the answer has no address"));
        }
        Ok(link)
    }

    async fn standing(&self, who: &Identity) -> Result<Standing, ChatError> {
        Slack::standing(self, who).await
    }

    async fn show_home(
        &self,
        of: &Identity,
        home: &Home,
        people: &People,
    ) -> Result<(), ChatError> {
        let view = home::view(home, self.readers(people));
        self.api.write("views.publish", &json!({"user_id": of.user, "view": view})).await?;
        Ok(())
    }

    async fn read(&self, at: &MessageRef) -> Result<Option<Utterance>, ChatError> {
        utterance::read(&self.api, at, self.team.as_deref()).await
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
