//! Holds. The columns beside the body say which of them stand, and when people are reminded of them.

use domain::{
    Timestamp,
    hold::Hold,
    id::{HoldId, IncidentId, ProposalId},
};
use sqlx::AnyConnection;

use crate::{
    Error, Store, Tx, Versioned,
    due::due,
    incident::MATCHES,
    rows::{self, Row},
    sql::hold as sql,
};

const READ: &str = "read a hold";

impl Tx {
    /// Stores a new hold, at version 1. A second hold of the same proposal is a conflict.
    pub async fn insert_hold(&mut self, hold: &Hold) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_HOLD)
            .bind(hold.id.as_str())
            .bind(hold.opening.incident.as_str())
            .bind(hold.opening.proposal.as_str())
            .bind(hold.opening.target.id.as_str())
            .bind(hold.since.timestamp_millis())
            .bind(reminder(hold))
            .bind(i64::from(hold.returned().is_some()))
            .bind(rows::json(hold));
        rows::change(self.connection(), "insert a hold", query).await?;
        Ok(())
    }

    /// Saves a changed hold. `false`: somebody else saved it since it was read, or it is lifted.
    pub async fn save_hold(&mut self, hold: &Versioned<Hold>) -> Result<bool, Error> {
        let query = sqlx::query(sql::UPDATE_HOLD)
            .bind(reminder(&hold.value))
            .bind(i64::from(hold.value.returned().is_some()))
            .bind(rows::json(&hold.value))
            .bind(hold.value.id.as_str())
            .bind(hold.version);
        Ok(rows::change(self.connection(), "save a hold", query).await? == 1)
    }
}

impl Store {
    /// At most `limit` holds of which people are to be reminded, the most overdue first. They stay due until they are
    /// saved with a later time; two workers that see the same one do no harm.
    pub async fn due_holds(&self, now: Timestamp, limit: u32) -> Result<Vec<Hold>, Error> {
        let query = sqlx::query(sql::DUE_HOLDS).bind(now.timestamp_millis()).bind(i64::from(limit));
        let read = |row: &Row| Ok(row.versioned::<Hold>()?.value);
        rows::all(&mut *self.connection().await?, "read the due reminders", query, read).await
    }

    /// When people are to be reminded of a hold next.
    pub async fn next_reminder(&self) -> Result<Option<Timestamp>, Error> {
        due(&mut *self.connection().await?, sqlx::query(sql::NEXT_REMINDER)).await
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &HoldId,
) -> Result<Option<Versioned<Hold>>, Error> {
    let query = sqlx::query(sql::HOLD).bind(id.as_str());
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn find_of(
    connection: &mut AnyConnection,
    proposal: &ProposalId,
) -> Result<Option<Versioned<Hold>>, Error> {
    let query = sqlx::query(sql::HOLD_OF_PROPOSAL).bind(proposal.as_str());
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn list_of(
    connection: &mut AnyConnection,
    incident: &IncidentId,
) -> Result<Vec<Versioned<Hold>>, Error> {
    let query = sqlx::query(sql::HOLDS_OF_INCIDENT).bind(incident.as_str());
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn standing(
    connection: &mut AnyConnection,
    target: &str,
) -> Result<Vec<Versioned<Hold>>, Error> {
    let query = sqlx::query(sql::STANDING_HOLDS).bind(target);
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn newest_on(
    connection: &mut AnyConnection,
    target: &str,
) -> Result<Option<Versioned<Hold>>, Error> {
    let query = sqlx::query(sql::NEWEST_HOLD_ON_TARGET).bind(target);
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn list(
    connection: &mut AnyConnection,
    limit: u32,
) -> Result<Vec<Versioned<Hold>>, Error> {
    let query = sqlx::query(sql::HOLDS).bind(i64::from(limit));
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn ids_ending(
    connection: &mut AnyConnection,
    text: &str,
) -> Result<Vec<HoldId>, Error> {
    let query = sqlx::query(sql::HOLD_IDS_LIKE).bind(rows::ending_in(text)).bind(MATCHES);
    rows::all(connection, "look a hold up", query, |row| row.parsed("id")).await
}

fn reminder(hold: &Hold) -> Option<i64> {
    hold.remind_at().map(|at| at.timestamp_millis())
}
