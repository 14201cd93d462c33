//! The public half of a key, read and written as SPKI PEM, the form that openssl and every other
//! tool understands.

use ring::signature::{ED25519, UnparsedPublicKey};

use crate::{KeyError, KeyId, pem_block};

const LABEL: &str = "PUBLIC KEY";
pub(crate) const KEY_BYTES: usize = 32;

/// DER of `SubjectPublicKeyInfo { algorithm: id-Ed25519, subjectPublicKey: <32 bytes follow> }`.
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// An Ed25519 public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; KEY_BYTES]);

impl PublicKey {
    /// The key with these 32 bytes (RFC 8032 encoding).
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the one `PUBLIC KEY` block of a PEM text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = pem_block::decode(LABEL, text)?;
        der.strip_prefix(&SPKI_PREFIX)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or(KeyError::NotAPublicKey)
    }

    /// The key as SPKI PEM, lines ending in `\n`.
    pub fn to_pem(&self) -> String {
        pem_block::encode(LABEL, &[&SPKI_PREFIX[..], &self.0].concat()).to_string()
    }

    /// The id of this key.
    pub fn key_id(&self) -> KeyId {
        KeyId::of_public_key(&self.0)
    }

    /// Whether `signature` (64 bytes) was made over exactly `message` by the private half.
    pub fn matches(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pem_survives_the_round_trip_and_is_stable() {
        let key = PublicKey::from_bytes([1; 32]);
        assert_eq!(PublicKey::from_pem(&key.to_pem()).unwrap(), key);
        insta::assert_snapshot!(key.to_pem(), @"
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
        -----END PUBLIC KEY-----
        ");
    }

    #[test]
    fn another_algorithm_or_length_is_refused() {
        let mut x25519 = SPKI_PREFIX;
        x25519[8] = 0x6e;
        for der in [
            [&x25519[..], &[1; 32]].concat(),
            [&SPKI_PREFIX[..], &[1; 31]].concat(),
            [&SPKI_PREFIX[..], &[1; 33]].concat(),
        ] {
            let refused = PublicKey::from_pem(&pem_block::encode(LABEL, &der)).unwrap_err();
            assert!(matches!(refused, KeyError::NotAPublicKey), "{refused}");
        }
    }
}
