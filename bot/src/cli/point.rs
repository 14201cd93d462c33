//! `point create`, `point list`, `point prune` and `point can-restore`: what could be gone back to, and what it would cost.

mod keeping;
mod past;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context as _;
use clap::Subcommand;
use domain::{Timestamp, plan::Target, port::Clock, run::about_left};
use policies::TargetRule;
use serde_json::json;
use sqlmesh::{Behalf, Call, Point, Sqlmesh, live_line, points};
use tokio_util::sync::CancellationToken;

use super::{Done, Usage, counted, policies};
use crate::{
    archive::Reach,
    config::{self, Config},
    restorable::{Complexity, Restorable},
    steps::python,
};

/// Copying a warehouse takes its time; nobody is waiting in an incident for this.
const SAVING: Duration = Duration::from_hours(4);

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Makes a rollback point and verifies it. CI does so before each deploy.
    Create {
        /// The target's id, or its environment where that is the only one of its name.
        #[arg(long)]
        environment: String,
        /// The `full` environment, `tables` of some or all models, or only the `versions` of all models, which is quick.
        #[arg(long, default_value = "full", value_parser = ["full", "tables", "versions"])]
        kind: String,
        /// The models whose tables are kept; all of them by default.
        #[arg(long, value_delimiter = ',', conflicts_with = "kind")]
        models: Vec<String>,
        /// Why it is made.
        #[arg(long, default_value = "")]
        reason: String,
        /// Of a moment of the past, such as `2026-11-25T14:00:00Z`: the full environment, out of PostgreSQL's archive.
        #[arg(long, conflicts_with = "models")]
        at: Option<Timestamp>,
    },
    /// Lists rollback points, newest first, and until when each is kept.
    List {
        /// Of this target alone.
        #[arg(long)]
        environment: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Removes the rollback points that no tier of retention.yaml keeps any more; `serve` does so every hour.
    Prune {
        /// The target's id, or its environment where that is the only one of its name.
        #[arg(long)]
        environment: String,
        /// Says what would be removed, and removes nothing.
        #[arg(long)]
        dry_run: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says whether the environment can be brought back to a time; exits with 3 where it cannot.
    CanRestore {
        /// The target's id, or its environment where that is the only one of its name.
        #[arg(long)]
        environment: String,
        /// The time, such as `2026-11-25T14:00:00Z`; now by default.
        #[arg(long)]
        at: Option<Timestamp>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(
    config: &Config,
    command: Command,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Done> {
    match command {
        Command::Create { environment, kind, models, reason, at } => {
            let kind = if models.is_empty() { kind } else { "tables".to_owned() };
            let rule = rule(config, &environment)?;
            let mut words = vec!["--kind".to_owned(), kind, "--reason".to_owned(), reason];
            if !models.is_empty() {
                words.extend(["--models".to_owned(), models.join(",")]);
            }
            match at.map(|at| past::recovery(&rule, &words[1], at)).transpose()? {
                Some(Err(why)) => {
                    println!("{why}");
                    Ok(Done::Refused)
                }
                Some(Ok(recovery)) => {
                    create(config, &rule, [words, recovery].concat(), clock.now()).await
                }
                None => create(config, &rule, words, clock.now()).await,
            }
        }
        Command::List { environment, json } => {
            let only = environment.map(|named| rule(config, &named)).transpose()?;
            keeping::list(config, only.as_ref(), clock.now(), json).await
        }
        Command::Prune { environment, dry_run, json } => {
            let rule = rule(config, &environment)?;
            let how = if dry_run { keeping::How::Dry } else { keeping::How::Remove };
            keeping::prune(config, &rule, how, clock.now(), json).await
        }
        Command::CanRestore { environment, at, json } => {
            let rule = rule(config, &environment)?;
            can_restore(config, &rule, at.unwrap_or_else(|| clock.now()), json)
        }
    }
}

async fn create(
    config: &Config,
    rule: &TargetRule,
    what: Vec<String>,
    now: Timestamp,
) -> anyhow::Result<Done> {
    let environment = config::inherited(&config.inherit);
    let sqlmesh = Sqlmesh::install(&std::path::absolute(&config.work)?, environment, vec![])?;
    let (target, python) = (target(rule)?, python(Some(rule)));
    let folder = std::path::absolute(&config.points)?;
    let folder = folder.to_str().context("the folder of the rollback points is not UTF-8")?;
    let drawn: String = crate::ids::nonce().chars().take(6).collect();
    let id = format!("pt_{}_{drawn}", now.format("%Y%m%d_%H%M%S"));
    let place = ["save", "--into", folder, "--point", &id].map(str::to_owned);
    let words = [place.to_vec(), what].concat();
    let (variables, cancel) = (BTreeMap::new(), CancellationToken::new());
    let call = Call {
        python,
        target: &target,
        arguments: &words,
        variables: &variables,
        behalf: Behalf::Point(&id),
        timeout: SAVING,
        cancel: &cancel,
    };
    let called = sqlmesh.call(call, |line| {
        if let Some(line) = live_line(line) {
            let left = line.left_ms.map(|left| format!(" · {}", about_left(left)));
            eprintln!("{}{}", line.words, left.unwrap_or_default());
        }
    });
    let answer = called.await.answer?;
    let number = |name: &str| answer.value.get(name).and_then(serde_json::Value::as_u64);
    let verification = sqlmesh.verify_point(python, &target, (folder, &id), SAVING).await?;
    let holds = match number("tables").unwrap_or_default() {
        0 => "which version every model has, and no data".to_owned(),
        tables => {
            let rows = counted(number("rows").unwrap_or_default(), "row");
            format!("{}, {rows}", counted(tables, "table"))
        }
    };
    println!("Made rollback point {id} of {}: {holds}.", rule.id);
    for check in &verification.checks {
        println!("  {}", check.detail);
    }
    if verification.passed {
        return Ok(Done::Well);
    }
    println!("It cannot be relied on. Make another one once the cause is mended.");
    Ok(Done::Failed)
}

fn can_restore(
    config: &Config,
    rule: &TargetRule,
    at: Timestamp,
    as_json: bool,
) -> anyhow::Result<Done> {
    let target = target(rule)?;
    let mut found = points(&config.points)?;
    found.retain(|point| point.is_of(&target));
    let reach = past::reach(rule, at)?;
    let is_reached = matches!(reach, Some(Reach::Reached(_)));
    let restorable = Restorable::at(found, at);
    if as_json {
        let rows: Vec<_> = restorable.points.iter().map(row).collect();
        let answer = json!({
            "environment": target.environment,
            "at": at,
            "possible": is_reached || restorable.best().is_some(),
            "point": restorable.best().map(|point| &point.id),
            "data_loss_ms": restorable.data_loss_ms(),
            "complexity": restorable.complexity().map(Complexity::name),
            "points": rows,
            "archive": reach.as_ref().map(past::row),
        });
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        if let Some(reach) = &reach {
            println!("{}", past::words(rule, reach, at));
        }
        let alone = if is_reached { "From the points alone: " } else { "" };
        println!("{alone}{restorable}");
    }
    Ok(if is_reached || restorable.best().is_some() { Done::Well } else { Done::Refused })
}

fn row(point: &Point) -> serde_json::Value {
    let kept = point.models.iter().filter(|model| model.kept);
    json!({
        "id": point.id,
        "kind": point.kind.name(),
        "environment": point.environment,
        "created_ms": point.created_ms,
        "made_ms": point.made_ms(),
        "reason": point.reason,
        "fingerprint": point.fingerprint,
        "commit": point.project.commit,
        "verified": point.verified,
        "models": kept.map(|model| &model.name).collect::<Vec<_>>(),
    })
}

fn rule(config: &Config, named: &str) -> anyhow::Result<TargetRule> {
    let policies = policies(config)?;
    if let Some(rule) = policies.target(named) {
        return Ok(rule.clone());
    }
    let is_it = |rule: &&TargetRule| rule.environment == named;
    let mut rules = policies.targets().iter().filter(is_it);
    match (rules.next(), rules.next()) {
        (Some(rule), None) => Ok(rule.clone()),
        (Some(_), Some(_)) => Err(Usage(format!(
            "several targets have an environment `{named}`; name the target's id of targets.yaml"
        ))
        .into()),
        (None, _) => {
            Err(Usage(format!("targets.yaml has no target and no environment `{named}`")).into())
        }
    }
}

fn target(rule: &TargetRule) -> anyhow::Result<Target> {
    crate::worker::assess::target(rule)
}
