//! Which moments PostgreSQL's archive leads back to. Looks at names and times of files alone; whether they are sound is
//! found out when a point is taken out of them.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use domain::Timestamp;
use policies::ArchiveRule;

/// `pg_basebackup` writes it last.
const FINISHED: &str = "backup_manifest";

/// An archive, or part of one, cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("read PostgreSQL's archive at {path}")]
pub struct ArchiveError {
    path: String,
    #[source]
    source: io::Error,
}

/// What an archive holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Base backups with the times at which they were finished, oldest first.
    bases: Vec<(Timestamp, PathBuf)>,
    /// When the newest file of the log was put there; `None` where there is none.
    log_until: Option<Timestamp>,
    log: PathBuf,
}

/// The way to a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of it can be had.
    Reached(Recovery),
    /// The log ends before it.
    Partly {
        /// Until when the log goes.
        until: Timestamp,
    },
    /// There is no base backup of before it, or no log of after that.
    TooEarly,
}

/// What a moment is recovered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The base backup.
    pub base: PathBuf,
    /// When it was finished.
    pub base_at: Timestamp,
    /// The folder of the log.
    pub log: PathBuf,
}

impl Archive {
    /// Looks into both folders.
    pub fn read(rule: &ArchiveRule) -> Result<Self, ArchiveError> {
        let log = absolute(&rule.wal)?;
        let mut bases = Vec::new();
        for folder in entries(&absolute(&rule.base_backups)?)? {
            // One that is being made has no manifest yet.
            if let Some(finished) = modified(&folder.join(FINISHED))? {
                bases.push((finished, folder));
            }
        }
        bases.sort();
        let mut log_until = None;
        for file in entries(&log)? {
            log_until = log_until.max(modified(&file)?);
        }
        Ok(Self { bases, log_until, log })
    }

    /// The way to a moment: from the newest base backup that was finished by then.
    pub fn reach(&self, at: Timestamp) -> Reach {
        // A base backup is nothing without the log that was written after it.
        let Some(until) = self.log_until else { return Reach::TooEarly };
        let reached = until.min(at);
        let mut newest_first = self.bases.iter().rev();
        match newest_first.find(|(finished, _)| *finished <= reached) {
            None => Reach::TooEarly,
            Some(_) if until < at => Reach::Partly { until },
            Some((base_at, base)) => Reach::Reached(Recovery {
                base: base.clone(),
                base_at: *base_at,
                log: self.log.clone(),
            }),
        }
    }
}

fn absolute(folder: &str) -> Result<PathBuf, ArchiveError> {
    std::path::absolute(folder).map_err(|source| ArchiveError { path: folder.to_owned(), source })
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, ArchiveError> {
    let failed = |source| ArchiveError { path: folder.display().to_string(), source };
    let entries = fs::read_dir(folder).map_err(failed)?;
    entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect()
}

/// When a file was written; `None` where there is none.
fn modified(file: &Path) -> Result<Option<Timestamp>, ArchiveError> {
    let failed = |source| ArchiveError { path: file.display().to_string(), source };
    match fs::metadata(file).and_then(|metadata| metadata.modified()) {
        Ok(modified) => Ok(Some(Timestamp::from(modified))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        Err(source) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use chrono::{TimeDelta, TimeZone as _, Utc};

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Utc.with_ymd_and_hms(2026, 11, 25, 12, 0, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    fn write(file: &Path, minutes: i64) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let file = fs::File::create(file).unwrap();
        file.set_modified(SystemTime::from(at(minutes))).unwrap();
    }

    #[test]
    fn a_moment_is_reached_from_the_newest_base_backup_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let (bases, log) = (folder.path().join("bases"), folder.path().join("wal"));
        write(&bases.join("sunday").join(FINISHED), 0);
        write(&bases.join("monday").join(FINISHED), 60);
        write(&bases.join("unfinished").join("PG_VERSION"), 90);
        write(&bases.join("notes.txt"), 0);
        write(&log.join("000000010000000000000001"), 30);
        write(&log.join("000000010000000000000002"), 120);
        let rule = ArchiveRule {
            base_backups: bases.display().to_string(),
            wal: log.display().to_string(),
        };
        let archive = Archive::read(&rule).unwrap();
        let base = |minutes| match archive.reach(at(minutes)) {
            Reach::Reached(recovery) => recovery.base.file_name().unwrap().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            (base(0), base(59), base(60), base(120)),
            ("sunday".into(), "sunday".into(), "monday".into(), "monday".into())
        );
        assert_eq!(archive.reach(at(-1)), Reach::TooEarly);
        assert_eq!(archive.reach(at(121)), Reach::Partly { until: at(120) });
        fs::remove_file(log.join("000000010000000000000002")).unwrap();
        assert_eq!(Archive::read(&rule).unwrap().reach(at(70)), Reach::Partly { until: at(30) });
        fs::remove_file(log.join("000000010000000000000001")).unwrap();
        assert_eq!(Archive::read(&rule).unwrap().reach(at(70)), Reach::TooEarly);
        fs::remove_dir_all(&log).unwrap();
        let error = Archive::read(&rule).unwrap_err().to_string();
        assert!(error.starts_with("read PostgreSQL's archive at "), "{error}");
    }
}
