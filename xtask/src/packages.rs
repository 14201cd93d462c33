//! Packages of the distribution: what is missing, and how it gets here.

use anyhow::Result;
use tokio::process::Command;

use crate::{postgres, program, program::Unusable, stage::Stages};

/// Something that the distribution has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Package {
    /// The server and its tools.
    Postgresql,
    /// The browser.
    Chromium,
    /// What drives the browser.
    ChromiumDriver,
    /// Virtual environments of Python.
    PythonVenv,
    /// The command line tool.
    Openssl,
    /// What lets system calls fail.
    Strace,
    /// The command line of Kubernetes.
    Kubectl,
}

impl Package {
    /// Its name in Debian.
    fn name(self) -> &'static str {
        match self {
            Self::Postgresql => "postgresql",
            Self::Chromium => "chromium",
            Self::ChromiumDriver => "chromium-driver",
            Self::PythonVenv => "python3-venv",
            Self::Openssl => "openssl",
            Self::Strace => "strace",
            Self::Kubectl => "kubernetes-client",
        }
    }

    /// What it is needed for.
    fn purpose(self) -> &'static str {
        match self {
            Self::Postgresql => "the tests and the demo on PostgreSQL",
            Self::Chromium | Self::ChromiumDriver => "the tests of the web page in a browser",
            Self::PythonVenv => "SQLMesh",
            Self::Openssl => "the proof that openssl alone verifies a signature",
            Self::Strace => "the tests in which every write fails once",
            Self::Kubectl => "the tests of steps that change a Kubernetes cluster",
        }
    }

    async fn is_missing(self) -> bool {
        match self {
            Self::Postgresql => !postgres::is_installed(),
            Self::Chromium => program::find("chromium").is_none(),
            Self::ChromiumDriver => program::find("chromedriver").is_none(),
            Self::PythonVenv => {
                let mut python = Command::new("python3");
                python.args(["-c", "import ensurepip, venv"]);
                program::read(python).await.is_err()
            }
            Self::Openssl => program::find("openssl").is_none(),
            Self::Strace => program::find("strace").is_none(),
            Self::Kubectl => program::find("kubectl").is_none(),
        }
    }
}

/// Installs those of `needed` that are missing; where that is not possible, says what to install and how.
pub(crate) async fn install(needed: &[Package], stages: &mut Stages) -> Result<()> {
    let missing = missing(needed).await;
    if missing.is_empty() {
        return Ok(());
    }
    if !program::is_root() || program::find("apt-get").is_none() {
        return Err(Unusable(advice(&missing)).into());
    }
    let stage = stages.heading(&format!("Install {}", names(&missing, ", ")));
    program::run(apt_get(&["update", "-q"])).await?;
    let mut install = apt_get(&["install", "-q", "-y", "--no-install-recommends"]);
    install.args(missing.iter().map(|package| package.name()));
    program::run(install).await?;
    let still = self::missing(&missing).await;
    if !still.is_empty() {
        return Err(Unusable(format!("installed, and yet not found:\n{}", advice(&still))).into());
    }
    stage.done("");
    Ok(())
}

async fn missing(needed: &[Package]) -> Vec<Package> {
    let mut missing = Vec::new();
    for package in needed {
        if package.is_missing().await {
            missing.push(*package);
        }
    }
    missing
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn names(packages: &[Package], between: &str) -> String {
    packages.iter().map(|package| package.name()).collect::<Vec<_>>().join(between)
}

fn advice(missing: &[Package]) -> String {
    let lines = missing
        .iter()
        .map(|package| format!("  {:<16} for {}\n", package.name(), package.purpose()));
    format!(
        "this machine lacks\n{}install with: sudo apt-get update && sudo apt-get install -y --no-install-recommends {}",
        lines.collect::<String>(),
        names(missing, " "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_comes_with_the_command_that_installs_it() {
        insta::assert_snapshot!(advice(&[Package::Postgresql, Package::PythonVenv]), @r"
        this machine lacks
          postgresql       for the tests and the demo on PostgreSQL
          python3-venv     for SQLMesh
        install with: sudo apt-get update && sudo apt-get install -y --no-install-recommends postgresql python3-venv
        ");
    }
}
