//! The moment right before the bad release, which PostgreSQL's archive may lead back to.

use std::path::Path;

use anyhow::Context as _;
use chrono::TimeDelta;
use domain::{
    Timestamp,
    plan::{Finding, Outcome},
    release::{Release, Verdict},
};
use sqlmesh::Inspection;

use super::{Assessor, search::Case};
use crate::{
    archive::{Archive, Reach, Recovery},
    restorable::spell,
    steps::python,
};

/// So long before the release began: clocks differ, and what began it may have come before it.
const MARGIN: TimeDelta = TimeDelta::minutes(1);
/// A release changes what people read at its end. Of one whose beginning nobody can read any more, this much is left out.
const UNKNOWN_BEGINNING: TimeDelta = TimeDelta::hours(1);
/// Right after the release before it the environment is as that one left it.
const SETTLED: TimeDelta = TimeDelta::seconds(1);

/// A moment of the past, and what it is recovered from.
pub(super) struct Past {
    pub(super) at: Timestamp,
    /// The models of that time.
    pub(super) models: Vec<String>,
    /// What the recovery is told: `moment`, `base` and `log`, each with its value.
    pub(super) source: [(&'static str, String); 3],
    pub(super) findings: Vec<Finding>,
}

/// Right before the release that an alert is about, and the release before that. `releases` is the ledger, newest first.
fn before_release<'r>(
    releases: &'r [Release],
    inspection: &Inspection,
    alerted_at: Timestamp,
) -> Result<(Timestamp, Option<&'r Release>), String> {
    let Some(newest) = releases.first() else {
        return Err("no release is known here.".to_owned());
    };
    if newest.verdict == Verdict::Good {
        return Err("the last release counts as good.".to_owned());
    }
    let is_bad = |release: &&Release| release.verdict == Verdict::Bad;
    // What was rolled back from before is no better than what came after it.
    let place = releases[1..].iter().take_while(is_bad).count();
    let (release, earlier) = (&releases[place], releases.get(place + 1));
    let ended = release.finalized_at.unwrap_or(release.seen_at);
    let is_live = release.plan_id == inspection.environment.plan_id;
    let began = inspection.environment.began_ts.filter(|_| is_live);
    let began = began.and_then(Timestamp::from_timestamp_millis);
    let wanted = began.map_or(ended - UNKNOWN_BEGINNING, |began| began - MARGIN);
    let settled = earlier.and_then(|earlier| earlier.finalized_at).map(|at| at + SETTLED);
    let at = settled.map_or(wanted, |settled| wanted.max(settled));
    if at >= began.unwrap_or(ended) {
        return Err("the last releases followed one another at once.".to_owned());
    }
    if at >= alerted_at {
        return Err("the last release came after the alert.".to_owned());
    }
    Ok((at, earlier))
}

impl Assessor {
    /// The moment before the release, where it is after `than` and can be recovered; `None` where there is no archive, or
    /// the moment is no nearer. The inner error says why it cannot be recovered.
    pub(super) async fn past(
        &self,
        case: &Case<'_>,
        inspection: &Inspection,
        releases: &[Release],
        than: Option<i64>,
    ) -> anyhow::Result<Option<Result<Past, String>>> {
        let Some(rule) = case.rule.archive.as_ref().filter(|_| self.takes(case, "moment")) else {
            return Ok(None);
        };
        let why = |why: String| {
            Ok(Some(Err(format!(
                "PostgreSQL's archive does not lead to before the release: {why}"
            ))))
        };
        let (at, earlier) = match before_release(releases, inspection, case.incident.opened_at) {
            Ok(found) => found,
            Err(text) => return why(text),
        };
        if than.is_some_and(|than| than >= at.timestamp_millis()) {
            return Ok(None);
        }
        let moment = spell(at.timestamp_millis());
        let Recovery { base, log, .. } = match Archive::read(rule).map(|archive| archive.reach(at))
        {
            Ok(Reach::Reached(recovery)) => recovery,
            Ok(Reach::Partly { until }) => {
                return why(format!("its log ends at {}.", spell(until.timestamp_millis())));
            }
            Ok(Reach::TooEarly) => {
                return why(format!("no base backup was finished by {moment}."));
            }
            Err(error) => return why(format!("{:#}.", anyhow::Error::from(error))),
        };
        let moment_ms = at.timestamp_millis().to_string();
        let source = [("moment", moment_ms), ("base", path(&base)?), ("log", path(&log)?)];
        let flags = ["--at", "--base", "--log"].into_iter();
        let words: Vec<String> = flags
            .zip(&source)
            .flat_map(|(flag, (_, value))| [flag.to_owned(), value.clone()])
            .collect();
        let folder = self.folder()?;
        let looked =
            self.sqlmesh.check_past(python(Some(case.rule)), case.target, &folder, &words).await;
        let looked = match looked {
            Ok(looked) => looked,
            Err(error) if error.is_transient() => return Err(error.into()),
            // It must not keep people from a point that is there.
            Err(error) => return why(format!("{error}.")),
        };
        let mut findings: Vec<Finding> = looked.checks.into_iter().map(Finding::from).collect();
        let failed = |found: &&Finding| found.outcome == Outcome::Fail;
        if let Some(failed) = findings.iter().find(failed) {
            return why(failed.detail.clone());
        }
        let before =
            earlier.map_or_else(String::new, |earlier| format!(", as {} left it", earlier.name()));
        findings.insert(
            0,
            Finding {
                check: "moment_before_release".to_owned(),
                subject: case.target.id.clone(),
                outcome: Outcome::Pass,
                detail: format!(
                    "It goes back to {moment}, right before the last release began{before}: the first step recovers that moment out of PostgreSQL's archive."
                ),
            },
        );
        let models = match earlier {
            Some(earlier) => earlier.snapshots.keys().cloned().collect(),
            None => inspection.current.iter().map(|model| model.name.clone()).collect(),
        };
        Ok(Some(Ok(Past { at, models, source, findings })))
    }
}

fn path(path: &Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).context("the folder of PostgreSQL's archive is not UTF-8")
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};
    use domain::release::Learnt;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Utc.with_ymd_and_hms(2026, 11, 25, 12, 0, 0).unwrap() + TimeDelta::minutes(minute)
    }

    fn release(place: u64, minute: i64, verdict: Verdict) -> Release {
        Release {
            target: "warehouse".to_owned(),
            place,
            plan_id: format!("plan-{place}"),
            fingerprint: format!("f{place}"),
            finalized_at: Some(at(minute)),
            seen_at: at(minute),
            snapshots: std::collections::BTreeMap::new(),
            commit: None,
            learnt: Learnt::Poll,
            verdict,
            run: None,
            baseline: None,
        }
    }

    /// What an environment says whose last plan is of this place and began in this minute.
    fn inspection(place: u64, began: Option<i64>) -> Inspection {
        let environment = sqlmesh::Environment {
            name: "prod".to_owned(),
            plan_id: format!("plan-{place}"),
            finalized_ts: Some(1),
            began_ts: began.map(|minute| at(minute).timestamp_millis()),
        };
        Inspection {
            sqlmesh_version: "0.236.4".to_owned(),
            environment,
            fingerprint: "f".to_owned(),
            current: vec![],
            changed: vec![],
        }
    }

    #[test]
    fn right_before_the_release_and_not_before_the_one_before() {
        use Verdict::{Bad, Good, Unknown};
        let found = |releases: &[Release], inspection: &Inspection| {
            let found = before_release(releases, inspection, at(600));
            found
                .map(|(moment, earlier)| ((moment - at(0)).num_seconds(), earlier.map(|e| e.place)))
        };
        let two = [release(2, 300, Unknown), release(1, 100, Good)];
        assert_eq!(found(&two, &inspection(2, Some(290))), Ok((289 * 60, Some(1))));
        // It cannot be read any more when it began.
        assert_eq!(found(&two, &inspection(9, Some(290))), Ok((240 * 60, Some(1))));
        assert_eq!(found(&two[..1], &inspection(2, Some(290))), Ok((289 * 60, None)));
        let close = [release(2, 300, Unknown), release(1, 289, Good)];
        assert_eq!(found(&close, &inspection(2, Some(290))), Ok((289 * 60 + 1, Some(1))));
        let again = [release(3, 300, Unknown), release(2, 200, Bad), release(1, 100, Good)];
        assert_eq!(found(&again, &inspection(3, Some(290))), Ok((140 * 60, Some(1))));
        let good = [release(2, 300, Good), release(1, 100, Bad)];
        let at_once = [release(2, 300, Unknown), release(1, 300, Good)];
        let late = [release(2, 700, Unknown), release(1, 100, Good)];
        let why = |releases: &[Release], began| {
            found(releases, &inspection(2, Some(began))).expect_err("there is no such moment")
        };
        insta::assert_snapshot!(
            [why(&[], 1), why(&good, 290), why(&at_once, 300), why(&late, 690)].join("\n"),
            @"
        no release is known here.
        the last release counts as good.
        the last releases followed one another at once.
        the last release came after the alert.
        "
        );
    }
}
