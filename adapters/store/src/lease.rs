//! Leases on targets: one executor per target (invariant I5).
//!
//! Each takeover bumps the target's epoch, and whatever an executor writes names owner and epoch. An executor that
//! was asleep longer than its lease finds that its writes meet no row, and stops.

use domain::{Timestamp, id::RunId, pin::Pin, run::Run};

use crate::{
    Error, Store, Tx, Versioned, pin, rows, run,
    sql::{lease as sql, pin as pin_sql},
    tx::Dialect,
};

/// The right to work on one target, for one run, until somebody takes it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunLease {
    /// The id of the target.
    pub target: String,
    /// Who holds it.
    pub owner: String,
    /// Which takeover of the target this is, from 1; it only grows.
    pub epoch: i64,
    /// The run it was claimed for.
    pub run: RunId,
}

/// The right to work on one target, for whatever it is, until somebody takes it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetLease {
    /// The id of the target.
    pub target: String,
    /// Who holds it.
    pub owner: String,
    /// Which takeover of the target this is, from 1; it only grows.
    pub epoch: i64,
}

impl RunLease {
    /// The lease whatever it was claimed for.
    pub fn on_target(&self) -> TargetLease {
        TargetLease { target: self.target.clone(), owner: self.owner.clone(), epoch: self.epoch }
    }
}

impl Store {
    /// Claims a run that is not at rest and whose target is free, or whose lease is over: first one whose executor
    /// is gone, then the oldest.
    pub async fn claim_run(
        &self,
        owner: &str,
        now: Timestamp,
        lease_ms: u64,
    ) -> Result<Option<(Versioned<Run>, RunLease)>, Error> {
        let task = "claim a run";
        let now_ms = now.timestamp_millis();
        loop {
            let mut tx = self.begin().await?;
            let query = sqlx::query(sql::CLAIMABLE_RUN).bind(now_ms);
            let Some(row) = rows::optional(tx.connection(), task, query).await? else {
                tx.rollback().await?;
                return Ok(None);
            };
            let (id, target): (RunId, String) = (row.parsed("id")?, row.text("target")?);
            let query = sqlx::query(sql::TAKE_LEASE)
                .bind(target.as_str())
                .bind(id.as_str())
                .bind(owner)
                .bind(rows::lease_end(now, lease_ms))
                .bind(row.integer("epoch")?)
                .bind(now_ms);
            let taken = rows::optional(tx.connection(), task, query).await?;
            // Somebody else took the target, or ended the run, between the two statements: look again.
            // Each round somebody has got further, so the rounds end.
            let Some(taken) = taken else { continue };
            let Some(run) = run::find(tx.connection(), &id).await? else { continue };
            if run.value.is_at_rest() {
                continue;
            }
            let epoch = taken.integer("epoch")?;
            tx.commit().await?;
            return Ok(Some((run, RunLease { target, owner: owner.to_owned(), epoch, run: id })));
        }
    }

    /// Claims the most overdue pin whose target is free, or whose lease is over.
    pub async fn claim_pin(
        &self,
        owner: &str,
        now: Timestamp,
        lease_ms: u64,
    ) -> Result<Option<(Versioned<Pin>, TargetLease)>, Error> {
        let task = "claim a pin";
        let now_ms = now.timestamp_millis();
        loop {
            let mut tx = self.begin().await?;
            let query = sqlx::query(pin_sql::CLAIMABLE_PIN).bind(now_ms).bind(now_ms);
            let Some(row) = rows::optional(tx.connection(), task, query).await? else {
                tx.rollback().await?;
                return Ok(None);
            };
            let (id, target) = (row.parsed("id")?, row.text("target")?);
            let query = sqlx::query(sql::TAKE_TARGET)
                .bind(target.as_str())
                .bind(owner)
                .bind(rows::lease_end(now, lease_ms))
                .bind(row.integer("epoch")?)
                .bind(now_ms);
            let taken = rows::optional(tx.connection(), task, query).await?;
            // Somebody else was faster: look again. Each round somebody has got further, so the rounds end.
            let Some(taken) = taken else { continue };
            let Some(found) = pin::find(tx.connection(), &id).await? else { continue };
            if found.value.next().is_none_or(|(_, due)| due > now) {
                continue;
            }
            let epoch = taken.integer("epoch")?;
            tx.commit().await?;
            return Ok(Some((found, TargetLease { target, owner: owner.to_owned(), epoch })));
        }
    }

    /// Keeps the target for `lease_ms` from `now`. `false`: it was taken over; stop at once.
    pub async fn renew_target(
        &self,
        lease: &TargetLease,
        now: Timestamp,
        lease_ms: u64,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::SET_LEASE_UNTIL)
            .bind(rows::lease_end(now, lease_ms))
            .bind(lease.target.as_str())
            .bind(lease.owner.as_str())
            .bind(lease.epoch);
        self.write("renew a lease", query).await
    }

    /// Gives the target back. `false`: it was taken over before.
    pub async fn release_target(&self, lease: &TargetLease) -> Result<bool, Error> {
        let query = sqlx::query(sql::RELEASE_LEASE)
            .bind(lease.target.as_str())
            .bind(lease.owner.as_str())
            .bind(lease.epoch);
        self.write("release a lease", query).await
    }
}

impl Tx {
    /// Whether the lease still holds; if so, it holds to the end of this transaction.
    pub(crate) async fn hold(&mut self, lease: &RunLease) -> Result<bool, Error> {
        let text = match self.dialect() {
            // The transaction holds the write lock already.
            Dialect::Sqlite => sql::HELD_LEASE,
            Dialect::Postgres => sql::HOLD_LEASE_POSTGRES,
        };
        let query = sqlx::query(text)
            .bind(lease.target.as_str())
            .bind(lease.owner.as_str())
            .bind(lease.epoch)
            .bind(lease.run.as_str());
        Ok(rows::optional(self.connection(), "hold a lease", query).await?.is_some())
    }

    /// The same for work that is no run's.
    pub(crate) async fn hold_target(&mut self, lease: &TargetLease) -> Result<bool, Error> {
        let text = match self.dialect() {
            Dialect::Sqlite => sql::HELD_TARGET,
            Dialect::Postgres => sql::HOLD_TARGET_POSTGRES,
        };
        let query = sqlx::query(text)
            .bind(lease.target.as_str())
            .bind(lease.owner.as_str())
            .bind(lease.epoch);
        Ok(rows::optional(self.connection(), "hold a target", query).await?.is_some())
    }
}
