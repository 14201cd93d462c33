//! How much of everything there is, for metrics and for the checks after a test.

use std::collections::BTreeMap;

use domain::Timestamp;
use sqlx::AnyConnection;

use crate::{
    Error, Looked, Store, look,
    rows::{self, Query},
    sql::{hold, metrics as sql, release},
};

const TASK: &str = "count what is stored";

/// Numbers of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Jobs that wait or are held.
    pub pending_jobs: i64,
    /// Jobs that cannot be done until somebody mends something.
    pub parked_jobs: i64,
    /// Cards that are not up to date.
    pub pending_cards: i64,
    /// Cards that are not up to date and cannot be shown until somebody mends something.
    pub parked_cards: i64,
    /// Letters of those who are asked that are not up to date.
    pub pending_letters: i64,
    /// Letters that are not up to date and were given up.
    pub parked_letters: i64,
    /// Home pages that wait to be shown, and messages that wait to be put into a timeline.
    pub pending_errands: i64,
    /// Since when what waits longest for a chat waits.
    pub oldest_waiting: Option<Timestamp>,
    /// What waits because a chat refused it by itself: the problems, and how many each has.
    pub refused: BTreeMap<String, i64>,
    /// Proposals that are not closed.
    pub open_proposals: i64,
    /// Runs that are not at rest.
    pub runs_under_way: i64,
    /// Timers that are due.
    pub due_timers: i64,
    /// Targets on which a hold stands.
    pub held_targets: i64,
    /// Holds whose bad versions are live again.
    pub returned_holds: i64,
    /// Releases seen, by verdict.
    pub releases_by_verdict: BTreeMap<String, i64>,
    /// When each target was last looked at.
    pub looks: BTreeMap<String, Looked>,
    /// Deliveries taken in, by kind.
    pub seen_by_kind: BTreeMap<String, i64>,
}

impl Store {
    /// Counts; `now` decides which timers are due. The numbers need not be of one moment.
    pub async fn counts(&self, now: Timestamp) -> Result<Counts, Error> {
        let mut connection = self.connection().await?;
        let (pending_jobs, parked_jobs) = pair(&mut connection, sql::COUNT_JOBS).await?;
        let (pending_cards, parked_cards) = pair(&mut connection, sql::COUNT_CARDS).await?;
        let (pending_letters, parked_letters) = pair(&mut connection, sql::COUNT_HANDOVERS).await?;
        let due_timers = sqlx::query(sql::COUNT_DUE_TIMERS).bind(now.timestamp_millis());
        let oldest = sqlx::query(sql::OLDEST_WAITING);
        let oldest = rows::single(&mut connection, TASK, oldest).await?;
        let refused = rows::all(&mut connection, TASK, sqlx::query(sql::REFUSED), |row| {
            Ok((row.text("problem")?, row.integer("many")?))
        });
        let refused = refused.await?.into_iter().collect();
        let seen_by_kind = by_kind(&mut connection, sql::COUNT_SEEN).await?;
        let releases_by_verdict = by_kind(&mut connection, release::COUNT_RELEASES).await?;
        Ok(Counts {
            pending_jobs,
            parked_jobs,
            pending_cards,
            parked_cards,
            pending_letters,
            parked_letters,
            pending_errands: one(&mut connection, sqlx::query(sql::COUNT_ERRANDS)).await?,
            oldest_waiting: oldest.time_or_null("oldest_ms")?,
            refused,
            open_proposals: one(&mut connection, sqlx::query(sql::COUNT_OPEN_PROPOSALS)).await?,
            runs_under_way: one(&mut connection, sqlx::query(sql::COUNT_RUNS_UNDER_WAY)).await?,
            due_timers: one(&mut connection, due_timers).await?,
            held_targets: one(&mut connection, sqlx::query(hold::COUNT_HELD_TARGETS)).await?,
            returned_holds: one(&mut connection, sqlx::query(hold::COUNT_RETURNED)).await?,
            releases_by_verdict,
            looks: look::list(&mut connection).await?,
            seen_by_kind,
        })
    }
}

async fn one(connection: &mut AnyConnection, query: Query) -> Result<i64, Error> {
    rows::single(connection, TASK, query).await?.integer("many")
}

async fn by_kind(
    connection: &mut AnyConnection,
    text: &'static str,
) -> Result<BTreeMap<String, i64>, Error> {
    let counts = rows::all(connection, TASK, sqlx::query(text), |row| {
        Ok((row.text("kind")?, row.integer("many")?))
    });
    Ok(counts.await?.into_iter().collect())
}

/// How many are not parked, and how many are.
async fn pair(connection: &mut AnyConnection, text: &'static str) -> Result<(i64, i64), Error> {
    let counts = rows::all(connection, TASK, sqlx::query(text), |row| {
        Ok((row.flag("parked")?, row.integer("many")?))
    });
    let counts: BTreeMap<bool, i64> = counts.await?.into_iter().collect();
    let of = |parked: bool| counts.get(&parked).copied().unwrap_or_default();
    Ok((of(false), of(true)))
}
