//! Runs. A run that an executor works on is saved with its lease, so that an executor that was taken over
//! cannot write any more.

use domain::{
    Timestamp,
    id::{IncidentId, ProposalId, RunId},
    run::Run,
};
use sqlx::AnyConnection;

use crate::{
    Error, RunLease, Tx, Versioned,
    rows::{self, Row},
    sql::run as sql,
};

const READ: &str = "read a run";

impl Tx {
    /// Stores a new run, at version 1. A second run of the same proposal is a conflict.
    pub async fn insert_run(&mut self, run: &Run, created_at: Timestamp) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_RUN)
            .bind(run.id.as_str())
            .bind(run.incident.as_str())
            .bind(run.proposal.as_str())
            .bind(run.target.as_str())
            .bind(created_at.timestamp_millis())
            .bind(i64::from(run.is_at_rest()))
            .bind(i64::from(run.holds_target()))
            .bind(rows::json(run));
        rows::change(self.connection(), "insert a run", query).await?;
        Ok(())
    }

    /// Saves a changed run and clears its live line. `false`: somebody else saved it since it was read, or the
    /// lease is lost or is for another run. With a lease, nobody takes the target over before this transaction
    /// ends.
    pub async fn save_run(
        &mut self,
        run: &Versioned<Run>,
        lease: Option<&RunLease>,
    ) -> Result<bool, Error> {
        if let Some(lease) = lease
            && (lease.run != run.value.id || !self.hold(lease).await?)
        {
            return Ok(false);
        }
        let query = sqlx::query(sql::UPDATE_RUN)
            .bind(i64::from(run.value.is_at_rest()))
            .bind(i64::from(run.value.holds_target()))
            .bind(rows::json(&run.value))
            .bind(run.value.id.as_str())
            .bind(run.version);
        Ok(rows::change(self.connection(), "save a run", query).await? == 1)
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &RunId,
) -> Result<Option<Versioned<Run>>, Error> {
    let query = sqlx::query(sql::RUN).bind(id.as_str());
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn list(
    connection: &mut AnyConnection,
    incident: &IncidentId,
) -> Result<Vec<Versioned<Run>>, Error> {
    let query = sqlx::query(sql::RUNS_OF_INCIDENT).bind(incident.as_str());
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn list_on(
    connection: &mut AnyConnection,
    target: &str,
    limit: u32,
) -> Result<Vec<Versioned<Run>>, Error> {
    let query = sqlx::query(sql::RUNS_ON_TARGET).bind(target).bind(i64::from(limit));
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn find_of(
    connection: &mut AnyConnection,
    proposal: &ProposalId,
) -> Result<Option<Versioned<Run>>, Error> {
    let query = sqlx::query(sql::RUN_OF_PROPOSAL).bind(proposal.as_str());
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn count_since(
    connection: &mut AnyConnection,
    target: &str,
    since: Timestamp,
) -> Result<i64, Error> {
    let query = sqlx::query(sql::COUNT_RUNS_SINCE).bind(target).bind(since.timestamp_millis());
    rows::single(connection, "count the runs of a target", query).await?.integer("runs")
}

pub(crate) async fn count_under_way_on(
    connection: &mut AnyConnection,
    target: &str,
) -> Result<i64, Error> {
    let query = sqlx::query(crate::sql::release::COUNT_RUNS_ON_TARGET).bind(target);
    rows::single(connection, "count a target's runs", query).await?.integer("runs")
}
