//! What is signed here must verify with plain openssl, without any of our code.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{fs, path::Path, process::Command};

use signer::{Envelope, KeyDirectory, KeyRing, SigningKey, pae};
use tempfile::TempDir;

/// Runs openssl inside `folder` and gives back what it printed.
#[track_caller]
fn openssl(folder: &Path, args: &[&str]) -> Result<String, String> {
    let output =
        Command::new("openssl").args(args).current_dir(folder).output().unwrap_or_else(|error| {
            panic!("these tests need `openssl` (apt install openssl): {error}")
        });
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    if output.status.success() { Ok(text) } else { Err(text) }
}

const VERIFY: &str = "pkeyutl -verify -rawin -pubin -inkey pub.pem -sigfile sig -in message";

fn verify(folder: &TempDir) -> Result<String, String> {
    openssl(folder.path(), &VERIFY.split(' ').collect::<Vec<_>>())
}

#[test]
fn openssl_verifies_an_envelope_with_the_stored_public_key() {
    let home = tempfile::tempdir().unwrap();
    let directory = KeyDirectory::new(home.path().join("keys"));
    let entry = directory.create("2026-11-23T03:04:05Z").unwrap();
    let payload = br#"{"decision":"approve"}"#;
    let envelope = Envelope::sign(&directory.open_signer().unwrap(), "text/plain", payload);

    fs::copy(&entry.public_path, home.path().join("pub.pem")).unwrap();
    fs::write(home.path().join("sig.b64"), &envelope.signatures[0].sig).unwrap();
    openssl(home.path(), &["base64", "-d", "-A", "-in", "sig.b64", "-out", "sig"]).unwrap();
    fs::write(home.path().join("message"), pae("text/plain", payload)).unwrap();
    assert!(verify(&home).unwrap().contains("Verified Successfully"));

    fs::write(home.path().join("message"), pae("text/plain", br#"{"decision":"reject"}"#)).unwrap();
    verify(&home).unwrap_err();
}

#[test]
fn openssl_reads_the_stored_private_key() {
    let home = tempfile::tempdir().unwrap();
    let entry = KeyDirectory::new(home.path()).create("2026-11-23T03:04:05Z").unwrap();
    let private = entry.private_path.unwrap();
    let public =
        openssl(home.path(), &["pkey", "-pubout", "-in", private.to_str().unwrap()]).unwrap();
    assert!(fs::read_to_string(entry.public_path).unwrap().ends_with(&public), "{public}");
}

#[test]
fn a_key_made_by_openssl_signs_here() {
    let home = tempfile::tempdir().unwrap();
    openssl(home.path(), &["genpkey", "-algorithm", "ed25519", "-out", "key.pem"]).unwrap();
    let key =
        SigningKey::from_pem(&fs::read_to_string(home.path().join("key.pem")).unwrap()).unwrap();
    let public = openssl(home.path(), &["pkey", "-pubout", "-in", "key.pem"]).unwrap();
    assert_eq!(key.public_key().to_pem(), public);
    let envelope = Envelope::sign(&key, "text/plain", b"yes");
    assert!(KeyRing::from_keys([key.public_key()]).verify(&envelope).is_ok());
}
