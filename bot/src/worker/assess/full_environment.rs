//! Type 4: the whole environment goes back to a rollback point, whatever the last release changed.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    plan::{Finding, Outcome, Target},
    release::{Release, Verdict},
};
use sqlmesh::{Backfill, Check, Downstream, Environment, Inspection, Point, PointKind, QUESTION};

use super::{
    Assessor,
    choice::Choice,
    past::Past,
    points::{Besides, name_of_point},
    search::{Case, Looked},
};
use crate::{
    restorable::{length, spell},
    steps::{UNREADABLE, python},
};

/// So many points are looked at, newest first: a bad one may hide a good one, but not for ever.
const CANDIDATES: usize = 3;

/// The longest text of why a target cannot be read that is told.
const LONGEST: usize = 200;

/// The target as it stands when type 4 is among what may help: it may be that nobody can read it, and why.
pub(super) fn or_unreadable(
    answer: Result<Inspection, sqlmesh::Error>,
    target: &Target,
) -> Result<(Inspection, Option<String>), sqlmesh::Error> {
    match answer {
        Err(error) if error.is_unreadable() => {
            tracing::warn!("{} cannot be read: {error}", target.id);
            let name = target.environment.clone();
            let why = error.to_string();
            let why: String =
                why.lines().next().unwrap_or_default().chars().take(LONGEST).collect();
            let inspection = Inspection {
                sqlmesh_version: "unknown".to_owned(),
                environment: Environment {
                    name,
                    plan_id: UNREADABLE.to_owned(),
                    finalized_ts: None,
                    began_ts: None,
                },
                fingerprint: UNREADABLE.to_owned(),
                current: vec![],
                changed: vec![],
            };
            Ok((inspection, Some(why)))
        }
        answered => answered.map(|inspection| (inspection, None)),
    }
}

impl Assessor {
    /// The newest point of the whole environment from before the alert that can be relied on; where PostgreSQL's archive
    /// leads nearer to the release, or there is no such point, the moment right before the release.
    pub(super) async fn full_environment(
        &self,
        case: &Case<'_>,
        inspection: &Inspection,
        releases: &[Release],
        now: Timestamp,
    ) -> anyhow::Result<Looked> {
        let (point, mut why_not) = self.newest(case).await?;
        let than = point.as_ref().map(|(point, _)| point.created_ms);
        let past = match self.past(case, inspection, releases, than).await? {
            None => None,
            Some(Ok(past)) => Some(past),
            Some(Err(why)) => {
                why_not.push(why);
                None
            }
        };
        let tag = name_of_point(case.incident, now);
        let mut parameters = BTreeMap::from([
            ("tag".to_owned(), vec![tag.clone()]),
            // The same name for what a runbook keeps first: points and databases do not get in each other's way.
            ("saved".to_owned(), vec![tag.clone()]),
            ("points".to_owned(), vec![self.folder()?]),
        ]);
        let (point, of_ms, models, mut findings) = match (past, point) {
            (Some(Past { at, models, source, findings }), _) => {
                let source = source.map(|(name, value)| (name.to_owned(), vec![value]));
                parameters.extend(source);
                // The run makes a point of it first, under this name.
                (tag, at.timestamp_millis(), models, findings)
            }
            (None, Some((point, mut findings))) => {
                findings.extend(holds_the_release(&point, releases));
                let models = point.models.into_iter().map(|model| model.name).collect();
                (point.id, point.created_ms, models, findings)
            }
            (None, None) => {
                let none = "there is no rollback point of the whole environment from before the alert that can be relied on.".to_owned();
                return Ok(Err([vec![none], why_not].concat().join(" ")));
            }
        };
        findings.extend(case.unreadable.map(|why| Finding {
            check: "environment_readable".to_owned(),
            subject: case.target.environment.clone(),
            outcome: Outcome::Inconclusive,
            detail: format!("SQLMesh's state or the warehouse cannot be read now: {why}"),
        }));
        // What is written until it begins is lost as well.
        let begins_at = case.begins_at(now);
        findings.push(lost(&point, of_ms, begins_at, now));
        parameters.insert("point".to_owned(), vec![point]);
        let check = Check {
            findings,
            possible: true,
            affected: Downstream { downstream: vec![] },
            backfill: Backfill::default(),
            possible_until_ms: None,
            fingerprint: inspection.fingerprint.clone(),
        };
        let data_loss_ms = u64::try_from(begins_at.timestamp_millis() - of_ms)?;
        let choice = Choice { models, ..Choice::default() };
        Ok(Ok((choice, check, Besides { parameters, data_loss_ms })))
    }

