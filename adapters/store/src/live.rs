//! What a run's step is doing right now: its newest line, and the metrics that are watched beside it.
//!
//! It is no part of the run's state: it does not touch its version, and losing it loses nothing.

use domain::{card::Watched, id::RunId};
use sqlx::AnyConnection;

use crate::{Error, Tx, rows, sql::run as sql};

impl Tx {
    /// Shows `line` as the newest line of the step under way; an empty one shows nothing.
    pub async fn set_live(&mut self, run: &RunId, line: &str) -> Result<(), Error> {
        let query = sqlx::query(sql::UPDATE_LIVE).bind(line).bind(run.as_str());
        rows::change(self.connection(), "set a run's live line", query).await?;
        Ok(())
    }

    /// Shows these as the metrics that are watched beside the run.
    pub async fn set_watched(&mut self, run: &RunId, watched: &[Watched]) -> Result<(), Error> {
        // PostgreSQL has no text with a zero byte; JSON writes one as an escape.
        let query = sqlx::query(sql::UPDATE_WATCHED).bind(rows::json(&watched)).bind(run.as_str());
        rows::change(self.connection(), "set a run's watched metrics", query).await?;
        Ok(())
    }
}

pub(crate) async fn watched(
    connection: &mut AnyConnection,
    run: &RunId,
) -> Result<Vec<Watched>, Error> {
    let query = sqlx::query(sql::WATCHED).bind(run.as_str());
    let row = rows::optional(connection, "read a run's watched metrics", query).await?;
    Ok(row.map(|row| row.json("watched")).transpose()?.unwrap_or_default())
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
