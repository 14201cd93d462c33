//! When each target is looked at, by whom, and what the last look met.
//!
//! ```text
//! waiting ──due, claim──▶ looking ──finish──▶ waiting
//!    ▲                        │ the lease ends
//!    └────────────────────────┘
//! ```
//! Asking for a look is durable, and asking twice is one look.

use domain::Timestamp;
use sqlx::AnyConnection;

use crate::{
    Error, Store, Tx,
    due::due,
    rows::{self, Row},
    sql::release as sql,
};

/// How a target was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// When it is due; while somebody looks, the end of their lease.
    pub due_at: Timestamp,
    /// For when somebody last asked for a look; `None` where nobody has.
    pub wanted_at: Option<Timestamp>,
    /// When the last one succeeded; `None` before the first.
    pub looked_at: Option<Timestamp>,
    /// What the last one met; empty when all went well.
    pub problem: String,
    /// The commit that waits for its release.
    pub commit: Option<ToldCommit>,
}

/// A commit that CI has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldCommit {
    /// The commit.
    pub commit: String,
    /// When it was told.
    pub at: Timestamp,
    /// Whether it belongs only to a release that was not known then.
    pub of_next: bool,
}

/// When a target was last looked at, for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// When; `None` before the first time.
    pub at: Option<Timestamp>,
    /// What the last look met; empty when all went well.
    pub problem: String,
}

/// A look that this process makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookClaim {
    /// The target.
    pub target: String,
    /// Since when.
    pub begun_at: Timestamp,
}

impl Tx {
    /// Wants a look at the target at `at`, or sooner.
    pub async fn want_look(&mut self, target: &str, at: Timestamp) -> Result<(), Error> {
        self.ensure_look(target).await?;
        let query = sqlx::query(sql::WANT_LOOK).bind(at.timestamp_millis()).bind(target);
        rows::change(self.connection(), "want a look", query).await?;
        Ok(())
    }

    /// Keeps a commit until the release that it belongs to is seen; one that waits is replaced.
    pub async fn tell_commit(&mut self, target: &str, told: &ToldCommit) -> Result<(), Error> {
        self.ensure_look(target).await?;
        let query = sqlx::query(sql::TELL_COMMIT)
            .bind(told.commit.clone())
            .bind(told.at.timestamp_millis())
            .bind(i64::from(told.of_next))
            .bind(target);
        rows::change(self.connection(), "keep a commit", query).await?;
        Ok(())
    }

    /// The commit has found its release, or never will. One that was told later stays.
    pub async fn forget_commit(&mut self, target: &str, told: &ToldCommit) -> Result<(), Error> {
        let query = sqlx::query(sql::FORGET_COMMIT)
            .bind(target)
            .bind(told.commit.clone())
            .bind(told.at.timestamp_millis());
        rows::change(self.connection(), "forget a commit", query).await?;
        Ok(())
    }

    async fn ensure_look(&mut self, target: &str) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_LOOK).bind(target);
        rows::change(self.connection(), "want a look", query).await?;
        Ok(())
    }
}

impl Store {
    /// Claims the look at a target, where one is due and nobody else makes it.
    pub async fn claim_look(
        &self,
        target: &str,
        owner: &str,
        now: Timestamp,
        lease_ms: u64,
    ) -> Result<Option<LookClaim>, Error> {
        let mut tx = self.begin().await?;
        tx.ensure_look(target).await?;
        let query = sqlx::query(sql::CLAIM_LOOK)
            .bind(owner)
            .bind(rows::lease_end(now, lease_ms))
            .bind(target)
            .bind(now.timestamp_millis());
        let claimed = rows::change(tx.connection(), "claim a look", query).await? == 1;
        tx.commit().await?;
        Ok(claimed.then(|| LookClaim { target: target.to_owned(), begun_at: now }))
    }

    /// The look is over: `looked_at` where it succeeded, and the next one is due then. One that was wanted meanwhile
    /// comes sooner. `false`: somebody else has taken it over.
    pub async fn finish_look(
        &self,
        claim: &LookClaim,
        owner: &str,
        looked_at: Option<Timestamp>,
        problem: &str,
        due: Timestamp,
    ) -> Result<bool, Error> {
        let query = sqlx::query(sql::FINISH_LOOK)
            .bind(looked_at.map_or(0, |at| at.timestamp_millis()))
            .bind(problem)
            .bind(claim.begun_at.timestamp_millis())
            .bind(due.timestamp_millis())
            .bind(claim.target.as_str())
            .bind(owner);
        self.write("finish a look", query).await
    }

    /// When a look is due next.
    pub async fn next_look(&self) -> Result<Option<Timestamp>, Error> {
        due(&mut *self.connection().await?, sqlx::query(sql::NEXT_LOOK)).await
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    target: &str,
) -> Result<Option<Look>, Error> {
    let query = sqlx::query(sql::LOOK).bind(target);
    let row = rows::optional(connection, "read how a target was looked at", query).await?;
    row.map(|row| look(&row)).transpose()
}

pub(crate) async fn list(
    connection: &mut AnyConnection,
) -> Result<std::collections::BTreeMap<String, Looked>, Error> {
    let read = |row: &Row| {
        let looked = Looked { at: ever(row, "looked_ms")?, problem: row.text("problem")? };
        Ok((row.text("target")?, looked))
    };
    let rows = rows::all(connection, "read the looks", sqlx::query(sql::LOOKS), read).await?;
    Ok(rows.into_iter().collect())
}

fn look(row: &Row) -> Result<Look, Error> {
    let commit = row.text("commit_id")?;
    let told = ToldCommit {
        commit: commit.clone(),
        at: row.time("commit_ms")?,
        of_next: row.flag("commit_of_next")?,
    };
    Ok(Look {
        due_at: row.time("due_ms")?,
        wanted_at: ever(row, "wanted_ms")?,
        looked_at: ever(row, "looked_ms")?,
        problem: row.text("problem")?,
        commit: (!commit.is_empty()).then_some(told),
    })
}

/// A moment that is 0 while it has not come.
fn ever(row: &Row, column: &'static str) -> Result<Option<Timestamp>, Error> {
    let at_ms = row.integer(column)?;
    if at_ms > 0 { row.time(column).map(Some) } else { Ok(None) }
}
