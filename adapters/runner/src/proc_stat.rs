//! The lines of `/proc/<pid>/stat` that say which group a process belongs to and whether it lives.

use std::{fs, io};

/// One process, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcStat {
    pub(crate) pid: u32,
    pub(crate) is_dead: bool,
    pub(crate) pgid: u32,
    pub(crate) session: u32,
    /// When it started, in clock ticks since the machine did.
    pub(crate) start_ticks: u64,
}

/// Reads one process, dead ones that nobody has awaited included.
pub(crate) fn read(pid: u32) -> io::Result<ProcStat> {
    let line = fs::read(format!("/proc/{pid}/stat"))?;
    parse(&String::from_utf8_lossy(&line))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a line of process state"))
}

/// All processes of a group, dead ones included.
pub(crate) fn members(pgid: u32) -> io::Result<Vec<ProcStat>> {
    let mut members = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(process) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that ends while the list is read is no member any more.
        members.extend(read(process).ok().filter(|stat| stat.pgid == pgid));
    }
    Ok(members)
}

fn parse(line: &str) -> Option<ProcStat> {
    // The second field is the name in parentheses, and the name may contain any character.
    let (head, rest) = line.rsplit_once(')')?;
    let pid = head.split_once(' ')?.0.parse().ok()?;
    // Fields are numbered from 1 in proc(5); the first one after the name is number 3.
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    // The first thread may end before the others: then the process says Z and lives on.
    let threads: u32 = field(20)?.parse().ok()?;
    Some(ProcStat {
        pid,
        is_dead: matches!(field(3)?, "Z" | "X" | "x") && threads <= 1,
        pgid: field(5)?.parse().ok()?,
        session: field(6)?.parse().ok()?,
        start_ticks: field(22)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "1 40 30 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2 3";

    #[test]
    fn a_line_is_read_whatever_the_name() {
        for name in ["(sh)", "(a) Z 1 1 (b)", "(()", "(x) )"] {
            let stat = parse(&format!("41 {name} S {TAIL}\n")).unwrap();
            let expected =
                ProcStat { pid: 41, is_dead: false, pgid: 40, session: 30, start_ticks: 987_654 };
            assert_eq!(stat, expected, "{name}");
        }
        assert!(parse(&format!("41 (sh) Z {TAIL}")).unwrap().is_dead);
        assert!(!parse(&format!("41 (sh) Z {}", TAIL.replace("0 1 0", "0 9 0"))).unwrap().is_dead);
        assert_eq!(parse("41 (sh) S 1 40"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn this_process_is_found() {
        let own = read(std::process::id()).unwrap();
        assert!(!own.is_dead);
        assert!(members(own.pgid).unwrap().iter().any(|stat| stat.pid == own.pid));
    }
}
