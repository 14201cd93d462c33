//! Handovers: level-triggered like cards, one for each person who is asked. Whoever claims one writes the letter of that
//! moment, so that every copy is edited after a decision and no retry can show an old state.

use domain::{
    Timestamp,
    id::{IncidentId, MessageId},
    person::{ChatName, Identity, PersonId},
    port::MessageRef,
};

use crate::{
    Error, Store, Tx,
    rows::{self, Row},
    sql::handover as sql,
};

/// A handover that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverClaim {
    /// The idempotency key of the letter; the same at every try.
    pub key: MessageId,
    /// The incident that is handed over.
    pub incident: IncidentId,
    /// To whom.
    pub to: Identity,
    /// Who that is.
    pub person: PersonId,
    /// Where the letter stands; none before it was written.
    pub letter: Option<MessageRef>,
    /// The digest of what it shows; empty before it was written.
    pub content: String,
    /// How often they were asked.
    pub asked: i64,
    /// How many of those times were said out loud.
    pub told: i64,
    /// Whether it was seen to that they are in the channel.
    pub placed: bool,
    /// The change that was the newest when it was claimed.
    pub wanted: i64,
    /// How often it was claimed since it was last up to date.
    pub attempts: u32,
    /// Which claim this is; it only grows.
    pub epoch: i64,
    /// Whether something may have been sent already: an earlier try ended without an answer, or its worker is gone.
    pub in_doubt: bool,
    /// When the oldest change that is not shown was wanted.
    pub queued_at: Timestamp,
    /// What went wrong at the newest try; empty where nothing has.
    pub problem: String,
}

impl Tx {
    /// Wants somebody who is asked to have a letter that shows the state that this transaction commits, and to hear
    /// that they are asked. The key of the first time stays.
    pub async fn want_handover(
        &mut self,
        incident: &IncidentId,
        (person, to): (&PersonId, &Identity),
        key: MessageId,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::WANT_HANDOVER)
            .bind(key.as_str())
            .bind(incident.as_str())
            .bind(to.chat.as_str())
            .bind(to.team.as_str())
            .bind(to.user.as_str())
            .bind(person.as_str())
            .bind(at.timestamp_millis());
        rows::change(self.connection(), "want a handover", query).await?;
        Ok(())
    }

    /// Wants an incident's letters to show the state that this transaction commits.
    pub async fn renew_handovers(
        &mut self,
        incident: &IncidentId,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query =
            sqlx::query(sql::RENEW_HANDOVERS).bind(at.timestamp_millis()).bind(incident.as_str());
        rows::change(self.connection(), "renew handovers", query).await?;
        Ok(())
    }
}

impl Store {
    /// Claims at most `limit` handovers of a chat that are due and not up to date.
    pub async fn claim_handovers(
        &self,
        chat: ChatName,
        owner: &str,
        now: Timestamp,
        lease_ms: u64,
        limit: u32,
    ) -> Result<Vec<HandoverClaim>, Error> {
        let mut tx = self.begin().await?;
        tx.lock_key(&format!("claim handovers of {}", chat.as_str())).await?;
        let query = sqlx::query(sql::CLAIM_HANDOVERS)
            .bind(chat.as_str())
            .bind(now.timestamp_millis())
            .bind(i64::from(limit))
            .bind(owner)
            .bind(rows::lease_end(now, lease_ms));
        let read = |row: &Row| claim(row, chat);
        let mut claims = rows::all(tx.connection(), "claim handovers", query, read).await?;
        tx.commit().await?;
        claims.sort_by(|a, b| (a.queued_at, &a.key).cmp(&(b.queued_at, &b.key)));
        Ok(claims)
    }

    /// The letter stands there and shows this; the claim goes on. `false`: somebody else has taken it over.
    pub async fn handover_written(
        &self,
        claim: &HandoverClaim,
        owner: &str,
        letter: &MessageRef,
        content: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::HANDOVER_WRITTEN)
            .bind(letter.channel.as_str())
            .bind(letter.message.as_str())
            .bind(content)
            .bind(claim.asked)
            .bind(claim.key.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("record a handover's letter", query).await
    }

