//! `release list` and `release note`.

use std::sync::Arc;

use clap::Subcommand;
use domain::{port::Clock, release::Release};
use policies::Policies;
use serde::Serialize;
use store::Store;

use super::{Done, Usage};
use crate::{
    bell::Bell,
    engine::{Engine, Told},
    gate,
    http::sqlmesh::is_commit,
};

/// How many releases of a target are listed.
const LISTED: u32 = 50;

/// Commands about the ledger of releases.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lists what was deployed, newest first.
    List {
        /// SQLMesh's name of the environment, or a target's id.
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tells which commit was just deployed; the newest release gets it.
    Note {
        /// SQLMesh's name of the environment, or a target's id.
        #[arg(long, value_name = "ENVIRONMENT")]
        environment: String,
        /// The commit's id.
        #[arg(long, value_name = "SHA")]
        commit: String,
    },
}

/// A release as programs read it.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    release: Release,
    /// Whether something was measured while it was live; what, is too long for a list.
    measured: bool,
}

impl Row {
    fn of(release: Release) -> Self {
        let measured = release.baseline.is_some();
        Self { release: Release { baseline: None, ..release }, measured }
    }
}

pub(super) async fn run(
    store: &Store,
    policies: Policies,
    clock: Arc<dyn Clock>,
    command: &Command,
) -> anyhow::Result<Done> {
    let environment = match command {
        Command::List { environment, .. } | Command::Note { environment, .. } => environment,
    };
    let targets: Vec<String> =
        gate::targets(&policies, environment).iter().map(|rule| rule.id.clone()).collect();
    if targets.is_empty() {
        return Err(Usage(format!(
            "no target of targets.yaml has the environment or the id `{environment}`"
        ))
        .into());
    }
    match command {
        Command::List { json, .. } => list(store, environment, &targets, *json).await,
        Command::Note { commit, .. } => {
            if !is_commit(commit) {
                return Err(Usage(format!(
                    "`{commit}` is not a commit's id: give 7 to 64 hexadecimal digits, such as `git rev-parse HEAD` prints"
                ))
                .into());
            }
            let [target] = &targets[..] else {
                return Err(Usage(format!(
                    "{} targets have an environment `{environment}`; name one by its id: {}",
                    targets.len(),
                    targets.join(", ")
                ))
                .into());
            };
            let told = Told::Deployed(commit.clone());
            Engine::note_in(store, clock.as_ref(), &Bell::default(), &[target.as_str()], &told)
                .await?;
            println!(
                "Noted: the newest release of {environment} gets commit {commit} when it is looked at next."
            );
            Ok(Done::Well)
        }
    }
}

async fn list(
    store: &Store,
    environment: &str,
    targets: &[String],
    json: bool,
) -> anyhow::Result<Done> {
    let mut releases = Vec::new();
    for target in targets {
        releases.extend(store.releases(target, LISTED).await?);
    }
    if json {
        let rows: Vec<Row> = releases.drain(..).map(Row::of).collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(Done::Well);
    }
    if releases.is_empty() {
        println!("No release of {environment} was seen yet. `countersign serve` looks at it.");
    }
    for release in releases {
        println!(
            "{}  {:>4}  {}  {:<7}  {:<12}  {}  {}",
            release.target,
            release.place,
            release.finalized_at.unwrap_or(release.seen_at).format("%Y-%m-%d %H:%M UTC"),
            release.verdict.as_str(),
            release.learnt.as_str(),
            release.commit.as_deref().unwrap_or("-"),
            release.plan_id
        );
    }
    Ok(Done::Well)
}
