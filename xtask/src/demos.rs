//! The demos that must go well before a change is taken in: the whole bot with a real SQLMesh, from the alert to rows that
//! equal those of a project that never was broken. Each runs in a process of its own, with a folder and ports of its own.

use std::cell::RefCell;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use tokio::process::Command;

use crate::{
    program,
    stage::{Stage, Stages, duration},
};

/// A type and a warehouse, and where the bot is killed on the way, as the command line names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair(u8, &'static str, Option<&'static str>);

/// Every type on PostgreSQL, and on DuckDB the two that differ most there. On each the bot is killed in one of them. The
/// longest begin.
const PAIRS: [Pair; 6] = [
    Pair(2, "postgres", Some("at-intents")),
    Pair(2, "duckdb", Some("at-progress")),
    Pair(3, "postgres", None),
    Pair(4, "postgres", None),
    Pair(3, "duckdb", None),
    Pair(1, "postgres", None),
];

/// The last line of a demo, as far as it is a verdict.
#[derive(Debug, Deserialize)]
struct Verdict {
    incident: String,
    #[serde(rename = "type")]
    rollback_type: u8,
    approvals: usize,
    run: String,
    journal: String,
    #[serde(default)]
    kills: usize,
}

/// Runs all of them, two at a time.
pub(crate) async fn run(stages: &mut Stages) -> Result<()> {
    let stage = stages.begin("The whole bot with a real SQLMesh");
    let waiting = RefCell::new(PAIRS.to_vec());
    let work = async || {
        loop {
            if waiting.borrow().is_empty() {
                return anyhow::Ok(());
            }
            let pair = waiting.borrow_mut().remove(0);
            show(&stage, pair).await?;
        }
    };
    tokio::try_join!(work(), work())?;
    stage.done(&format!("{} demos", PAIRS.len()));
    Ok(())
}

async fn show(stage: &Stage, pair: Pair) -> Result<()> {
    let started = std::time::Instant::now();
    let folder = tempfile::tempdir().context("make a folder for a demo")?;
    let mut demo = Command::new(std::env::current_exe().context("find this program")?);
    demo.args(pair.arguments()).arg("--dir").arg(folder.path());
    if let Err(error) = program::read(demo).await.and_then(|said| pair.judge(&said)) {
        let kept = folder.keep();
        return Err(error.context(format!("{}, kept in {}", pair.name(), kept.display())));
    }
    stage.note(&format!("{} ({})", pair.name(), duration(started.elapsed())));
    Ok(())
}

impl Pair {
    fn arguments(self) -> Vec<String> {
        let Self(rollback_type, warehouse, killing) = self;
        let rollback_type = rollback_type.to_string();
        let plain = ["demo", "--auto", "--type", &rollback_type, "--warehouse", warehouse];
        let killing = killing.into_iter().flat_map(|at| ["--killing", at]);
        plain.into_iter().chain(killing).chain(["--port", "0"]).map(str::to_owned).collect()
    }

    fn name(self) -> String {
        let Self(rollback_type, warehouse, killing) = self;
        let killed = killing.map(|at| format!(", killed {at}")).unwrap_or_default();
        format!("type {rollback_type} on {warehouse}{killed}")
    }

    /// Whether the last line of what a demo said tells that all went well.
    fn judge(self, said: &str) -> Result<()> {
        let Self(rollback_type, _, killing) = self;
        let line = said.lines().last().unwrap_or_default();
        let verdict: Verdict = serde_json::from_str(line).context("it is no verdict")?;
        ensure!(verdict.incident.starts_with("inc_"), "it names no incident");
        ensure!(verdict.rollback_type == rollback_type, "it is another type");
        ensure!(verdict.approvals > 0, "nobody approved");
        ensure!(verdict.run == "succeeded", "the run has not succeeded");
        ensure!(verdict.journal == "verified", "the journal is not verified");
        ensure!((verdict.kills > 0) == killing.is_some(), "it was killed {} times", verdict.kills);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    const WELL: &str = r#"{"incident":"inc_1","proposal":"prp_1","type":2,"approvals":1,"run":"succeeded","recovery_seconds":9.5,"journal":"verified"}"#;

    #[test]
    fn a_good_end_passes_and_every_other_one_is_named() {
        let pair = Pair(2, "duckdb", None);
        pair.judge(&format!("1. Build\n{WELL}\n")).expect("all went well");
        for (old, new, said) in [
            ("inc_1", "", "it names no incident"),
            ("\"type\":2", "\"type\":1", "it is another type"),
            ("approvals\":1", "approvals\":0", "nobody approved"),
            ("succeeded", "stuck", "the run has not succeeded"),
            ("verified", "broken", "the journal is not verified"),
            ("9.5", "9.5,\"kills\":3", "it was killed 3 times"),
            (WELL, "Rolled back", "it is no verdict"),
        ] {
            let error = pair.judge(&WELL.replace(old, new)).expect_err(said);
            assert_eq!(error.to_string(), said);
        }
        let killed = Pair(2, "duckdb", Some("at-intents"));
        assert!(killed.judge(WELL).is_err());
        killed.judge(&WELL.replace("9.5", "9.5,\"kills\":3")).expect("it was killed");
    }

    #[test]
    fn every_type_is_there_and_the_command_line_understands_all_of_them() {
        for rollback_type in 1..=4 {
            assert!(PAIRS.iter().any(|pair| (pair.0, pair.1) == (rollback_type, "postgres")));
        }
        for pair in PAIRS {
            let arguments = ["xtask".to_owned()].into_iter().chain(pair.arguments());
            crate::Arguments::try_parse_from(arguments).expect("it is understood");
        }
    }
}
