//! What cannot be done until somebody mends something, for the operator: how much of it, since when, and why.

use domain::Timestamp;

use crate::{
    Error, Store,
    rows::{self, Row},
    sql::{errand, handover, job, thread},
};

const TASK: &str = "list what is parked";

/// Things that were refused for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// What they are.
    pub what: ParkedKind,
    /// The lane or the chat that refused them.
    pub place: String,
    /// Why.
    pub problem: String,
    /// How many.
    pub many: i64,
    /// When the oldest of them was first due.
    pub since: Timestamp,
}

/// What is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkedKind {
    /// Cards that are not up to date.
    Cards,
    /// Replies, private answers, receipts.
    Messages,
    /// Letters of those who are asked that are not up to date.
    Letters,
    /// Home pages, and messages for a timeline.
    Errands,
}

impl Store {
    /// What is parked, by reason.
    pub async fn parked(&self) -> Result<Vec<Parked>, Error> {
        let mut connection = self.connection().await?;
        let mut all = rows::all(&mut connection, TASK, sqlx::query(thread::PARKED_CARDS), |row| {
            parked(row, ParkedKind::Cards, "chat")
        })
        .await?;
        let messages = rows::all(&mut connection, TASK, sqlx::query(job::PARKED_JOBS), |row| {
            parked(row, ParkedKind::Messages, "lane")
        });
        all.extend(messages.await?);
        let letters = sqlx::query(handover::PARKED_HANDOVERS);
        let letters = rows::all(&mut connection, TASK, letters, |row| {
            parked(row, ParkedKind::Letters, "chat")
        });
        all.extend(letters.await?);
        let errands = sqlx::query(errand::REFUSED_ERRANDS);
        let errands = rows::all(&mut connection, TASK, errands, |row| {
            parked(row, ParkedKind::Errands, "chat")
        });
        all.extend(errands.await?);
        Ok(all)
    }
}

fn parked(row: &Row, what: ParkedKind, place: &'static str) -> Result<Parked, Error> {
    Ok(Parked {
        what,
        place: row.text(place)?,
        problem: row.text("problem")?,
        many: row.integer("many")?,
        since: row.time("since_ms")?,
    })
}
