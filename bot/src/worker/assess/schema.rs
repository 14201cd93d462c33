//! Type 3: some models that the release changed in place go back, with the values that their columns had.
//!
//! The values come from a rollback point of before the release. Where none has them, SQLMesh computes them again, if the
//! model's owners say that its sources still have its history.

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use policies::{Match, TargetRule};
use sqlmesh::{Inspection, Point, PointKind};

use super::{
    Assessor,
    choice::Choice,
    model_level,
    points::{Besides, name_of_point},
    search::{Case, Looked},
};
use crate::steps::python;

/// Where the values of the models come from.
#[derive(Debug, PartialEq, Eq)]
struct Way<'p> {
    /// The point that has those of all models that are not computed again.
    point: Option<&'p Point>,
    /// The models that are computed again, because the point does not have them.
    restate: Vec<String>,
}

/// The models are those of a model-level rollback; what differs is how they get there.
pub(super) fn choose(matched: &Match, inspection: &Inspection) -> Result<Choice, String> {
    model_level::choose(matched, inspection)
}

/// The way of the versions (`model=identifier`): the point that keeps most of them, the newest of several (`points`
/// stands newest first), and the rest computed again. The error names the models that have neither.
fn way<'p>(
    points: &'p [Point],
    to: &[String],
    has_sources: impl Fn(&str) -> bool,
) -> Result<Way<'p>, Vec<String>> {
    let versions: Vec<(&str, &str)> =
        to.iter().filter_map(|version| version.rsplit_once('=')).collect();
    let keeps = |point: &Point, (model, identifier): &(&str, &str)| point.keeps(model, identifier);
    let needed: Vec<_> = versions.iter().filter(|(model, _)| !has_sources(model)).collect();
    let mut best: Option<(&Point, usize)> = None;
    for point in points.iter().filter(|point| point.kind == PointKind::Tables) {
        let count = versions.iter().filter(|version| keeps(point, version)).count();
        let is_enough = needed.iter().all(|version| keeps(point, version));
        if is_enough && count > best.map_or(0, |(_, most)| most) {
            best = Some((point, count));
        }
    }
    if best.is_none() && !needed.is_empty() {
        return Err(needed.iter().map(|(model, _)| (*model).to_owned()).collect());
    }
    let point = best.map(|(point, _)| point);
    let is_kept = |version: &&(&str, &str)| point.is_some_and(|point| keeps(point, version));
    let again = versions.iter().filter(|version| !is_kept(version));
    Ok(Way { point, restate: again.map(|(model, _)| (*model).to_owned()).collect() })
}

/// How far back the sources of these models go, as `model=day`; those of which nobody says it are left out.
fn history<'m>(
    rule: &TargetRule,
    models: impl Iterator<Item = &'m str>,
    now: Timestamp,
) -> Vec<String> {
    let of = |model: &str| {
        let history = rule.model(model)?.source_history?;
        Some(format!("{model}={}", history.since(now)))
    };
    models.filter_map(of).collect()
}

