//! Which process group a command got, so precisely that it can be found again after this program
//! crashed, and never be mistaken for another one to which the system gave the same number.
//!
//! While its leader is there, leader and start time must fit. When only other members are left, the
//! session must fit and they must not be older; the system does not reuse a number that is still the
//! name of a group. Every check is of one moment: between it and a signal a few microseconds pass.

use std::{fmt, fs, io, str::FromStr};

use rustix::process::{Pid, test_kill_process_group};

use crate::{RunError, proc_stat};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The name of a process group for longer than the life of its number. As text (for a database
/// column) it is `boot/pgid/session/ticks`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProcessIdentity {
    /// Which start of which machine; numbers of another one mean nothing here.
    pub boot_id: String,
    /// The number of the group, which is the process id of its leader.
    pub pgid: u32,
    /// The session of the group, which is that of the program that started it.
    pub session: u32,
    /// When the leader started, in clock ticks since the machine did.
    pub start_ticks: u64,
}

impl ProcessIdentity {
    /// The identity of the group that process `pid` leads.
    pub fn of_leader(pid: u32) -> io::Result<Self> {
        let stat = proc_stat::read(pid)?;
        if stat.pgid != pid {
            return Err(io::Error::other("the process does not lead its group"));
        }
        let boot_id = read_boot_id()?;
        Ok(Self { boot_id, pgid: pid, session: stat.session, start_ticks: stat.start_ticks })
    }

    /// Whether the machine was not started anew since.
    pub(crate) fn is_of_this_boot(&self) -> Result<bool, RunError> {
        Ok(read_boot_id().map_err(unreadable)? == self.boot_id)
    }

    /// Whether a living process of exactly this group is left. Without a readable process table the
    /// answer is yes for a group of that number.
    pub(crate) fn is_alive(&self) -> bool {
        // The list is read twice: a member may start another one behind the reader's back and end
        // before it is reached itself.
        has_number(self.pgid) && (self.has_living_member() || self.has_living_member())
    }

    fn has_living_member(&self) -> bool {
        let Ok(members) = proc_stat::members(self.pgid) else { return true };
        let is_reused = proc_stat::read(self.pgid)
            .is_ok_and(|stat| stat.pgid != self.pgid || stat.start_ticks != self.start_ticks);
        let is_ours = |stat: &proc_stat::ProcStat| {
            stat.session == self.session && stat.start_ticks >= self.start_ticks
        };
        !is_reused && members.iter().any(|stat| is_ours(stat) && !stat.is_dead)
    }
}

/// Whether `/proc` can be read, asked before anything is started.
pub(crate) fn check_proc() -> Result<(), RunError> {
    read_boot_id().map(|_| ()).map_err(unreadable)
}

/// The group number as the system calls want it. 0 and 1 are refused: to them they mean "my own
/// group" and "everybody".
pub(crate) fn group_number(pgid: u32) -> Option<Pid> {
    i32::try_from(pgid).ok().filter(|pgid| *pgid > 1).and_then(Pid::from_raw)
}

/// Whether any process, dead ones included, is in a group of this number.
pub(crate) fn has_number(pgid: u32) -> bool {
    let Some(group) = group_number(pgid) else { return false };
    // Not being allowed to signal it means that it is there.
    !matches!(test_kill_process_group(group), Err(rustix::io::Errno::SRCH))
}

fn read_boot_id() -> io::Result<String> {
    Ok(fs::read_to_string(BOOT_ID)?.trim().to_owned())
}

fn unreadable(source: io::Error) -> RunError {
    RunError::ProcUnreadable { path: BOOT_ID, source }
}

impl fmt::Display for ProcessIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { boot_id, pgid, session, start_ticks } = self;
        write!(formatter, "{boot_id}/{pgid}/{session}/{start_ticks}")
    }
}

impl FromStr for ProcessIdentity {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        let parse = || {
            let mut parts = text.split('/');
            let identity = Self {
                boot_id: parts.next().filter(|boot_id| !boot_id.is_empty())?.to_owned(),
                pgid: parts.next()?.parse().ok()?,
                session: parts.next()?.parse().ok()?,
                start_ticks: parts.next()?.parse().ok()?,
            };
            (parts.next().is_none() && group_number(identity.pgid).is_some()).then_some(identity)
        };
        let invalid = || io::Error::new(io::ErrorKind::InvalidData, "not a process identity");
        parse().ok_or_else(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_survives_the_round_trip() {
        let identity =
            ProcessIdentity { boot_id: "6b1f-02".into(), pgid: 4711, session: 7, start_ticks: 99 };
        assert_eq!(identity.to_string(), "6b1f-02/4711/7/99");
        assert_eq!(identity.to_string().parse::<ProcessIdentity>().unwrap(), identity);
    }

    #[test]
    fn numbers_that_mean_everybody_are_refused() {
        for text in [
            "",
            "b/4711/7",
            "b/4711/7/9/9",
            "/4711/7/9",
            "b/0/7/9",
            "b/1/7/9",
            "b/-1/7/9",
            "b/4294967295/7/9",
        ] {
            assert!(text.parse::<ProcessIdentity>().is_err(), "{text}");
        }
        assert!(group_number(0).is_none() && group_number(1).is_none() && !has_number(1));
    }
}
