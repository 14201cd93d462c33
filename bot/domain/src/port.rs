//! The doors to the outside: traits only where the outside world is behind them.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    card::Card,
    home::Home,
    id::{IncidentId, MessageId},
    letter::Letter,
    notice::{Tone, Volume},
    person::{ChatName, Identity, People},
    place::Place,
    standing::Standing,
    words::Words,
};

/// Tells the time, cut to milliseconds.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Where a message stands in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    /// The chat's channel id.
    pub channel: String,
    /// The chat's message id; also the thread's.
    pub message: String,
}

/// A reply in an incident's thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it says.
    pub words: Words,
    /// Who hears it.
    pub volume: Volume,
    /// Its mood.
    pub tone: Tone,
}

/// Whether somebody could be told something where they were thought to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// They are shown it.
    There,
    /// They are not there, or nothing can be shown to one person alone there: write them a letter.
    Elsewhere,
}

/// What somebody wrote in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// The thread that it stands in; `None` where it stands in none.
    pub thread: Option<MessageRef>,
    /// Who wrote it; `None` for what a bot or a workflow wrote.
    pub author: Option<Identity>,
    /// What: somebody else's text.
    pub text: String,
    /// When, by the chat's clock.
    pub at: Timestamp,
}

/// Whether somebody is where the incidents are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// They were there already.
    There,
    /// They were brought in just now.
    BroughtIn,
    /// They are not, and we may not bring them in.
    Absent,
    /// We may not even look.
    Unknown,
}

/// Why a chat did not take something. Who retries it decides by the variant, never by the text.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// It was not done and may be tried again.
    #[error("{chat} did not take the message: {problem}", chat = chat.as_str())]
    Transient {
        /// Which chat.
        chat: ChatName,
        /// What went wrong, in the chat's words.
        problem: String,
    },
    /// Nobody knows whether it was done: look with [`Chat::find`] before trying again.
    #[error("{chat} gave no answer: {problem}", chat = chat.as_str())]
    Unknown {
        /// Which chat.
        chat: ChatName,
        /// What went wrong.
        problem: String,
    },
    /// Nothing was sent, or nothing was done: the chat's limits let it go later.
    #[error("{chat} takes no more for {} ms", wait.as_millis(), chat = chat.as_str())]
    TooSoon {
        /// Which chat.
        chat: ChatName,
        /// How long until it may go.
        wait: Duration,
    },
    /// It will not be done until somebody mends something.
    #[error("{chat} refuses: {problem}. {advice}", chat = chat.as_str())]
    Permanent {
        /// Which chat.
        chat: ChatName,
        /// What it is that is refused.
        concerns: Concern,
        /// What went wrong, in the chat's words.
        problem: String,
        /// What the operator can do.
        advice: &'static str,
    },
}

/// How much a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Everything: the token, or the channel that cards are posted to. What waits is the same for all.
    Chat,
    /// The channel that it was sent to, which is not the one that cards are posted to.
    Channel,
    /// This errand alone: a person who takes no letters, a message that cannot be edited.
    Errand,
    /// The message, as it is written: another text in its place would be taken.
    Message,
    /// The message that was to be edited or replied to, which is gone.
    Root,
}

/// A chat that shows cards and threads. Every message carries a key, so that it can be found again.
#[async_trait]
pub trait Chat: Send + Sync {
    /// Which chat this is.
    fn name(&self) -> ChatName;

    /// Posts an incident's card; the answer names the thread.
    async fn post(
        &self,
        card: &Card,
        people: &People,
        key: &MessageId,
    ) -> Result<MessageRef, ChatError>;

    /// Leaves room for what people do: how long a card has to wait that shows nothing but progress, if it has to.
    /// Asked once before each such edit.
    fn progress_waits(&self) -> Option<Duration> {
        None
    }

    /// Shows a newer state of a card. Doing it twice is harmless.
    async fn edit(&self, at: &MessageRef, card: &Card, people: &People) -> Result<(), ChatError>;

    /// Replies in a card's thread.
    async fn reply(
        &self,
        thread: &MessageRef,
        reply: &Reply,
        people: &People,
        key: &MessageId,
    ) -> Result<(), ChatError>;

    /// Tells one person something that nobody else sees, where they look; `card` is the incident's. Losing it is bearable;
    /// telling others is not.
    async fn whisper(
        &self,
        to: &Identity,
        (card, place): (&MessageRef, &Place),
        words: &Words,
        people: &People,
    ) -> Result<Heard, ChatError>;

    /// Writes to one person in private, apart from any thread; the answer names the message.
    async fn write(
        &self,
        to: &Identity,
        letter: &Letter,
        people: &People,
        key: &MessageId,
    ) -> Result<MessageRef, ChatError>;

    /// Shows a newer state of a letter. Doing it twice is harmless.
    async fn edit_letter(
        &self,
        at: &MessageRef,
        letter: &Letter,
        people: &People,
    ) -> Result<(), ChatError>;

    /// Tells somebody whom the people file does not name what they can do, where nobody else sees it; they can press
    /// a button with which they ask to be added. Losing it is bearable.
    async fn greet(
        &self,
        to: &Identity,
        (card, place): (&MessageRef, &Place),
        words: &Words,
        incident: &IncidentId,
    ) -> Result<Heard, ChatError>;

    /// Sees to it that somebody is in the channel of a thread.
    async fn bring_in(&self, who: &Identity, thread: &MessageRef) -> Result<Presence, ChatError>;

    /// An address that leads a person to a message.
    async fn link(&self, to: &MessageRef) -> Result<String, ChatError>;

    /// What the chat says somebody is in its workspace.
    async fn standing(&self, who: &Identity) -> Result<Standing, ChatError>;

    /// Shows somebody their home page. Doing it twice is harmless.
    async fn show_home(&self, of: &Identity, home: &Home, people: &People)
    -> Result<(), ChatError>;

    /// Reads a message; `None` where it is gone.
    async fn read(&self, at: &MessageRef) -> Result<Option<Utterance>, ChatError>;

    /// Looks for a letter to this person after an unknown outcome.
    async fn find_letter(
        &self,
        to: &Identity,
        key: &MessageId,
        since: Timestamp,
    ) -> Result<Option<MessageRef>, ChatError>;

    /// Looks for a message after an unknown outcome: in `thread`, or in the channel for a card (`None`).
    async fn find(
        &self,
        thread: Option<&MessageRef>,
        key: &MessageId,
        since: Timestamp,
    ) -> Result<Option<MessageRef>, ChatError>;
}
