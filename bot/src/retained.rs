//! Which rollback points of a target stay, and what goes: the same answer for the worker that prunes and for the
//! command line. Removes nothing itself.

use std::{collections::BTreeSet, path::Path};

use chrono::TimeZone as _;
use domain::{Timestamp, plan::Target};
use policies::{Fate, Reason, Retention, StoredPoint, Trust};
use sqlmesh::{Leftover, Point, PointKind, leftovers, points};
use store::Store;

use crate::restorable::spell;

/// A point that is half made may still be in the making for so long, in milliseconds.
const MAKING_MS: i64 = 86_400_000;

/// The points of one target with what becomes of them.
#[derive(Clone, Debug)]
pub struct Retained {
    /// Newest first.
    pub points: Vec<(Point, Fate)>,
    /// What interrupted removals and makings have left.
    leftovers: Vec<Leftover>,
}

/// Something that is to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Going {
    /// The point's id.
    pub id: String,
    /// What it is, and why it goes.
    pub why: String,
}

impl Retained {
    /// Sorts the points of a target. `named` are those that must stay because somebody names them.
    pub fn sort(
        retention: &Retention,
        folder: &Path,
        target: &Target,
        named: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Self, sqlmesh::Error> {
        let mut points = points(folder)?;
        points.retain(|point| point.is_of(target));
        let stored: Vec<_> = points.iter().map(|point| stored(point, target)).collect();
        let fates = retention.sort(&stored, named, now);
        let mut leftovers = leftovers(folder)?;
        leftovers.retain(|left| {
            let is_old = now.timestamp_millis() - left.created_ms >= MAKING_MS;
            left.is_of(target) && (left.was_dropped || is_old)
        });
        Ok(Self { points: points.into_iter().zip(fates).collect(), leftovers })
    }

    /// Everything that is to be removed: first what was begun already, then the oldest.
    pub fn going(&self) -> Vec<Going> {
        let left = self.leftovers.iter().map(|left| {
            let dropped = "its removal was interrupted";
            let why = if left.was_dropped { dropped } else { "it was never finished" };
            Going { id: left.id.clone(), why: why.to_owned() }
        });
        let gone = self.points.iter().rev().filter(|(_, fate)| *fate == Fate::Goes);
        let points = gone.map(|(point, _)| {
            let (kind, made) = (point.kind.name(), spell(point.created_ms));
            let why = format!("{kind}, of {made}; no tier keeps it any more");
            Going { id: point.id.clone(), why }
        });
        left.chain(points).collect()
    }

    /// How many points stay.
    pub fn staying(&self) -> usize {
        self.points.iter().filter(|(_, fate)| *fate != Fate::Goes).count()
    }
}

/// The ids that the plans of open proposals name, whatever their targets: a run is under way only for one of those.
pub async fn named(store: &Store) -> Result<BTreeSet<String>, store::Error> {
    let mut named = BTreeSet::new();
    for proposal in store.open_proposals().await? {
        if let Some(plan) = store.plan(&proposal.value.opening.plan).await? {
            named.extend(plan.plan().parameters.values().flatten().cloned());
        }
    }
    Ok(named)
}

/// Why a point stays, or that it goes, in words.
pub fn words(fate: &Fate) -> String {
    let until = |at: &Timestamp| spell(at.timestamp_millis());
    match fate {
        Fate::Stays(Reason::Tier(tier, end)) => format!("{} until {}", tier.name(), until(end)),
        Fate::Stays(Reason::Meanwhile(tier)) => {
            format!("{} until a newer one takes its place", tier.name())
        }
        Fate::Stays(Reason::NewestVerified) => "kept as the newest that was verified".to_owned(),
        Fate::Stays(Reason::Named) => "kept while a proposal names it".to_owned(),
        Fate::Stays(Reason::Young(end)) => format!("kept until {} to be verified", until(end)),
        Fate::Goes => "goes when points are pruned".to_owned(),
    }
}

fn stored(point: &Point, target: &Target) -> StoredPoint {
    // What is no moment at all counts as the oldest there is.
    let moment = |ms| chrono::Utc.timestamp_millis_opt(ms).single().unwrap_or_default();
    let models = point.models.iter().filter(|model| model.kept).map(|model| model.name.clone());
    StoredPoint {
        id: point.id.clone(),
        target: target.id.clone(),
        kind: point.kind.name().to_owned(),
        covers: if point.kind == PointKind::Tables { models.collect() } else { BTreeSet::new() },
        of: moment(point.created_ms),
        made: moment(point.made_ms()),
        trust: match point.verified {
            Some(verdict) if verdict.passed => Trust::Verified,
            Some(_) => Trust::Failed,
            None => Trust::Untested,
        },
    }
}
