//! The demo's SQLMesh project: its raw data, a good release, a bad one on top, and beside it the truth.
//!
//! The truth is a second warehouse in which the bad models never were bad and the good change of the bad release is
//! there: what a rollback of the bad models must lead to, row by row.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use chrono::Days;
use tokio::process::Command;

use super::{
    policies::{copy, edit},
    record::{Fingerprints, now},
};
use crate::{
    program, repository,
    stage::{Stage, Stages},
};

/// What the bad release breaks.
pub(super) const BAD_MODELS: [&str; 2] = ["marts.customer_segmentation", "marts.order_analytics"];
/// What it changes for the better.
pub(super) const GOOD_CHANGE: &str = "marts.segment_summary";
/// How far back the data go.
const HISTORY: Days = Days::new(120);

/// The project in a demo's folder.
#[derive(Clone, Debug)]
pub(super) struct Project {
    folder: PathBuf,
    python: PathBuf,
}

impl Project {
    /// The project of a demo's folder, whether it is prepared or not.
    pub(super) fn new(folder: &Path, python: PathBuf) -> Self {
        Self { folder: folder.to_owned(), python }
    }

    /// The Python with SQLMesh.
    pub(super) fn python(&self) -> &Path {
        &self.python
    }

    /// The release that is deployed: what the rollback's target points at.
    pub(super) fn deployed(&self) -> PathBuf {
        self.release("bad")
    }

    fn release(&self, name: &str) -> PathBuf {
        self.folder.join("releases").join(name)
    }

    fn warehouse(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.duckdb"))
    }

    /// Makes the data and deploys the releases; returns what the data should be after a rollback.
    pub(super) async fn prepare(&self, stages: &mut Stages) -> Result<Fingerprints> {
        let stage = stages.begin("Write the raw data of a shop");
        let demo = repository::demo();
        for (release, warehouse) in
            [("good", "warehouse"), ("bad", "warehouse"), ("truth", "truth")]
        {
            copy(&demo.join("project"), &self.release(release))?;
            let warehouse = self.warehouse(warehouse);
            edit(&self.release(release).join("config.yaml"), |text| settled(text, &warehouse))?;
        }
        let bad = demo.join("bad_release");
        copy(&bad, &self.release("bad"))?;
        let change = Path::new("models/marts/segment_summary.sql");
        fs::copy(bad.join(change), self.release("truth").join(change))
            .context("copy the good change")?;
        for warehouse in ["warehouse", "truth"] {
            let mut fixture = Command::new(&self.python);
            fixture
                .arg("-B")
                .arg(demo.join("make_fixture.py"))
                .arg("--warehouse")
                .arg(self.warehouse(warehouse));
            program::read(fixture).await?;
        }
        stage.done("500 customers, 6 000 orders");

        let stage = stages.begin("Deploy the good release, as of two days ago");
        // As if time had passed since: its tables are stale when they are needed again.
        let two_days_ago = (now() - Days::new(2)).format("%Y-%m-%d 12:00:00").to_string();
        self.deploy("good", &["--execution-time", &two_days_ago], &stage).await?;
        stage.done("");
        let stage = stages.begin("Deploy the bad release, as of now");
        self.deploy("bad", &["--run"], &stage).await?;
        stage.done("SQLMesh's own tests and audits all pass");

        let stage = stages.begin("Work out what the data should be");
        self.deploy("truth", &[], &stage).await?;
        let truth = self.fingerprints("truth", &stage).await?;
        let is_bad = self.fingerprints("bad", &stage).await?;
        for model in BAD_MODELS {
            ensure!(
                is_bad.get(model) != truth.get(model),
                "the bad release leaves {model} as it should be"
            );
        }
        stage.done("");
        Ok(truth)
    }

    /// What the data are now.
    pub(super) async fn fingerprints_now(&self, stage: &Stage) -> Result<Fingerprints> {
        self.fingerprints("bad", stage).await
    }

    async fn fingerprints(&self, release: &str, stage: &Stage) -> Result<Fingerprints> {
        #[derive(serde::Deserialize)]
        struct Answer {
            models: Fingerprints,
        }
        let helper = repository::helper().join("countersign_sqlmesh.py");
        let mut ask = self.sqlmesh(&self.python);
        let models = [BAD_MODELS.as_slice(), &[GOOD_CHANGE]].concat().join(",");
        ask.arg("-B")
            .arg(helper)
            .args(["fingerprint-data", "--project"])
            .arg(self.release(release));
        ask.args(["--gateway", "local", "--models", &models]);
        let cache = tempfile::tempdir().context("create a cache folder")?;
        let said = program::watch(in_cache(ask, cache.path()), stage).await?;
        let last = said.lines().last().unwrap_or_default();
        let answer: Answer =
            serde_json::from_str(last).with_context(|| format!("understand {last}"))?;
        Ok(answer.models)
    }

    async fn deploy(&self, release: &str, options: &[&str], stage: &Stage) -> Result<()> {
        let mut plan = self.sqlmesh(&self.python.with_file_name("sqlmesh"));
        plan.arg("-p").arg(self.release(release)).args(["--gateway", "local", "plan", "prod"]);
        plan.args(["--auto-apply", "--no-prompts", "--no-diff"]).args(options);
        let cache = tempfile::tempdir().context("create a cache folder")?;
        program::watch(in_cache(plan, cache.path()), stage).await?;
        Ok(())
    }

    fn sqlmesh(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env("SQLMESH__DISABLE_ANONYMIZED_ANALYTICS", "1")
            .env("NO_COLOR", "1")
            .env("COLUMNS", "300");
        command
    }
}

/// SQLMesh takes what it finds in a cache for true, whichever database it came from.
fn in_cache(mut command: Command, cache: &Path) -> Command {
    command.env("SQLMESH__CACHE_DIR", cache);
    command
}

/// The project's configuration with the values that it would otherwise ask the environment for: the bot hands its own
/// environment to nobody.
fn settled(text: &str, warehouse: &Path) -> Result<String> {
    let warehouse = warehouse.to_str().context("the folder's name is not UTF-8")?;
    let start = (now() - HISTORY).format("%Y-%m-%d").to_string();
    let values = [
        ("{{ env_var('COUNTERSIGN_DEMO_WAREHOUSE', 'warehouse.duckdb') }}", warehouse),
        ("{{ env_var('COUNTERSIGN_DEMO_START', '2024-01-01') }}", &start),
    ];
    let mut settled = text.to_owned();
    for (asked, value) in values {
        let (asked, value) = (format!("\"{asked}\""), serde_json::to_string(value)?);
        ensure!(settled.contains(&asked), "it does not ask for {asked}");
        settled = settled.replace(&asked, &value);
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_project_can_be_settled() {
        let text = fs::read_to_string(repository::demo().join("project/config.yaml")).unwrap();
        let settled = settled(&text, Path::new("/demo/w.duckdb")).unwrap();
        assert!(settled.contains("wh: \"/demo/w.duckdb\""), "{settled}");
        // What is left are the places of a PostgreSQL, each with a default.
        assert!(!settled.contains("COUNTERSIGN_DEMO_WAREHOUSE"), "{settled}");
        assert!(!settled.contains("COUNTERSIGN_DEMO_START"), "{settled}");
    }
}