    /// The newest point that can be relied on, with what says so, and a sentence for each that was passed over.
    async fn newest(
        &self,
        case: &Case<'_>,
    ) -> anyhow::Result<(Option<(Point, Vec<Finding>)>, Vec<String>)> {
        let (target, python, folder) = (case.target, python(Some(case.rule)), self.folder()?);
        let alerted_ms = case.incident.opened_at.timestamp_millis();
        let is_candidate =
            |point: &Point| point.kind == PointKind::Full && point.created_ms < alerted_ms;
        let candidates = self.points_of(target)?.into_iter().filter(is_candidate);
        let mut passed_over = Vec::new();
        for point in candidates.take(CANDIDATES) {
            match self.relied_on(python, target, &folder, &point).await? {
                Ok(findings) => return Ok((Some((point, findings)), passed_over)),
                Err(why) => passed_over.push(format!("{} cannot be relied on: {why}", point.id)),
            }
        }
        Ok((None, passed_over))
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
        let verification =
            self.sqlmesh.verify_point(python, target, (folder, &point.id), QUESTION).await?;
        let findings: Vec<Finding> = verification.checks.into_iter().map(Finding::from).collect();
        let failed = findings.iter().find(|finding| finding.outcome != Outcome::Pass);
        Ok(match failed {
            Some(failed) => Err(failed.detail.clone()),
            None => Ok(findings),
        })
    }
}

/// A point that was made after the last release had ended; `releases` is the ledger, newest first. It may be right all the
/// same, because the fault may have come later, and only people know that.
fn holds_the_release(point: &Point, releases: &[Release]) -> Option<Finding> {
    let newest = releases.first().filter(|release| release.verdict != Verdict::Good)?;
    let ended = newest.finalized_at.unwrap_or(newest.seen_at);
    (point.created_ms >= ended.timestamp_millis()).then(|| Finding {
        check: "point_before_release".to_owned(),
        subject: point.id.clone(),
        outcome: Outcome::Inconclusive,
        detail: format!(
            "The rollback point was made after {}: it holds what that release changed. If that is the fault, it comes back.",
            newest.name()
        ),
    })
}

/// What does not come back.
fn lost(point: &str, of_ms: i64, begins_at: Timestamp, now: Timestamp) -> Finding {
    let begins_ms = begins_at.timestamp_millis();
    let until = if begins_at > now {
        format!(" when the window opens at {}", spell(begins_ms))
    } else {
        String::new()
    };
    Finding {
        check: "data_loss".to_owned(),
        subject: point.to_owned(),
        outcome: Outcome::Inconclusive,
        detail: format!(
            "What was written since {} is not in the rollback point ({}{until}); the broken databases keep it.",
            spell(of_ms),
            length(begins_ms - of_ms)
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{TimeZone as _, Utc};
    use domain::release::Learnt;
    use sqlmesh::Origin;

    use super::*;

    #[test]
    fn a_point_from_after_the_release_is_named() {
        let at = Utc.with_ymd_and_hms(2026, 11, 25, 12, 0, 0).unwrap();
        let release = |verdict| Release {
            target: "warehouse".to_owned(),
            place: 2,
            plan_id: "plan-of-lunch".to_owned(),
            fingerprint: "f".to_owned(),
            finalized_at: Some(at),
            seen_at: at,
            snapshots: BTreeMap::new(),
            commit: None,
            learnt: Learnt::Poll,
            verdict,
            run: None,
            baseline: None,
        };
        let point = |created_ms| Point {
            id: "pt_1".to_owned(),
            kind: PointKind::Full,
            created_ms,
            recovered_ms: None,
            reason: String::new(),
            environment: "prod".to_owned(),
            gateway: "local".to_owned(),
            fingerprint: "f".to_owned(),
            project: Origin { path: "/project".into(), commit: None },
            models: vec![],
            verified: None,
        };
        let found = |created_ms, releases: &[Release]| {
            holds_the_release(&point(created_ms), releases).map(|finding| finding.detail)
        };
        let ended = at.timestamp_millis();
        insta::assert_snapshot!(
            found(ended, &[release(Verdict::Unknown)]).unwrap(),
            @"The rollback point was made after the release of 2026-11-25 12:00 UTC (SQLMesh plan `plan-of-lunc`): it holds what that release changed. If that is the fault, it comes back."
        );
        assert_eq!(found(ended - 1, &[release(Verdict::Unknown)]), None, "it is from before");
        assert_eq!(found(ended, &[release(Verdict::Good)]), None, "the release is good");
        assert_eq!(found(ended, &[]), None, "no release is known");
    }
}
