//! Sealed plans, kept as the bytes that were sealed.

use domain::{Timestamp, digest::Digest, plan::SealedPlan};
use sqlx::AnyConnection;

use crate::{Error, Tx, rows, sql::proposal as sql};

impl Tx {
    /// Keeps a plan under its digest. Keeping the same plan twice is harmless.
    pub async fn put_plan(&mut self, plan: &SealedPlan, at: Timestamp) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_PLAN)
            .bind(plan.digest().as_str())
            .bind(at.timestamp_millis())
            .bind(plan.bytes());
        rows::change(self.connection(), "keep a plan", query).await?;
        Ok(())
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    digest: &Digest,
) -> Result<Option<SealedPlan>, Error> {
    let query = sqlx::query(sql::PLAN).bind(digest.as_str());
    let Some(row) = rows::optional(connection, "read a plan", query).await? else {
        return Ok(None);
    };
    SealedPlan::open(row.text("body")?).map(Some).map_err(|error| row.unfit("body", error))
}
