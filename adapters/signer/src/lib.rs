//! Ed25519 keys, DSSE envelopes and their verification.
//!
//! In goes a payload as bytes, out comes an [`Envelope`]; in goes an envelope, out comes a
//! [`VerifiedPayload`], which nothing but a successful [`KeyRing::verify`] can build. The crate knows
//! nothing of what the bytes mean, and nothing of the rest of the workspace. No type of the crypto
//! library shows in the interface.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (key, _pem) = signer::SigningKey::generate()?;
//! let envelope = signer::Envelope::sign(&key, "text/plain", b"approved");
//! let ring = signer::KeyRing::from_keys([key.public_key()]);
//! assert_eq!(ring.verify(&envelope)?.payload(), b"approved");
//! # Ok(())
//! # }
//! ```

mod envelope;
mod key_ring;

mod key_directory;
mod key_file;

mod key_id;
mod public_key;
mod signing_key;

mod error;
mod pem_block;

pub use envelope::{Envelope, Signature, pae};
pub use error::{KeyError, VerifyError};
pub use key_directory::{KeyDirectory, KeyEntry};
pub use key_id::KeyId;
pub use key_ring::{KeyRing, VerifiedPayload};
pub use public_key::PublicKey;
pub use signing_key::{PrivateKeyPem, SigningKey};
