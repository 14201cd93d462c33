//! Where things lie in this repository.

use std::path::{Path, PathBuf};

/// The folder with the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies inside the workspace")
}

/// Where these commands keep what they install or make; never committed.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// The Python helper that speaks to `SQLMesh`.
pub(crate) fn helper() -> PathBuf {
    root().join("adapters/sqlmesh/helper")
}

/// The `SQLMesh` project of the demo.
pub(crate) fn demo() -> PathBuf {
    root().join("xtask/demo")
}
