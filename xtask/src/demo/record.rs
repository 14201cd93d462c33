//! `demo.json`: what a demo has done so far. It exists from the moment that the demo's data are prepared.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context as _, Result};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};

use super::fault::Scene;

const FILE: &str = "demo.json";

/// Hashes over all rows of each model.
pub(super) type Fingerprints = BTreeMap<String, serde_json::Value>;

/// What is known once the data of a demo are prepared.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// What the data should be after the rollback.
    pub(super) truth: Fingerprints,
    /// How long the slow model takes to read when it is not slow, in milliseconds.
    pub(super) usual_ms: Option<f64>,
}

/// What a demo has done so far, and what must stay the same when it goes on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Record {
    /// Signs the webhook.
    pub(super) webhook_secret: String,
    /// The webhook's event: the same when it is sent again.
    pub(super) event_id: String,
    /// The incident in PagerDuty: letters and digits.
    pub(super) alert_id: String,
    /// When the alert was raised.
    pub(super) raised_at: String,
    /// What is broken, and which rollback answers it.
    #[serde(default)]
    pub(super) scene: Scene,
    /// What the data should be.
    pub(super) truth: Fingerprints,
    /// How long the slow model took to read before it was slow, in milliseconds.
    #[serde(default)]
    pub(super) usual_ms: Option<f64>,
    /// Where the page was.
    pub(super) port: Option<u16>,
    /// The processes of the server, as [`runner::ProcessIdentity`] writes them.
    pub(super) server: Option<String>,
    /// The incident in Countersign.
    pub(super) incident: Option<String>,
    /// Whether it has ended.
    pub(super) finished: bool,
}

impl Record {
    /// A demo that is prepared and has done nothing yet.
    pub(super) fn new(scene: Scene, Prepared { truth, usual_ms }: Prepared) -> Result<Self> {
        Ok(Self {
            webhook_secret: random_digits(32)?,
            event_id: format!("01{}", random_digits(12)?.to_uppercase()),
            alert_id: format!("Q{}", random_digits(6)?.to_uppercase()),
            raised_at: now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            scene,
            truth,
            usual_ms,
            port: None,
            server: None,
            incident: None,
            finished: false,
        })
    }

    /// Reads the record of a demo's folder; `None` where it was never prepared.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let file = folder.join(FILE);
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
        let record = serde_json::from_slice(&text)
            .with_context(|| format!("understand {}", file.display()))?;
        Ok(Some(record))
    }

    /// Writes it, whole or not at all.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let (file, draft) = (folder.join(FILE), folder.join("demo.json.draft"));
        fs::write(&draft, serde_json::to_vec_pretty(self)?)
            .and_then(|()| fs::rename(&draft, &file))
            .with_context(|| format!("write {}", file.display()))
    }
}

/// The time of this machine.
#[expect(clippy::disallowed_methods, reason = "a demo happens now, and its data end yesterday")]
pub(super) fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

fn random_digits(bytes: usize) -> Result<String> {
    let mut random = vec![0; bytes];
    SystemRandom::new().fill(&mut random).map_err(|_| anyhow::anyhow!("draw random bytes"))?;
    Ok(hex::encode(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_and_a_missing_one_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Record::read(folder.path()).unwrap().is_none());
        let mut record = Record::new(Scene::default(), Prepared::default()).unwrap();
        record.incident = Some("inc_1".to_owned());
        record.write(folder.path()).unwrap();
        let read = Record::read(folder.path()).unwrap().expect("it was written");
        assert_eq!((read.event_id, read.incident), (record.event_id, record.incident));
        assert!(record.alert_id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
