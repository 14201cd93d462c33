//! The command line. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 refused or held.

mod audit;
mod check;
mod doctor;
mod dry_run;
mod gate;
mod hold;
mod incidents;
mod keys;
mod manifest;
mod point;
mod policy;
mod propose;
mod reader;
mod release;
mod report;
mod serve;
mod why;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Parser, Subcommand};
use domain::person::People;
use policies::Policies;
use store::Store;

use crate::{
    bot::Role,
    clock::SystemClock,
    config::{self, Config},
    policy_files,
};

pub(crate) use incidents::quiet;

/// A chat bot with approval gates for data platforms.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// The configuration; `countersign.yaml` in this folder by default.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the bot.
    Serve {
        /// What this process does; everything by default.
        #[arg(long, value_enum, value_delimiter = ',')]
        roles: Option<Vec<Role>>,
    },
    /// Runs approved plans, and nothing else.
    Executor {
        /// Ends when nothing is left to run, instead of waiting for more.
        #[arg(long)]
        once: bool,
    },
    /// Validates configuration and policies: file, line, caret, what to do.
    Check {
        /// Prints the configuration's JSON Schema instead.
        #[arg(long)]
        schema: bool,
    },
    /// Looks at database, keys, disk, Slack, PagerDuty and SQLMesh: a line for each, and the fix beside it.
    Doctor {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prepares the database.
    Migrate,
    /// The app as the other side takes it.
    #[command(subcommand)]
    Manifest(manifest::Command),
    /// Lists incidents.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows one incident.
    Show {
        /// Its id, or the end of it.
        incident: String,
        /// What the programs of its runs printed, instead.
        #[arg(long, conflicts_with = "json")]
        output: bool,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// An incident's journal in words.
    Timeline {
        /// Its id, or the end of it.
        incident: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says who may decide, who may not, which rule says so, and what comes next.
    Why {
        /// The proposal's id, or the end of it.
        proposal: String,
        /// The person's id in the people file.
        #[arg(long)]
        person: String,
    },
    /// Asks for a rollback that no alert suggests; people decide on it.
    Propose(propose::Options),
    /// Tries what a proposal would do, as far as that changes nothing.
    DryRun(dry_run::Options),
    /// Policies.
    #[command(subcommand)]
    Policy(policy::Command),
    /// Rollback points.
    #[command(subcommand)]
    Point(point::Command),
    /// Documents for those who come afterwards.
    #[command(subcommand)]
    Report(report::Command),
    /// The record for an auditor.
    #[command(subcommand)]
    Audit(audit::Command),
    /// What must not come back after a rollback.
    #[command(subcommand)]
    Hold(hold::Command),
    /// Whether CI may deploy.
    #[command(subcommand)]
    Gate(gate::Command),
    /// What was deployed.
    #[command(subcommand)]
    Release(release::Command),
    /// Signing keys.
    #[command(subcommand)]
    Keys(keys::Command),
}

/// How a command ended, where it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// As asked.
    Well,
    /// What was asked about is not as it should be.
    Failed,
    /// The answer is no: it is held, or not possible, or was refused.
    Refused,
}

/// The configuration or the usage is wrong: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Must be called first thing in `main`: the executor starts this program once more, so that it confines itself and
/// becomes a step's program. `None` where it was started for something else.
pub fn become_confined() -> Option<ExitCode> {
    runner::become_confined(std::env::args_os())
}

/// Runs a command and says how it went.
pub fn run(cli: Cli) -> ExitCode {
    if !matches!(cli.command, Command::Serve { .. } | Command::Executor { .. }) {
        reader::end_with_the_reader();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&anyhow::Error::new(error)),
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::Failed) => ExitCode::from(1),
        Ok(Done::Refused) => ExitCode::from(3),
        Err(error) => told(&error),
    }
}

