//! Type 3: some models that the release changed in place go back, with the values that their columns had.

use std::collections::BTreeMap;

use domain::Timestamp;
use policies::Match;
use sqlmesh::{Inspection, Point, PointKind};

use super::{
    Assessor,
    choice::Choice,
    model_level,
    points::{Besides, name_of_point},
    search::{Case, Looked},
};
use crate::steps::python;

/// The models are those of a model-level rollback; what differs is how they get there.
pub(super) fn choose(matched: &Match, inspection: &Inspection) -> Result<Choice, String> {
    model_level::choose(matched, inspection)
}

impl Assessor {
    /// The newest point that keeps the chosen models as they were before the release, and what `check` says of it.
    pub(super) async fn schema(
        &self,
        case: &Case<'_>,
        choice: Choice,
        now: Timestamp,
    ) -> anyhow::Result<Looked> {
        let keeps = |point: &Point| {
            let before = |version: &String| {
                version
                    .rsplit_once('=')
                    .is_some_and(|(model, identifier)| point.keeps(model, identifier))
            };
            point.kind == PointKind::Tables && choice.to.iter().all(before)
        };
        let Some(point) = self.points_of(case.target)?.into_iter().find(keeps) else {
            return Ok(Err(format!(
                "no rollback point keeps {} as before the release, and one of now has lost the values as well.",
                choice.models.join(", ")
            )));
        };
        let folder = self.folder()?;
        let mut words = vec!["check-schema", "--into", &folder, "--point", &point.id];
        words.extend(choice.to.iter().flat_map(|version| ["--to", version]));
        words.extend(choice.from.iter().flat_map(|version| ["--leaving", version]));
        let words: Vec<_> = words.into_iter().map(str::to_owned).collect();
        let check = self.sqlmesh.check_schema(python(Some(case.rule)), case.target, &words).await?;
        let parameters = BTreeMap::from([
            ("leaving".to_owned(), choice.from.clone()),
            ("reached".to_owned(), choice.to.clone()),
            ("point".to_owned(), vec![point.id]),
            ("saved".to_owned(), vec![name_of_point(case.incident, now)]),
            ("points".to_owned(), vec![folder]),
        ]);
        Ok(Ok((choice, check, Besides { parameters, data_loss_ms: 0 })))
    }
}
