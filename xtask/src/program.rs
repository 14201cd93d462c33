//! Other programs: finds them, runs them, and ends them when this command is interrupted.
//!
//! A program is always an argument list, never a shell line. None outlives the call that started it.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    time::timeout,
};

use crate::stage::Stage;

/// How long an interrupted program may take to end by itself.
const GRACE: Duration = Duration::from_secs(10);
/// How many lines of a failed program are shown.
const TAIL_LINES: usize = 40;

/// The machine or the arguments do not allow the command: exit code 2.
#[derive(Debug)]
pub(crate) struct Unusable(pub(crate) String);

/// Somebody ended the command: exit code 130.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("interrupted")
    }
}

impl std::error::Error for Unusable {}
impl std::error::Error for Interrupted {}

/// Completes when somebody wants this command to end (Ctrl-C, or a polite kill).
pub(crate) async fn interruption() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for Ctrl-C")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// The place of a program on `PATH`.
#[expect(clippy::disallowed_methods, reason = "the one place where this command reads `PATH`")]
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

/// Whether a file can be run.
pub(crate) fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether this command may do anything on this machine.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command that ends when this program does, even when this program is killed.
///
/// That needs `setpriv`, which every Debian has; elsewhere the command is plain. It must be started from the main
/// thread, and as `user` where one is given.
pub(crate) fn bound_to_us(user: Option<&str>, program: &Path) -> Command {
    let Some(setpriv) = find("setpriv") else { return Command::new(program) };
    let mut command = Command::new(setpriv);
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
    }
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Runs a program that writes to the terminal itself.
pub(crate) async fn run(mut command: Command) -> Result<()> {
    let name = name(&command);
    let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn();
    let status = wait(child.with_context(|| format!("start {name}"))?).await?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// Runs a program in silence and returns what it wrote to standard output. Where it fails, the error shows the end
/// of all that it wrote.
pub(crate) async fn read(command: Command) -> Result<String> {
    listen(command, |_| {}).await
}

/// Runs a program in silence, showing its latest word.
pub(crate) async fn watch(command: Command, stage: &Stage) -> Result<String> {
    // Objects are for programs.
    listen(command, |line| {
        if !line.starts_with('{') {
            stage.says(line);
        }
    })
    .await
}

async fn listen(mut command: Command, on_line: impl Fn(&str)) -> Result<String> {
    let name = name(&command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("start {name}"))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let ((stdout, mut all), (_, errors), status) =
        tokio::join!(lines(out, &on_line), lines(err, &on_line), wait(child));
    let status = status?;
    if !status.success() {
        all.extend(errors);
        let tail = all.split_off(all.len().saturating_sub(TAIL_LINES)).join("\n");
        bail!("{name} failed ({status}):\n{tail}");
    }
    Ok(stdout)
}

/// All that comes out of a pipe: as one text, and line by line.
async fn lines(
    pipe: Option<impl AsyncRead + Unpin>,
    on_line: impl Fn(&str),
) -> (String, Vec<String>) {
    let (mut text, mut all) = (String::new(), Vec::new());
    let Some(pipe) = pipe else { return (text, all) };
    let mut reader = BufReader::new(pipe);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).await.is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(&bytes).into_owned();
        on_line(&line);
        text.push_str(&line);
        all.push(line.trim_end().to_owned());
        bytes.clear();
    }
    (text, all)
}

/// Waits for a program; when this command is interrupted, asks the program to end and waits for that.
async fn wait(mut child: Child) -> Result<ExitStatus> {
    tokio::select! {
        status = child.wait() => return status.context("wait for a program"),
        interruption = interruption() => interruption?,
    }
    ask_to_end(&child);
    if timeout(GRACE, child.wait()).await.is_err() {
        child.kill().await.context("kill a program")?;
    }
    Err(Interrupted.into())
}

/// Sends SIGTERM, unless it has ended already.
pub(crate) fn ask_to_end(child: &Child) {
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may end by itself in this moment, which is what is wanted.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// The program with its first arguments, for messages.
fn name(command: &Command) -> String {
    let command = command.as_std();
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    let words: Vec<_> = std::iter::once(program).chain(arguments.take(3)).collect();
    format!("`{}`", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_failure_shows_the_end_of_both_outputs() {
        let failed =
            read(shell("echo one; echo two >&2; exit 3")).await.expect_err("it exits with 3");
        insta::assert_snapshot!(failed, @r"
        `sh -c echo one; echo two >&2; exit 3` failed (exit status: 3):
        one
        two
        ");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn reading_returns_standard_output_alone() {
        let said =
            read(shell("echo one; echo two >&2; printf three")).await.expect("it exits with 0");
        assert_eq!(said, "one\nthree");
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(find("sh").is_some_and(|file| file.is_absolute()));
        assert_eq!(find("no-such-program-anywhere"), None);
    }
}
