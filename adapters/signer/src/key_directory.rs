//! The folder of the keys, `keys/` by default:
//!
//! ```text
//! active                 the id of the key that signs
//! <key id>.key.pem       private, mode 0600, PKCS#8
//! <key id>.pub.pem       public, SPKI; all that an auditor needs
//! ```
//!
//! Files are named after what they hold; one that is not was tampered with and stops the reader.
//! Nothing here deletes a key: old public keys are needed for as long as somebody wants to verify.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::{KeyError, KeyId, KeyRing, PublicKey, SigningKey, key_file};

const ACTIVE: &str = "active";
const PRIVATE_SUFFIX: &str = ".key.pem";
const PUBLIC_SUFFIX: &str = ".pub.pem";
const CREATED: &str = "Created: ";

/// A folder of keys. Making this value touches nothing.
#[derive(Clone, Debug)]
pub struct KeyDirectory {
    path: PathBuf,
}

/// One key of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEntry {
    /// The id of the key.
    pub key_id: KeyId,
    /// Whether this key signs.
    pub is_active: bool,
    /// When it was made, as the maker said; not signed by anybody.
    pub created_at: Option<String>,
    /// The file of the public key.
    pub public_path: PathBuf,
    /// The file of the private key, when it is in this folder.
    pub private_path: Option<PathBuf>,
}

