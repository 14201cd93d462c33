//! Members: what a chat says of somebody's standing in its workspace, read by the transaction that takes a decision; and
//! what people pressed before anybody knew them.

use domain::{
    Timestamp,
    card::Button,
    digest::Digest,
    id::{IncidentId, ProposalId},
    person::{ChatName, Identity},
    standing::Standing,
};
use sqlx::AnyConnection;

use crate::{
    Error, Store, Tx,
    rows::{self, Row},
    sql::member as sql,
};

/// What is known of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What the chat said last, and when; `None` before it said anything.
    pub standing: Option<(Standing, Timestamp)>,
    /// When they last opened the app's home page.
    pub home_at: Option<Timestamp>,
}

/// A click of somebody whom nobody knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    /// Who.
    pub identity: Identity,
    /// In which incident.
    pub incident: IncidentId,
    /// On which proposal.
    pub proposal: ProposalId,
    /// The plan that they saw.
    pub plan: Digest,
    /// What they pressed.
    pub button: Button,
    /// When.
    pub at: Timestamp,
}

impl Tx {
    /// A chat says what somebody is; what it said later counts.
    pub async fn see_member(
        &mut self,
        who: &Identity,
        standing: Standing,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::SEE_MEMBER)
            .bind(who.chat.as_str())
            .bind(who.team.as_str())
            .bind(who.user.as_str())
            .bind(standing.as_str())
            .bind(at.timestamp_millis());
        rows::change(self.connection(), "see a member", query).await?;
        Ok(())
    }

    /// Somebody opened the app's home page.
    pub async fn see_home(&mut self, who: &Identity, at: Timestamp) -> Result<(), Error> {
        let query = sqlx::query(sql::SEE_HOME)
            .bind(who.chat.as_str())
            .bind(who.team.as_str())
            .bind(who.user.as_str())
            .bind(at.timestamp_millis());
        rows::change(self.connection(), "see a home page", query).await?;
        Ok(())
    }

    /// Keeps what somebody pressed whom nobody knows, in place of what they pressed before in that incident.
    pub async fn keep_knock(&mut self, knock: &Knock) -> Result<(), Error> {
        let query = sqlx::query(sql::KEEP_KNOCK)
            .bind(knock.identity.chat.as_str())
            .bind(knock.identity.team.as_str())
            .bind(knock.identity.user.as_str())
            .bind(knock.incident.as_str())
            .bind(knock.proposal.as_str())
            .bind(knock.plan.to_string())
            .bind(rows::json(&knock.button))
            .bind(knock.at.timestamp_millis());
        rows::change(self.connection(), "keep a click", query).await?;
        Ok(())
    }

    /// The operators are told of somebody. `false`: they were told before, or nothing is known of a click.
    pub async fn tell_knock(
        &mut self,
        who: &Identity,
        incident: &IncidentId,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::TELL_KNOCK)
            .bind(who.chat.as_str())
            .bind(who.team.as_str())
            .bind(who.user.as_str())
            .bind(incident.as_str());
        Ok(rows::change(self.connection(), "tell of a click", query).await? == 1)
    }

    /// Forgets a click. `false`: somebody else was faster.
    pub async fn forget_knock(
        &mut self,
        who: &Identity,
        incident: &IncidentId,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::FORGET_KNOCK)
            .bind(who.chat.as_str())
            .bind(who.team.as_str())
            .bind(who.user.as_str())
            .bind(incident.as_str());
        Ok(rows::change(self.connection(), "forget a click", query).await? == 1)
    }

    /// Forgets the deliveries of a kind that were taken in before `before`: nobody sends them again.
    pub async fn forget_seen(&mut self, kind: &str, before: Timestamp) -> Result<(), Error> {
        let query = sqlx::query(sql::FORGET_SEEN).bind(kind).bind(before.timestamp_millis());
        rows::change(self.connection(), "forget deliveries", query).await?;
        Ok(())
    }
}

impl Store {
    /// Forgets the clicks before `before`.
    pub async fn forget_knocks(&self, before: Timestamp) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        let query = sqlx::query(sql::FORGET_KNOCKS).bind(before.timestamp_millis());
        rows::change(tx.connection(), "forget clicks", query).await?;
        tx.commit().await
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    who: &Identity,
) -> Result<Option<Member>, Error> {
    let query = sqlx::query(sql::MEMBER)
        .bind(who.chat.as_str())
        .bind(who.team.as_str())
        .bind(who.user.as_str());
    let row = rows::optional(connection, "read a member", query).await?;
    row.map(|row| member(&row)).transpose()
}

pub(crate) async fn knocks(
    connection: &mut AnyConnection,
    chat: ChatName,
) -> Result<Vec<Knock>, Error> {
    let query = sqlx::query(sql::KNOCKS).bind(chat.as_str());
    rows::all(connection, "read clicks", query, |row| knock(row, chat)).await
}

fn member(row: &Row) -> Result<Member, Error> {
    let standing = if row.text("standing")?.is_empty() {
        None
    } else {
        Some((row.parsed("standing")?, row.time("seen_ms")?))
    };
    Ok(Member { standing, home_at: row.time_or_null("home_ms")? })
}

fn knock(row: &Row, chat: ChatName) -> Result<Knock, Error> {
    Ok(Knock {
        identity: Identity { chat, team: row.text("team")?, user: row.text("member")? },
        incident: row.parsed("incident")?,
        proposal: row.parsed("proposal")?,
        plan: row.parsed("plan")?,
        button: row.json("what")?,
        at: row.time("at_ms")?,
    })
}
