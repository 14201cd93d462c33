//! Virtual environments of Python, one for each content of a lock file: SQLMesh, and what stands beside it in tests.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use tokio::process::Command;

use crate::{program, repository, stage::Stages};

/// Written last: without it the environment is half made, and made anew.
const STAMP: &str = "complete";

/// What an environment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Venv {
    /// SQLMesh with its drivers.
    Sqlmesh,
    /// The `aws` command line, and a server that plays AWS.
    Aws,
}

impl Venv {
    fn lock_file(self) -> PathBuf {
        match self {
            Self::Sqlmesh => repository::helper().join("requirements.lock"),
            Self::Aws => repository::root().join("tests/aws/requirements.lock"),
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Sqlmesh => "sqlmesh-venv",
            Self::Aws => "aws-venv",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sqlmesh => "SQLMesh",
            Self::Aws => "aws and moto",
        }
    }
}

/// The environment's Python; makes the environment where it is missing.
pub(crate) async fn install(venv: Venv, stages: &mut Stages) -> Result<PathBuf> {
    let lock_file = venv.lock_file();
    let locked = fs::read(&lock_file).with_context(|| format!("read {}", lock_file.display()))?;
    let digest = hex::encode(ring::digest::digest(&ring::digest::SHA256, &locked));
    let folder = repository::target().join(format!("{}-{}", venv.folder(), &digest[..12]));
    let python = folder.join("bin/python");
    if is_complete(&folder) {
        return Ok(python);
    }
    let stage =
        stages.begin(&format!("Install {} into a virtual environment of its own", venv.name()));
    fs::create_dir_all(repository::target()).context("create target/")?;
    // Two commands at once: the second waits here and finds it made.
    let turn = File::create(folder.with_extension("lock"))
        .context("create the lock beside the environment")?;
    stage.says("waiting for another command that installs it");
    turn.lock().context("wait for another command that installs it")?;
    if !is_complete(&folder) {
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
        }
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&folder);
        program::watch(make, &stage).await?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r"]);
        pip.arg(&lock_file).env("PYTHONUNBUFFERED", "1");
        program::watch(pip, &stage).await?;
        fs::write(folder.join(STAMP), &digest).context("mark the environment as complete")?;
    }
    stage.done("");
    Ok(python)
}

fn is_complete(folder: &Path) -> bool {
    folder.join(STAMP).exists()
}
