//! Why the helper gave no answer that can be used.

/// A call to the helper that did not work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The helper's files could not be written.
    #[error("write the SQLMesh helper to {path}")]
    Install {
        /// Where to.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Rollback points could not be read.
    #[error("read the rollback points at {path}")]
    Points {
        /// Which file or folder.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// Python could not be started.
    #[error("run SQLMesh's helper")]
    Run(#[source] runner::RunError),
    /// It took too long and was ended.
    #[error("SQLMesh's helper did not finish `{command}` within its time")]
    TimedOut {
        /// The sub-command.
        command: String,
    },
    /// It took too long, and what it began in the database could not be ended.
    #[error(
        "SQLMesh's helper did not finish `{command}` within its time, and what it began in the database could not be ended"
    )]
    LeftBehind {
        /// The sub-command.
        command: String,
        /// Why not.
        #[source]
        source: Box<Error>,
    },
    /// Countersign is shutting down.
    #[error("SQLMesh's helper was ended during `{command}` because Countersign shuts down")]
    Cancelled {
        /// The sub-command.
        command: String,
    },
    /// The last line is not what it should be.
    #[error("SQLMesh's helper answered `{command}` with something else: {tail}")]
    Garbled {
        /// The sub-command.
        command: String,
        /// The end of what it printed.
        tail: String,
    },
    /// The helper says no, and why.
    #[error("{message}")]
    Refused {
        /// The helper's words.
        message: String,
        /// `conflict`, `impossible`, `apply_failed`, `crash` or `usage`.
        kind: String,
        /// Whether the same call may succeed a moment later.
        transient: bool,
    },
}

impl Error {
    /// Whether the target itself cannot be read: a warehouse or a state that is broken or gone.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Refused { kind, transient: false, .. } if kind != "usage")
    }

    /// Whether the helper says that it cannot be done, and why.
    pub fn is_impossible(&self) -> bool {
        matches!(self, Self::Refused { kind, .. } if kind == "impossible")
    }

    /// Whether trying again later may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Cancelled { .. } => true,
            Self::Refused { transient, .. } => *transient,
            Self::Install { .. }
            | Self::Points { .. }
            | Self::Run(_)
            | Self::Garbled { .. }
            | Self::LeftBehind { .. } => false,
        }
    }
}
