//! The contract of `SQLMesh`'s helper, tested against a real `SQLMesh`: every file of tests in a process of its own.

use std::{cell::RefCell, fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

use crate::{
    program, repository,
    stage::{Stage, Stages, duration},
};

/// It takes longest, so it begins first.
const LONGEST: &str = "test_postgres_kills";

/// Runs all of them, two at a time. `tell` tells a command of the machine's databases.
pub(crate) async fn run(
    stages: &mut Stages,
    python: &Path,
    tell: impl Fn(Command) -> Command,
) -> Result<()> {
    let stage = stages.begin("SQLMesh's helper against a real SQLMesh");
    let waiting = RefCell::new(files()?);
    let count = waiting.borrow().len();
    let work = async || {
        loop {
            let Some(file) = waiting.borrow_mut().pop() else { return anyhow::Ok(()) };
            test(&stage, python, &file, &tell).await?;
        }
    };
    tokio::try_join!(work(), work())?;
    stage.done(&format!("{count} files of tests"));
    Ok(())
}

async fn test(
    stage: &Stage,
    python: &Path,
    file: &str,
    tell: impl Fn(Command) -> Command,
) -> Result<()> {
    let started = std::time::Instant::now();
    let mut tests = Command::new(python);
    tests.current_dir(repository::helper()).args(["-B", "-m", "unittest", file]);
    program::read(tell(tests)).await?;
    stage.note(&format!("{file} ({})", duration(started.elapsed())));
    Ok(())
}

/// The files of tests, the one to begin with last.
fn files() -> Result<Vec<String>> {
    let folder = repository::helper();
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        files.extend(
            name.strip_suffix(".py").filter(|name| name.starts_with("test_")).map(str::to_owned),
        );
    }
    ensure!(!files.is_empty(), "there are no tests in {}", folder.display());
    files.sort_by_key(|file| (file == LONGEST, file.clone()));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn every_file_is_run_and_a_failure_is_one() {
        let begun = RefCell::new(0);
        let count = |command| {
            *begun.borrow_mut() += 1;
            command
        };
        run(&mut Stages::new(), Path::new("/bin/true"), count).await.expect("all of them pass");
        assert_eq!(*begun.borrow(), files().expect("there are tests").len());
        let failed = run(&mut Stages::new(), Path::new("/bin/false"), |command| command).await;
        let said = failed.expect_err("one of them fails").to_string();
        assert!(said.contains("unittest") && said.contains("failed"), "{said}");
    }

    #[test]
    fn the_longest_begins() {
        let files = files().expect("there are tests");
        assert_eq!(files.last().map(String::as_str), Some(LONGEST));
        assert!(files.contains(&"test_helper".to_owned()), "{files:?}");
    }
}