fn told(error: &anyhow::Error) -> ExitCode {
    let is_usage = error.is::<Usage>()
        || error.is::<config::ConfigError>()
        || error.is::<policies::Problems>()
        || error.is::<policy_files::PolicyFilesError>();
    // Mistakes in files come with their own heading, line and caret.
    if error.is::<policies::Problems>()
        || matches!(error.downcast_ref(), Some(config::ConfigError::Layout(_)))
    {
        eprintln!("{error}");
    } else {
        eprintln!("error: {error:#}");
    }
    ExitCode::from(if is_usage { 2 } else { 1 })
}

async fn dispatch(cli: Cli) -> anyhow::Result<Done> {
    let path = cli.config.as_deref();
    if let Command::Audit(audit::Command::Verify { log, keys, policies }) = &cli.command {
        return audit::verify(log, keys, policies.as_deref());
    }
    if matches!(cli.command, Command::Check { schema: true }) {
        return Ok(check::schema());
    }
    let config = config::load(path)?;
    let clock = Arc::new(SystemClock);
    match cli.command {
        Command::Serve { roles } => {
            let all = vec![Role::Http, Role::Workers, Role::Executor];
            serve::serve(&config, clock, &roles.unwrap_or(all)).await
        }
        Command::Executor { once: true } => serve::execute_once(&config, clock).await,
        Command::Executor { once: false } => serve::serve(&config, clock, &[Role::Executor]).await,
        Command::Check { .. } => check::check(&config),
        Command::Doctor { json } => doctor::run(&config, clock, json).await,
        Command::Manifest(command) => manifest::run(&config, &command),
        Command::Migrate => {
            Store::open(&config.database_url).await?.migrate().await?;
            println!("The database is ready.");
            Ok(Done::Well)
        }
        Command::List { json } => incidents::list(&store(&config).await?, json).await,
        Command::Show { incident, output: true, .. } => {
            incidents::output(&store(&config).await?, &incident).await
        }
        Command::Show { incident, json, .. } => {
            let policies = policies(&config).ok();
            incidents::show(&store(&config).await?, policies.as_ref(), &incident, json).await
        }
        Command::Timeline { incident, json } => {
            incidents::timeline(&store(&config).await?, &people(&config), &incident, json).await
        }
        Command::Why { proposal, person } => {
            why::why(
                &store(&config).await?,
                &policies(&config)?,
                &proposal,
                &person,
                clock.as_ref(),
            )
            .await
        }
        Command::Propose(options) => {
            propose::run(&config, store(&config).await?, policies(&config)?, clock, options).await
        }
        Command::DryRun(options) => {
            dry_run::run(&config, store(&config).await?, policies(&config)?, clock, options).await
        }
        Command::Policy(command) => policy::run(&config, &command),
        Command::Point(command) => point::run(&config, command, clock).await,
        Command::Report(command) => {
            report::run(&store(&config).await?, &people(&config), &command).await
        }
        Command::Audit(command) => audit::run(&config, command, clock.as_ref()).await,
        Command::Hold(command) => {
            hold::run(&config, &store(&config).await?, &policies(&config)?, &command).await
        }
        Command::Gate(command) => {
            gate::run(&store(&config).await?, &policies(&config)?, &command).await
        }
        Command::Release(command) => {
            release::run(&store(&config).await?, policies(&config)?, clock, &command).await
        }
        Command::Keys(command) => keys::run(&config, &command, clock.as_ref()),
    }
}

/// The database, for commands that only look: one that is not there is not made.
async fn store(config: &Config) -> anyhow::Result<Store> {
    use anyhow::Context as _;
    if let Some(file) = config.database_url.strip_prefix("sqlite://")
        && !std::path::Path::new(file).exists()
    {
        return Err(Usage(format!(
            "there is no database at {file}; `countersign migrate` makes it"
        ))
        .into());
    }
    let store = Store::open(&config.database_url).await?;
    store.ping().await.context("the database is not ready")?;
    Ok(store)
}

fn policies(config: &Config) -> anyhow::Result<Policies> {
    Ok(Policies::load(&policy_files::read(&config.policies)?)?)
}

/// The people for their names; without usable policies ids are shown instead.
fn people(config: &Config) -> People {
    policies(config).map(|policies| policies.people().clone()).unwrap_or_default()
}

/// `1 step`, `2 steps`, `3 entries`.
fn counted(count: u64, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}
