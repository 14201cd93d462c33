//! What can go wrong with keys ([`KeyError`], for the operator) and what a verification can say no
//! to ([`VerifyError`], for whoever presents an envelope). No message holds a byte of a private key,
//! and text that came with an envelope is quoted, escaped and cut before it is repeated.

use std::{io, path::PathBuf};

use crate::KeyId;

/// A key could not be made, stored, read or used. None of these is cured by trying again.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system's random source failed.
    #[error("cannot draw a new key: the random source of the system failed")]
    Random,
    /// The text has no PEM block at all.
    #[error("expected a PEM block `{expected}`, found none")]
    NoPemBlock {
        /// The label that was looked for.
        expected: &'static str,
    },
    /// The first PEM block is of another kind, for instance a public key where a private one belongs.
    #[error("expected a PEM block `{expected}`, found `{found}`")]
    OtherPemBlock {
        /// The label that was looked for.
        expected: &'static str,
        /// The label that was there.
        found: String,
    },
    /// More than one PEM block, so that readers could disagree on which one counts.
    #[error("expected one PEM block `{expected}`, found several")]
    SeveralPemBlocks {
        /// The label that was looked for.
        expected: &'static str,
    },
    /// The PEM block has no end or is not base64.
    #[error("the PEM block `{label}` is cut off or damaged")]
    DamagedPemBlock {
        /// The label of the block.
        label: &'static str,
    },
    /// The PEM block is well formed but holds no Ed25519 private key.
    #[error("the PEM block holds no usable Ed25519 private key: {reason}")]
    NotAPrivateKey {
        /// What the crypto library said.
        reason: String,
    },
    /// The PEM block is well formed but holds no Ed25519 public key.
    #[error("the PEM block holds no Ed25519 public key")]
    NotAPublicKey,
    /// The text is not the id of a key.
    #[error("{text:?} is not a key id: expected 22 characters of base64url")]
    NotAKeyId {
        /// The text, cut to a printable length.
        text: String,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A file was read, but what it holds cannot be used.
    #[error("cannot use the key file {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: Box<KeyError>,
    },
    /// A file is named after another key than the one it holds.
    #[error(
        "{} holds the key {key_id}: it was renamed or replaced; find out by whom, then \
         restore it or remove it", path.display()
    )]
    NameMismatch {
        /// The file.
        path: PathBuf,
        /// The id of the key that the file holds.
        key_id: KeyId,
    },
    /// A key file of that name exists and is left alone.
    #[error("{} exists and is not overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The folder names no key that signs.
    #[error("no key signs yet in {}: make one with `countersign keys new`", directory.display())]
    NoActiveKey {
        /// The folder of the keys.
        directory: PathBuf,
    },
    /// The active key's private half is not there.
    #[error(
        "the private key {} is missing: restore it from its backup, or make a new one \
         (`countersign keys new` in an empty folder)", path.display()
    )]
    PrivateKeyMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The active key's public half is not there, so nobody could verify what it signs.
    #[error(
        "the public key {} is missing: write it with `openssl pkey -in {} -pubout -out {}`",
        public.display(), private.display(), public.display()
    )]
    PublicKeyMissing {
        /// Where the public key should be.
        public: PathBuf,
        /// The private key that it belongs to.
        private: PathBuf,
    },
    /// Other users of the machine can read a private key.
    #[error(
        "the private key {} can be read by others (mode {mode:04o}): run `chmod 600 {}`; if \
         somebody else uses this machine, replace it with a new one (`countersign keys new` in an empty folder)",
        path.display(), path.display()
    )]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Everybody may add keys to the folder.
    #[error(
        "everybody can write to {} (mode {mode:04o}) and thereby add keys: run `chmod go-w {}`",
        path.display(), path.display()
    )]
    DirectoryTooOpen {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The folder holds no public key.
    #[error(
        "no public key (*.pub.pem) in {}: make a key with `countersign keys new`, or name the \
         folder that has them", directory.display()
    )]
    NoPublicKeys {
        /// The folder of the keys.
        directory: PathBuf,
    },
}

/// Why an envelope is not believed.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The text is not the JSON of a DSSE envelope.
    #[error("this is not a DSSE envelope")]
    NotAnEnvelope {
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// The list of signatures is empty.
    #[error("the envelope carries no signature")]
    NoSignature,
    /// The payload is not strict base64.
    #[error("the payload of the envelope is not well-formed base64")]
    MalformedPayload,
    /// A signature of a known key is not strict base64.
    #[error("the signature of key {key_id} is not well-formed base64")]
    MalformedSignature {
        /// The key that the signature names.
        key_id: KeyId,
    },
    /// None of the signatures names a key that is known here.
    #[error("the envelope is signed with key {named:?}, which is not known here")]
    UnknownKey {
        /// The first key id of the envelope, cut to a printable length.
        named: String,
    },
    /// A known key did not sign this payload under this type.
    #[error("the signature of key {key_id} does not match: payload, type or signature was changed")]
    SignatureMismatch {
        /// The key that the signature names.
        key_id: KeyId,
    },
}

/// Untrusted text, short enough to be repeated in a message.
pub(crate) fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}
