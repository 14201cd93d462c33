//! Cards: level-triggered work. A thread row says which state is wanted and which is shown; whoever claims it shows
//! the state of that moment, so five quick changes are one call and no retry can show an old state.

use domain::{
    Timestamp,
    effect::Urgency,
    id::{IncidentId, MessageId},
    person::ChatName,
    port::MessageRef,
};
use sqlx::AnyConnection;

use crate::{
    Error, Store, Tx,
    rows::{self, Row},
    sql::thread as sql,
};

/// A card that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardClaim {
    /// The incident whose card it is.
    pub incident: IncidentId,
    /// The chat.
    pub chat: ChatName,
    /// The change that was the newest when it was claimed.
    pub wanted: i64,
    /// Where the card stands; none before it was posted.
    pub thread: Option<MessageRef>,
    /// The idempotency key of the first post; the same at every try.
    pub key: MessageId,
    /// How often it was claimed since it was last up to date.
    pub attempts: u32,
    /// Which claim this is; it only grows.
    pub epoch: i64,
    /// Whether it may have been posted already: an earlier try ended without an answer, or its worker is gone.
    pub in_doubt: bool,
    /// When the oldest change that is not shown was wanted.
    pub queued_at: Timestamp,
    /// Whether it shows progress alone.
    pub is_progress: bool,
    /// Why the try before did not work; empty for the first.
    pub problem: String,
}

impl Tx {
    /// Wants each chat's card to show the state that this transaction commits, in its turn. `new_key` is asked for a key
    /// per chat; the key of the first time stays. A card that was parked is tried again.
    pub async fn want_card(
        &mut self,
        incident: &IncidentId,
        chats: &[ChatName],
        at: Timestamp,
        new_key: impl FnMut() -> MessageId,
    ) -> Result<(), Error> {
        self.want_card_as(Urgency::InTurn, incident, chats, at, new_key).await
    }

