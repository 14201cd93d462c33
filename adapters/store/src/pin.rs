//! Pins. One that an executor works for is saved with its lease, so that an executor that was taken over cannot write any
//! more. The columns beside the body say which of them stand, and when there is something to do.

use domain::{
    Timestamp,
    id::{IncidentId, PinId, ProposalId},
    pin::Pin,
};
use sqlx::AnyConnection;

use crate::{
    Error, Store, TargetLease, Tx, Versioned,
    due::due,
    rows::{self, Row},
    sql::pin as sql,
};

const READ: &str = "read a pin";

impl Tx {
    /// Stores a new pin, at version 1. A second one that stands for the same proposal is a conflict.
    pub async fn insert_pin(&mut self, pin: &Pin) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_PIN)
            .bind(pin.id.as_str())
            .bind(pin.opening.incident.as_str())
            .bind(pin.proposal.as_str())
            .bind(pin.opening.target.id.as_str())
            .bind(pin.asked_at.timestamp_millis())
            .bind(next(pin))
            .bind(i64::from(pin.is_standing()))
            .bind(rows::json(pin));
        rows::change(self.connection(), "insert a pin", query).await?;
        Ok(())
    }

    /// Saves a changed pin. `false`: somebody else saved it since it was read, it is over, or the lease is lost. With a
    /// lease, nobody takes the target over before this transaction ends.
    pub async fn save_pin(
        &mut self,
        pin: &Versioned<Pin>,
        lease: Option<&TargetLease>,
    ) -> Result<bool, Error> {
        if let Some(lease) = lease
            && (lease.target != pin.value.opening.target.id || !self.hold_target(lease).await?)
        {
            return Ok(false);
        }
        let query = sqlx::query(sql::UPDATE_PIN)
            .bind(pin.value.proposal.as_str())
            .bind(next(&pin.value))
            .bind(i64::from(pin.value.is_standing()))
            .bind(rows::json(&pin.value))
            .bind(pin.value.id.as_str())
            .bind(pin.version);
        Ok(rows::change(self.connection(), "save a pin", query).await? == 1)
    }
}

impl Store {
    /// When there is something to do for a pin next.
    pub async fn next_pin(&self) -> Result<Option<Timestamp>, Error> {
        due(&mut *self.connection().await?, sqlx::query(sql::NEXT_PIN)).await
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &PinId,
) -> Result<Option<Versioned<Pin>>, Error> {
    let query = sqlx::query(sql::PIN).bind(id.as_str());
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn find_of(
    connection: &mut AnyConnection,
    proposal: &ProposalId,
) -> Result<Option<Versioned<Pin>>, Error> {
    let query = sqlx::query(sql::PIN_OF_PROPOSAL).bind(proposal.as_str());
    let row = rows::optional(connection, READ, query).await?;
    row.map(|row| row.versioned()).transpose()
}

pub(crate) async fn list_of(
    connection: &mut AnyConnection,
    incident: &IncidentId,
) -> Result<Vec<Versioned<Pin>>, Error> {
    let query = sqlx::query(sql::PINS_OF_INCIDENT).bind(incident.as_str());
    rows::all(connection, READ, query, Row::versioned).await
}

fn next(pin: &Pin) -> Option<i64> {
    pin.next().map(|(_, due)| due.timestamp_millis())
}
