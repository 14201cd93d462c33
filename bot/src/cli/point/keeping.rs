//! `point list` and `point prune`: until when points are kept, and removing those that are not.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::Context as _;
use domain::{Timestamp, plan::Target};
use policies::{Fate, Policies, Reason, TargetRule};
use serde_json::{Value, json};
use sqlmesh::{Point, Sqlmesh, points};
use tokio_util::sync::CancellationToken;

use super::{row, target};
use crate::{
    cli::{Done, Usage, counted, policies, store},
    config::{self, Config},
    restorable::spell,
    retained::{Going, Retained, named, words},
    steps::python,
};

/// What is done with what goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It is named.
    Dry,
    /// It is removed.
    Remove,
}

pub(super) async fn list(
    config: &Config,
    only: Option<&TargetRule>,
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<Done> {
    let policies = policies(config)?;
    let named = match store(config).await {
        Ok(store) => named(&store).await?,
        // Where there is no database, nobody has proposed anything.
        Err(error) if error.is::<Usage>() => BTreeSet::new(),
        Err(error) => return Err(error),
    };
    let fates = fates(config, &policies, &named, now)?;
    let of = only.map(target).transpose()?;
    let mut found = points(&config.points)?;
    found.retain(|point| of.as_ref().is_none_or(|target| point.is_of(target)));
    if as_json {
        let rows: Vec<_> = found.iter().map(|point| kept(point, fates.get(&point.id))).collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Done::Well);
    }
    if found.is_empty() {
        println!(
            "There is no rollback point in {}. `countersign point create` makes one.",
            config.points.display()
        );
    }
    for point in found {
        let state = match point.verified {
            Some(verdict) if verdict.passed => "verified",
            Some(_) => "cannot be relied on",
            None => "not verified",
        };
        let (made, kind) = (spell(point.created_ms), point.kind.name());
        let until = match fates.get(&point.id) {
            Some(fate) => words(fate),
            None => "of no target of targets.yaml: kept until somebody removes it".to_owned(),
        };
        println!("{}  {made}  {kind:8}  {state}  {until}  {}", point.id, point.reason);
    }
    Ok(Done::Well)
}

/// What becomes of each point of each target, by its id.
fn fates(
    config: &Config,
    policies: &Policies,
    named: &BTreeSet<String>,
    now: Timestamp,
) -> anyhow::Result<BTreeMap<String, Fate>> {
    let mut fates = BTreeMap::new();
    for rule in policies.targets() {
        let sorted =
            Retained::sort(policies.retention(), &config.points, &target(rule)?, named, now)?;
        fates.extend(sorted.points.into_iter().map(|(point, fate)| (point.id, fate)));
    }
    Ok(fates)
}

fn kept(point: &Point, fate: Option<&Fate>) -> Value {
    let (tier, until) = match fate {
        Some(Fate::Stays(Reason::Tier(tier, until))) => (Some(tier.name()), Some(until)),
        Some(Fate::Stays(Reason::Meanwhile(tier))) => (Some(tier.name()), None),
        Some(Fate::Stays(Reason::Young(until))) => (None, Some(until)),
        Some(Fate::Stays(Reason::NewestVerified | Reason::Named) | Fate::Goes) | None => {
            (None, None)
        }
    };
    let mut row = row(point);
    row["tier"] = json!(tier);
    row["kept_until"] = json!(until);
    row["kept"] = json!(fate != Some(&Fate::Goes));
    row["kept_because"] = json!(fate.map(words));
    row
}

pub(super) async fn prune(
    config: &Config,
    rule: &TargetRule,
    how: How,
    now: Timestamp,
    as_json: bool,
) -> anyhow::Result<Done> {
    let (policies, store, target) = (policies(config)?, store(config).await?, target(rule)?);
    let look = async || {
        let named = named(&store).await?;
        let retained = Retained::sort(policies.retention(), &config.points, &target, &named, now)?;
        anyhow::Ok(retained)
    };
    let is_free = async || anyhow::Ok(store.runs_under_way_on(&rule.id).await? == 0);
    let first = look().await?;
    if how == How::Remove && !first.going().is_empty() && !is_free().await? {
        let why = "A rollback is under way there, and needs its points";
        println!("{why}: nothing of {} is removed until it has ended.", rule.id);
        return Ok(Done::Refused);
    }
    let environment = config::inherited(&config.inherit);
    let mut removed: Vec<Going> = Vec::new();
    if how == How::Remove {
        let sqlmesh = Sqlmesh::install(&std::path::absolute(&config.work)?, environment, vec![])?;
        let folder = std::path::absolute(&config.points)?;
        for planned in first.going() {
            // A proposal may have been opened, and its run begun, since the last one was removed.
            if !is_free().await? || !look().await?.going().contains(&planned) {
                continue;
            }
            drop_one(&sqlmesh, rule, &target, &folder, &planned).await?;
            removed.push(planned);
        }
    } else {
        removed = first.going();
    }
    let staying = look().await?.staying();
    tell(rule, how, &removed, staying, as_json)?;
    Ok(Done::Well)
}

async fn drop_one(
    sqlmesh: &Sqlmesh,
    rule: &TargetRule,
    target: &Target,
    folder: &Path,
    going: &Going,
) -> anyhow::Result<()> {
    let folder = folder.to_str().context("the folder of the rollback points is not UTF-8")?;
    let (python, cancel) = (python(Some(rule)), CancellationToken::new());
    sqlmesh
        .drop_point(python, target, (folder, &going.id), &cancel)
        .await
        .with_context(|| format!("remove rollback point {}; the next prune goes on", going.id))
}

fn tell(
    rule: &TargetRule,
    how: How,
    removed: &[Going],
    staying: usize,
    as_json: bool,
) -> anyhow::Result<()> {
    if as_json {
        let rows: Vec<_> =
            removed.iter().map(|going| json!({"id": going.id, "why": going.why})).collect();
        let answer = json!({
            "target": rule.id,
            "dry_run": how == How::Dry,
            "removed": rows,
            "staying": staying,
        });
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    let verb = if how == How::Dry { "Would remove" } else { "Removed" };
    for Going { id, why } in removed {
        println!("{verb} {id}: {why}.");
    }
    let points = counted(u64::try_from(staying)?, "point");
    let verb = if staying == 1 { "stays" } else { "stay" };
    let nothing = if removed.is_empty() { "Nothing is to be removed. " } else { "" };
    println!("{nothing}{points} of {} {verb}.", rule.id);
    Ok(())
}
