//! What a program may use and write to, set before it begins.
//!
//! ```text
//! spawn launcher ──▶ limits ──▶ no new privileges ──▶ Landlock ──▶ exec: it is the program now
//! ```
//!
//! Limits belong to a process and pass on to what it starts, so somebody has to set them between fork and exec. That
//! somebody is a launcher: a program whose `main` calls [`become_confined`] first, usually the very one that runs here.
//!
//! This holds up accidents and careless programs. It does not hold up a program that means harm: the network,
//! signals to processes of the same user, and everything that is readable stay open to it.

use std::{
    env::ArgsOs,
    ffi::OsString,
    fmt, io,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use landlock::{
    ABI, AccessFs, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus,
    path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The first argument of a launcher.
const ACT: &str = "confine-and-run";
/// Exit code of a launcher that could not become the program.
const NOT_STARTED: u8 = 126;
/// Between the warning that the processor time is used up and the end.
const CPU_GRACE_S: u64 = 2;
/// What every program writes to.
const SINKS: [&str; 3] = ["/dev/null", "/dev/zero", "/dev/full"];
/// The rights that are known since Linux 6.2; older kernels enforce those that they know.
const KNOWN: ABI = ABI::V3;

/// What a program may use and write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// The program that confines itself and then becomes the wanted one.
    pub launcher: PathBuf,
    /// How much each process may use. Core files are never written.
    pub limits: Limits,
    /// Folders that it may write to, where the kernel has Landlock; everything may be read.
    pub writes: Vec<PathBuf>,
}

/// How much each process of a program may use; what is left out is not limited any further.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Seconds of processor time.
    pub cpu_s: Option<u64>,
    /// Bytes of address space.
    pub memory_bytes: Option<u64>,
    /// Open files.
    pub open_files: Option<u64>,
}

impl Confinement {
    /// The launcher's own path and arguments for this program.
    pub(crate) fn command_line(&self, program: &str, args: &[String]) -> (PathBuf, Vec<String>) {
        let Limits { cpu_s, memory_bytes, open_files } = self.limits;
        let limits = [("--cpu", cpu_s), ("--memory", memory_bytes), ("--files", open_files)];
        let mut line = vec![ACT.to_owned()];
        for (flag, value) in limits {
            line.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value.to_string()]));
        }
        for folder in &self.writes {
            line.extend(["--write".to_owned(), folder.display().to_string()]);
        }
        line.push("--".to_owned());
        line.push(program.to_owned());
        line.extend(args.iter().cloned());
        (self.launcher.clone(), line)
    }
}

/// Must be called first thing in the `main` of a launcher, before there is a second thread. `None` where the program
/// was started for something else; otherwise it has failed, and this is its exit code.
pub fn become_confined(mut args: ArgsOs) -> Option<ExitCode> {
    if args.nth(1)? != ACT {
        return None;
    }
    let Err(error) = confine_and_run(args);
    eprintln!("the program was not started: {error}");
    Some(ExitCode::from(NOT_STARTED))
}

/// Whether this kernel confines writing.
pub fn can_confine_files() -> bool {
    // A ruleset that is made and dropped restricts nobody; without Landlock it cannot be made in earnest.
    use landlock::{CompatLevel, Compatible as _};
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_write(ABI::V1))
        .and_then(Ruleset::create)
        .is_ok()
}

enum Problem {
    Usage(String),
    Folder(PathBuf, io::Error),
    Limit(&'static str, io::Error),
    Files(landlock::RulesetError),
    Exec(OsString, io::Error),
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => write!(formatter, "the launcher does not understand {what}"),
            Self::Folder(path, error) => {
                write!(
                    formatter,
                    "it may write to {}, which cannot be opened: {error}",
                    path.display()
                )
            }
            Self::Limit(what, error) => write!(formatter, "its {what} cannot be limited: {error}"),
            Self::Files(error) => write!(formatter, "its files cannot be confined: {error}"),
            Self::Exec(program, error) => {
                write!(formatter, "`{}` cannot be run: {error}", program.display())
            }
        }
    }
}

fn confine_and_run(mut args: ArgsOs) -> Result<std::convert::Infallible, Problem> {
    let mut writes = Vec::new();
    limit(Resource::Core, 0).map_err(|error| Problem::Limit("core file", error))?;
    loop {
        let flag = args.next().unwrap_or_default();
        if flag == "--" {
            break;
        }
        let value = args.next().ok_or_else(|| Problem::Usage(flag.display().to_string()))?;
        let number = || {
            let text = value.to_str().and_then(|text| text.parse().ok());
            text.ok_or_else(|| Problem::Usage(value.display().to_string()))
        };
        let limited = match flag.to_str() {
            Some("--cpu") => {
                limit(Resource::Cpu, number()?).map_err(|error| ("processor time", error))
            }
            Some("--memory") => limit(Resource::As, number()?).map_err(|error| ("memory", error)),
            Some("--files") => limit(Resource::Nofile, number()?).map_err(|error| ("files", error)),
            Some("--write") => {
                writes.push(PathBuf::from(&value));
                Ok(())
            }
            _ => return Err(Problem::Usage(flag.display().to_string())),
        };
        limited.map_err(|(what, error)| Problem::Limit(what, error))?;
    }
    let program =
        args.next().ok_or_else(|| Problem::Usage("a line without a program".to_owned()))?;
    rustix::thread::set_no_new_privs(true)
        .map_err(|error| Problem::Limit("privileges", error.into()))?;
    confine_files(&writes)?;
    let error = Command::new(&program).args(args).exec();
    Err(Problem::Exec(program, error))
}

/// Lowers a limit, for good: what was lower already stays.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    // The kernel warns at the lower bound and kills at the upper one: who is warned of the time can be told apart.
    let last = if resource == Resource::Cpu { most.saturating_add(CPU_GRACE_S) } else { most };
    let before = getrlimit(resource).maximum;
    let within = |most: u64| Some(before.map_or(most, |before| before.min(most)));
    Ok(setrlimit(resource, Rlimit { current: within(most), maximum: within(last) })?)
}

fn confine_files(writes: &[PathBuf]) -> Result<(), Problem> {
    for folder in writes {
        // A rule for a folder that is not there would be left out in silence.
        std::fs::metadata(folder).map_err(|error| Problem::Folder(folder.clone(), error))?;
    }
    let access = AccessFs::from_write(KNOWN);
    let sinks = SINKS.iter().map(Path::new).filter(|sink| sink.exists());
    let rules = path_beneath_rules(writes.iter().map(PathBuf::as_path).chain(sinks), access);
    let ruleset = Ruleset::default().handle_access(access).and_then(Ruleset::create);
    let status = ruleset
        .and_then(|ruleset| ruleset.add_rules(rules))
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(Problem::Files)?;
    // A kernel without Landlock is no reason to do without the step; the executor says so when it starts.
    let _: RulesetStatus = status.ruleset;
    Ok(())
}
