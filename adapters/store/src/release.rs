//! The ledger of releases. A row is added when another finished state of a target is seen; what is known of it later
//! (a verdict, a commit, what was measured) is written beside it.

use domain::{
    id::RunId,
    release::{Release, Verdict},
};
use sqlx::AnyConnection;

use crate::{
    Error, Store, Tx,
    rows::{self, Row},
    sql::release as sql,
};

impl Tx {
    /// Adds a release at its place. A place that is taken is a conflict: read the ledger again.
    pub async fn insert_release(&mut self, release: &Release) -> Result<(), Error> {
        let query = sqlx::query(sql::INSERT_RELEASE)
            .bind(release.target.clone())
            .bind(number(release.place))
            .bind(release.plan_id.clone())
            .bind(release.fingerprint.clone())
            .bind(release.finalized_at.map(|at| at.timestamp_millis()))
            .bind(release.seen_at.timestamp_millis())
            .bind(rows::json(&release.snapshots))
            .bind(release.commit.clone().unwrap_or_default())
            .bind(release.learnt.as_str())
            .bind(release.verdict.as_str())
            .bind(release.run.as_ref().map(|run| run.as_str().to_owned()));
        rows::change(self.connection(), "add a release", query).await?;
        Ok(())
    }

    /// Writes down what a run says of the releases of this state; how many there were.
    pub async fn judge_releases(
        &mut self,
        target: &str,
        fingerprint: &str,
        verdict: Verdict,
        run: &RunId,
    ) -> Result<u64, Error> {
        let query = sqlx::query(sql::JUDGE_RELEASES)
            .bind(verdict.as_str())
            .bind(run.as_str())
            .bind(target)
            .bind(fingerprint);
        rows::change(self.connection(), "judge a release", query).await
    }

    /// Writes down which commit a release was made from.
    pub async fn name_commit(
        &mut self,
        target: &str,
        place: u64,
        commit: &str,
    ) -> Result<(), Error> {
        let query = sqlx::query(sql::NAME_COMMIT).bind(commit).bind(target).bind(number(place));
        rows::change(self.connection(), "name a release's commit", query).await?;
        Ok(())
    }
}

impl Store {
    /// Keeps what was measured while this release was live.
    pub async fn keep_baseline(&self, release: &Release, baseline: &str) -> Result<bool, Error> {
        let query = sqlx::query(sql::KEEP_BASELINE)
            .bind(baseline)
            .bind(release.target.clone())
            .bind(number(release.place))
            .bind(release.fingerprint.clone());
        self.write("keep a release's baseline", query).await
    }
}

pub(crate) async fn list(
    connection: &mut AnyConnection,
    target: &str,
    limit: u32,
) -> Result<Vec<Release>, Error> {
    let query = sqlx::query(sql::RELEASES).bind(target).bind(i64::from(limit));
    rows::all(connection, "read the ledger of releases", query, release).await
}

fn release(row: &Row) -> Result<Release, Error> {
    let run = row.text_or_null("run")?.map(RunId::try_from).transpose();
    let known = |text: String| (!text.is_empty()).then_some(text);
    Ok(Release {
        target: row.text("target")?,
        place: row.count("place")?,
        plan_id: row.text("plan_id")?,
        fingerprint: row.text("fingerprint")?,
        finalized_at: row.time_or_null("finalized_ms")?,
        seen_at: row.time("seen_ms")?,
        snapshots: row.json("snapshots")?,
        commit: known(row.text("commit_id")?),
        learnt: row.parsed("learnt")?,
        verdict: row.parsed("verdict")?,
        run: run.map_err(|error| row.unfit("run", error))?,
        baseline: known(row.text("baseline")?),
    })
}

fn number(place: u64) -> i64 {
    i64::try_from(place).expect("no ledger has 2^63 releases")
}
