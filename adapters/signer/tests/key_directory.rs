//! The key folder on a real disk: what is written, who may read it, and what every damage is called.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    error::Error,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use signer::{Envelope, KeyDirectory, KeyEntry, KeyError};
use tempfile::TempDir;

const NOW: &str = "2026-11-23T03:04:05Z";

fn empty() -> (TempDir, KeyDirectory) {
    let home = tempfile::tempdir().unwrap();
    let directory = KeyDirectory::new(home.path().join("keys"));
    (home, directory)
}

fn with_one_key() -> (TempDir, KeyDirectory, KeyEntry) {
    let (home, directory) = empty();
    let entry = directory.create(NOW).unwrap();
    (home, directory, entry)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// The error with its causes, without what differs from run to run.
#[track_caller]
fn in_words<T>(result: Result<T, KeyError>, home: &TempDir, entries: &[&KeyEntry]) -> String {
    let Err(error) = result else { panic!("expected a refusal") };
    let mut said = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push(error.to_string());
        cause = error.source();
    }
    let mut text = said.join(": ");
    for (number, entry) in entries.iter().enumerate() {
        text = text.replace(entry.key_id.as_str(), &format!("[key{}]", number + 1));
    }
    text.replace(home.path().to_str().unwrap(), "")
}

#[test]
fn the_first_key_is_stored_and_signs() {
    let (_home, directory, entry) = with_one_key();
    assert!(entry.is_active);
    assert_eq!(directory.list().unwrap(), std::slice::from_ref(&entry));
    assert_eq!(entry.created_at.as_deref(), Some(NOW));
    assert_eq!(mode(entry.private_path.as_ref().unwrap()), 0o600);

    let key = directory.open_signer().unwrap();
    assert_eq!(key.key_id(), entry.key_id);
    let envelope = Envelope::sign(&key, "text/plain", b"yes");
    assert_eq!(directory.public_keys().unwrap().verify(&envelope).unwrap().payload(), b"yes");

    let mut names: Vec<_> = fs::read_dir(entry.public_path.parent().unwrap())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected =
        [format!("{}.key.pem", entry.key_id), format!("{}.pub.pem", entry.key_id), "active".into()];
    expected.sort();
    assert_eq!(names, expected, "no draft is left behind");
}

#[test]
fn a_second_key_waits_until_it_is_activated() {
    let (_home, directory, first) = with_one_key();
    let second = directory.create("2026-11-24T00:00:00Z").unwrap();
    assert!(!second.is_active);
    assert_eq!(directory.open_signer().unwrap().key_id(), first.key_id);

    let old = Envelope::sign(&directory.open_signer().unwrap(), "text/plain", b"old");
    directory.activate(&second.key_id).unwrap();
    assert_eq!(directory.open_signer().unwrap().key_id(), second.key_id);
    let listed: Vec<_> = directory
        .list()
        .unwrap()
        .into_iter()
        .map(|entry| (entry.key_id, entry.is_active))
        .collect();
    assert_eq!(listed, [(first.key_id, false), (second.key_id, true)]);
    assert!(directory.public_keys().unwrap().verify(&old).is_ok(), "old signatures stay good");
}

#[test]
fn a_key_that_cannot_sign_is_not_activated() {
    let (_home, directory, first) = with_one_key();
    let second = directory.create(NOW).unwrap();
    fs::remove_file(second.private_path.unwrap()).unwrap();
    assert!(directory.activate(&second.key_id).is_err());
    assert_eq!(directory.active().unwrap(), Some(first.key_id));
}

