//! Incidents, and the deliveries that speak of them.

use domain::{Timestamp, id::IncidentId, incident::Incident};
use sqlx::AnyConnection;

use crate::{
    Error, Tx, Versioned,
    rows::{self, Row},
    sql::incident as sql,
};

const READ: &str = "read an incident";

/// More ids than this nobody can tell apart in an answer.
pub(crate) const MATCHES: i64 = 10;

impl Tx {
    /// Remembers a delivery and keeps its raw body. `false`: it was here before, and nothing is to be done.
    pub async fn see(
        &mut self,
        id: &str,
        kind: &str,
        at: Timestamp,
        body: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::INSERT_SEEN)
            .bind(kind)
            .bind(id)
            .bind(at.timestamp_millis())
            .bind(body);
        Ok(rows::change(self.connection(), "remember a delivery", query).await? == 1)
    }

    /// What was kept of a delivery; `None` where it was not here yet.
    pub async fn seen(&mut self, id: &str, kind: &str) -> Result<Option<String>, Error> {
        let query = sqlx::query(sql::SEEN).bind(kind).bind(id);
        let row = rows::optional(self.connection(), "look for a delivery", query).await?;
        row.map(|row| row.text("body")).transpose()
    }

    /// Stores a new incident, at version 1.
    pub async fn insert_incident(&mut self, incident: &Incident) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_INCIDENT)
            .bind(incident.id.as_str())
            .bind(incident.alert.external_id.as_str())
            .bind(incident.opened_at.timestamp_millis())
            .bind(rows::json(incident));
        rows::change(self.connection(), "insert an incident", query).await?;
        Ok(())
    }

    /// Saves a changed incident. `false`: somebody else saved it since it was read.
    pub async fn save_incident(&mut self, incident: &Versioned<Incident>) -> Result<bool, Error> {
        let query = sqlx::query(sql::UPDATE_INCIDENT)
            .bind(incident.value.alert.external_id.as_str())
            .bind(rows::json(&incident.value))
            .bind(incident.value.id.as_str())
            .bind(incident.version);
        Ok(rows::change(self.connection(), "save an incident", query).await? == 1)
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &IncidentId,
) -> Result<Option<Versioned<Incident>>, Error> {
    let query = sqlx::query(sql::INCIDENT).bind(id.as_str());
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn find_by_external(
    connection: &mut AnyConnection,
    external_id: &str,
) -> Result<Option<Versioned<Incident>>, Error> {
    let query = sqlx::query(sql::INCIDENT_BY_EXTERNAL).bind(external_id);
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn list(
    connection: &mut AnyConnection,
    limit: u32,
    before: Option<&IncidentId>,
) -> Result<Vec<Versioned<Incident>>, Error> {
    let query = match before {
        Some(before) => sqlx::query(sql::INCIDENTS_BEFORE).bind(before.as_str()),
        None => sqlx::query(sql::INCIDENTS),
    };
    rows::all(connection, READ, query.bind(i64::from(limit)), Row::versioned).await
}

pub(crate) async fn page(
    connection: &mut AnyConnection,
    limit: u32,
    skipped: u32,
) -> Result<Vec<Versioned<Incident>>, Error> {
    let query = sqlx::query(sql::INCIDENT_PAGE).bind(i64::from(limit)).bind(i64::from(skipped));
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn list_open(
    connection: &mut AnyConnection,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Versioned<Incident>>, Error> {
    let query =
        sqlx::query(sql::OPEN_INCIDENTS).bind(since.timestamp_millis()).bind(i64::from(limit));
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn count(connection: &mut AnyConnection) -> Result<u64, Error> {
    let query = sqlx::query(sql::COUNT_INCIDENTS);
    rows::single(connection, "count the incidents", query).await?.count("many")
}

pub(crate) async fn ids_ending(
    connection: &mut AnyConnection,
    text: &str,
) -> Result<Vec<IncidentId>, Error> {
    let query = sqlx::query(sql::INCIDENT_IDS_LIKE).bind(rows::ending_in(text)).bind(MATCHES);
    rows::all(connection, "look an incident up", query, |row| row.parsed("id")).await
}
