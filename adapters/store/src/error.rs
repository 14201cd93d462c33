//! Why the database did not do something, and whether it is worth trying again.
//!
//! SQLite does not say which constraint was violated, so the two databases' errors are told apart by kind and code
//! only; nobody reads their texts.

use sqlx::error::ErrorKind;

/// Why something was not done. A transaction in which an error came up must be given up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none that this crate understands.
    #[error("could not use the database address: {problem}")]
    Address {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No server among those named is up and takes writes.
    #[error("could not find a PostgreSQL primary among {hosts}")]
    NoPrimary {
        /// The hosts that were asked.
        hosts: String,
        /// What the last of them that did not answer said; none where all of them are standbys.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// Somebody else was faster or holds what is needed: load again and step again.
    #[error("could not {task}: somebody else was faster")]
    Conflict {
        /// What was tried.
        task: &'static str,
        /// What the database said; none where a condition of ours was not met.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// The database cannot be reached or has no room.
    #[error("could not {task}: the database is not available")]
    Unavailable {
        /// What was tried.
        task: &'static str,
        /// What the database or the way to it said.
        #[source]
        source: sqlx::Error,
    },
    /// The database refused.
    #[error("could not {task}")]
    Query {
        /// What was tried.
        task: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// What is stored does not fit what is expected.
    #[error("could not {task}: column `{column}` does not fit")]
    Decode {
        /// What was tried.
        task: &'static str,
        /// The column.
        column: &'static str,
        /// Why it does not fit.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database was never migrated, or not far enough.
    #[error("could not use the database: migration {name} is missing; run `countersign migrate`")]
    NotMigrated {
        /// The first migration that is missing.
        name: &'static str,
    },
    /// A migration was applied with another text than the one in this binary.
    #[error("could not use the database: migration {name} was applied with another text")]
    MigrationChanged {
        /// The migration.
        name: &'static str,
    },
}

impl Error {
    /// Whether the same may succeed later without anybody changing anything. After a commit that failed this
    /// way nobody knows whether it took place: load again before doing anything twice.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Conflict { .. } | Self::Unavailable { .. } | Self::NoPrimary { .. } => true,
            Self::Address { .. }
            | Self::Query { .. }
            | Self::Decode { .. }
            | Self::NotMigrated { .. }
            | Self::MigrationChanged { .. } => false,
        }
    }

    /// Whether somebody else was faster: worth trying again at once.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// A condition of ours that was not met because of somebody else's write.
    pub(crate) fn conflict(task: &'static str) -> Self {
        Self::Conflict { task, source: None }
    }
}

/// Sorts what sqlx says; `task` completes "could not ...".
pub(crate) fn tried(task: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| match sort(&source) {
        Sort::Conflict => Error::Conflict { task, source: Some(source) },
        Sort::Unavailable => Error::Unavailable { task, source },
        Sort::Refused => Error::Query { task, source },
    }
}

enum Sort {
    Conflict,
    Unavailable,
    Refused,
}

fn sort(error: &sqlx::Error) -> Sort {
    match error {
        sqlx::Error::Database(error) if error.kind() == ErrorKind::UniqueViolation => {
            Sort::Conflict
        }
        sqlx::Error::Database(error) => sort_code(error.code().as_deref().unwrap_or_default()),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Sort::Unavailable,
        _ => Sort::Refused,
    }
}

/// PostgreSQL's codes have five characters, SQLite's are decimal numbers below five digits.
fn sort_code(code: &str) -> Sort {
    if code.len() == 5 {
        return match code {
            // Serialization failure, deadlock, lock not available.
            "40001" | "40P01" | "55P03" => Sort::Conflict,
            // A primary that became a standby, a statement that took too long, a session that was ended.
            "25006" | "25P03" | "57014" | "57P01" | "57P02" | "57P03" | "57P05" => {
                Sort::Unavailable
            }
            // Connection trouble, and no room or memory.
            _ if code.starts_with("08") || code.starts_with("53") => Sort::Unavailable,
            _ => Sort::Refused,
        };
    }
    // The low byte is SQLite's primary code, the rest says more of it.
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => Sort::Conflict,           // busy, locked
        Ok(10 | 13 | 14) => Sort::Unavailable, // disk fault, disk full, file cannot be opened
        _ => Sort::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_worth_trying_again() {
        for (code, transient) in [
            ("40001", true),
            ("40P01", true),
            ("55P03", true),
            ("25006", true),
            ("08006", true),
            ("53100", true),
            ("42P01", false),
            ("23503", false),
            ("5", true),
            ("517", true), // busy with an old snapshot
            ("6", true),
            ("13", true),
            ("787", false), // foreign key
            ("1", false),
            ("", false),
        ] {
            let is_refused = matches!(sort_code(code), Sort::Refused);
            assert_eq!(!is_refused, transient, "code {code:?}");
        }
    }
}
