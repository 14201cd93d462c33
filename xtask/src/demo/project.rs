//! The demo's SQLMesh project: its raw data, a good release, a bad one on top, and beside it the truth.
//!
//! The truth is a second warehouse in which nothing ever was bad: what the rollback must lead to, row by row. For a
//! rollback of single models the good change of the bad release is there; for one that goes back in time, the days since
//! are not.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use chrono::Days;
use tokio::process::Command;

use super::{
    databases::{Databases, settle},
    fault::{Fault, Scene},
    point,
    record::{Fingerprints, Prepared, now},
    server::Countersign,
};
use crate::{
    copies::{copy, edit},
    program, repository,
    stage::{Stage, Stages},
};

/// How far back the data go.
const HISTORY: Days = Days::new(120);
/// The variable that says when the history begins, without its beginning, and its default.
const START: &str = "START', '2024-01-01'";
/// A model that takes more than so many times its usual time to read is slow.
pub(super) const SLOW: f64 = 5.0;

/// The project in a demo's folder.
#[derive(Clone, Debug)]
pub(super) struct Project {
    folder: PathBuf,
    python: PathBuf,
    databases: Databases,
}

impl Project {
    /// The project of a demo's folder, whether it is prepared or not.
    pub(super) fn new(folder: &Path, python: PathBuf, databases: Databases) -> Self {
        Self { folder: folder.to_owned(), python, databases }
    }

