//! Between SQLMesh's answers and the ledger of releases: what was seen, what is measured of it, and where the ledger
//! leads back to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeZone as _;
use domain::{
    Timestamp,
    release::{Difference, Extent, Learnt, ModelVersion, Release, Snapshot, Snapshots, way_back},
};
use policies::{Match, TargetRule};
use serde_json::{Value, json};
use sqlmesh::{Changed, Inspection, Measures};

use super::assess::is_meant;
use crate::engine::Sight;

/// So many models of a release are measured: each is read once as a whole.
const MEASURED: usize = 100;
/// The most that a baseline holds, in bytes.
const BASELINE_LIMIT: usize = 256 * 1024;
/// The most that a plan carries of it, in bytes: a program's argument has its limit.
const PARAMETER_LIMIT: usize = 60 * 1024;
/// The part of the rows that may be missing after a rollback.
const TOLERANCE: f64 = 0.01;
/// The part by which the rows may have grown since they were measured; more asks a person.
const GROWTH: f64 = 0.5;

/// Where a rollback goes back to, as the ledger knows it.
pub(super) struct Basis {
    /// The release in words.
    pub(super) name: String,
    /// All that differs from it.
    pub(super) changed: Vec<Changed>,
    /// What was measured while the release was live.
    baseline: Option<String>,
}

/// What an inspection saw; `None` while a SQLMesh plan is not finished.
pub(super) fn sight(
    target: &str,
    inspection: &Inspection,
    (learnt, begun_at): (Learnt, Timestamp),
) -> Option<Sight> {
    let finalized_at =
        chrono::Utc.timestamp_millis_opt(inspection.environment.finalized_ts?).single()?;
    Some(Sight {
        target: target.to_owned(),
        plan_id: inspection.environment.plan_id.clone(),
        fingerprint: inspection.fingerprint.clone(),
        finalized_at,
        snapshots: snapshots(inspection),
        learnt,
        begun_at,
    })
}

fn snapshots(inspection: &Inspection) -> Snapshots {
    let snapshot = |model: &sqlmesh::Described| {
        let version = model.version.clone().unwrap_or_default();
        (model.name.clone(), Snapshot { identifier: model.identifier.clone(), version })
    };
    inspection.current.iter().map(snapshot).collect()
}

/// The models that are measured: those that the policies speak of first, then by name.
pub(super) fn measurable(rule: &TargetRule, inspection: &Inspection) -> Vec<String> {
    let with_table = inspection.current.iter().filter(|model| model.physical_table.is_some());
    let mut models: Vec<String> = with_table.map(|model| model.name.clone()).collect();
    models.sort_by_key(|model| (rule.model(model).is_none(), model.clone()));
    models.truncate(MEASURED);
    models
}

/// What was measured, as it is kept; `None` where it is too much.
pub(super) fn kept(measures: &Measures) -> Option<String> {
    let text = json!({"models": measures.models}).to_string();
    (text.len() <= BASELINE_LIMIT).then_some(text)
}

/// The newest release to which this much may go back for what the alert means. `releases` is the ledger, newest first.
pub(super) fn basis(
    releases: &[Release],
    inspection: &Inspection,
    bad: &BTreeSet<String>,
    extent: Extent,
    matched: &Match,
) -> Option<Basis> {
    let (newest, earlier) = releases.split_first()?;
    // The newest is the one that the alert is about; one that nobody has entered yet is no way back from itself.
    let earlier = if newest.fingerprint == inspection.fingerprint { earlier } else { releases };
    let bad = bad.iter().filter_map(|text| ModelVersion::read(text)).collect();
    let now = snapshots(inspection);
    let way = way_back(earlier, &now, &bad, extent, |model| is_meant(matched, model))?;
    let changed = way.differences.into_iter().map(|Difference { model, now, then }| Changed {
        name: model,
        current: now,
        previous: then,
    });
    Some(Basis {
        name: way.release.name(),
        changed: changed.collect(),
        baseline: way.release.baseline.clone(),
    })
}

impl Basis {
    /// What is compared after the rollback of these models, as the runbook's parameter `baseline`.
    pub(super) fn parameter(&self, models: &[String]) -> Option<String> {
        let kept: Value = serde_json::from_str(self.baseline.as_deref()?).ok()?;
        let of_these: BTreeMap<&str, &Value> = models
            .iter()
            .filter_map(|model| Some((model.as_str(), kept["models"].get(model)?)))
            .collect();
        let text = json!({"models": of_these, "tolerance": TOLERANCE, "growth": GROWTH});
        let text = text.to_string();
        (!of_these.is_empty() && text.len() <= PARAMETER_LIMIT).then_some(text)
    }
}
