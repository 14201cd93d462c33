//! Finds processes of an earlier life of this program by a variable in their environment.
//!
//! A process identity is written down only after the process is there; whoever dies in between leaves an orphan
//! that no record names. A mark in the environment is there from the first instant, and children inherit it.

use std::{fs, time::Duration};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::RunError;

/// Between two looks whether they are gone.
const LOOK: Duration = Duration::from_millis(20);
/// After they were killed, their death is awaited so long.
const DEATH: Duration = Duration::from_secs(10);

/// Ends every process whose environment says `name=value`: asked first, killed after `grace`. Gives how many there
/// were; when this returns none is left. Processes of other users are not seen.
pub async fn end_marked(name: &str, value: &str, grace: Duration) -> Result<usize, RunError> {
    crate::process_identity::check_proc()?;
    let mark = format!("{name}={value}");
    let found = marked(&mark);
    if found.is_empty()
        || gone_after(&mark, Signal::TERM, grace).await
        || gone_after(&mark, Signal::KILL, DEATH).await
    {
        return Ok(found.len());
    }
    let pgid = marked(&mark).first().map_or(0, |pid| pid.as_raw_nonzero().get().unsigned_abs());
    Err(RunError::StillAlive { pgid, waited_s: DEATH.as_secs() })
}

/// Sends a signal to all of them, and says whether none is left within `limit`.
async fn gone_after(mark: &str, signal: Signal, limit: Duration) -> bool {
    for pid in marked(mark) {
        // One that has ended meanwhile is what we want.
        let _ = kill_process(pid, signal);
    }
    let looks = limit.as_millis() / LOOK.as_millis() + 1;
    for _ in 0..looks {
        if marked(mark).is_empty() {
            return true;
        }
        sleep(LOOK).await;
    }
    false
}

fn marked(mark: &str) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
    let own = std::process::id();
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != own && carries(*pid, mark))
        .filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?))
        .collect()
}

/// A process that has ended, but is not yet awaited by its parent, has an empty environment.
fn carries(pid: u32, mark: &str) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
        environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
    })
}
