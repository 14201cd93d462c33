//! One command from start to the death of its last process.
//!
//! ```text
//! spawn ── exits by itself ──▶ read on, bounded ──┐
//!   ├───── time-out ──────────────────────────────┼──▶ end the group ──▶ confirmed dead ──▶ Finished
//!   └───── cancelled ─────────────────────────────┘    TERM, grace, KILL
//! ```
//!
//! Its output is read all the while, also while it is being ended: a program that wants to say good-bye
//! must not hang on a full pipe. Dropping the future at any point kills the group.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Instant,
};

use tokio::{
    process::Child,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::{
    Command, Finished, GroupEnd, Outcome, ProcessIdentity, RunError, Stream, capture::Capture,
    end_group, group::GroupGuard, process_identity::check_proc,
};

/// Runs a command. `on_started` gets the identity of its process group before anything else is done,
/// so that the caller can write it down; `on_line` gets every line of output, redacted. When this
/// returns a [`Finished`], no process of the group is left.
pub async fn run(
    command: &Command,
    cancel: &CancellationToken,
    on_started: impl FnOnce(&ProcessIdentity),
    on_line: impl FnMut(Stream, &str),
) -> Result<Finished, RunError> {
    if cancel.is_cancelled() {
        let program = command.program.clone();
        return Err(RunError::CancelledBeforeStart { program });
    }
    let started = Started::new(command, Stdio::null())?;
    on_started(started.guard.identity());
    started.watch(command, cancel, on_line).await
}

/// A program that has been started, in a group of its own.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) guard: GroupGuard,
}

impl Started {
    /// Starts a program with this input. Its time does not run yet.
    pub(crate) fn new(command: &Command, input: Stdio) -> Result<Self, RunError> {
        check_proc()?;
        let mut child = spawn(command, input)?;
        let guard = GroupGuard::new(identify(command, &mut child)?);
        Ok(Self { child, guard })
    }

    /// Reads what it prints and waits for its end, or ends it. Its time runs from now on.
    pub(crate) async fn watch(
        self,
        command: &Command,
        cancel: &CancellationToken,
        on_line: impl FnMut(Stream, &str),
    ) -> Result<Finished, RunError> {
        let program = || command.program.clone();
        let Self { mut child, guard } = self;
        let began = Instant::now();
        let stdout = child.stdout.take().expect("standard output is piped");
        let stderr = child.stderr.take().expect("standard error is piped");
        let mut capture = Capture::new(command, stdout, stderr, on_line);

        let ending = while_reading(&mut capture, first_ending(command, &mut child, cancel)).await;
        if let Ok(Ending::ByItself(_)) = ending {
            drain(command, &mut capture).await;
        }
        let identity = guard.identity();
        let group_end = while_reading(&mut capture, end_group(identity, command.grace)).await?;
        let outcome =
            match ending.map_err(|source| RunError::Wait { program: program(), source })? {
                Ending::ByItself(status) => {
                    if group_end == GroupEnd::Ended {
                        debug!(
                            pgid = identity.pgid,
                            "ended what `{}` had left behind", command.program
                        );
                    }
                    outcome_of(status)
                }
                Ending::TimedOut => Outcome::TimedOut,
                Ending::Cancelled => Outcome::Cancelled,
            };
        // A dead child that is not awaited stays in the process table.
        child.wait().await.map_err(|source| RunError::Wait { program: program(), source })?;
        guard.disarm();

        // What was written before the end is still in the pipes; somebody who left the group may hold
        // them open for ever.
        drain(command, &mut capture).await;
        let captured = capture.finish();
        Ok(Finished {
            outcome,
            output: captured.output,
            left_out_bytes: captured.left_out_bytes,
            last_stdout_line: captured.last_stdout_line,
            duration: began.elapsed(),
        })
    }
}

/// What happens first.
enum Ending {
    ByItself(ExitStatus),
    TimedOut,
    Cancelled,
}

fn spawn(command: &Command, input: Stdio) -> Result<Child, RunError> {
    let (program, args) = command_line(command)?;
    let mut spawned = tokio::process::Command::new(program);
    spawned
        .args(args)
        .env_clear()
        .envs(&command.env)
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    if let Some(directory) = &command.current_dir {
        spawned.current_dir(directory);
    }
    spawned.spawn().map_err(|source| {
        let program = command.program.clone();
        match &command.current_dir {
            Some(directory) if std::fs::read_dir(directory).is_err() => {
                RunError::CurrentDir { program, directory: directory.clone(), source }
            }
            _ if source.kind() == io::ErrorKind::NotFound => {
                RunError::ProgramNotFound { program, source }
            }
            _ => RunError::Spawn { program, source },
        }
    })
}

/// What is started: the program itself, or the launcher that confines itself before it becomes the program.
fn command_line(command: &Command) -> Result<(PathBuf, Vec<String>), RunError> {
    let Some(confinement) = &command.confinement else {
        return Ok((PathBuf::from(&command.program), command.args.clone()));
    };
    // The launcher would find out too, but by then something has been started.
    if !is_there(command) {
        let (program, source) = (command.program.clone(), io::ErrorKind::NotFound.into());
        return Err(RunError::ProgramNotFound { program, source });
    }
    Ok(confinement.command_line(&command.program, &command.args))
}

/// Whether the program's path, or its name in the `PATH` of its own environment, leads to a file.
fn is_there(command: &Command) -> bool {
    let place = command.current_dir.clone().unwrap_or_default();
    if command.program.contains('/') {
        return place.join(&command.program).is_file();
    }
    let folders = command.env.get("PATH").map(String::as_str).unwrap_or_default();
    std::env::split_paths(folders).any(|folder| folder.join(&command.program).is_file())
}

/// The child is in the process table until it is awaited, however short its life was.
fn identify(command: &Command, child: &mut Child) -> Result<ProcessIdentity, RunError> {
    let pid = child.id().expect("a child has an id until it was awaited");
    ProcessIdentity::of_leader(pid).map_err(|source| {
        let program = command.program.clone();
        match child.start_kill() {
            // The runtime awaits it once it is dropped.
            Ok(()) => RunError::Unidentified { program, pid, source },
            Err(source) => RunError::Wait { program, source },
        }
    })
}

async fn first_ending(
    command: &Command,
    child: &mut Child,
    cancel: &CancellationToken,
) -> io::Result<Ending> {
    tokio::select! {
        // In this order: what has ended by itself did so, even if time was up at the same moment.
        biased;
        status = child.wait() => Ok(Ending::ByItself(status?)),
        () = cancel.cancelled() => Ok(Ending::Cancelled),
        () = sleep(command.timeout) => Ok(Ending::TimedOut),
    }
}

/// Awaits `work` and reads output meanwhile.
async fn while_reading<T>(
    capture: &mut Capture<impl FnMut(Stream, &str)>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            // The work first: a child that never stops talking must not put off its own end.
            biased;
            done = &mut work => return done,
            () = capture.read_to_end(), if !capture.is_at_end() => {}
        }
    }
}

/// Reads what is left, for a bounded time.
async fn drain(command: &Command, capture: &mut Capture<impl FnMut(Stream, &str)>) {
    if timeout(command.drain, capture.read_to_end()).await.is_err() {
        debug!("somebody still holds the output of `{}` open", command.program);
    }
}

fn outcome_of(status: ExitStatus) -> Outcome {
    match (status.code(), status.signal()) {
        (Some(code), _) => Outcome::Exited(code),
        (None, Some(signal)) => Outcome::Signalled(signal),
        (None, None) => unreachable!("a process that has ended has a code or a signal"),
    }
}