impl Assessor {
    /// The way back of the chosen models, and what `check` says of it.
    pub(super) async fn schema(
        &self,
        case: &Case<'_>,
        choice: Choice,
        now: Timestamp,
    ) -> anyhow::Result<Looked> {
        let points = self.points_of(case.target)?;
        // A runbook of before this was possible cannot do it.
        let can_restate = self.takes(case, "restate");
        let has_sources = |model: &str| {
            can_restate && case.rule.model(model).is_some_and(|rule| rule.source_history.is_some())
        };
        let Way { point, restate } = match way(&points, &choice.to, has_sources) {
            Ok(way) => way,
            Err(models) => {
                return Ok(Err(format!(
                    "no rollback point keeps {} as before the release, and one of now has lost the values as well. targets.yaml does not say that the sources still have them (`source_history`).",
                    models.join(", ")
                )));
            }
        };
        let folder = self.folder()?;
        let mut words = vec!["check-schema".to_owned(), "--into".to_owned(), folder.clone()];
        let mut add = |flag: &str, values: &[String]| {
            words.extend(values.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        };
        let point: Vec<String> = point.map(|point| point.id.clone()).into_iter().collect();
        add("--point", &point);
        add("--to", &choice.to);
        add("--leaving", &choice.from);
        add("--restate", &restate);
        if !restate.is_empty() {
            // Which models read them is not known yet.
            let named = case.rule.models.iter().map(|model| model.name.as_str());
            add("--history", &history(case.rule, named, now));
        }
        let check = self.sqlmesh.check_schema(python(Some(case.rule)), case.target, &words).await?;
        let mut parameters = BTreeMap::from([
            ("leaving".to_owned(), choice.from.clone()),
            ("reached".to_owned(), choice.to.clone()),
            ("kept".to_owned(), choice.models.clone()),
            ("saved".to_owned(), vec![name_of_point(case.incident, now)]),
            ("points".to_owned(), vec![folder]),
        ]);
        if !point.is_empty() {
            parameters.insert("point".to_owned(), point);
        }
        if !restate.is_empty() {
            let readers = &check.affected.downstream;
            let touched: BTreeSet<&String> = choice.models.iter().chain(readers).collect();
            let kept: Vec<String> = touched.into_iter().cloned().collect();
            let told: BTreeSet<&str> = restate.iter().chain(readers).map(String::as_str).collect();
            parameters.extend([
                ("history".to_owned(), history(case.rule, told.into_iter(), now)),
                ("put_back".to_owned(), kept.clone()),
                ("kept".to_owned(), kept),
                ("restate".to_owned(), restate),
            ]);
        }
        Ok(Ok((choice, check, Besides { parameters, data_loss_ms: 0 })))
    }
}

#[cfg(test)]
mod tests {
    use sqlmesh::{Origin, PointModel};

    use super::*;

    fn point(id: &str, kept: &[(&str, &str)]) -> Point {
        let model = |(name, identifier): &(&str, &str)| PointModel {
            name: (*name).to_owned(),
            identifier: (*identifier).to_owned(),
            kept: true,
        };
        Point {
            id: id.to_owned(),
            kind: PointKind::Tables,
            created_ms: 0,
            recovered_ms: None,
            reason: String::new(),
            environment: "prod".to_owned(),
            gateway: "local".to_owned(),
            fingerprint: "f".to_owned(),
            project: Origin { path: "/project".into(), commit: None },
            models: kept.iter().map(model).collect(),
            verified: None,
        }
    }

    #[test]
    fn a_point_comes_first_and_sources_for_the_rest() {
        let both = [("marts.a", "11"), ("marts.b", "12")];
        let to = ["marts.a=11".to_owned(), "marts.b=12".to_owned()];
        let newer = point("pt_newer", &both[1..]);
        let of_both = point("pt_both", &both);
        let older = point("pt_older", &both);
        let of_now = point("pt_now", &[("marts.a", "21"), ("marts.b", "22")]);
        let found = |points: &[&Point], with_sources: &[&str]| {
            let points: Vec<Point> = points.iter().map(|point| (*point).clone()).collect();
            let way = way(&points, &to, |model| with_sources.contains(&model));
            way.map(|way| (way.point.map(|point| point.id.clone()), way.restate.join(" ")))
        };
        let some = |id: &str, restate: &str| Ok((Some(id.to_owned()), restate.to_owned()));
        for (points, with_sources, expected) in [
            // What a point has is taken from it, whatever the sources have; the newest that has most.
            (vec![&newer, &of_both, &older], vec!["marts.a", "marts.b"], some("pt_both", "")),
            (vec![&newer], vec!["marts.a"], some("pt_newer", "marts.a")),
            (vec![&newer], vec!["marts.a", "marts.b"], some("pt_newer", "marts.a")),
            (vec![&of_now], vec!["marts.a", "marts.b"], Ok((None, "marts.a marts.b".to_owned()))),
            (vec![&of_now], vec!["marts.a"], Err(vec!["marts.b".to_owned()])),
            (vec![&newer], vec![], Err(vec!["marts.a".to_owned(), "marts.b".to_owned()])),
        ] {
            assert_eq!(found(&points, &with_sources), expected, "{with_sources:?}");
        }
    }
}
