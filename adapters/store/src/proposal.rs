//! Proposals. Invariant I2, at most one that is not closed per incident and target, is a unique index.

use domain::{
    id::{IncidentId, ProposalId},
    proposal::Proposal,
};
use sqlx::AnyConnection;

use crate::{
    Error, Tx, Versioned,
    incident::MATCHES,
    rows::{self, Row},
    sql::proposal as sql,
};

const READ: &str = "read a proposal";

impl Tx {
    /// Stores a new proposal, at version 1. `false`: another one of the same incident on the same target is not
    /// closed yet, and nothing was stored.
    pub async fn insert_proposal(&mut self, proposal: &Proposal) -> Result<bool, Error> {
        let query = sqlx::query(sql::INSERT_PROPOSAL)
            .bind(proposal.id.as_str())
            .bind(proposal.opening.incident.as_str())
            .bind(proposal.opening.target.id.as_str())
            .bind(proposal.opened_at.timestamp_millis())
            .bind(i64::from(proposal.is_closed()))
            .bind(rows::json(proposal));
        Ok(rows::change(self.connection(), "insert a proposal", query).await? == 1)
    }

    /// Saves a changed proposal. `false`: somebody else saved it since it was read, or it is closed.
    pub async fn save_proposal(&mut self, proposal: &Versioned<Proposal>) -> Result<bool, Error> {
        let query = sqlx::query(sql::UPDATE_PROPOSAL)
            .bind(i64::from(proposal.value.is_closed()))
            .bind(rows::json(&proposal.value))
            .bind(proposal.value.id.as_str())
            .bind(proposal.version);
        Ok(rows::change(self.connection(), "save a proposal", query).await? == 1)
    }

    /// Saves what came out about a closed proposal, which stays closed as it was. `false`: somebody else saved it since it
    /// was read, or it is or would be open.
    pub async fn note_on_closed_proposal(
        &mut self,
        proposal: &Versioned<Proposal>,
    ) -> Result<bool, Error> {
        if !proposal.value.is_closed() {
            return Ok(false);
        }
        let query = sqlx::query(sql::NOTE_ON_CLOSED_PROPOSAL)
            .bind(rows::json(&proposal.value))
            .bind(proposal.value.id.as_str())
            .bind(proposal.version);
        Ok(rows::change(self.connection(), "note on a closed proposal", query).await? == 1)
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &ProposalId,
) -> Result<Option<Versioned<Proposal>>, Error> {
    let query = sqlx::query(sql::PROPOSAL).bind(id.as_str());
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn list(
    connection: &mut AnyConnection,
    incident: &IncidentId,
) -> Result<Vec<Versioned<Proposal>>, Error> {
    let query = sqlx::query(sql::PROPOSALS_OF_INCIDENT).bind(incident.as_str());
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn list_on(
    connection: &mut AnyConnection,
    target: &str,
    limit: u32,
) -> Result<Vec<Versioned<Proposal>>, Error> {
    let query = sqlx::query(sql::PROPOSALS_ON_TARGET).bind(target).bind(i64::from(limit));
    rows::all(connection, READ, query, Row::versioned).await
}

pub(crate) async fn find_open_on(
    connection: &mut AnyConnection,
    target: &str,
) -> Result<Option<Versioned<Proposal>>, Error> {
    let query = sqlx::query(sql::OPEN_PROPOSAL_ON_TARGET).bind(target);
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn list_open(
    connection: &mut AnyConnection,
) -> Result<Vec<Versioned<Proposal>>, Error> {
    rows::all(connection, READ, sqlx::query(sql::OPEN_PROPOSALS), Row::versioned).await
}

pub(crate) async fn ids_ending(
    connection: &mut AnyConnection,
    text: &str,
) -> Result<Vec<ProposalId>, Error> {
    let query = sqlx::query(sql::PROPOSAL_IDS_LIKE).bind(rows::ending_in(text)).bind(MATCHES);
    rows::all(connection, "look a proposal up", query, |row| row.parsed("id")).await
}