    /// The same for a change of which it is known whether somebody waits for it.
    pub async fn want_card_as(
        &mut self,
        urgency: Urgency,
        incident: &IncidentId,
        chats: &[ChatName],
        at: Timestamp,
        mut new_key: impl FnMut() -> MessageId,
    ) -> Result<(), Error> {
        for chat in chats {
            let query = sqlx::query(sql::WANT_CARD)
                .bind(incident.as_str())
                .bind(chat.as_str())
                .bind(String::from(new_key()))
                .bind(at.timestamp_millis())
                .bind(urgency.as_number());
            rows::change(self.connection(), "want a card", query).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Claims at most `limit` cards of a chat that are due and not up to date.
    pub async fn claim_cards(
        &self,
        chat: ChatName,
        owner: &str,
        now: Timestamp,
        lease_ms: u64,
        limit: u32,
    ) -> Result<Vec<CardClaim>, Error> {
        let mut tx = self.begin().await?;
        tx.lock_key(&format!("claim cards of {}", chat.as_str())).await?;
        let query = sqlx::query(sql::CLAIM_CARDS)
            .bind(chat.as_str())
            .bind(now.timestamp_millis())
            .bind(i64::from(limit))
            .bind(owner)
            .bind(rows::lease_end(now, lease_ms));
        let read = |row: &Row| claim(row, chat);
        let mut claims = rows::all(tx.connection(), "claim cards", query, read).await?;
        tx.commit().await?;
        let first =
            |claim: &(i64, CardClaim)| (claim.1.thread.is_some(), claim.0, claim.1.queued_at);
        claims.sort_by(|a, b| (first(a), &a.1.incident).cmp(&(first(b), &b.1.incident)));
        Ok(claims.into_iter().map(|(_, claim)| claim).collect())
    }

    /// The card was posted and shows the state that was claimed. `false`: somebody else has taken it over.
    pub async fn card_posted(
        &self,
        claim: &CardClaim,
        owner: &str,
        thread: &MessageRef,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::CARD_POSTED)
            .bind(thread.channel.as_str())
            .bind(thread.message.as_str())
            .bind(claim.wanted)
            .bind(claim.incident.as_str())
            .bind(claim.chat.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("record a posted card", query).await
    }

    /// The card shows the state that was claimed. `false`: somebody else has taken it over.
    pub async fn card_shown(&self, claim: &CardClaim, owner: &str) -> Result<bool, Error> {
        let query = sqlx::query(sql::CARD_SHOWN)
            .bind(claim.wanted)
            .bind(claim.incident.as_str())
            .bind(claim.chat.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("record a shown card", query).await
    }

    /// The card is to be tried again at `due`. `unknown_outcome` puts it in doubt. `false`: somebody else has
    /// taken it over.
    pub async fn retry_card(
        &self,
        claim: &CardClaim,
        owner: &str,
        due: Timestamp,
        problem: &str,
        unknown_outcome: bool,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::RETRY_CARD)
            .bind(due.timestamp_millis())
            .bind(problem)
            .bind(i64::from(unknown_outcome))
            .bind(claim.incident.as_str())
            .bind(claim.chat.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("put a card back", query).await
    }

    /// The card was not tried and may be claimed again, at `due` or later. `false`: somebody else has taken it over.
    pub async fn return_card(
        &self,
        claim: &CardClaim,
        owner: &str,
        due: Timestamp,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::RETURN_CARD)
            .bind(due.timestamp_millis())
            .bind(claim.incident.as_str())
            .bind(claim.chat.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("give a card back", query).await
    }

    /// No card is posted before `until`.
    pub async fn put_off_posts(&self, chat: ChatName, until: Timestamp) -> Result<(), Error> {
        let query =
            sqlx::query(sql::PUT_OFF_POSTS).bind(until.timestamp_millis()).bind(chat.as_str());
        self.write("put cards off", query).await.map(|_| ())
    }

    /// No card that is this urgent, or less, is edited before `until`.
    pub async fn put_off_edits(
        &self,
        chat: ChatName,
        urgency: Urgency,
        until: Timestamp,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::PUT_OFF_EDITS)
            .bind(until.timestamp_millis())
            .bind(chat.as_str())
            .bind(urgency.as_number());
        self.write("put edits off", query).await.map(|_| ())
    }

    /// The card's message is gone: it is posted anew under `key`, and replies wait for it. `false`: it stands elsewhere
    /// already.
    pub async fn forget_message(
        &self,
        (incident, chat): (&IncidentId, ChatName),
        gone: &MessageRef,
        key: &MessageId,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::FORGET_MESSAGE)
            .bind(key.as_str().to_owned())
            .bind(at.timestamp_millis())
            .bind(incident.as_str().to_owned())
            .bind(chat.as_str())
            .bind(gone.channel.clone())
            .bind(gone.message.clone());
        self.write("forget a message that is gone", query).await
    }

    /// The card cannot be shown until somebody mends something, or until the next change is tried. `false`: somebody
    /// else has taken it over.
    pub async fn park_card(
        &self,
        claim: &CardClaim,
        owner: &str,
        problem: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::PARK_CARD)
            .bind(problem)
            .bind(claim.incident.as_str())
            .bind(claim.chat.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("park a card", query).await
    }

    /// Keeps the address that leads to an incident's card.
    pub async fn set_link(
        &self,
        incident: &IncidentId,
        chat: ChatName,
        link: &str,
    ) -> Result<(), Error> {
        let query =
            sqlx::query(sql::SET_LINK).bind(link).bind(incident.as_str()).bind(chat.as_str());
        self.write("keep a thread's link", query).await.map(|_| ())
    }

    /// Lets a chat's parked cards be tried again; the answer is how many there were.
    pub async fn unpark_cards(&self, chat: ChatName) -> Result<u64, Error> {
        let mut tx = self.begin().await?;
        let query = sqlx::query(sql::UNPARK_CARDS).bind(chat.as_str());
        let many = rows::change(tx.connection(), "unpark cards", query).await?;
        tx.commit().await?;
        Ok(many)
    }
}

pub(crate) async fn thread(
    connection: &mut AnyConnection,
    incident: &IncidentId,
    chat: ChatName,
) -> Result<Option<MessageRef>, Error> {
    let query = sqlx::query(sql::THREAD).bind(incident.as_str()).bind(chat.as_str());
    let row = rows::optional(connection, "read a thread", query).await?;
    Ok(row.map(|row| message(&row)).transpose()?.flatten())
}

pub(crate) async fn link(
    connection: &mut AnyConnection,
    incident: &IncidentId,
    chat: ChatName,
) -> Result<Option<String>, Error> {
    let query = sqlx::query(sql::LINK).bind(incident.as_str()).bind(chat.as_str());
    let row = rows::optional(connection, "read a thread's link", query).await?;
    let link = row.map(|row| row.text("link")).transpose()?;
    Ok(link.filter(|link| !link.is_empty()))
}

pub(crate) async fn incident_at(
    connection: &mut AnyConnection,
    chat: ChatName,
    at: &MessageRef,
) -> Result<Option<IncidentId>, Error> {
    let query = sqlx::query(sql::INCIDENT_AT)
        .bind(chat.as_str())
        .bind(at.channel.clone())
        .bind(at.message.clone());
    let row = rows::optional(connection, "read whose thread it is", query).await?;
    row.map(|row| row.parsed("incident")).transpose()
}

pub(crate) async fn chats(
    connection: &mut AnyConnection,
    incident: &IncidentId,
) -> Result<Vec<ChatName>, Error> {
    let query = sqlx::query(sql::CHATS).bind(incident.as_str());
    rows::all(connection, "read an incident's chats", query, |row| row.parsed("chat")).await
}

/// The claim and its urgency.
fn claim(row: &Row, chat: ChatName) -> Result<(i64, CardClaim), Error> {
    let urgency = row.integer("urgency")?;
    let claim = CardClaim {
        incident: row.parsed("incident")?,
        chat,
        wanted: row.integer("wanted")?,
        thread: message(row)?,
        key: row.parsed("post_key")?,
        attempts: row.count::<u32>("attempts")?.saturating_sub(1),
        epoch: row.integer("epoch")?,
        in_doubt: row.flag("in_doubt")?,
        queued_at: row.time("queued_ms")?,
        is_progress: urgency >= Urgency::Progress.as_number(),
        problem: row.text("problem")?,
    };
    Ok((urgency, claim))
}

fn message(row: &Row) -> Result<Option<MessageRef>, Error> {
    let (channel, message) = (row.text_or_null("channel")?, row.text_or_null("message")?);
    Ok(channel.zip(message).map(|(channel, message)| MessageRef { channel, message }))
}
