//! `cargo xtask test`: everything that must hold before a change is taken in, in the order of its price.
//!
//! Stops at the first thing that does not hold. Its exit code is the verdict; it is what `.ci/run` calls.

use std::{ffi::OsString, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::process::Command;

use crate::{
    cargo::cargo,
    contract, demos, deny,
    packages::{self, Package},
    paint::Paint,
    postgres::Postgres,
    program,
    stage::{Stages, duration},
    venv::{self, Venv},
};

/// Tells tests of something that is not here on purpose.
const SKIP: &str = "skip";

/// What of it to run.
#[derive(Args)]
pub(crate) struct Options {
    /// Only format, lints and the tests that need nothing but Rust.
    #[arg(long)]
    fast: bool,
    /// Only the tests, with these arguments for the test runner.
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// What the tests are told of this machine.
struct Surroundings {
    python: Option<PathBuf>,
    browser: Option<Browser>,
    postgres: Option<Postgres>,
    strace: Option<PathBuf>,
    aws: Option<PathBuf>,
    kubectl: Option<PathBuf>,
}

struct Browser {
    chromium: PathBuf,
    driver: PathBuf,
}

/// Runs the checks; an error is the first thing that does not hold.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let mut stages = Stages::new();
    let only_tests = !options.arguments.is_empty();
    if !options.fast {
        use Package::{Chromium, ChromiumDriver, Kubectl, Openssl, Postgresql, PythonVenv, Strace};
        packages::install(
            &[Postgresql, Chromium, ChromiumDriver, PythonVenv, Openssl, Strace, Kubectl],
            &mut stages,
        )
        .await?;
    }
    if !only_tests {
        check_sources(&mut stages, options.fast).await?;
    }
    let surroundings =
        if options.fast { Surroundings::none() } else { Surroundings::new(&mut stages).await? };
    run_tests(&mut stages, options, &surroundings).await?;
    if !only_tests {
        run_examples(&mut stages, &surroundings).await?;
        if let Some(python) = &surroundings.python {
            contract::run(&mut stages, python, |tests| surroundings.tell(tests)).await?;
            demos::run(&mut stages).await?;
        }
    }
    drop(surroundings);
    let took = duration(stages.elapsed());
    println!("\n{}", Paint::new().good(&format!("All of it holds ({took}).")));
    Ok(())
}

async fn check_sources(stages: &mut Stages, is_fast: bool) -> Result<()> {
    let stage = stages.heading("Format");
    let format = program::run(cargo(["fmt", "--all", "--check"])).await;
    format.context("the format differs; `cargo fmt --all` puts it right")?;
    stage.done("");

    let stage = stages.heading("Lints");
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    program::run(cargo(clippy)).await?;
    stage.done("");

    if !is_fast {
        let cargo_deny = deny::install(stages).await?;
        let stage = stages.heading("Licences, bans and sources of all dependencies");
        deny::check(&cargo_deny).await?;
        stage.done("");
    }
    Ok(())
}

async fn run_tests(
    stages: &mut Stages,
    options: &Options,
    surroundings: &Surroundings,
) -> Result<()> {
    let title = if options.fast { "Tests on SQLite" } else { "Tests on SQLite and PostgreSQL" };
    let stage = stages.heading(title);
    let mut tests = if program::find("cargo-nextest").is_some() {
        cargo(["nextest", "run", "--workspace", "--locked", "--no-fail-fast"])
    } else {
        cargo(["test", "--workspace", "--all-targets", "--locked", "--no-fail-fast"])
    };
    tests.args(&options.arguments);
    program::run(surroundings.tell(tests)).await?;
    stage.done("");
    Ok(())
}

async fn run_examples(stages: &mut Stages, surroundings: &Surroundings) -> Result<()> {
    let stage = stages.heading("Examples in the documentation");
    let tests = cargo(["test", "--workspace", "--doc", "--locked", "--quiet"]);
    program::run(surroundings.tell(tests)).await?;
    stage.done("");
    Ok(())
}

impl Surroundings {
    fn none() -> Self {
        Self { python: None, browser: None, postgres: None, strace: None, aws: None, kubectl: None }
    }

    async fn new(stages: &mut Stages) -> Result<Self> {
        let python = venv::install(Venv::Sqlmesh, stages).await?;
        let aws = venv::install(Venv::Aws, stages).await?.with_file_name("aws");
        let stage = stages.begin("Start a PostgreSQL of its own");
        let postgres = Postgres::start().await?;
        stage.done(&postgres.url());
        let place = |name| program::find(name).with_context(|| format!("find {name}"));
        let browser = Browser { chromium: place("chromium")?, driver: place("chromedriver")? };
        let strace = Some(place("strace")?);
        Ok(Self {
            python: Some(python),
            browser: Some(browser),
            postgres: Some(postgres),
            strace,
            aws: Some(aws),
            kubectl: Some(place("kubectl")?),
        })
    }

    fn tell(&self, mut tests: Command) -> Command {
        let or_skip = |place: Option<OsString>| place.unwrap_or_else(|| SKIP.into());
        let postgres = self.postgres.as_ref().map(|postgres| postgres.url().into());
        let python = self.python.as_ref().map(Into::into);
        let browser = self.browser.as_ref();
        tests
            .env("COUNTERSIGN_TEST_POSTGRES", or_skip(postgres))
            .env("COUNTERSIGN_TEST_PYTHON", or_skip(python))
            .env("COUNTERSIGN_TEST_STRACE", or_skip(self.strace.as_ref().map(Into::into)))
            .env("COUNTERSIGN_TEST_AWS", or_skip(self.aws.as_ref().map(Into::into)))
            .env("COUNTERSIGN_TEST_KUBECTL", or_skip(self.kubectl.as_ref().map(Into::into)))
            .env(
                "COUNTERSIGN_TEST_CHROMIUM",
                or_skip(browser.map(|browser| (&browser.chromium).into())),
            )
            .env(
                "COUNTERSIGN_TEST_CHROMEDRIVER",
                or_skip(browser.map(|browser| (&browser.driver).into())),
            )
            // A snapshot that differs is a failure, never a file to review later.
            .env("INSTA_UPDATE", "no");
        tests
    }
}