    /// Where its data are.
    pub(super) fn databases(&self) -> &Databases {
        &self.databases
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

    /// Makes the data and deploys the releases; returns what the data should be after a rollback.
    pub(super) async fn prepare(
        &self,
        scene: Scene,
        countersign: &Countersign,
        stages: &mut Stages,
    ) -> Result<Prepared> {
        let fault = scene.fault();
        let stage = stages.begin("Write the raw data of a shop");
        let demo = repository::demo();
        for (release, warehouse) in
            [("good", "warehouse"), ("bad", "warehouse"), ("truth", "truth")]
        {
            copy(&demo.join("project"), &self.release(release))?;
            if let Some(base) = fault.base {
                copy(&demo.join(base), &self.release(release))?;
            }
            edit(&self.release(release).join("config.yaml"), |text| {
                settle(&self.databases.settle(text, warehouse)?, START, &start())
            })?;
        }
        self.break_release(scene)?;
        for warehouse in ["warehouse", "truth"] {
            self.program("make_fixture.py", warehouse, &[]).await?;
        }
        stage.done("500 customers, 6 000 orders");

        let stage = stages.begin("Deploy the good release, as of two days ago");
        // As if time had passed since: its tables are stale when they are needed again.
        let two_days_ago = (now() - Days::new(2)).format("%Y-%m-%d 12:00:00").to_string();
        self.deploy("good", &["--execution-time", &two_days_ago], &stage).await?;
        let usual_ms = self.time(fault).await?;
        stage.done("");
        if let Some(kept) = fault.point {
            point::make(countersign, &self.folder, kept, stages).await?;
        }
        let stage = stages.begin("Deploy the bad release, as of now");
        self.deploy("bad", &["--run"], &stage).await?;
        if let Some(damage) = fault.damage {
            self.program(damage, "warehouse", &[]).await?;
        }
        stage.done(fault.note);

        let stage = stages.begin("Work out what the data should be");
        let then = ["--execution-time", &two_days_ago];
        let of_when = if scene.goes_back_in_time() { &then[..] } else { &[] };
        self.deploy("truth", of_when, &stage).await?;
        let truth = self.fingerprints("truth", "truth", &stage).await?;
        let is_bad = self.fingerprints_now(&stage).await?;
        for model in fault.broken {
            ensure!(
                is_bad.get(*model) != truth.get(*model),
                "the bad release leaves {model} as it should be"
            );
        }
        let now_ms = self.time(fault).await?;
        if let (Some(usual), Some(now)) = (usual_ms, now_ms) {
            ensure!(
                now > usual * SLOW,
                "the bad release is not slow: {now:.0} ms for {usual:.0} ms"
            );
            stage.note(&format!("reading it took {usual:.0} ms before, and takes {now:.0} ms now"));
        }
        stage.done("");
        Ok(Prepared { truth, usual_ms })
    }

    /// Makes the bad release out of the good one, and lets the truth have what the rollback keeps of it.
    fn break_release(&self, scene: Scene) -> Result<()> {
        let (fault, demo) = (scene.fault(), repository::demo());
        let (bad, truth) = (self.release("bad"), self.release("truth"));
        copy(&demo.join(fault.release), &bad)?;
        for file in fault.removes {
            fs::remove_file(bad.join(file)).with_context(|| format!("remove {file}"))?;
        }
        for file in scene.kept() {
            fs::copy(demo.join(fault.release).join(file), truth.join(file))
                .with_context(|| format!("copy {file}"))?;
        }
        Ok(())
    }

    /// How long SQLMesh alone takes to go back, by its own command line, on a copy of the warehouse; ends in `truth` or
    /// fails.
    pub(super) async fn alone(
        &self,
        fault: &Fault,
        truth: &Fingerprints,
        stage: &Stage,
    ) -> Result<Duration> {
        let [from, to] = ["truth", "alone"].map(|name| self.databases.place(name));
        fs::copy(self.databases.place("warehouse"), &to)
            .with_context(|| format!("copy to {to}"))?;
        copy(&self.release("truth"), &self.release("alone"))?;
        edit(&self.release("alone").join("config.yaml"), |text| {
            ensure!(text.contains(&from), "it does not name {from}");
            Ok(text.replace(&from, &to))
        })?;
        let mut options = vec!["--skip-tests".to_owned()];
        for model in fault.names {
            // Without the second one it fails half way where a model downstream is new in this combination.
            options.extend(["--select-model".to_owned(), (*model).to_owned()]);
            options.extend(["--backfill-model".to_owned(), format!("{model}+")]);
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let started = Instant::now();
        self.deploy("alone", &options, stage).await?;
        let took = started.elapsed();
        ensure!(
            self.fingerprints("alone", "alone", stage).await? == *truth,
            "SQLMesh alone did not bring the rows back"
        );
        Ok(took)
    }

    /// How long it takes to read the slow model, in milliseconds; `None` where no model is to be slow.
    pub(super) async fn time(&self, fault: &Fault) -> Result<Option<f64>> {
        let Some(model) = fault.slow else { return Ok(None) };
        let said = self.program("time_query.py", "warehouse", &["--model", model]).await?;
        let took = said.trim().parse().with_context(|| format!("understand {said}"))?;
        Ok(Some(took))
    }

    /// What the data are now.
    pub(super) async fn fingerprints_now(&self, stage: &Stage) -> Result<Fingerprints> {
        self.fingerprints("bad", "warehouse", stage).await
    }

    /// Of all models of a release, and of the raw tables of its warehouse.
    async fn fingerprints(
        &self,
        release: &str,
        warehouse: &str,
        stage: &Stage,
    ) -> Result<Fingerprints> {
        #[derive(serde::Deserialize)]
        struct Answer {
            models: Fingerprints,
        }
        let helper = repository::helper().join("countersign_sqlmesh.py");
        let mut ask = self.sqlmesh(&self.python);
        ask.arg("-B")
            .arg(helper)
            .args(["fingerprint-data", "--project"])
            .arg(self.release(release));
        ask.args(["--gateway", self.databases.gateway()]);
        let cache = tempfile::tempdir().context("create a cache folder")?;
        let said = program::watch(in_cache(ask, cache.path()), stage).await?;
        let last = said.lines().last().unwrap_or_default();
        let answer: Answer =
            serde_json::from_str(last).with_context(|| format!("understand {last}"))?;
        let said = self.program("hash_raw.py", warehouse, &[]).await?;
        let raw: Fingerprints =
            serde_json::from_str(&said).with_context(|| format!("understand {said}"))?;
        Ok(answer.models.into_iter().chain(raw).collect())
    }

    /// Runs one of the demo's programs on a warehouse.
    async fn program(&self, name: &str, warehouse: &str, more: &[&str]) -> Result<String> {
        let mut command = Command::new(&self.python);
        command.arg("-B").arg(repository::demo().join(name));
        command.arg("--warehouse").arg(self.databases.place(warehouse)).args(more);
        program::read(command).await
    }

    /// What a dead executor of Countersign's held is free: thirty seconds have passed.
    pub(super) async fn free_lease(&self) -> Result<()> {
        let records = self.databases.records();
        let records = records.strip_prefix("sqlite://").unwrap_or(&records);
        let mut command = Command::new(&self.python);
        command.arg("-B").arg(repository::demo().join("free_lease.py"));
        command.args(["--records", records]).current_dir(&self.folder);
        program::read(command).await?;
        Ok(())
    }

    async fn deploy(&self, release: &str, options: &[&str], stage: &Stage) -> Result<()> {
        let mut plan = self.sqlmesh(&self.python.with_file_name("sqlmesh"));
        plan.arg("-p").arg(self.release(release)).args(["--gateway", self.databases.gateway()]);
        plan.args(["plan", "prod", "--auto-apply", "--no-prompts", "--no-diff"]).args(options);
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

/// When the history begins.
fn start() -> String {
    (now() - HISTORY).format("%Y-%m-%d").to_string()
}
