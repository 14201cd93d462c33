//! Everything that an installation has on disk at one moment, so that it can be put back to it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::installation::Installation;

/// The moment.
pub(crate) struct Moment {
    installation: PathBuf,
    as_it_was: TempDir,
}

impl Moment {
    /// This one. Nothing of the installation may run.
    pub(crate) fn of(installation: &Installation) -> Self {
        let as_it_was = tempfile::tempdir().expect("a folder");
        let installation = installation.path("");
        copy(&installation, as_it_was.path());
        Self { installation, as_it_was }
    }

    /// Puts everything back to it.
    pub(crate) fn again(&self) {
        for entry in fs::read_dir(&self.installation).expect("reads the folder") {
            let path = entry.expect("an entry").path();
            let removed =
                if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            removed.expect("removes what the life before has left");
        }
        copy(self.as_it_was.path(), &self.installation);
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("reads a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            fs::create_dir_all(&target).expect("makes a folder");
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copies a file");
        }
    }
}
