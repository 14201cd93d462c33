//! The private half of a key. Its text form exists once, when the key is drawn, as a
//! [`PrivateKeyPem`]; a loaded key signs and cannot be written out again. Every buffer of ours that
//! holds private bytes is wiped when it is dropped. The crypto library keeps its own expanded copy
//! for as long as the [`SigningKey`] lives and does not wipe it.

use std::fmt;

use ring::{
    rand::{SecureRandom, SystemRandom},
    signature::{Ed25519KeyPair, KeyPair},
};
use zeroize::Zeroizing;

use crate::{KeyError, KeyId, PublicKey, pem_block};

const LABEL: &str = "PRIVATE KEY";
const SEED_BYTES: usize = 32;

/// DER of a PKCS#8 version 1 `PrivateKeyInfo` for Ed25519; the seed follows. Version 2, which also
/// carries the public key, cannot be read by OpenSSL 3.0.
const PKCS8_V1_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// An Ed25519 private key that signs.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public_key: PublicKey,
}

impl SigningKey {
    /// Draws a new key; the second value is what has to be stored.
    pub fn generate() -> Result<(Self, PrivateKeyPem), KeyError> {
        let random = SystemRandom::new();
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        loop {
            random.fill(&mut seed[..]).map_err(|_| KeyError::Random)?;
            let (key, pem) = Self::from_seed(&seed)?;
            // Ids name files: one that starts with a dash would look like an option to openssl.
            if !key.key_id().as_str().starts_with('-') {
                return Ok((key, pem));
            }
        }
    }

    /// Reads the one `PRIVATE KEY` block of a PEM text: PKCS#8 version 1 (as written here and by
    /// `openssl genpkey`) or version 2.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_pkcs8(&pem_block::decode(LABEL, text)?)
    }

    /// The id of this key.
    pub fn key_id(&self) -> KeyId {
        self.public_key.key_id()
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        self.public_key
    }

    /// The 64-byte Ed25519 signature over exactly `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.pair.sign(message).as_ref().try_into().expect("an Ed25519 signature has 64 bytes")
    }

    fn from_seed(seed: &[u8; SEED_BYTES]) -> Result<(Self, PrivateKeyPem), KeyError> {
        let mut der = Zeroizing::new([0; PKCS8_V1_PREFIX.len() + SEED_BYTES]);
        der[..PKCS8_V1_PREFIX.len()].copy_from_slice(&PKCS8_V1_PREFIX);
        der[PKCS8_V1_PREFIX.len()..].copy_from_slice(seed);
        Ok((Self::from_pkcs8(&der[..])?, PrivateKeyPem(pem_block::encode(LABEL, &der[..]))))
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map_err(|rejected| KeyError::NotAPrivateKey { reason: rejected.to_string() })?;
        let bytes = pair.public_key().as_ref().try_into().expect("a public key has 32 bytes");
        Ok(Self { pair, public_key: PublicKey::from_bytes(bytes) })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

/// The PKCS#8 version 1 PEM text of a new private key: to be stored, never to be shown.
pub struct PrivateKeyPem(Zeroizing<String>);

impl PrivateKeyPem {
    /// The secret text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PrivateKeyPem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKeyPem(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_key_loads_as_the_same_key() {
        let (key, pem) = SigningKey::generate().unwrap();
        let loaded = SigningKey::from_pem(pem.expose()).unwrap();
        assert_eq!(loaded.key_id(), key.key_id());
        assert!(key.public_key().matches(b"message", &loaded.sign(b"message")));
        assert!(!key.public_key().matches(b"messagf", &loaded.sign(b"message")));
    }

    #[test]
    fn the_signature_is_the_one_of_rfc_8032() {
        // Section 7.1, test 1: the empty message.
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let (key, _) = SigningKey::from_seed(&seed).unwrap();
        assert_eq!(key.sign(b"")[..8], [0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72]);
    }

    #[test]
    fn a_version_2_document_loads_too() {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let expected = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let key = SigningKey::from_pem(&pem_block::encode(LABEL, document.as_ref())).unwrap();
        assert!(key.public_key().matches(b"x", expected.sign(b"x").as_ref()));
    }

    #[test]
    fn debug_shows_the_id_and_nothing_private() {
        let (key, pem) = SigningKey::generate().unwrap();
        let expected = format!("SigningKey {{ key_id: KeyId(\"{}\"), .. }}", key.key_id());
        assert_eq!(format!("{key:?}"), expected);
        assert_eq!(format!("{pem:?}"), "PrivateKeyPem(..)");
    }

    #[test]
    fn a_damaged_private_key_is_refused_without_being_shown() {
        let (_, pem) = SigningKey::generate().unwrap();
        let body = pem.expose().lines().nth(1).unwrap();
        let broken = pem.expose().replace(body, &format!("{}\n\n{}!", &body[..30], &body[31..]));
        let error = format!("{:?}", SigningKey::from_pem(&broken).unwrap_err());
        assert!(!error.contains(&body[..30]) && !error.contains(&body[31..]), "{error}");
    }
}
