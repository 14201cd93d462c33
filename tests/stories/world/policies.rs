//! The default policies, with this story's workspace and warehouse in place of the examples.

use std::{
    fs,
    path::{Path, PathBuf},
};

const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/rules");

/// Copies the default policies below `folder`.
pub(crate) fn write(folder: &Path, project: &Path) -> PathBuf {
    let rules = folder.join("rules");
    copy(Path::new(RULES), &rules);
    edit(&rules.join("people.yaml"), "T0DATA", fakes::slack::TEAM);
    let place = format!(
        "project: {}\n    python: {}",
        project.display(),
        env!("CARGO_BIN_EXE_fake-sqlmesh")
    );
    edit(&rules.join("targets.yaml"), "project: warehouse", &place);
    rules
}

/// Replaces a text of a file; it must be there.
pub(crate) fn edit(file: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(file).expect("the file is there");
    assert!(text.contains(old), "{} does not contain `{old}`", file.display());
    fs::write(file, text.replace(old, new)).expect("writes the file");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("makes a folder");
    for entry in fs::read_dir(from).expect("reads a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copies a file");
        }
    }
}
