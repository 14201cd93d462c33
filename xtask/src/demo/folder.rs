//! The folder of demos: `<dir>/1`, `<dir>/2`, .. with at most one demo that has not ended, and a lock.
//!
//! Only folders that a demo has made are ever removed: they have a number for a name and a mark inside.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};

use super::{
    databases,
    fault::Scene,
    record::{Prepared, Record},
};
use crate::{program::Unusable, repository};

/// Says that a folder is a demo's.
const MARK: &str = ".countersign-demo";

/// The folder of one demo; nobody else can open it meanwhile.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    record: Option<Record>,
    _lock: File,
}

impl Folder {
    /// Opens the demo that has not ended, or makes a folder for a new one. Demos that have ended are removed unless
    /// they are to be kept.
    pub(super) fn open(dir: Option<&Path>, keep: bool, fresh: bool) -> Result<Self> {
        let dir = dir.map_or_else(|| repository::target().join("demo"), Path::to_owned);
        fs::create_dir_all(&dir).with_context(|| format!("create {}", dir.display()))?;
        let dir = dir.canonicalize().with_context(|| format!("find {}", dir.display()))?;
        let lock = lock(&dir)?;
        let mut last = 0;
        for (number, path) in demos(&dir)? {
            last = last.max(number);
            let record = Record::read(&path)?;
            match record {
                Some(record) if !record.finished && !fresh => {
                    return Ok(Self { path, record: Some(record), _lock: lock });
                }
                Some(_) if keep => {}
                // What is half prepared is of no use to anybody.
                Some(_) | None => {
                    databases::remove(&path)?;
                    fs::remove_dir_all(&path)
                        .with_context(|| format!("remove {}", path.display()))?;
                }
            }
        }
        let mut unused = (last + 1..).map(|number| dir.join(number.to_string()));
        // A number may be somebody else's folder.
        let path = unused.find(|path| !path.exists()).context("find a number for the demo")?;
        fs::create_dir(&path)
            .and_then(|()| {
                fs::write(path.join(MARK), "This folder is removed when a new demo begins.\n")
            })
            .with_context(|| format!("create {}", path.display()))?;
        Ok(Self { path, record: None, _lock: lock })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the demo has done so far; `None` until it is prepared.
    pub(super) fn record(&self) -> Option<&Record> {
        self.record.as_ref()
    }

    /// What a prepared demo has done so far.
    pub(super) fn needed_record(&self) -> Result<&Record> {
        self.record.as_ref().context("the demo is not prepared")
    }

    /// The data are there.
    pub(super) fn prepared(&mut self, scene: Scene, prepared: Prepared) -> Result<()> {
        let record = Record::new(scene, prepared)?;
        record.write(&self.path)?;
        self.record = Some(record);
        Ok(())
    }

    /// The server runs.
    pub(super) fn serving(&mut self, port: u16, server: &runner::ProcessIdentity) -> Result<()> {
        self.change(|record| {
            record.port = Some(port);
            record.server = Some(server.to_string());
        })
    }

    /// The alert has become an incident.
    pub(super) fn fired(&mut self, incident: &str) -> Result<()> {
        self.change(|record| record.incident = Some(incident.to_owned()))
    }

    /// There is nothing to go on with.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.change(|record| record.finished = true)
    }

    fn change(&mut self, change: impl FnOnce(&mut Record)) -> Result<()> {
        let record = self.record.as_mut().context("the demo is not prepared")?;
        change(record);
        record.write(&self.path)
    }
}

/// Held until this program ends, however it ends.
fn lock(dir: &Path) -> Result<File> {
    let file =
        File::create(dir.join("lock")).with_context(|| format!("write in {}", dir.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let advice = "a demo runs in {} already: end it, or give another folder with --dir";
            Err(Unusable(advice.replace("{}", &dir.display().to_string())).into())
        }
        Err(TryLockError::Error(error)) => bail!("cannot lock {}: {error}", dir.display()),
    }
}

/// The folders that demos have made, oldest first.
fn demos(dir: &Path) -> Result<Vec<(u32, PathBuf)>> {
    let entries = fs::read_dir(dir).with_context(|| format!("list {}", dir.display()))?;
    let mut demos: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .filter(|(_, path)| path.join(MARK).is_file())
        .collect();
    demos.sort_unstable();
    Ok(demos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn open(dir: &Path, keep: bool, fresh: bool) -> Folder {
        Folder::open(Some(dir), keep, fresh).expect("the folder can be opened")
    }

    fn name(folder: &Folder) -> &str {
        folder.path().file_name().and_then(|name| name.to_str()).expect("folders have numbers")
    }

    #[test]
    fn a_demo_that_has_not_ended_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut folder = open(dir.path(), false, false);
        folder.prepared(Scene::default(), Prepared::default()).unwrap();
        folder.fired("inc_1").unwrap();
        drop(folder);
        let mut again = open(dir.path(), false, false);
        assert_eq!(again.needed_record().unwrap().incident.as_deref(), Some("inc_1"));
        again.finish().unwrap();
        drop(again);
        assert!(open(dir.path(), true, false).record().is_none());
        assert!(dir.path().join("1").exists(), "a demo was not kept");
    }

    #[test]
    fn what_is_half_prepared_is_removed_and_so_is_what_has_ended() {
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path(), false, false));
        let mut second = open(dir.path(), false, false);
        assert_eq!(name(&second), "2");
        assert!(!dir.path().join("1").exists());
        second.prepared(Scene::default(), Prepared::default()).unwrap();
        drop(second);
        assert_eq!(name(&open(dir.path(), false, true)), "3");
        assert!(!dir.path().join("2").exists());
    }

    #[test]
    fn folders_of_others_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("1/precious")).unwrap();
        let folder = open(dir.path(), false, true);
        assert_eq!(name(&folder), "2");
        assert!(dir.path().join("1/precious").exists());
    }

    #[test]
    fn two_demos_at_once_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let _first = open(dir.path(), false, false);
        let refused = Folder::open(Some(dir.path()), false, false).expect_err("it is taken");
        assert!(refused.is::<Unusable>(), "{refused}");
    }
}
