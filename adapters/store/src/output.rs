//! What the programs of a run's steps printed: for the person who has to find out why one failed.
//!
//! It is no part of the record: the journal says what a step came to, and losing its output loses no proof.

use domain::{Timestamp, id::RunId};
use sqlx::AnyConnection;

use crate::{
    Error, Store,
    rows::{self, Row},
    sql::output as sql,
};

/// What one program printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// When it had ended.
    pub at: Timestamp,
    /// The step, from 0.
    pub step: usize,
    /// `do` or `undo`.
    pub act: String,
    /// Both streams as they came, capped by whoever ran it.
    pub text: String,
}

impl Store {
    /// Keeps what a program of the run's executor printed. The caller has taken secrets out.
    pub async fn keep_output(&self, run: &RunId, output: &Output) -> Result<(), Error> {
        // PostgreSQL has no text with a zero byte.
        let text = output.text.replace('\0', "\u{fffd}");
        let step = i64::try_from(output.step).unwrap_or(i64::MAX);
        let query = sqlx::query(sql::KEEP_OUTPUT)
            .bind(run.as_str())
            .bind(output.at.timestamp_millis())
            .bind(step)
            .bind(output.act.clone())
            .bind(text);
        self.write("keep what a step printed", query).await?;
        Ok(())
    }
}

pub(crate) async fn list(
    connection: &mut AnyConnection,
    run: &RunId,
) -> Result<Vec<Output>, Error> {
    let query = sqlx::query(sql::OUTPUTS).bind(run.as_str());
    rows::all(connection, "read what the steps printed", query, output).await
}

fn output(row: &Row) -> Result<Output, Error> {
    Ok(Output {
        at: row.time("at_ms")?,
        step: row.count("step")?,
        act: row.text("act")?,
        text: row.text("body")?,
    })
}
