//! Rollback points as the helper wrote them: a directory each, and its manifest is the truth.
//!
//! A directory without a manifest is no point; one whose manifest cannot be read is told apart from that.

use std::{
    fs,
    path::{Path, PathBuf},
};

use domain::plan::Target;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Written last by the helper.
const MANIFEST: &str = "manifest.json";
/// Written before anything is copied, and what a manifest becomes when its point is removed.
const UNFINISHED: [&str; 2] = ["dropped.json", "begun.json"];
/// The folder with a folder for each recovery of the past, while it lasts.
const RECOVERING: &str = "recovering";
/// Written by each verification.
const VERIFIED: &str = "verified.json";

/// What a point covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// Tables of some models, kept inside the warehouse, and SQLMesh's state.
    Tables,
    /// The whole environment: all databases with everything in them.
    Full,
    /// The versions of all models and SQLMesh's record of them, and no data.
    Versions,
}

impl PointKind {
    /// Its name, as the command line and the helper know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tables => "tables",
            Self::Full => "full",
            Self::Versions => "versions",
        }
    }
}

/// A rollback point.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Point {
    /// Its id, which is its directory's name.
    #[serde(rename = "point")]
    pub id: String,
    /// What it covers.
    pub kind: PointKind,
    /// The moment that it is of, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was made, where that is another time: it was recovered from a log afterwards.
    #[serde(default, rename = "made_ms")]
    pub recovered_ms: Option<i64>,
    /// Why it was made.
    pub reason: String,
    /// SQLMesh's name of the environment.
    pub environment: String,
    /// SQLMesh's name of the gateway.
    pub gateway: String,
    /// The state of the environment at that moment.
    pub fingerprint: String,
    /// Where its project lay.
    pub project: Origin,
    /// The models of the environment.
    pub models: Vec<PointModel>,
    /// What came of the last verification; none where there was none.
    #[serde(skip)]
    pub verified: Option<Verdict>,
}

/// The project that a point was made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Origin {
    /// The folder.
    pub path: PathBuf,
    /// The commit, where the folder is a git repository.
    pub commit: Option<String>,
}

/// A model as a point knows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PointModel {
    /// The model as its project names it.
    pub name: String,
    /// The snapshot that was live.
    pub identifier: String,
    /// Whether its table is kept.
    pub kept: bool,
}

/// What came of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whether every check passed.
    pub passed: bool,
}

impl Point {
    /// Whether it was made of this target.
    pub fn is_of(&self, target: &Target) -> bool {
        is_of(target, &self.environment, &self.gateway, &self.project)
    }

    /// When it was made, in milliseconds since 1970.
    pub fn made_ms(&self) -> i64 {
        self.recovered_ms.unwrap_or(self.created_ms)
    }

    /// Whether its last verification found nothing wrong.
    pub fn is_verified(&self) -> bool {
        self.verified.is_some_and(|verdict| verdict.passed)
    }

    /// Whether it has the table of a model at this version (`identifier`).
    pub fn keeps(&self, model: &str, identifier: &str) -> bool {
        let is_it = |kept: &&PointModel| kept.name == model && kept.identifier == identifier;
        self.models.iter().find(is_it).is_some_and(|kept| kept.kept)
    }
}

/// What an interrupted removal or an interrupted making of a point has left.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Leftover {
    /// The id of the point.
    #[serde(rename = "point")]
    pub id: String,
    /// The moment that it is of, in milliseconds since 1970.
    pub created_ms: i64,
    /// SQLMesh's name of the environment.
    environment: String,
    /// SQLMesh's name of the gateway.
    gateway: String,
    project: Origin,
    /// Whether it was a point once, and somebody was removing it.
    #[serde(skip)]
    pub was_dropped: bool,
}

impl Leftover {
    /// Whether it is of this target.
    pub fn is_of(&self, target: &Target) -> bool {
        is_of(target, &self.environment, &self.gateway, &self.project)
    }
}

fn is_of(target: &Target, environment: &str, gateway: &str, origin: &Origin) -> bool {
    let project =
        fs::canonicalize(&target.project).unwrap_or_else(|_| target.project.clone().into());
    environment == target.environment && gateway == target.gateway && origin.path == project
}

/// All points below `folder`, newest first. There are none where there is no folder.
pub fn points(folder: &Path) -> Result<Vec<Point>, Error> {
    let mut points = Vec::new();
    for folder in entries(folder)? {
        if let Some(mut point) = read::<Point>(&folder.join(MANIFEST))? {
            // Invariant: what is offered can be found again by its id.
            if folder.file_name().is_some_and(|name| name == point.id.as_str()) {
                point.verified = read(&folder.join(VERIFIED))?;
                points.push(point);
            }
        }
    }
    points.sort_by(|one, other| (other.created_ms, &other.id).cmp(&(one.created_ms, &one.id)));
    Ok(points)
}

