//! The name of a key: derived from the public key alone, so that it cannot be given to another one,
//! and safe as a file name.

use std::{borrow::Borrow, fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::{KeyError, error::cut};

const HASH_BYTES: usize = 16;

/// The id of a public key: base64url of the first 16 bytes of its SHA-256, 22 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// The id of the public key with these 32 bytes.
    pub(crate) fn of_public_key(bytes: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(&digest(&SHA256, bytes).as_ref()[..HASH_BYTES]))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // Ids become file names: whatever passes here has no slash, no dot and no other length.
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(hash) if hash.len() == HASH_BYTES => Ok(Self(text.to_owned())),
            _ => Err(KeyError::NotAKeyId { text: cut(text) }),
        }
    }
}

impl TryFrom<String> for KeyId {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(key_id: KeyId) -> Self {
        key_id.0
    }
}

impl Borrow<str> for KeyId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_depends_on_the_public_key_alone() {
        // head -c 32 /dev/zero | openssl dgst -sha256 -binary | head -c 16 | basenc --base64url
        assert_eq!(KeyId::of_public_key(&[0; 32]).as_str(), "Zmh6rfhivXdsj8GLjp-OIA");
    }

    #[test]
    fn only_ids_are_parsed() {
        let id = KeyId::of_public_key(&[7; 32]);
        assert_eq!(id.to_string().parse::<KeyId>().unwrap(), id);
        for text in
            ["", "../../../../etc/passwd", "Zmh6rfhivXdsj8GLjp-OI", "Zmh6rfhivXdsj8GLjp+OIA"]
        {
            assert!(text.parse::<KeyId>().is_err(), "{text}");
            assert!(serde_json::from_value::<KeyId>(text.into()).is_err(), "{text}");
        }
    }
}
