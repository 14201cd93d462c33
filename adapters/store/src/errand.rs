//! Errands: what a chat worker does before an incident is known. One that is wanted again while it is done is done again.

use domain::{Timestamp, errand::Errand, person::ChatName};

use crate::{
    Error, Store, Tx,
    rows::{self, Row},
    sql::errand as sql,
};

/// An errand that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrandClaim {
    /// The chat that it is run in.
    pub chat: ChatName,
    /// What is to be done.
    pub errand: Errand,
    /// How often it was wanted when it was claimed.
    pub wanted: i64,
    /// How often it was claimed before.
    pub attempts: u32,
    /// Which claim this is; it only grows.
    pub epoch: i64,
    id: String,
}

impl Tx {
    /// Wants an errand done at `due` or later; one that waits already is enough.
    pub async fn want_errand(
        &mut self,
        chat: ChatName,
        errand: &Errand,
        due: Timestamp,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::WANT_ERRAND)
            .bind(chat.as_str())
            .bind(errand.key())
            .bind(rows::json(errand))
            .bind(due.timestamp_millis());
        rows::change(self.connection(), "want an errand", query).await?;
        Ok(())
    }
}

impl Store {
    /// Claims at most `limit` errands of a chat that are due.
    pub async fn claim_errands(
        &self,
        chat: ChatName,
        owner: &str,
        now: Timestamp,
        lease_ms: u64,
        limit: u32,
    ) -> Result<Vec<ErrandClaim>, Error> {
        let mut tx = self.begin().await?;
        tx.lock_key(&format!("claim errands of {}", chat.as_str())).await?;
        let query = sqlx::query(sql::CLAIM_ERRANDS)
            .bind(chat.as_str())
            .bind(now.timestamp_millis())
            .bind(i64::from(limit))
            .bind(owner)
            .bind(rows::lease_end(now, lease_ms));
        let read = |row: &Row| claim(row, chat);
        let claims = rows::all(tx.connection(), "claim errands", query, read).await?;
        tx.commit().await?;
        Ok(claims)
    }

    /// The errand is done. `false`: it was wanted again meanwhile, or somebody else has taken it over.
    pub async fn finish_errand(&self, claim: &ErrandClaim, owner: &str) -> Result<bool, Error> {
        let query = sqlx::query(sql::FINISH_ERRAND)
            .bind(claim.chat.as_str())
            .bind(claim.id.clone())
            .bind(owner)
            .bind(claim.epoch)
            .bind(claim.wanted);
        self.write("finish an errand", query).await
    }

    /// The errand was not tried and may be claimed again, at `due` or later. `false`: somebody else has taken it over.
    pub async fn return_errand(
        &self,
        claim: &ErrandClaim,
        owner: &str,
        due: Timestamp,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::RETURN_ERRAND)
            .bind(due.timestamp_millis())
            .bind(claim.chat.as_str())
            .bind(claim.id.clone())
            .bind(owner)
            .bind(claim.epoch);
        self.write("give an errand back", query).await
    }

    /// The errand is to be done again at `due`. `false`: somebody else has taken it over.
    pub async fn retry_errand(
        &self,
        claim: &ErrandClaim,
        owner: &str,
        due: Timestamp,
        problem: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::RETRY_ERRAND)
            .bind(due.timestamp_millis())
            .bind(problem)
            .bind(claim.chat.as_str())
            .bind(claim.id.clone())
            .bind(owner)
            .bind(claim.epoch);
        self.write("put an errand back", query).await
    }
}

fn claim(row: &Row, chat: ChatName) -> Result<ErrandClaim, Error> {
    Ok(ErrandClaim {
        chat,
        errand: row.json("body")?,
        wanted: row.integer("wanted")?,
        attempts: row.count::<u32>("attempts")?.saturating_sub(1),
        epoch: row.integer("epoch")?,
        id: row.text("id")?,
    })
}
