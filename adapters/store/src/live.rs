//! What a run's step is doing right now: its newest line.
//!
//! It is no part of the run's state: it does not touch its version, and losing it loses nothing.

use domain::id::RunId;
use sqlx::AnyConnection;

use crate::{Error, Tx, rows, sql::run as sql};

impl Tx {
    /// Shows `line` as the newest line of the step under way; an empty one shows nothing.
    pub async fn set_live(&mut self, run: &RunId, line: &str) -> Result<(), Error> {
        let query = sqlx::query(sql::UPDATE_LIVE).bind(line).bind(run.as_str());
        rows::change(self.connection(), "set a run's live line", query).await?;
        Ok(())
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
