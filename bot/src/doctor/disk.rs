//! The disk: is there room where things are kept?

use std::path::{Path, PathBuf};

use super::Finding;
use crate::config::Config;

const CHECK: &str = "disk";
const MIB: u64 = 1024 * 1024;
/// Below this the next rollback point, or the database itself, does not fit.
const TOO_LITTLE: u64 = 100 * MIB;
const LITTLE: u64 = 1024 * MIB;

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let database = config.database_url.strip_prefix("sqlite://").map(|file| {
        let file = file.split('?').next().unwrap_or(file);
        ("the database", PathBuf::from(file))
    });
    let folders = [
        ("the rollback points", config.points.clone()),
        ("the programs of steps", config.work.clone()),
    ];
    database.into_iter().chain(folders).map(|(what, path)| room(what, &path)).collect()
}

fn room(what: &str, path: &Path) -> Finding {
    let there = std::path::absolute(path).ok();
    // What is not there yet is made where its folder is.
    let there = there.as_deref().and_then(|path| path.ancestors().find(|path| path.exists()));
    let free = there.and_then(|path| rustix::fs::statvfs(path).ok());
    let Some(free) = free.map(|room| room.f_bavail.saturating_mul(room.f_frsize)) else {
        return Finding::warning(CHECK, format!("{} cannot be looked at", path.display()))
            .fix("Check that the folder is there and may be read");
    };
    judged(free, &format!("{} free for {what} ({})", sized(free), path.display()))
}

fn judged(free: u64, what: &str) -> Finding {
    if free < TOO_LITTLE {
        Finding::problem(CHECK, what).fix("Make room: nothing more can be kept soon")
    } else if free < LITTLE {
        Finding::warning(CHECK, what).fix("Make room before the next rollback")
    } else {
        Finding::ok(CHECK, what)
    }
}

fn sized(bytes: u64) -> String {
    let mib = bytes / MIB;
    if mib >= 1024 { format!("{} GiB", mib / 1024) } else { format!("{mib} MiB") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn little_room_is_said_before_there_is_none() {
        let table = [
            (0, State::Problem, "0 MiB"),
            (99 * MIB, State::Problem, "99 MiB"),
            (100 * MIB, State::Warning, "100 MiB"),
            (1023 * MIB, State::Warning, "1023 MiB"),
            (1024 * MIB, State::Ok, "1 GiB"),
            (u64::MAX, State::Ok, "17179869183 GiB"),
        ];
        for (free, state, said) in table {
            assert_eq!((judged(free, "").state, sized(free).as_str()), (state, said));
        }
    }
}