/// Everything below `folder` that is no point, because somebody was interrupted.
pub fn leftovers(folder: &Path) -> Result<Vec<Leftover>, Error> {
    let mut leftovers = Vec::new();
    for folder in entries(folder)? {
        if folder.join(MANIFEST).exists() {
            continue;
        }
        let [dropped, begun] = UNFINISHED.map(|name| folder.join(name));
        let was_dropped = dropped.exists();
        let found = read::<Leftover>(if was_dropped { &dropped } else { &begun })?;
        let is_named =
            |left: &Leftover| folder.file_name().is_some_and(|name| name == left.id.as_str());
        if let Some(leftover) = found.filter(is_named) {
            leftovers.push(Leftover { was_dropped, ..leftover });
        }
    }
    leftovers.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(leftovers)
}

/// Whether a recovery of the past is under way below `folder`, or was interrupted there.
pub fn has_recoveries(folder: &Path) -> Result<bool, Error> {
    Ok(!entries(&folder.join(RECOVERING))?.is_empty())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |source| Error::Points { path: folder.display().to_string(), source };
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry.map_err(failed)?.path())).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(vec![]),
        Err(source) => Err(failed(source)),
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<Option<T>, Error> {
    let failed = |source| Error::Points { path: file.display().to_string(), source };
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(error.into())),
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Err(source) => Err(failed(source)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn write(folder: &Path, id: &str, created_ms: i64) {
        fs::create_dir_all(folder.join(id)).unwrap();
        let manifest = json!({
            "layout": 1, "point": id, "kind": "tables", "created_ms": created_ms, "reason": "",
            "environment": "prod", "gateway": "local", "fingerprint": "f",
            "project": {"path": folder, "commit": null, "changed_files": []},
            "models": [{"name": "marts.orders", "identifier": "11", "kept": true}],
        });
        fs::write(folder.join(id).join(MANIFEST), manifest.to_string()).unwrap();
    }

    #[test]
    fn the_newest_comes_first_and_what_is_unfinished_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let place = fs::canonicalize(folder.path()).unwrap();
        write(&place, "pt_1", 1_000);
        write(&place, "pt_2", 2_000);
        fs::create_dir(place.join("pt_3")).unwrap();
        fs::write(place.join("notes.txt"), "").unwrap();
        fs::write(place.join("pt_1").join(VERIFIED), r#"{"at_ms": 1, "passed": true}"#).unwrap();
        let found = points(&place).unwrap();
        let ids: Vec<_> =
            found.iter().map(|point| (point.id.as_str(), point.is_verified())).collect();
        assert_eq!(ids, [("pt_2", false), ("pt_1", true)]);
        assert!(found[0].keeps("marts.orders", "11") && !found[0].keeps("marts.orders", "12"));
        let target = |environment: &str| Target {
            id: "warehouse".to_owned(),
            environment: environment.to_owned(),
            gateway: "local".to_owned(),
            project: place.display().to_string(),
        };
        assert!(found[0].is_of(&target("prod")) && !found[0].is_of(&target("dev")));
    }

    #[test]
    fn what_was_interrupted_is_found_and_is_no_point() {
        let folder = tempfile::tempdir().unwrap();
        let place = fs::canonicalize(folder.path()).unwrap();
        for (id, name) in [("pt_1", "dropped.json"), ("pt_2", "begun.json"), ("pt_3", MANIFEST)] {
            write(&place, id, 1_000);
            fs::rename(place.join(id).join(MANIFEST), place.join(id).join(name)).unwrap();
        }
        // Removed and made anew under its id: the finished one counts.
        fs::write(place.join("pt_3").join("begun.json"), "{}").unwrap();
        let found = leftovers(&place).unwrap();
        let ids: Vec<_> = found.iter().map(|left| (left.id.as_str(), left.was_dropped)).collect();
        assert_eq!(ids, [("pt_1", true), ("pt_2", false)]);
        assert_eq!(points(&place).unwrap().len(), 1);
    }

    #[test]
    fn a_recovery_is_no_point_and_is_found() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_recoveries(folder.path()).unwrap());
        fs::create_dir_all(folder.path().join(RECOVERING).join("pt_1")).unwrap();
        assert!(has_recoveries(folder.path()).unwrap());
        assert_eq!(
            (points(folder.path()).unwrap(), leftovers(folder.path()).unwrap()),
            (vec![], vec![])
        );
    }

    #[test]
    fn a_manifest_that_cannot_be_read_is_no_silence() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(points(&folder.path().join("nowhere")).unwrap(), []);
        fs::create_dir(folder.path().join("pt_1")).unwrap();
        fs::write(folder.path().join("pt_1").join(MANIFEST), "{").unwrap();
        let error = points(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("read the rollback points at "), "{error}");
    }
}
