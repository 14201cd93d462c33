//! Cargo inside cargo.

use tokio::process::Command;

use crate::repository;

/// What `cargo run` sets for this program. Build scripts watch some of it: were it handed on, their crates would be
/// built anew each time.
const OURS: [&str; 14] = [
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PKG_AUTHORS",
    "CARGO_PKG_DESCRIPTION",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
    "LD_LIBRARY_PATH",
];

/// Cargo in this repository, as if called from a terminal.
pub(crate) fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(repository::root()).args(arguments);
    for name in OURS {
        command.env_remove(name);
    }
    command
}
