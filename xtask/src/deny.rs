//! cargo-deny: licences, bans and sources of everything that is built in.

use std::path::PathBuf;

use anyhow::Result;
use tokio::process::Command;

use crate::{cargo::cargo, program, repository, stage::Stages};

const VERSION: &str = "0.20.2";

/// Finds cargo-deny, or builds it once for this repository.
pub(crate) async fn install(stages: &mut Stages) -> Result<PathBuf> {
    if let Some(found) = program::find("cargo-deny") {
        return Ok(found);
    }
    // The version is part of the path, so that a newer one is not taken for installed.
    let root = repository::target().join("tools").join(format!("cargo-deny-{VERSION}"));
    let file = root.join("bin/cargo-deny");
    if !program::is_program(&file) {
        let stage = stages.heading(&format!("Build cargo-deny {VERSION}, once"));
        let mut install = cargo(["install", "cargo-deny", "--locked", "--debug", "--quiet"]);
        install.args(["--version", VERSION, "--root"]).arg(&root);
        // Built to be used for a second: neither optimised nor with debug information.
        install.env("CARGO_PROFILE_DEV_DEBUG", "0");
        program::run(install).await?;
        stage.done("");
    }
    Ok(file)
}

/// Checks what `deny.toml` says of bans, licences and sources.
pub(crate) async fn check(cargo_deny: &PathBuf) -> Result<()> {
    let mut check = Command::new(cargo_deny);
    // Warnings (two versions of one crate) are for those who ask; here only errors count.
    check.current_dir(repository::root()).args(["--locked", "--log-level", "error"]);
    check.args(["check", "bans", "licenses", "sources"]);
    program::run(check).await
}
