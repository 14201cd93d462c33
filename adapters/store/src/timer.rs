//! Timers: one per proposal, in the database and nowhere else. A timer is only a reminder; the proposal's
//! machine decides whether what it says still matters.

use domain::{
    Timestamp,
    id::{IncidentId, ProposalId},
};

use crate::{
    Error, Store, Tx,
    rows::{self, Row},
    sql::timer as sql,
};

/// A reminder that somebody else is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The proposal.
    pub proposal: ProposalId,
    /// Its incident.
    pub incident: IncidentId,
    /// The rung of the ladder that is due.
    pub rung: usize,
    /// How often it was asked again.
    pub repeats: u32,
    /// When.
    pub due: Timestamp,
}

impl Tx {
    /// Sets the proposal's timer in place of the one it has.
    pub async fn set_timer(
        &mut self,
        proposal: &ProposalId,
        incident: &IncidentId,
        rung: usize,
        repeats: u32,
        due: Timestamp,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::SET_TIMER)
            .bind(proposal.as_str())
            .bind(incident.as_str())
            .bind(place(rung))
            .bind(i64::from(repeats))
            .bind(due.timestamp_millis());
        rows::change(self.connection(), "set a timer", query).await?;
        Ok(())
    }

    /// Removes the proposal's timer, if it has one.
    pub async fn clear_timer(&mut self, proposal: &ProposalId) -> Result<(), Error> {
        let query = sqlx::query(sql::CLEAR_TIMER).bind(proposal.as_str());
        rows::change(self.connection(), "clear a timer", query).await?;
        Ok(())
    }
}

impl Store {
    /// At most `limit` timers that are due, the most overdue first. They stay until they are set anew, cleared or
    /// dropped; two workers that see the same one do no harm.
    pub async fn due_timers(&self, now: Timestamp, limit: u32) -> Result<Vec<Timer>, Error> {
        let query =
            sqlx::query(sql::DUE_TIMERS).bind(now.timestamp_millis()).bind(i64::from(limit));
        rows::all(&mut *self.connection().await?, "read the due timers", query, timer).await
    }

    /// Removes a timer that changed nothing. `false`: it was set anew or cleared since it was read.
    pub async fn drop_timer(&self, timer: &Timer) -> Result<bool, Error> {
        let query = sqlx::query(sql::DROP_TIMER)
            .bind(timer.proposal.as_str())
            .bind(place(timer.rung))
            .bind(i64::from(timer.repeats))
            .bind(timer.due.timestamp_millis());
        self.write("drop a timer", query).await
    }
}

fn timer(row: &Row) -> Result<Timer, Error> {
    Ok(Timer {
        proposal: row.parsed("proposal")?,
        incident: row.parsed("incident")?,
        rung: row.count("rung")?,
        repeats: row.count("repeats")?,
        due: row.time("due_ms")?,
    })
}

fn place(rung: usize) -> i64 {
    i64::try_from(rung).expect("no ladder has 2^63 rungs")
}
