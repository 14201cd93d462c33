//! The commands of this repository: `cargo xtask test`, `demo`, `fakes`, `pictures` and `bench`.
//!
//! They install what they need, say what they do, and leave no process behind. Everything runs on the main thread:
//! a child that asked to die with its parent dies with the thread that started it.

mod repository;

mod paint;
mod stage;
mod stand_in;

mod program;

mod cargo;
mod contract;
mod copies;
mod deny;
mod packages;
mod postgres;
mod venv;

mod clicks;
mod demo;
mod demos;
mod fakes;
mod pictures;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{
    paint::Paint,
    program::{Interrupted, Unusable},
};

/// Commands of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs what the checks need and runs all of them: format, lints, licences, tests.
    Test(test::Options),
    /// Shows a whole rollback on this machine, from the alert to the verified journal.
    Demo(demo::Options),
    /// Starts a fake Slack and a fake PagerDuty, with a page on which people act.
    Fakes(fakes::Options),
    /// Makes the documentation's pictures of what people see in Slack.
    Pictures,
    /// Measures what Countersign costs; ratios within one run, never a verdict.
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Subcommand)]
enum Bench {
    /// From the approving click to the verified rollback, against SQLMesh's own time for the same.
    Rollback,
    /// How soon Slack hears that a click was taken, at 500 clicks a second; fails where it is too late.
    Clicks(clicks::Options),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.command {
        Command::Test(options) => test::run(options).await,
        Command::Demo(options) => demo::run(options).await,
        Command::Fakes(options) => fakes::run(options).await,
        Command::Pictures => pictures::run().await,
        Command::Bench(Bench::Rollback) => demo::bench().await,
        Command::Bench(Bench::Clicks(options)) => clicks::run(options).await,
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprintln!("{} {error:#}", Paint::for_errors().bad("error:"));
    if error.is::<Unusable>() {
        ExitCode::from(2)
    } else if error.is::<Interrupted>() {
        ExitCode::from(130)
    } else {
        ExitCode::FAILURE
    }
}
