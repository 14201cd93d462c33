//! Releases: what stood in an environment, from when on, and which of them a rollback may go back to.
//!
//! `SQLMesh` itself remembers one release, the one before the last plan, so that after a rollback it "remembers" the
//! bad one. The ledger of releases is what gives "the last good one" a meaning.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Timestamp, id::RunId};

/// One version of one model, written `model=identifier`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModelVersion {
    /// The model as its project names it.
    pub model: String,
    /// `SQLMesh`'s identifier of the snapshot.
    pub identifier: String,
}

impl ModelVersion {
    /// Reads `model=identifier`; `None` where one of them is missing.
    pub fn read(text: &str) -> Option<Self> {
        let (model, identifier) = text.split_once('=')?;
        let is_said = !model.is_empty() && !identifier.is_empty();
        is_said.then(|| Self { model: model.to_owned(), identifier: identifier.to_owned() })
    }
}

impl std::fmt::Display for ModelVersion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}={}", self.model, self.identifier)
    }
}

/// What an environment holds of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// `SQLMesh`'s identifier: another definition is another one.
    pub identifier: String,
    /// `SQLMesh`'s version: models that share it share a physical table.
    pub version: String,
}

/// Everything that an environment holds, by the models' names.
pub type Snapshots = BTreeMap<String, Snapshot>;

/// How a release came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Learnt {
    /// The state was looked at in its turn.
    Poll,
    /// A notification asked for a look.
    Notification,
    /// The assessment of an incident looked.
    Assessment,
    /// A rollback of ours left it.
    Rollback,
}

/// What is known of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Its data passed the checks of a rollback.
    Good,
    /// A rollback went back from it, or it holds what a rollback went back from.
    Bad,
    /// Nobody has said.
    Unknown,
}

/// A finished release of one environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The target's id.
    pub target: String,
    /// Its place in the target's ledger, from 1.
    pub place: u64,
    /// The id of the `SQLMesh` plan.
    pub plan_id: String,
    /// The state of the target.
    pub fingerprint: String,
    /// When `SQLMesh` had finished it, where it says so.
    pub finalized_at: Option<Timestamp>,
    /// When it was first seen here.
    pub seen_at: Timestamp,
    /// What it holds.
    pub snapshots: Snapshots,
    /// The commit it was made from, where CI has told.
    pub commit: Option<String>,
    /// How it came to be known.
    pub learnt: Learnt,
    /// What is known of it.
    pub verdict: Verdict,
    /// The run that says so.
    pub run: Option<RunId>,
    /// What was measured while it was live, as JSON.
    pub baseline: Option<String>,
}

/// What two states of an environment have of one model, by identifier; `None` where one of them does not have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The model.
    pub model: String,
    /// The version that is live now.
    pub now: Option<String>,
    /// The version that was live then.
    pub then: Option<String>,
}

/// How much of a release goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it, with the models that were added and removed since.
    Whole,
    /// The models that are meant and that are there now as they were then, each in its version.
    Meant,
}

/// A release to go back to, and everything that differs from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayBack<'a> {
    /// The release.
    pub release: &'a Release,
    /// All that differs, whether it is meant or not.
    pub differences: Vec<Difference>,
}

impl Learnt {
    /// The word as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Notification => "notification",
            Self::Assessment => "assessment",
            Self::Rollback => "rollback",
        }
    }
}

impl Verdict {
    /// The word as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        }
    }
}

/// A word of the ledger that nobody wrote.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no word of the ledger of releases")]
pub struct WordError(String);

impl TryFrom<String> for Learnt {
    type Error = WordError;
    fn try_from(text: String) -> Result<Self, WordError> {
        let all = [Self::Poll, Self::Notification, Self::Assessment, Self::Rollback];
        all.into_iter().find(|learnt| learnt.as_str() == text).ok_or(WordError(text))
    }
}

impl TryFrom<String> for Verdict {
    type Error = WordError;
    fn try_from(text: String) -> Result<Self, WordError> {
        let all = [Self::Good, Self::Bad, Self::Unknown];
        all.into_iter().find(|verdict| verdict.as_str() == text).ok_or(WordError(text))
    }
}

impl Release {
    /// The release in a sentence's words: `the release of 2026-11-22 03:00 UTC (commit `a1b2c3d`)`.
    pub fn name(&self) -> String {
        let at = self.finalized_at.unwrap_or(self.seen_at).format("%Y-%m-%d %H:%M UTC");
        match &self.commit {
            Some(commit) => format!("the release of {at} (commit `{}`)", short(commit)),
            None => format!("the release of {at} (SQLMesh plan `{}`)", short(&self.plan_id)),
        }
    }
}

/// The beginning of a commit or of a plan's id, enough to find it by.
fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

/// The newest of `earlier` (newest first) to go back to from `now`: nobody marked it bad, something that is meant is
/// otherwise in it, and to go back by this extent brings none of the `bad` versions.
pub fn way_back<'a>(
    earlier: &'a [Release],
    now: &Snapshots,
    bad: &BTreeSet<ModelVersion>,
    extent: Extent,
    is_meant: impl Fn(&str) -> bool,
) -> Option<WayBack<'a>> {
    let goes_back = |found: &Difference| match extent {
        Extent::Whole => true,
        Extent::Meant => is_meant(&found.model) && found.now.is_some() && found.then.is_some(),
    };
    let is_bad = |Difference { model, then, .. }: &Difference| {
        let version =
            |then: &String| ModelVersion { model: model.clone(), identifier: then.clone() };
        then.as_ref().is_some_and(|then| bad.contains(&version(then)))
    };
    earlier.iter().filter(|release| release.verdict != Verdict::Bad).find_map(|release| {
        let differences = differences(now, &release.snapshots);
        let mut back = differences.iter().filter(|found| goes_back(found));
        let is_way = back.clone().any(|found| is_meant(&found.model)) && !back.any(is_bad);
        is_way.then_some(WayBack { release, differences })
    })
}

/// All that two states have of one model in another version, or only one of them has; by the models' names.
fn differences(now: &Snapshots, then: &Snapshots) -> Vec<Difference> {
    let identifier =
        |of: &Snapshots, model: &str| of.get(model).map(|found| found.identifier.clone());
    let models: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
    let difference = |model: &String| {
        let (now, then) = (identifier(now, model), identifier(then, model));
        (now != then).then(|| Difference { model: model.clone(), now, then })
    };
    models.into_iter().filter_map(difference).collect()
}

/// Which of the `bad` versions an environment holds.
pub fn live_among(bad: &[ModelVersion], now: &Snapshots) -> Vec<ModelVersion> {
    let is_live = |version: &&ModelVersion| {
        now.get(&version.model).is_some_and(|now| now.identifier == version.identifier)
    };
    bad.iter().filter(is_live).cloned().collect()
}