#[test]
fn an_auditor_needs_the_public_files_alone() {
    let (home, directory, entry) = with_one_key();
    let envelope = Envelope::sign(&directory.open_signer().unwrap(), "text/plain", b"yes");

    let auditor = home.path().join("auditor");
    fs::create_dir(&auditor).unwrap();
    fs::copy(&entry.public_path, auditor.join(entry.public_path.file_name().unwrap())).unwrap();
    fs::write(auditor.join("README.txt"), "not a key").unwrap();
    let auditor = KeyDirectory::new(auditor);
    assert!(auditor.public_keys().unwrap().verify(&envelope).is_ok());
    assert_eq!(auditor.list().unwrap()[0].private_path, None);
    assert!(matches!(auditor.open_signer(), Err(KeyError::NoActiveKey { .. })));
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let (home, directory) = empty();
    insta::assert_snapshot!(in_words(directory.open_signer(), &home, &[]), @"no key signs yet in /keys: make one with `countersign keys new`");
    insta::assert_snapshot!(in_words(directory.public_keys(), &home, &[]), @"no public key (*.pub.pem) in /keys: make a key with `countersign keys new`, or name the folder that has them");
    fs::create_dir(home.path().join("keys")).unwrap();
    insta::assert_snapshot!(in_words(directory.public_keys(), &home, &[]), @"no public key (*.pub.pem) in /keys: make a key with `countersign keys new`, or name the folder that has them");

    let entry = directory.create(NOW).unwrap();
    let public = fs::read_to_string(&entry.public_path).unwrap();
    fs::remove_file(&entry.public_path).unwrap();
    insta::assert_snapshot!(in_words(directory.open_signer(), &home, &[&entry]), @"the public key /keys/[key1].pub.pem is missing: write it with `openssl pkey -in /keys/[key1].key.pem -pubout -out /keys/[key1].pub.pem`");
    fs::write(&entry.public_path, public).unwrap();
    fs::remove_file(entry.private_path.as_ref().unwrap()).unwrap();
    insta::assert_snapshot!(in_words(directory.open_signer(), &home, &[&entry]), @"the private key /keys/[key1].key.pem is missing: restore it from its backup, or make a new one (`countersign keys new` in an empty folder)");
}

#[test]
fn a_private_key_that_others_can_read_is_refused() {
    let (home, directory, entry) = with_one_key();
    let private = entry.private_path.as_deref().unwrap();
    for mode in [0o640, 0o604, 0o660, 0o610] {
        set_mode(private, mode);
        assert!(matches!(directory.open_signer(), Err(KeyError::TooOpen { .. })), "{mode:o}");
    }
    set_mode(private, 0o644);
    insta::assert_snapshot!(in_words(directory.open_signer(), &home, &[&entry]), @"the private key /keys/[key1].key.pem can be read by others (mode 0644): run `chmod 600 /keys/[key1].key.pem`; if somebody else uses this machine, replace it with a new one (`countersign keys new` in an empty folder)");
    set_mode(private, 0o400);
    assert!(directory.open_signer().is_ok());
}

#[test]
fn a_folder_that_everybody_can_write_to_is_refused() {
    let (home, directory, entry) = with_one_key();
    let folder = entry.public_path.parent().unwrap();
    set_mode(folder, 0o777);
    insta::assert_snapshot!(in_words(directory.open_signer(), &home, &[&entry]), @"everybody can write to /keys (mode 0777) and thereby add keys: run `chmod go-w /keys`");
    set_mode(folder, 0o755);
    assert!(directory.open_signer().is_ok());
}

#[test]
fn a_file_that_holds_another_key_is_named() {
    let (home, directory, first) = with_one_key();
    let second = directory.create(NOW).unwrap();
    let both = [&first, &second];
    let (own, other) =
        (first.private_path.as_ref().unwrap(), second.private_path.as_ref().unwrap());

    fs::rename(own, home.path().join("aside")).unwrap();
    fs::copy(other, own).unwrap();
    insta::assert_snapshot!(in_words(directory.open_signer(), &home, &both), @"/keys/[key1].key.pem holds the key [key2]: it was renamed or replaced; find out by whom, then restore it or remove it");
    fs::rename(home.path().join("aside"), own).unwrap();

    fs::copy(&second.public_path, &first.public_path).unwrap();
    insta::assert_snapshot!(in_words(directory.public_keys(), &home, &both), @"/keys/[key1].pub.pem holds the key [key2]: it was renamed or replaced; find out by whom, then restore it or remove it");
    assert!(directory.open_signer().is_err() && directory.list().is_err());
}

#[test]
fn a_damaged_file_is_named() {
    let (home, directory, entry) = with_one_key();
    let private = fs::read_to_string(entry.private_path.as_ref().unwrap()).unwrap();
    fs::write(&entry.public_path, &private).unwrap();
    insta::assert_snapshot!(in_words(directory.public_keys(), &home, &[&entry]), @"cannot use the key file /keys/[key1].pub.pem: expected a PEM block `PUBLIC KEY`, found `PRIVATE KEY`");
    fs::write(&entry.public_path, "x".repeat(100_000)).unwrap();
    insta::assert_snapshot!(in_words(directory.public_keys(), &home, &[&entry]), @"cannot read /keys/[key1].pub.pem: too large for a key file");
    fs::write(home.path().join("keys/active"), "../../etc/passwd\n").unwrap();
    insta::assert_snapshot!(in_words(directory.open_signer(), &home, &[&entry]), @r#"cannot use the key file /keys/active: "../../etc/passwd" is not a key id: expected 22 characters of base64url"#);
}
