//! Jobs: edge-triggered work, done at least once and in order within a lane and a track of an incident.
//!
//! ```text
//! waiting ──claim──▶ held ──finish──▶ gone
//!    ▲ ▲               │ retry, or the lease ends
//!    │ └───────────────┤
//!    └─unpark── parked ◀─ park          (parked: kept, out of the way of the later ones)
//! ```

use domain::{
    Timestamp,
    effect::{Job, Lane, Urgency},
    id::{IncidentId, MessageId},
    person::ChatName,
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
    /// Queues a job behind the incident's others of that lane and track; it is done at `due` or later.
    pub async fn enqueue(
        &mut self,
        lane: &Lane,
        incident: &IncidentId,
        job: &Job,
        id: MessageId,
        due: Timestamp,
    ) -> Result<(), Error> {
        self.enqueue_as(job.urgency(), (lane, incident), job, id, due).await
    }

    /// The same for a job of which more is known than what kind it is.
    pub async fn enqueue_as(
        &mut self,
        urgency: Urgency,
        (lane, incident): (&Lane, &IncidentId),
        job: &Job,
        id: MessageId,
        due: Timestamp,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_JOB)
            .bind(id.as_str())
            .bind(lane.as_text())
            .bind(incident.as_str())
            .bind(rows::json(job))
            .bind(due.timestamp_millis())
            .bind(job.track())
            .bind(urgency.as_number());
        rows::change(self.connection(), "queue a job", query).await?;
        Ok(())
    }
}

impl Store {
    /// Claims at most `limit` jobs that are due: of each track of an incident only the oldest that is not parked, and
    /// in a chat's lane only where the incident's thread exists there.
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
        let first = |claim: &Claimed| (!claim.is_private, claim.urgency, claim.claim.queued_at);
        claims.sort_by(|a, b| (first(a), &a.claim.id).cmp(&(first(b), &b.claim.id)));
        Ok(claims.into_iter().map(|claimed| claimed.claim).collect())
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

    /// The job was not tried and may be claimed again, at `due` or later. `false`: somebody else has taken it over.
    pub async fn return_job(
        &self,
        claim: &JobClaim,
        owner: &str,
        due: Timestamp,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::RETURN_JOB)
            .bind(due.timestamp_millis())
            .bind(claim.id.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("give a job back", query).await
    }

    /// Nothing is said in any thread of this channel before `until`.
    pub async fn put_off_replies(
        &self,
        chat: ChatName,
        channel: &str,
        until: Timestamp,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::PUT_OFF_REPLIES)
            .bind(until.timestamp_millis())
            .bind(Lane::Chat(chat).as_text())
            .bind(chat.as_str())
            .bind(channel.to_owned());
        self.write("put replies off", query).await.map(|_| ())
    }

    /// Nothing is whispered to anybody before `until`.
    pub async fn put_off_whispers(&self, chat: ChatName, until: Timestamp) -> Result<(), Error> {
        let query = sqlx::query(sql::PUT_OFF_WHISPERS)
            .bind(until.timestamp_millis())
            .bind(Lane::Chat(chat).as_text());
        self.write("put whispers off", query).await.map(|_| ())
    }

    /// The job cannot be done until somebody mends something. `false`: somebody else has taken it over.
    pub async fn park_job(
        &self,
        claim: &JobClaim,
        owner: &str,
        problem: &str,
    ) -> Result<bool, Error> {
        self.park(claim, owner, problem, 0).await
    }

    /// The same, where something shorter was said in its place: it is kept, and never said. `false`: somebody else has
    /// taken it over.
    pub async fn park_replaced_job(
        &self,
        claim: &JobClaim,
        owner: &str,
        problem: &str,
    ) -> Result<bool, Error> {
        self.park(claim, owner, problem, 1).await
    }

    async fn park(
        &self,
        claim: &JobClaim,
        owner: &str,
        problem: &str,
        replaced: i64,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::PARK_JOB)
            .bind(replaced)
            .bind(problem)
            .bind(claim.id.as_str())
            .bind(owner)
            .bind(claim.epoch);
        self.write("park a job", query).await
    }

    /// Lets a lane's parked jobs be tried again that were not replaced; the answer is how many there were.
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

/// A claim, and what its place among the others follows from.
struct Claimed {
    claim: JobClaim,
    is_private: bool,
    urgency: i64,
}

fn claim(row: &Row) -> Result<Claimed, Error> {
    let claim = JobClaim {
        id: row.parsed("id")?,
        incident: row.parsed("incident")?,
        job: row.json("body")?,
        attempts: row.count::<u32>("attempts")?.saturating_sub(1),
        epoch: row.integer("epoch")?,
        queued_at: row.time("queued_ms")?,
        in_doubt: row.flag("in_doubt")?,
        problem: row.text("problem")?,
    };
    let is_private = !row.text("track")?.is_empty();
    Ok(Claimed { claim, is_private, urgency: row.integer("urgency")? })
}
