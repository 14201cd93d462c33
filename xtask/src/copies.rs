//! Copies of what the repository ships, and changes in them.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("create {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("list {}", from.display()))? {
        let entry = entry.with_context(|| format!("list {}", from.display()))?;
        let (source, copied) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy(&source, &copied)?;
        } else {
            fs::copy(&source, &copied).with_context(|| format!("copy {}", source.display()))?;
        }
    }
    Ok(())
}

/// Changes a text file.
pub(crate) fn edit(file: &Path, change: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let changed = change(&text).with_context(|| format!("adapt {}", file.display()))?;
    fs::write(file, changed).with_context(|| format!("write {}", file.display()))
}
