//! Jobs: edge-triggered work, done at least once and in order within a lane and an incident.
//!
//! ```text
//! waiting ──claim──▶ held ──finish──▶ gone
//!    ▲ ▲               │ retry, or the lease ends
//!    │ └───────────────┤
//!    └─unpark── parked ◀─ park          (parked: kept, out of the way of the later ones)
//! ```

use domain::{
    Timestamp,
    effect::{Job, Lane},
    id::{IncidentId, MessageId},
};

use crate::{
    Error, Store, Tx,
    rows::{self, Row},
    sql::job as sql,
};

/// A job that a worker holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobClaim {
    /// Its id, also the idempotency key.
    pub id: MessageId,
    /// The incident it serves.
    pub incident: IncidentId,
    /// What is to be done.
    pub job: Job,
    /// How often it was claimed before.
    pub attempts: u32,
    /// Which claim this is; it only grows.
    pub epoch: i64,
    /// When it was first due.
    pub queued_at: Timestamp,
    /// Whether it may have been done already: an earlier try ended without an answer, or its worker is gone.
    pub in_doubt: bool,
    /// Why the try before did not work; empty for the first.
    pub problem: String,
}

impl Tx {
    /// Queues a job behind the incident's others of that lane; it is done at `due` or later.
    pub async fn enqueue(
        &mut self,
        lane: &Lane,
        incident: &IncidentId,
        job: &Job,
        id: MessageId,
        due: Timestamp,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_JOB)
            .bind(id.as_str())
            .bind(lane.as_text())
            .bind(incident.as_str())
            .bind(rows::json(job))
            .bind(due.timestamp_millis());
        rows::change(self.connection(), "queue a job", query).await?;
        Ok(())
    }
}

impl Store {
    /// Claims at most `limit` jobs that are due: of each incident only the oldest that is not parked, and in a
    /// chat's lane only where the incident's thread exists there.
    pub async fn claim_jobs(
        &self,
        lane: &Lane,
        owner: &str,
        now: Timestamp,
        lease_ms: u64,
        limit: u32,
    ) -> Result<Vec<JobClaim>, Error> {
        let mut tx = self.begin().await?;
        // Claimers of one lane take turns: two that update several rows each could otherwise block each other.
        tx.lock_key(&format!("claim jobs of {}", lane.as_text())).await?;
        let query = sqlx::query(sql::CLAIM_JOBS)
            .bind(lane.as_text())
            .bind(now.timestamp_millis())
            .bind(chat_of(*lane))
            .bind(i64::from(limit))
            .bind(owner)
            .bind(rows::lease_end(now, lease_ms));
        let mut claims = rows::all(tx.connection(), "claim jobs", query, claim).await?;
        tx.commit().await?;
        claims.sort_by(|a, b| (a.queued_at, &a.id).cmp(&(b.queued_at, &b.id)));
        Ok(claims)
    }

    /// The job is done. `false`: somebody else has taken it over.
    pub async fn finish_job(&self, claim: &JobClaim, owner: &str) -> Result<bool, Error> {
        let query =
            sqlx::query(sql::FINISH_JOB).bind(claim.id.as_str()).bind(owner).bind(claim.epoch);
        self.write("finish a job", query).await
    }

    /// Holds the job for longer. `false`: somebody else has taken it over.
    pub async fn renew_job(
        &self,
        claim: &JobClaim,
        owner: &str,
        now: Timestamp,
        lease_ms: u64,
    ) -> Result<bool, Error> {
        let until = domain::escalation::later(now, lease_ms);
        let query = sqlx::query(sql::RENEW_JOB)
            .bind(until.timestamp_millis())
            .bind(claim.id.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("hold a job for longer", query).await
    }

    /// The job is to be tried again at `due`; until then the incident's later ones wait. `unknown_outcome` puts it
    /// in doubt. `false`: somebody else has taken it over.
    pub async fn retry_job(
        &self,
        claim: &JobClaim,
        owner: &str,
        due: Timestamp,
        problem: &str,
        unknown_outcome: bool,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::RETRY_JOB)
            .bind(due.timestamp_millis())
            .bind(problem)
            .bind(i64::from(unknown_outcome))
            .bind(claim.id.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("put a job back", query).await
    }

    /// The job cannot be done until somebody mends something. `false`: somebody else has taken it over.
    pub async fn park_job(
        &self,
        claim: &JobClaim,
        owner: &str,
        problem: &str,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::PARK_JOB)
            .bind(problem)
            .bind(claim.id.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("park a job", query).await
    }

    /// Lets a lane's parked jobs be tried again; the answer is how many there were.
    pub async fn unpark_jobs(&self, lane: &Lane) -> Result<u64, Error> {
        let mut tx = self.begin().await?;
        let query = sqlx::query(sql::UNPARK_JOBS).bind(lane.as_text());
        let many = rows::change(tx.connection(), "unpark jobs", query).await?;
        tx.commit().await?;
        Ok(many)
    }
}

/// The chat whose thread a lane's jobs need; empty where they need none.
pub(crate) fn chat_of(lane: Lane) -> &'static str {
    match lane {
        Lane::Assess => "",
        Lane::Chat(chat) => chat.as_str(),
    }
}

fn claim(row: &Row) -> Result<JobClaim, Error> {
    Ok(JobClaim {
        id: row.parsed("id")?,
        incident: row.parsed("incident")?,
        job: row.json("body")?,
        attempts: row.count::<u32>("attempts")?.saturating_sub(1),
        epoch: row.integer("epoch")?,
        queued_at: row.time("queued_ms")?,
        in_doubt: row.flag("in_doubt")?,
        problem: row.text("problem")?,
    })
}