    /// The letter shows the state that was claimed, whose digest is `content`, and all was said. `false`: somebody
    /// else has taken it over.
    pub async fn handover_shown(
        &self,
        claim: &HandoverClaim,
        owner: &str,
        content: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::HANDOVER_SHOWN)
            .bind(claim.wanted)
            .bind(content)
            .bind(claim.asked)
            .bind(i64::from(claim.placed))
            .bind(claim.key.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("record a shown handover", query).await
    }

    /// The handover is to be tried again at `due`. `unknown_outcome` puts it in doubt. `false`: somebody else has
    /// taken it over.
    pub async fn retry_handover(
        &self,
        claim: &HandoverClaim,
        owner: &str,
        due: Timestamp,
        problem: &str,
        unknown_outcome: bool,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::RETRY_HANDOVER)
            .bind(due.timestamp_millis())
            .bind(problem)
            .bind(i64::from(unknown_outcome))
            .bind(claim.key.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("put a handover back", query).await
    }

    /// The handover was not tried to its end and may be claimed again, at `due` or later. `false`: somebody else has taken
    /// it over.
    pub async fn return_handover(
        &self,
        claim: &HandoverClaim,
        owner: &str,
        due: Timestamp,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::RETURN_HANDOVER)
            .bind(due.timestamp_millis())
            .bind(claim.key.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("give a handover back", query).await
    }

    /// No letter is written to this person before `until`.
    pub async fn put_off_letters(&self, to: &Identity, until: Timestamp) -> Result<(), Error> {
        let query = sqlx::query(sql::PUT_OFF_LETTERS)
            .bind(until.timestamp_millis())
            .bind(to.chat.as_str())
            .bind(to.team.as_str())
            .bind(to.user.as_str());
        self.write("put letters off", query).await.map(|_| ())
    }

    /// No letter of this chat is renewed before `until`.
    pub async fn put_off_renewals(&self, chat: ChatName, until: Timestamp) -> Result<(), Error> {
        let query =
            sqlx::query(sql::PUT_OFF_RENEWALS).bind(until.timestamp_millis()).bind(chat.as_str());
        self.write("put renewals of letters off", query).await.map(|_| ())
    }

    /// The letter is gone from the chat: it is written anew, under `key`. `false`: somebody else has taken it over.
    pub async fn forget_letter(
        &self,
        claim: &HandoverClaim,
        owner: &str,
        key: &MessageId,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::FORGET_LETTER)
            .bind(key.as_str())
            .bind(at.timestamp_millis())
            .bind(claim.key.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("forget a letter that is gone", query).await
    }

    /// The letter cannot be written until somebody mends something. `false`: somebody else has taken it over.
    pub async fn park_handover(
        &self,
        claim: &HandoverClaim,
        owner: &str,
        problem: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::PARK_HANDOVER)
            .bind(problem)
            .bind(claim.key.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("park a handover", query).await
    }

    /// Lets a chat's parked handovers be tried again; the answer is how many there were.
    pub async fn unpark_handovers(&self, chat: ChatName) -> Result<u64, Error> {
        let mut tx = self.begin().await?;
        let query = sqlx::query(sql::UNPARK_HANDOVERS).bind(chat.as_str());
        let many = rows::change(tx.connection(), "unpark handovers", query).await?;
        tx.commit().await?;
        Ok(many)
    }
}

fn claim(row: &Row, chat: ChatName) -> Result<HandoverClaim, Error> {
    let (channel, message) = (row.text_or_null("channel")?, row.text_or_null("message")?);
    Ok(HandoverClaim {
        key: row.parsed("post_key")?,
        incident: row.parsed("incident")?,
        to: Identity { chat, team: row.text("team")?, user: row.text("member")? },
        person: PersonId::new(row.text("person")?),
        letter: channel.zip(message).map(|(channel, message)| MessageRef { channel, message }),
        content: row.text("content")?,
        asked: row.integer("asked")?,
        told: row.integer("told")?,
        placed: row.flag("placed")?,
        wanted: row.integer("wanted")?,
        attempts: row.count::<u32>("attempts")?.saturating_sub(1),
        epoch: row.integer("epoch")?,
        in_doubt: row.flag("in_doubt")?,
        queued_at: row.time("queued_ms")?,
        problem: row.text("problem")?,
    })
}
