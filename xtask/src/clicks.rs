//! `cargo xtask bench clicks`: how soon Slack hears that a click was taken, while many people press many buttons.
//!
//! The release binary, real HTTP, real signatures, a durable database. Each click has the time at which it is meant to be
//! pressed, and its latency counts from there: a server that stalls is charged for everybody who waits meanwhile.

mod load;
mod site;

use std::{process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use tokio::process::Command;

use crate::{cargo::cargo, postgres::Postgres, program, repository, stage::Stages};
use load::Measured;
use site::Site;

/// What Slack hears within, 999 times of a thousand.
const LIMIT: Duration = Duration::from_millis(300);

/// What is pressed, and how fast.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Where the record is kept.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: Database,
    /// Clicks a second.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// For how long.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=240))]
    seconds: u32,
    /// Uses the programs of this build; left out, everything is built for release first.
    #[arg(long, hide = true)]
    built: bool,
}

/// A database to measure with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

/// Measures; an error where it is too slow, or a click was not taken.
pub(crate) async fn run(options: &Options) -> Result<()> {
    if !options.built {
        return in_release(options).await;
    }
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("choose the cryptography for HTTP"))?;
    let mut stages = Stages::new();
    let cluster = match options.database {
        Database::Sqlite => None,
        // Durable, unlike the clusters of the tests: the time of the disk is what is measured.
        Database::Postgres => Some(Postgres::start_durable().await?),
    };
    let stage = stages.begin("Open incidents and wait for their cards");
    let site = Site::open(cluster.as_ref().map(Postgres::url).as_deref(), &stage).await?;
    stage.done(&format!("{} cards", site.cards().len()));
    let stage = stages.begin(&format!("{} clicks/s for {} s", options.rate, options.seconds));
    let measured = load::press(&site, options.rate, options.seconds).await?;
    stage.done("");
    site.close().await?;
    println!("{measured}");
    judge(&measured)
}

/// Builds everything for release, and measures there: a generator that is slow itself would be measured with it.
async fn in_release(options: &Options) -> Result<()> {
    let mut stages = Stages::new();
    let stage = stages.begin("Build for release");
    program::watch(cargo(["build", "--release", "--locked", "--workspace", "--bins"]), &stage)
        .await?;
    stage.done("");
    let mut again = Command::new(repository::root().join("target/release/xtask"));
    let database = match options.database {
        Database::Sqlite => "sqlite",
        Database::Postgres => "postgres",
    };
    again.args(["bench", "clicks", "--built", "--database", database]);
    again.args(["--rate", &options.rate.to_string(), "--seconds", &options.seconds.to_string()]);
    again.current_dir(repository::root()).stdin(Stdio::null()).kill_on_drop(true);
    let status = again.status().await.context("start the measurement")?;
    if status.success() { Ok(()) } else { bail!("the clicks were not taken in time") }
}

fn judge(measured: &Measured) -> Result<()> {
    let slow = measured.percentile(99.9);
    if measured.errors() > 0 {
        bail!("{} clicks were not taken", measured.errors());
    }
    if slow >= LIMIT {
        bail!("p99.9 is {} ms; it must be below {} ms", slow.as_millis(), LIMIT.as_millis());
    }
    Ok(())
}
