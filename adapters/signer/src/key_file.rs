//! Files of the key folder: read with a size limit, written so that after a crash a file is there
//! whole or not at all, and never in place of one that exists.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::KeyError;

/// A key file has a few hundred bytes; whatever is larger is something else.
const MAX_BYTES: u64 = 16 * 1024;

/// The permission bits that say who may do what.
const PERMISSIONS: u32 = 0o7777;

/// Reads a file that anybody may see. `None` when it does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    match File::open(path) {
        Ok(file) => read_text(file, path).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, error)),
    }
}

/// Reads a file that only its owner may see, and refuses it when others may too. `None` when it does
/// not exist.
pub(crate) fn read_private(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", path, error)),
    };
    // The opened file is asked, not the path, which may point elsewhere a moment later.
    let metadata = file.metadata().map_err(|error| failed("inspect", path, error))?;
    let mode = metadata.mode() & PERMISSIONS;
    if mode & 0o077 != 0 {
        return Err(KeyError::TooOpen { path: path.to_owned(), mode });
    }
    read_text(file, path).map(Some)
}

/// The permission bits of a folder.
pub(crate) fn directory_mode(path: &Path) -> Result<u32, KeyError> {
    let metadata = fs::metadata(path).map_err(|error| failed("inspect", path, error))?;
    Ok(metadata.mode() & PERMISSIONS)
}

/// Writes a new file with these permission bits; refuses when the name is taken.
pub(crate) fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), KeyError> {
    let draft = Draft::write(path, mode, text)?;
    // A hard link fails when the name is taken, which a rename would not.
    match fs::hard_link(&draft.path, path) {
        Ok(()) => sync_directory_of(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(KeyError::Exists { path: path.to_owned() })
        }
        Err(error) => Err(failed("create", path, error)),
    }
}

/// Writes a file in place of the one that may exist; readers see the old text or the new one.
pub(crate) fn replace(path: &Path, mode: u32, text: &str) -> Result<(), KeyError> {
    let draft = Draft::write(path, mode, text)?;
    fs::rename(&draft.path, path).map_err(|error| failed("replace", path, error))?;
    sync_directory_of(path)
}

/// The error for an action on a path.
pub(crate) fn failed(action: &'static str, path: &Path, source: io::Error) -> KeyError {
    KeyError::Io { action, path: path.to_owned(), source }
}

fn read_text(file: File, path: &Path) -> Result<Zeroizing<String>, KeyError> {
    // The capacity is what will be read at most, so no copy of a key is left behind by growing.
    let capacity = usize::try_from(MAX_BYTES + 1).expect("16 KiB fits");
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    file.take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| failed("read", path, error))?;
    if text.len() >= capacity {
        let error = io::Error::new(io::ErrorKind::FileTooLarge, "too large for a key file");
        return Err(failed("read", path, error));
    }
    Ok(text)
}

fn sync_directory_of(path: &Path) -> Result<(), KeyError> {
    let directory = path.parent().expect("files of the folder have a parent");
    File::open(directory)
        .and_then(|opened| opened.sync_all())
        .map_err(|error| failed("make durable", directory, error))
}

/// A whole and durable file under a hidden name, which disappears with this value.
struct Draft {
    path: PathBuf,
}

impl Draft {
    fn write(target: &Path, mode: u32, text: &str) -> Result<Self, KeyError> {
        let name = target.file_name().expect("files of the folder have a name");
        let path = target.with_file_name(format!(".{}.{}", name.display(), std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&path)
            .map_err(|error| failed("create", &path, error))?;
        let draft = Self { path };
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|error| failed("write", &draft.path, error))?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove, and a draft that stays does no harm.
        let _ = fs::remove_file(&self.path);
    }
}