impl KeyDirectory {
    /// The folder at `path`, which need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Draws a new key and stores it. It signs from now on if no key did so far; otherwise it waits
    /// for [`activate`](Self::activate). `created_at` is noted in the public file.
    pub fn create(&self, created_at: &str) -> Result<KeyEntry, KeyError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&self.path)
            .map_err(|error| key_file::failed("create", &self.path, error))?;

        let (key, pem) = SigningKey::generate()?;
        let key_id = key.key_id();
        let created_at = created_at.replace(char::is_control, " ");
        let public = format!("{CREATED}{created_at}\n{}", key.public_key().to_pem());
        // In this order a crash leaves at worst a private key that nobody uses; never a public key
        // without its private half, never an active key that cannot sign.
        key_file::write_new(&self.private_path(&key_id), 0o600, pem.expose())?;
        key_file::write_new(&self.public_path(&key_id), 0o644, &public)?;
        let is_active = match key_file::write_new(&self.active_path(), 0o644, &marker(&key_id)) {
            Ok(()) => true,
            Err(KeyError::Exists { .. }) => false,
            Err(error) => return Err(error),
        };
        Ok(KeyEntry {
            is_active,
            created_at: Some(created_at),
            public_path: self.public_path(&key_id),
            private_path: Some(self.private_path(&key_id)),
            key_id,
        })
    }

    /// Lets this key sign from now on, after having tried to load both its halves.
    pub fn activate(&self, key_id: &KeyId) -> Result<(), KeyError> {
        self.load_signer(key_id)?;
        key_file::replace(&self.active_path(), 0o644, &marker(key_id))
    }

    /// The keys whose public half is here, oldest first.
    pub fn list(&self) -> Result<Vec<KeyEntry>, KeyError> {
        let active = self.active()?;
        let mut entries = Vec::new();
        for public_path in self.public_paths()? {
            let (key, created_at) = read_public(&public_path)?;
            let key_id = key.key_id();
            let private_path = self.private_path(&key_id);
            entries.push(KeyEntry {
                is_active: active.as_ref() == Some(&key_id),
                created_at,
                public_path,
                private_path: private_path.exists().then_some(private_path),
                key_id,
            });
        }
        entries.sort_by(|a, b| (&a.created_at, &a.key_id).cmp(&(&b.created_at, &b.key_id)));
        Ok(entries)
    }

    /// The id of the key that signs, if one does.
    pub fn active(&self) -> Result<Option<KeyId>, KeyError> {
        let path = self.active_path();
        let Some(text) = key_file::read(&path)? else { return Ok(None) };
        let key_id = text.trim().parse().map_err(|error| unusable(&path, error))?;
        Ok(Some(key_id))
    }

    /// Loads the key that signs. The errors say what to do.
    pub fn open_signer(&self) -> Result<SigningKey, KeyError> {
        let none = || KeyError::NoActiveKey { directory: self.path.clone() };
        self.load_signer(&self.active()?.ok_or_else(none)?)
    }

    /// All public keys of the folder; private keys and the marker are not looked at.
    pub fn public_keys(&self) -> Result<KeyRing, KeyError> {
        let paths = self.public_paths()?;
        if paths.is_empty() {
            return Err(KeyError::NoPublicKeys { directory: self.path.clone() });
        }
        let keys = paths.iter().map(|path| Ok(read_public(path)?.0));
        Ok(KeyRing::from_keys(keys.collect::<Result<Vec<_>, KeyError>>()?))
    }

    fn load_signer(&self, key_id: &KeyId) -> Result<SigningKey, KeyError> {
        let mode = key_file::directory_mode(&self.path)?;
        // A sticky folder that everybody can write to is what Kubernetes mounts secrets as.
        if mode & 0o1002 == 0o0002 {
            return Err(KeyError::DirectoryTooOpen { path: self.path.clone(), mode });
        }

        let private = self.private_path(key_id);
        let text = key_file::read_private(&private)?
            .ok_or_else(|| KeyError::PrivateKeyMissing { path: private.clone() })?;
        let key = SigningKey::from_pem(&text).map_err(|error| unusable(&private, error))?;
        if key.key_id() != *key_id {
            return Err(KeyError::NameMismatch { path: private, key_id: key.key_id() });
        }

        let public = self.public_path(key_id);
        if !public.exists() {
            return Err(KeyError::PublicKeyMissing { public, private });
        }
        read_public(&public)?;
        Ok(key)
    }

    fn public_paths(&self) -> Result<Vec<PathBuf>, KeyError> {
        let failed = |error| key_file::failed("list", &self.path, error);
        let mut paths = Vec::new();
        let entries = match fs::read_dir(&self.path) {
            // No folder, no keys.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(paths),
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let bytes = name.as_encoded_bytes();
            if bytes.ends_with(PUBLIC_SUFFIX.as_bytes()) && !bytes.starts_with(b".") {
                paths.push(self.path.join(name));
            }
        }
        paths.sort();
        Ok(paths)
    }

    fn active_path(&self) -> PathBuf {
        self.path.join(ACTIVE)
    }

    fn private_path(&self, key_id: &KeyId) -> PathBuf {
        self.path.join(format!("{key_id}{PRIVATE_SUFFIX}"))
    }

    fn public_path(&self, key_id: &KeyId) -> PathBuf {
        self.path.join(format!("{key_id}{PUBLIC_SUFFIX}"))
    }
}

/// Reads a public key and when it was made; the file must be named after the key.
fn read_public(path: &Path) -> Result<(PublicKey, Option<String>), KeyError> {
    let text = key_file::read(path)?
        .ok_or_else(|| key_file::failed("read", path, std::io::ErrorKind::NotFound.into()))?;
    let key = PublicKey::from_pem(&text).map_err(|error| unusable(path, error))?;
    let key_id = key.key_id();
    if path.file_name().is_none_or(|name| name != &*format!("{key_id}{PUBLIC_SUFFIX}")) {
        return Err(KeyError::NameMismatch { path: path.to_owned(), key_id });
    }
    let created_at = text.lines().find_map(|line| line.strip_prefix(CREATED));
    Ok((key, created_at.map(str::to_owned)))
}

fn marker(key_id: &KeyId) -> String {
    format!("{key_id}\n")
}

fn unusable(path: &Path, error: KeyError) -> KeyError {
    KeyError::File { path: path.to_owned(), source: Box::new(error) }
}
