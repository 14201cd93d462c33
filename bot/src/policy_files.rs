//! Reads the policies' folder; the rules themselves never touch a file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use policies::Files;

/// The folder cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the policies at {path}; `policies:` in the configuration names their folder")]
pub struct PolicyFilesError {
    path: PathBuf,
    source: std::io::Error,
}

/// Every `.yaml` and `.cedar` file below `folder`, two levels deep, by its path within.
pub fn read(folder: &Path) -> Result<Files, PolicyFilesError> {
    let mut files = Files::default();
    for (name, path) in list(folder, "")? {
        let text = fs::read_to_string(&path).map_err(|source| PolicyFilesError { path, source })?;
        files.0.insert(name, text);
    }
    Ok(files)
}

fn list(folder: &Path, prefix: &str) -> Result<Vec<(String, PathBuf)>, PolicyFilesError> {
    let failed = |source| PolicyFilesError { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if path.is_dir() && prefix.is_empty() && !name.starts_with('.') {
            found.extend(list(&path, &format!("{name}/"))?);
        } else if path.is_file()
            && matches!(path.extension().and_then(|end| end.to_str()), Some("yaml" | "cedar"))
        {
            found.push((format!("{prefix}{name}"), path));
        }
    }
    Ok(found)
}
