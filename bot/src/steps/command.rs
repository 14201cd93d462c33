//! Programs: each in an empty folder of its own, with what the plan gives it, confined before it begins.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use domain::{
    id::RunId,
    plan::Program,
    run::{ProbeAnswer, Run},
};
use policies::Progress;
use runner::{Command, Confinement, Finished, Outcome, RunError};
use tokio_util::sync::CancellationToken;

use super::{End, MARK, PROBE_MS, Performed, Steps, Under, did, failed};

/// The signal of a program that has used up its processor time.
const OUT_OF_TIME: i32 = 24;

/// A program that was not started, or nobody knows.
enum Problem {
    /// The plan cannot be carried out as it is.
    Plan(String),
    /// The system did not run it.
    Run(RunError),
}

impl Problem {
    fn end(&self) -> End {
        match self {
            Self::Plan(why) => End::NotDone { why: why.clone() },
            Self::Run(error) if error.may_have_run() => failed(&error.to_string()),
            Self::Run(error) => End::NotDone { why: error.to_string() },
        }
    }
}

impl Steps {
    pub(super) async fn command(&self, program: &Program, under: &Under<'_>) -> Performed {
        let progress = program.progress.as_deref().and_then(|text| Progress::parse(text).ok());
        let on_line = |line: &str| {
            let said = match &progress {
                Some(progress) => progress.read(line),
                None => Some(line.to_owned()),
            };
            if let Some(said) = said {
                under.say.send_replace(said.into());
            }
        };
        match self.spawn(under.run, program, under.timeout_ms, under.cancel, on_line).await {
            Ok(finished) => Performed { end: end(&finished), output: finished.output },
            Err(problem) => Performed { end: problem.end(), output: String::new() },
        }
    }

    /// By convention of the runbooks: 0 done, 1 not done, anything else unknown.
    pub(super) async fn ask_program(
        &self,
        run: &Run,
        program: &Program,
        cancel: &CancellationToken,
    ) -> (ProbeAnswer, String) {
        match self.spawn(run, program, PROBE_MS, cancel, |_| {}).await {
            Ok(finished) => match finished.outcome {
                Outcome::Exited(0) => {
                    (ProbeAnswer::Done, "The probe says that it is done.".to_owned())
                }
                Outcome::Exited(1) => {
                    (ProbeAnswer::NotDone, "The probe says that it is not done.".to_owned())
                }
                other => (ProbeAnswer::Unknown, format!("The probe ended with {other:?}.")),
            },
            Err(Problem::Plan(why)) => (ProbeAnswer::Unknown, why),
            Err(Problem::Run(error)) => (ProbeAnswer::Unknown, error.to_string()),
        }
    }

    async fn spawn(
        &self,
        run: &Run,
        program: &Program,
        timeout_ms: u64,
        cancel: &CancellationToken,
        mut on_line: impl FnMut(&str),
    ) -> Result<Finished, Problem> {
        let given = self.filled(&program.env).map_err(Problem::Plan)?;
        let folder = Folder::make(&self.work, &run.id).map_err(Problem::Plan)?;
        let (name, arguments) = program
            .argv
            .split_first()
            .map_or(("", &[][..]), |(program, rest)| (program.as_str(), rest));
        let mut command = Command::new(name, arguments, Duration::from_millis(timeout_ms));
        command.env = self.environment.clone();
        // Whatever a program puts down without being asked where is gone with its folder.
        command.env.insert("TMPDIR".to_owned(), folder.path.display().to_string());
        command.secrets = self.hidden(&program.env, &given);
        command.env.extend(given);
        command.env.extend(BTreeMap::from([(MARK.to_owned(), run.id.to_string())]));
        command.confinement = Some(self.confinement(program, &folder.path));
        command.current_dir = Some(folder.path.clone());
        runner::run(&command, cancel, |_| {}, |_, line| on_line(line)).await.map_err(Problem::Run)
    }

    fn confinement(&self, program: &Program, folder: &Path) -> Confinement {
        let limits = runner::Limits {
            cpu_s: program.limits.cpu_s,
            memory_bytes: program.limits.memory_mib.map(|mib| mib.saturating_mul(1024 * 1024)),
            open_files: program.limits.open_files,
        };
        let own = [folder.to_owned()];
        let writes = own.into_iter().chain(program.writes.iter().map(PathBuf::from)).collect();
        Confinement { launcher: self.launcher.clone(), limits, writes }
    }
}

/// The empty folder of one program; dropping it removes it with whatever is in it.
struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A run does one thing at a time, so its name is enough; what an earlier life left there is removed.
    fn make(work: &Path, run: &RunId) -> Result<Self, String> {
        let path = work.join("steps").join(run.as_str());
        let make = || -> io::Result<()> {
            remove(&path)?;
            fs::create_dir_all(work.join("steps"))?;
            fs::DirBuilder::new().mode(0o700).create(&path)
        };
        make().map_err(|error| format!("the folder {} cannot be made: {error}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!("{} is left behind: {error}", self.path.display());
        }
    }
}

/// Removes the folder that a run's program had, where there is one.
pub(super) fn remove_leftovers(work: &Path, run: &RunId) -> io::Result<()> {
    remove(&work.join("steps").join(run.as_str()))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn end(finished: &Finished) -> End {
    let last = tail(&finished.output);
    match finished.outcome {
        Outcome::Exited(0) => did("", vec![]),
        Outcome::Cancelled => End::CutShort,
        Outcome::TimedOut => failed("it took too long and was ended"),
        Outcome::Exited(code) => failed(&format!("it ended with exit code {code}: {last}")),
        Outcome::Signalled(OUT_OF_TIME) => failed(
            "it used up its processor time and was ended; `limits` of the step says how much it gets",
        ),
        Outcome::Signalled(signal) => failed(&format!("it was ended by signal {signal}: {last}")),
    }
}

/// The last words of a program, short enough for a thread.
fn tail(output: &str) -> String {
    let line =
        output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    line.chars().take(300).collect()
}
