//! What a run's step is doing right now: its newest line, and the process group that does it.
//!
//! Neither is part of the run's state: they do not touch its version, and losing them loses nothing.

use domain::id::RunId;
use sqlx::AnyConnection;

use crate::{Error, RunLease, Store, Tx, rows, sql::run as sql};

impl Tx {
    /// Shows `line` as the newest line of the step under way; an empty one shows nothing.
    pub async fn set_live(&mut self, run: &RunId, line: &str) -> Result<(), Error> {
        let query = sqlx::query(sql::UPDATE_LIVE).bind(line).bind(run.as_str());
        rows::change(self.connection(), "set a run's live line", query).await?;
        Ok(())
    }
}

impl Store {
    /// Remembers which process group does the step, so that whoever takes over can end it. `false`: the lease is
    /// lost.
    pub async fn set_process(
        &self,
        lease: &RunLease,
        process: Option<&str>,
    ) -> Result<bool, Error> {
        let mut tx = self.begin().await?;
        if !tx.hold(lease).await? {
            return Ok(false);
        }
        let query = sqlx::query(sql::UPDATE_PROCESS)
            .bind(process.map(str::to_owned))
            .bind(lease.run.as_str());
        rows::change(tx.connection(), "set a run's process", query).await?;
        tx.commit().await?;
        Ok(true)
    }
}

pub(crate) async fn line(
    connection: &mut AnyConnection,
    run: &RunId,
) -> Result<Option<String>, Error> {
    let query = sqlx::query(sql::LIVE).bind(run.as_str());
    let row = rows::optional(connection, "read a run's live line", query).await?;
    let line = row.map(|row| row.text("live")).transpose()?;
    Ok(line.filter(|line| !line.is_empty()))
}

pub(crate) async fn process(
    connection: &mut AnyConnection,
    run: &RunId,
) -> Result<Option<String>, Error> {
    let query = sqlx::query(sql::PROCESS).bind(run.as_str());
    let row = rows::optional(connection, "read a run's process", query).await?;
    Ok(row.map(|row| row.text_or_null("process")).transpose()?.flatten())
}
