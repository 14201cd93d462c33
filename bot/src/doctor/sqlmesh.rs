//! SQLMesh: does its Python start, and does the target's project open?

use std::{collections::BTreeMap, time::Duration};

use policies::TargetRule;
use sqlmesh::{Behalf, Call, Inspection, Sqlmesh};
use store::Store;
use tokio_util::sync::CancellationToken;

use super::Finding;
use crate::{
    config::{self, Config},
    steps,
    worker::assess,
};

const CHECK: &str = "sqlmesh";
/// How long a project may take to open here; a rollback itself gives it longer.
const OPENING: Duration = Duration::from_mins(1);

pub(super) async fn examine(config: &Config, rule: TargetRule) -> Vec<Finding> {
    let found = match look(config, &rule).await {
        Ok(finding) => finding,
        Err(error) => Finding::problem(CHECK, format!("target {}: {error:#}", rule.id)).fix(
            "Run `sqlmesh info` in the project with the target's Python, as the bot's user and with its variables (`inherit`)",
        ),
    };
    vec![found]
}

async fn look(config: &Config, rule: &TargetRule) -> anyhow::Result<Finding> {
    if is_busy(config, rule).await {
        // Where DuckDB holds the state, whoever asks keeps the rollback out.
        let busy = format!("target {}: not asked, because a rollback is under way there", rule.id);
        return Ok(Finding::ok(CHECK, busy));
    }
    let environment = config::inherited(&config.inherit);
    let sqlmesh = Sqlmesh::install(&std::path::absolute(&config.work)?, environment, vec![])?;
    let target = assess::target(rule)?;
    let arguments = ["inspect".to_owned()];
    let (variables, cancel) = (BTreeMap::new(), CancellationToken::new());
    let call = Call {
        python: steps::python(Some(rule)),
        target: &target,
        arguments: &arguments,
        variables: &variables,
        behalf: Behalf::Nobody,
        timeout: OPENING,
        cancel: &cancel,
    };
    match sqlmesh.call(call, |_| {}).await.answer {
        Ok(answer) => {
            let _inspection: Inspection = answer.read("inspect")?;
            Ok(Finding::ok(CHECK, format!("target {}: the project opens", rule.id)))
        }
        Err(sqlmesh::Error::TimedOut { .. }) => {
            let seconds = OPENING.as_secs();
            let slow = format!("target {}: the project did not open within {seconds} s", rule.id);
            let fix = "It may be large, or somebody else may hold its state; see how long `sqlmesh info` takes there";
            Ok(Finding::warning(CHECK, slow).fix(fix))
        }
        Err(error) => Err(error.into()),
    }
}

async fn is_busy(config: &Config, rule: &TargetRule) -> bool {
    // A database that does not answer has its own finding.
    let file = config.database_url.strip_prefix("sqlite://");
    if file.is_some_and(|file| !std::path::Path::new(file).exists()) {
        return false;
    }
    let Ok(store) = Store::open(&config.database_url).await else { return false };
    let under_way = store.runs_under_way_on(&rule.id).await.unwrap_or_default();
    store.close().await;
    under_way > 0
}
