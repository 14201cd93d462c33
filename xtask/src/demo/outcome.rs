//! The end of a demo: whether the data and the journal bear out what the thread says, and the line that says so.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, Result, ensure};
use serde::Serialize;

use super::{
    fault::Scene,
    project::{Project, SLOW},
    record::{Fingerprints, Record},
    server::Countersign,
    thread::RolledBack,
};
use crate::stage::Stage;

/// DuckDB has one writer: another process may hold the file for a moment.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// The last line of a demo.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    incident: String,
    proposal: String,
    #[serde(rename = "type")]
    rollback_type: u8,
    approvals: usize,
    run: String,
    recovery_seconds: f64,
    journal: &'static str,
    /// How often the bot was killed on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    kills: Option<usize>,
}

impl Outcome {
    /// What is true once the data were compared and the journal was verified.
    pub(super) fn of(scene: Scene, incident: &str, rolled_back: RolledBack) -> Result<Self> {
        let RolledBack { proposal, rollback_type, approvals, run, recovery_ms } = rolled_back;
        ensure!(
            rollback_type == scene.rollback_type,
            "a rollback of type {rollback_type} was proposed instead of type {}",
            scene.rollback_type
        );
        ensure!(
            run == "succeeded",
            "the proposal says that it was rolled back, and its run: {run}"
        );
        ensure!(approvals > 0, "it was rolled back without an approval");
        Ok(Self {
            incident: incident.to_owned(),
            proposal,
            rollback_type,
            approvals,
            run,
            recovery_seconds: Duration::from_millis(recovery_ms).as_secs_f64(),
            journal: "verified",
            kills: None,
        })
    }

    /// The same, with so many kills on the way.
    pub(super) fn after(self, kills: usize) -> Self {
        Self { kills: Some(kills), ..self }
    }

    /// One JSON object on one line.
    pub(super) fn line(&self) -> Result<String> {
        serde_json::to_string(self).context("write the outcome")
    }
}

/// Compares all models and raw tables, row by row, with what they should be, and says what was found.
pub(super) async fn compare(project: &Project, record: &Record, stage: &Stage) -> Result<String> {
    let (fault, truth) = (record.scene.fault(), &record.truth);
    let found = now(project, stage).await?;
    for (model, rows) in truth {
        ensure!(
            found.get(model) == Some(rows),
            "{model} is not as it should be after the rollback"
        );
    }
    for model in found.keys() {
        ensure!(truth.contains_key(model), "{model} is still there after the rollback");
    }
    let raw = truth.keys().filter(|name| name.starts_with("raw.")).count();
    let models = truth.len() - raw;
    let same = format!("every row of all {models} models and {raw} raw tables is as it should be");
    let (Some(usual), Some(took)) = (record.usual_ms, project.time(fault).await?) else {
        return Ok(same);
    };
    ensure!(took < usual * SLOW, "reading still takes {took:.0} ms, and took {usual:.0} ms before");
    Ok(format!("{same}, and reading takes {took:.0} ms again"))
}

async fn now(project: &Project, stage: &Stage) -> Result<Fingerprints> {
    let mut tries = 1;
    loop {
        match project.fingerprints_now(stage).await {
            Ok(found) => return Ok(found),
            Err(error) if tries == TRIES || error.is::<crate::program::Interrupted>() => {
                return Err(error);
            }
            Err(_) => tries += 1,
        }
        stage.says("the database is in use; trying again");
        tokio::time::sleep(PAUSE).await;
    }
}

/// Exports the incident's record, verifies it from the files alone, and says what was proved.
pub(super) async fn verify(
    countersign: &Countersign,
    folder: &Path,
    incident: &str,
) -> Result<String> {
    let record = countersign.call(&["audit", "export", "--incident", incident]).await?;
    let log = folder.join("log.jsonl");
    fs::write(&log, record).with_context(|| format!("write {}", log.display()))?;
    let proved =
        countersign.call(&["audit", "verify", "--log", "log.jsonl", "--keys", "keys"]).await?;
    Ok(proved.lines().last().unwrap_or_default().to_owned())
}
