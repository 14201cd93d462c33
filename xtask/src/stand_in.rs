//! Policies for people to try things out with, and a stand-in for the warehouse that they speak of.
//!
//! The stand-in answers as SQLMesh's helper does and keeps what it knows in a file, so no Python is needed and a rollback
//! takes a second.

use std::{collections::BTreeMap, fs, path::Path};

use ::fakes::slack::TEAM;
use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    copies::{copy, edit},
    repository,
};

/// The model that the last release broke.
pub(crate) const BROKEN_MODEL: &str = "marts.customer_segmentation";
/// A headline about it in which the default triggers see corrupt data.
pub(crate) const HEADLINE: &str = "Duplicate rows in customer_segmentation";

/// Copies the default policies to `rules`, with the fake's workspace in place of the example and the stand-in in place of
/// SQLMesh, and writes a warehouse whose last release, an hour before `now`, can be rolled back.
pub(crate) fn write(
    rules: &Path,
    project: &Path,
    program: &Path,
    now: DateTime<Utc>,
) -> Result<()> {
    copy(&repository::root().join("policies/rules"), rules)?;
    replace(&rules.join("people.yaml"), "T0DATA", TEAM)?;
    fs::create_dir_all(project).with_context(|| format!("make {}", project.display()))?;
    let place = format!("project: {}\n    python: {}", project.display(), program.display());
    replace(&rules.join("targets.yaml"), "project: warehouse", &place)?;
    fs::write(project.join("warehouse.json"), warehouse(now).to_string())
        .context("write the warehouse")
}

fn warehouse(now: DateTime<Utc>) -> Value {
    let released = now - TimeDelta::hours(1);
    let models = json!({
        "marts.customer_segmentation": {"current": "24", "previous": "12"},
        "marts.order_analytics": {"current": "22", "previous": "11"},
    });
    let good: BTreeMap<_, _> = BTreeMap::from([(BROKEN_MODEL, "12")]);
    json!({
        "plan_id": "bad-release",
        "finalized": true,
        "finalized_ms": released.timestamp_millis(),
        "rows": {},
        "baselines": [],
        "models": models,
        "good": good,
        "downstream": ["marts.segment_summary"],
        "removed": [],
        "possible_until_ms": null,
        "environments": {},
        "flags": {"jobs": "running"},
        "faults": {},
        "calls": [],
    })
}

/// A policy that is not what it seems would be worse than none: what is not found is an error.
fn replace(file: &Path, old: &str, new: &str) -> Result<()> {
    edit(file, |text| {
        ensure!(text.contains(old), "there is no `{old}`");
        Ok(text.replace(old, new))
    })
}
