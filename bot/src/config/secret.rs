//! Secrets of the configuration: never printed, empty ones refused.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error};

fn filled<E: Error>(text: String) -> Result<SecretString, E> {
    // Anybody can sign with an empty secret.
    if text.trim().is_empty() {
        Err(E::custom("a secret must not be empty"))
    } else {
        Ok(SecretString::from(text))
    }
}

/// One secret.
pub(super) fn one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    filled(String::deserialize(deserializer)?)
}

/// A secret that may be left out.
pub(super) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SecretString>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(filled).transpose()
}

/// A list of secrets.
pub(super) fn several<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<SecretString>, D::Error> {
    Vec::<String>::deserialize(deserializer)?.into_iter().map(filled).collect()
}
