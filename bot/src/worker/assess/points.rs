//! What the rollbacks that need a rollback point have in common: finding the points of a target, and naming new ones.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use domain::{Timestamp, incident::Incident, plan::Target};
use sqlmesh::{Point, points};

use super::{Assessor, search::Case};

/// What a runbook needs besides the versions of its models, and what the way back costs.
#[derive(Default)]
pub(super) struct Besides {
    pub(super) parameters: BTreeMap<String, Vec<String>>,
    pub(super) data_loss_ms: u64,
}

impl Assessor {
    /// The points of a target, newest first.
    pub(super) fn points_of(&self, target: &Target) -> anyhow::Result<Vec<Point>> {
        let found = points(&self.points)?;
        Ok(found.into_iter().filter(|point| point.is_of(target)).collect())
    }

    /// What a runbook needs that only makes a point before it begins.
    pub(super) fn saved(&self, case: &Case<'_>, now: Timestamp) -> anyhow::Result<Besides> {
        let parameters = BTreeMap::from([
            ("saved".to_owned(), vec![name_of_point(case.incident, now)]),
            ("points".to_owned(), vec![self.folder()?]),
        ]);
        Ok(Besides { parameters, data_loss_ms: 0 })
    }

    /// Whether the runbook of the case declares this parameter: one that was written before does not.
    pub(super) fn takes(&self, case: &Case<'_>, parameter: &str) -> bool {
        let runbook = case.runbook(&self.engine.policies);
        runbook.is_some_and(|runbook| runbook.parameters().any(|(name, _)| name == parameter))
    }

    /// Their folder, as the helper is told of it.
    pub(super) fn folder(&self) -> anyhow::Result<String> {
        let folder: &Path = &self.points;
        Ok(folder.to_str().context("the folder of the rollback points is not UTF-8")?.to_owned())
    }
}

/// A name that the points and databases of no other proposal have.
pub(super) fn name_of_point(incident: &Incident, now: Timestamp) -> String {
    let id = incident.id.to_string();
    let end = id.len().saturating_sub(6);
    format!("pt_{}_{}", now.format("%Y%m%d_%H%M%S"), &id[end..])
}
