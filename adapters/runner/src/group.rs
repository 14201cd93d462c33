//! Ends process groups, and believes that one is dead only when no living process of it is left.

use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process_group};

use crate::{ProcessIdentity, RunError, proc_stat, process_identity};

/// How long the death of a killed group is awaited.
const KILL_BOUND: Duration = Duration::from_secs(10);

const FIRST_LOOK: Duration = Duration::from_millis(2);
const LAST_LOOK: Duration = Duration::from_millis(100);

/// What [`end_group`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupEnd {
    /// No process of it was left, or its number now belongs to somebody else, who was let be.
    AlreadyGone,
    /// It was there; now it is dead.
    Ended,
    /// It was started on another machine, or before this one was started anew: nothing was done, and
    /// nothing is known if it was another machine.
    OtherBoot,
}

/// Whether a living process is in the process group of this number, whoever it belongs to now.
pub fn group_is_alive(pgid: u32) -> bool {
    process_identity::has_number(pgid)
        && proc_stat::members(pgid).map_or(true, |members| members.iter().any(|stat| !stat.is_dead))
}

/// Makes sure that this group is dead: asks it to end, kills it after `grace`, and returns when it is
/// gone. Groups in another container are not seen from here and count as gone.
pub async fn end_group(identity: &ProcessIdentity, grace: Duration) -> Result<GroupEnd, RunError> {
    if !identity.is_of_this_boot()? {
        return Ok(GroupEnd::OtherBoot);
    }
    if !identity.is_alive() {
        return Ok(GroupEnd::AlreadyGone);
    }
    signal(identity, Signal::TERM);
    // A stopped process hears nothing until it is continued.
    signal(identity, Signal::CONT);
    if !is_gone_within(identity, grace).await {
        signal(identity, Signal::KILL);
        if !is_gone_within(identity, KILL_BOUND).await {
            let waited_s = KILL_BOUND.as_secs();
            return Err(RunError::StillAlive { pgid: identity.pgid, waited_s });
        }
    }
    Ok(GroupEnd::Ended)
}

/// Kills a group when dropped, so that a command never outlives whoever watches it.
#[derive(Debug)]
pub(crate) struct GroupGuard {
    identity: ProcessIdentity,
    is_armed: bool,
}

impl GroupGuard {
    /// Watches over this group.
    pub(crate) fn new(identity: ProcessIdentity) -> Self {
        Self { identity, is_armed: true }
    }

    /// The group that is watched over.
    pub(crate) fn identity(&self) -> &ProcessIdentity {
        &self.identity
    }

    /// The group is known to be dead.
    pub(crate) fn disarm(mut self) {
        self.is_armed = false;
    }
}

impl Drop for GroupGuard {
    fn drop(&mut self) {
        if self.is_armed && self.identity.is_alive() {
            signal(&self.identity, Signal::KILL);
        }
    }
}

fn signal(identity: &ProcessIdentity, signal: Signal) {
    if let Some(group) = process_identity::group_number(identity.pgid) {
        // A group that has ended meanwhile is what was wanted; whether one that may not be signalled
        // ends is seen by waiting for it.
        let _ = kill_process_group(group, signal);
    }
}

/// Waits until the group is gone. The system announces the death of children alone, and most members
/// are not: hence this looks again, ever less often.
async fn is_gone_within(identity: &ProcessIdentity, bound: Duration) -> bool {
    let started = Instant::now();
    let mut pause = FIRST_LOOK;
    loop {
        if !identity.is_alive() {
            return true;
        }
        let left = bound.saturating_sub(started.elapsed());
        if left.is_zero() {
            return false;
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(LAST_LOOK);
    }
}
