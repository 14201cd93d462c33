//! The rollbacks that need a rollback point: which point, whether it can be relied on, and what it costs.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use domain::{
    Timestamp,
    incident::Incident,
    plan::{Finding, Outcome, Target},
};
use sqlmesh::{Changed, Check, Downstream, Environment, Inspection, Point, PointKind, points};

use super::{Assessor, draft::pairs};
use crate::{
    restorable::{length, spell},
    steps::UNREADABLE,
};

/// So many points are looked at, newest first: a bad one may hide a good one, but not for ever.
const CANDIDATES: usize = 3;

/// What a runbook needs besides the versions of its models.
#[derive(Default)]
pub(super) struct Besides {
    pub(super) models: Vec<String>,
    pub(super) parameters: BTreeMap<String, Vec<String>>,
    pub(super) data_loss_ms: u64,
}

/// What came of looking for a way back; the error is why there is none, in a sentence.
pub(super) type Looked = Result<(Check, Besides), String>;

/// The target as it stands when type 4 is looked at: it may be that nobody can read it.
pub(super) fn or_unreadable(
    answer: Result<Inspection, sqlmesh::Error>,
    target: &Target,
) -> Result<Inspection, sqlmesh::Error> {
    match answer {
        Err(error) if error.is_unreadable() => {
            tracing::warn!("{} cannot be read: {error}", target.id);
            let name = target.environment.clone();
            Ok(Inspection {
                sqlmesh_version: "unknown".to_owned(),
                environment: Environment { name, plan_id: UNREADABLE.to_owned() },
                fingerprint: UNREADABLE.to_owned(),
                changed: vec![],
            })
        }
        answered => answered,
    }
}

impl Assessor {
    /// Type 3: the newest point that keeps the chosen models as they were before the release.
    pub(super) async fn schema(
        &self,
        python: &str,
        target: &Target,
        chosen: &[&Changed],
        (incident, now): (&Incident, Timestamp),
    ) -> anyhow::Result<Looked> {
        let keeps = |point: &Point| {
            let before = |changed: &&Changed| {
                changed.previous.as_ref().is_some_and(|version| point.keeps(&changed.name, version))
            };
            point.kind == PointKind::Tables && chosen.iter().all(before)
        };
        let Some(point) = self.points_of(target)?.into_iter().find(keeps) else {
            let models: Vec<_> = chosen.iter().map(|changed| changed.name.as_str()).collect();
            return Ok(Err(format!(
                "no rollback point keeps {} as before the release, and one of now has lost the values as well.",
                models.join(", ")
            )));
        };
        let folder = self.folder()?;
        let mut words = vec!["check-schema".to_owned(), "--into".to_owned(), folder.clone()];
        words.extend(["--point".to_owned(), point.id.clone()]);
        for (flag, side) in [("--to", true), ("--leaving", false)] {
            let versions = pairs(chosen, |changed| {
                if side { changed.previous.as_ref() } else { changed.current.as_ref() }
            });
            words.extend(versions.into_iter().flat_map(|pair| [flag.to_owned(), pair]));
        }
        let check = self.sqlmesh.check_schema(python, target, &words).await?;
        let leaving = pairs(chosen, |changed| changed.current.as_ref());
        let reached = pairs(chosen, |changed| changed.previous.as_ref());
        let parameters = BTreeMap::from([
            ("leaving".to_owned(), leaving),
            ("reached".to_owned(), reached),
            ("point".to_owned(), vec![point.id]),
            ("saved".to_owned(), vec![name_of_point(incident, now)]),
            ("points".to_owned(), vec![folder]),
        ]);
        Ok(Ok((check, Besides { models: vec![], parameters, data_loss_ms: 0 })))
    }

    /// Type 4: the newest point of the whole environment from before the alert that can be relied on.
    pub(super) async fn full_environment(
        &self,
        python: &str,
        target: &Target,
        inspection: &Inspection,
        (incident, now): (&Incident, Timestamp),
    ) -> anyhow::Result<Looked> {
        let folder = self.folder()?;
        let alerted_ms = incident.opened_at.timestamp_millis();
        let is_candidate =
            |point: &Point| point.kind == PointKind::Full && point.created_ms < alerted_ms;
        let candidates = self.points_of(target)?.into_iter().filter(is_candidate);
        let mut passed_over = Vec::new();
        for point in candidates.take(CANDIDATES) {
            let mut findings = match self.relied_on(python, target, &folder, &point).await? {
                Ok(findings) => findings,
                Err(why) => {
                    passed_over.push(format!("{} cannot be relied on: {why}", point.id));
                    continue;
                }
            };
            let data_loss_ms = u64::try_from(now.timestamp_millis() - point.created_ms)?;
            findings.push(Finding {
                check: "data_loss".to_owned(),
                subject: point.id.clone(),
                outcome: Outcome::Inconclusive,
                detail: format!(
                    "What was written since {} is not in the rollback point ({}); the broken databases keep it.",
                    spell(point.created_ms),
                    length(now.timestamp_millis() - point.created_ms)
                ),
            });
            let check = Check {
                findings,
                possible: true,
                affected: Downstream { downstream: vec![] },
                possible_until_ms: None,
                fingerprint: inspection.fingerprint.clone(),
            };
            let parameters = BTreeMap::from([
                ("point".to_owned(), vec![point.id]),
                ("tag".to_owned(), vec![name_of_point(incident, now)]),
                ("points".to_owned(), vec![folder]),
            ]);
            let models = point.models.into_iter().map(|model| model.name).collect();
            return Ok(Ok((check, Besides { models, parameters, data_loss_ms })));
        }
        let mut why = "there is no rollback point of the whole environment from before the alert that can be relied on.".to_owned();
        for passed in passed_over {
            why = format!("{why} {passed}");
        }
        Ok(Err(why))
    }

    /// Why a point can be relied on, or a sentence why not. Reading a whole copy takes long, and the run does it anyway
    /// before it restores one: here the last verification is believed where there was one that passed.
    async fn relied_on(
        &self,
        python: &str,
        target: &Target,
        folder: &str,
        point: &Point,
    ) -> anyhow::Result<Result<Vec<Finding>, String>> {
        if let Some(verdict) = point.verified.filter(|verdict| verdict.passed) {
            return Ok(Ok(vec![Finding {
                check: "point_verified".to_owned(),
                subject: point.id.clone(),
                outcome: Outcome::Pass,
                detail: format!("The rollback point was verified at {}.", spell(verdict.at_ms)),
            }]));
        }
        let verification = self.sqlmesh.verify_point(python, target, folder, &point.id).await?;
        let findings: Vec<Finding> = verification.checks.into_iter().map(Finding::from).collect();
        let failed = findings.iter().find(|finding| finding.outcome != Outcome::Pass);
        Ok(match failed {
            Some(failed) => Err(failed.detail.clone()),
            None => Ok(findings),
        })
    }

    fn points_of(&self, target: &Target) -> anyhow::Result<Vec<Point>> {
        let found = points(&self.points)?;
        Ok(found.into_iter().filter(|point| point.is_of(target)).collect())
    }

    fn folder(&self) -> anyhow::Result<String> {
        let folder: &Path = &self.points;
        Ok(folder.to_str().context("the folder of the rollback points is not UTF-8")?.to_owned())
    }
}

/// A name that the points and databases of no other proposal have.
fn name_of_point(incident: &Incident, now: Timestamp) -> String {
    let id = incident.id.to_string();
    let end = id.len().saturating_sub(6);
    format!("pt_{}_{}", now.format("%Y%m%d_%H%M%S"), &id[end..])
}
