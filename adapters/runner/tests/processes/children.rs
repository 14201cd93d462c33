//! Scripts to run, and the only place that looks at the process table.

use std::{fs, time::Duration};

use runner::{Command, Finished, ProcessIdentity, group_is_alive, run};
use rustix::process::{Pid, Signal, kill_process};
use tokio_util::sync::CancellationToken;

/// A shell script with the usual search path and a time-out that no test reaches.
pub(crate) fn sh(script: &str) -> Command {
    let mut command = Command::new("sh", ["-c", script], Duration::from_mins(10));
    command.env.insert("PATH".into(), "/usr/bin:/bin".into());
    command
}

/// Runs a command that nobody cancels; its group must be dead when the answer is there.
pub(crate) async fn finish(command: &Command) -> Finished {
    let mut pgid = 0;
    let cancel = CancellationToken::new();
    let started = |identity: &ProcessIdentity| pgid = identity.pgid;
    let finished = run(command, &cancel, started, |_, _| ()).await.unwrap();
    assert!(pgid > 1 && !group_is_alive(pgid), "the group outlived its command");
    finished
}

/// Whether a process lives; one that is dead and not awaited does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let Ok(line) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !line.rsplit_once(") ").unwrap().1.starts_with(['Z', 'X'])
}

/// Kills a process that a test has started.
pub(crate) fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// Waits for something that the system does in its own time.
#[track_caller]
pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..3000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain until {what}");
}
