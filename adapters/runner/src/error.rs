//! What can go wrong around a command. A command that fails by itself is no error: that is an
//! [`Outcome`](crate::Outcome).

use std::{io, path::PathBuf};

use rustix::io::Errno;

/// A command could not be started, watched or ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The caller had cancelled before the command was started.
    #[error("`{program}` was not started: it was cancelled before")]
    CancelledBeforeStart {
        /// The program.
        program: String,
    },
    /// There is no such program.
    #[error(
        "cannot start `{program}`: not found; install it, or correct its name or the PATH of the \
         step (a script also needs the interpreter of its first line)"
    )]
    ProgramNotFound {
        /// The program.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder to run in cannot be used.
    #[error("cannot start `{program}` in {}: that folder does not exist or is closed", directory.display())]
    CurrentDir {
        /// The program.
        program: String,
        /// The folder.
        directory: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The program could not be started for another reason.
    #[error("cannot start `{program}`")]
    Spawn {
        /// The program.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The process table cannot be read, so nothing can be ended safely; nothing was started.
    #[error("cannot read {path}: commands need /proc to be mounted")]
    ProcUnreadable {
        /// The file.
        path: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The command was started, but cannot be told apart from others; it was killed.
    #[error("cannot identify `{program}`, which was started as process {pid} and killed")]
    Unidentified {
        /// The program.
        program: String,
        /// Its process id.
        pid: u32,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The end of the command could not be awaited; its group was ended.
    #[error("cannot wait for `{program}`")]
    Wait {
        /// The program.
        program: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Processes are left after they were killed: they hang in the kernel (a dead network disk), or
    /// belong to another user.
    #[error("cannot end process group {pgid}: it is still there {waited_s} s after it was killed")]
    StillAlive {
        /// The process group.
        pgid: u32,
        /// How long its death was awaited, in seconds.
        waited_s: u64,
    },
}

impl RunError {
    /// Whether the program may have had an effect. When not, trying again cannot do it twice.
    pub fn may_have_run(&self) -> bool {
        match self {
            Self::CancelledBeforeStart { .. }
            | Self::ProgramNotFound { .. }
            | Self::CurrentDir { .. }
            | Self::Spawn { .. }
            | Self::ProcUnreadable { .. } => false,
            Self::Unidentified { .. } | Self::Wait { .. } | Self::StillAlive { .. } => true,
        }
    }

    /// Whether nothing ran and the same attempt may succeed later: the machine lacked memory,
    /// processes or open files.
    pub fn is_transient(&self) -> bool {
        let Self::Spawn { source, .. } = self else { return false };
        matches!(
            Errno::from_io_error(source),
            Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::TXTBSY)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lack_of_resources_is_transient() {
        let spawn = |errno: Errno| RunError::Spawn { program: "x".into(), source: errno.into() };
        assert!(spawn(Errno::AGAIN).is_transient() && spawn(Errno::MFILE).is_transient());
        assert!(!spawn(Errno::ACCESS).is_transient() && !spawn(Errno::ACCESS).may_have_run());
        let stuck = RunError::StillAlive { pgid: 7, waited_s: 1 };
        assert!(stuck.may_have_run() && !stuck.is_transient());
    }
}
