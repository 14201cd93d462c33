//! A transaction: the only way to write. Dropping it without a commit takes everything back.

use sqlx::{Any, AnyConnection, Transaction};
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    Error,
    error::tried,
    sql::{connection, incident},
};
use domain::id::IncidentId;

/// A transaction under way. After an error in it, drop it and begin anew.
pub struct Tx {
    inner: Transaction<'static, Any>,
    dialect: Dialect,
    // Held to the end: the next writer of this process begins when this one is through.
    _turn: Option<OwnedSemaphorePermit>,
}

/// Which database speaks; needed only where the two lock differently.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Tx {
    /// Makes everything that was written durable. When this fails with a transient error, nobody knows whether
    /// it took place.
    pub async fn commit(self) -> Result<(), Error> {
        self.inner.commit().await.map_err(tried("commit a transaction"))
    }

    /// Takes everything back.
    pub async fn rollback(self) -> Result<(), Error> {
        self.inner.rollback().await.map_err(tried("roll a transaction back"))
    }

    /// Keeps every other transaction away from the incident until this one ends. Call it first: what is read
    /// afterwards is the newest. Harmless where the incident does not exist.
    pub async fn lock_incident(&mut self, id: &IncidentId) -> Result<(), Error> {
        if self.dialect == Dialect::Postgres {
            sqlx::query(incident::LOCK_INCIDENT_POSTGRES)
                .bind(id.as_str())
                .execute(self.connection())
                .await
                .map_err(tried("lock an incident"))?;
        }
        Ok(())
    }

    /// Keeps every other transaction that asks for the same text away until this one ends: for rows that do not
    /// exist yet, such as an incident that is known by its external id only.
    pub async fn lock_key(&mut self, key: &str) -> Result<(), Error> {
        if self.dialect == Dialect::Postgres {
            sqlx::query(connection::LOCK_KEY_POSTGRES)
                .bind(key)
                .execute(self.connection())
                .await
                .map_err(tried("lock a key"))?;
        }
        Ok(())
    }

    pub(crate) fn new(
        inner: Transaction<'static, Any>,
        dialect: Dialect,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self { inner, dialect, _turn: turn }
    }

    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }
}
