//! A program that is started early and waits for its task on its standard input.
//!
//! ```text
//! start ── waits ──▶ give(line) ──▶ watch: from here on it is a command like any other
//!            ├─────▶ end()          asked to end, killed after a moment, seen to be gone
//!            └─────▶ dropped        killed
//! ```
//!
//! Whoever holds it is the only one who can write to it: when this program dies, the other sees the end of its input.
//! It must then end by itself, having done nothing, and likewise after a line without its end.

use std::{process::Stdio, time::Duration};

use tokio::{io::AsyncWriteExt as _, process::ChildStdin, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{Command, Finished, RunError, Stream, end_group, run::Started};

/// A pipe that nobody reads takes a short line only; a program that is busy starting reads after a while.
const TAKING: Duration = Duration::from_secs(30);

/// A program that waits.
#[derive(Debug)]
pub struct Waiting {
    started: Started,
    input: ChildStdin,
    grace: Duration,
}

/// A program that has got its line.
#[derive(Debug)]
pub struct Given(Started);

impl Waiting {
    /// Starts a program that will wait for a line. Its time-out does not run yet.
    pub fn start(command: &Command) -> Result<Self, RunError> {
        let mut started = Started::new(command, Stdio::piped())?;
        let input = started.child.stdin.take().expect("standard input is piped");
        Ok(Self { started, input, grace: command.grace })
    }

    /// Gives it its one line (without the line's end) and closes its input. `None` where it did not take the whole line:
    /// it has done nothing then, and is gone.
    pub async fn give(mut self, line: &str) -> Result<Option<Given>, RunError> {
        let is_gone = !matches!(self.started.child.try_wait(), Ok(None));
        let line = format!("{line}\n");
        if !is_gone && let Ok(Ok(())) = timeout(TAKING, self.input.write_all(line.as_bytes())).await
        {
            drop(self.input);
            return Ok(Some(Given(self.started)));
        }
        self.end().await?;
        Ok(None)
    }

    /// Ends it and returns when it is gone.
    pub async fn end(self) -> Result<(), RunError> {
        let Self { started: Started { mut child, guard }, input, grace } = self;
        drop(input);
        end_group(guard.identity(), grace).await?;
        // A dead child that is not awaited stays in the process table; the runtime awaits it where this cannot.
        let _ = child.wait().await;
        guard.disarm();
        Ok(())
    }
}

impl Given {
    /// Sees it through like [`run()`](crate::run()); the command's time-out runs from now on.
    pub async fn watch(
        self,
        command: &Command,
        cancel: &CancellationToken,
        on_line: impl FnMut(Stream, &str),
    ) -> Result<Finished, RunError> {
        self.0.watch(command, cancel, on_line).await
    }
}
