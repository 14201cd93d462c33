//! What can be wrong with the configuration, said so that the operator can mend it.

use std::path::PathBuf;

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there or cannot be read.
    #[error(
        "cannot read {path}; give the file with --config, or write one (docs/configuration.md)"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is no YAML, or a key is wrong.
    #[error("{path}: {problem}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and caret where known.
        problem: String,
    },
    /// A key or a value is wrong, with line and caret.
    #[error(transparent)]
    Layout(#[from] policies::Problems),
    /// A value points at something that is not there.
    #[error("`{key}` is `{value}`, but {problem}")]
    Reference {
        /// The key, with dots.
        key: String,
        /// The value as written.
        value: String,
        /// What is wrong.
        problem: String,
    },
}
