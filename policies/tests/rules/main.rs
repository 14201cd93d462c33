//! The default files and what the crate makes of them. The tests read the files; the crate itself never does.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

mod authority;
mod cases;
mod checks;
mod kinds;
mod planned;
mod problems;
mod request;
mod requirement;
mod retention;
mod runbook;
mod slips;
mod triage;

use std::{fs, path::Path};

use policies::{Files, Policies};

/// All files of a folder of this package, by their path relative to it.
fn files(folder: &str) -> Files {
    fn collect(root: &Path, folder: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, files);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                files.0.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Files::default();
    collect(&root, &root, &mut files);
    files
}

/// The default policies.
#[track_caller]
fn defaults() -> Policies {
    Policies::load(&files("rules")).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The default files with one replacement in one of them.
#[track_caller]
fn changed(file: &str, from: &str, to: &str) -> Files {
    let mut files = files("rules");
    let text = files.0.get_mut(file).unwrap_or_else(|| panic!("there is no {file}"));
    assert!(text.contains(from), "{file} does not contain `{from}`");
    *text = text.replacen(from, to, 1);
    files
}
