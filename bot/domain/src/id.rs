//! Ids as people read them: a prefix that names the kind, then a `UUIDv7` in base32 (`TypeID` text).
//!
//! ```text
//! inc_01h455vb4pex5vsknk084sn02q
//!            short: 4sn02q          (the random end: the head is time and alike for neighbours)
//! ```
//! The UUID is drawn by the caller; here it is only written and checked.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// What was typed is not an id of the expected kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is not an id of the form {prefix}_ and 26 letters or digits")]
pub struct IdError {
    text: String,
    prefix: &'static str,
}

fn encode(uuid: Uuid) -> String {
    let number = uuid.as_u128();
    (0..LENGTH)
        .rev()
        .map(|place| char::from(ALPHABET[((number >> (place * 5)) & 31) as usize]))
        .collect()
}

fn is_suffix(text: &str) -> bool {
    // 26 characters carry 130 bits, a UUID has 128: the first character stays below 8.
    text.len() == LENGTH
        && text.bytes().all(|byte| ALPHABET.contains(&byte))
        && text.as_bytes()[0] <= b'7'
}

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The kind's prefix, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Writes `uuid` as an id of this kind.
            pub fn new(uuid: Uuid) -> Self {
                Self(format!("{}_{}", $prefix, encode(uuid)))
            }

            /// The whole id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The last six characters: what a card shows.
            pub fn short(&self) -> &str {
                &self.0[self.0.len() - 6..]
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let suffix = text.strip_prefix(concat!($prefix, "_"));
                match suffix.filter(|suffix| is_suffix(suffix)) {
                    Some(_) => Ok(Self(text.to_owned())),
                    None => Err(IdError { text: text.to_owned(), prefix: $prefix }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

typed_id!(
    /// One incident, as Countersign counts them.
    IncidentId, "inc"
);
typed_id!(
    /// One proposal to roll back.
    ProposalId, "prp"
);
typed_id!(
    /// One run of an approved plan.
    RunId, "run"
);
typed_id!(
    /// One hold on an environment.
    HoldId, "hld"
);
typed_id!(
    /// One pin: a way back that is kept.
    PinId, "pin"
);
typed_id!(
    /// One message on its way to a chat; doubles as the idempotency key.
    MessageId, "msg"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_the_typeid_text_says() {
        // The example of the TypeID specification.
        let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").expect("a uuid");
        let id = IncidentId::new(uuid);
        assert_eq!(id.as_str(), "inc_01h455vb4pex5vsknk084sn02q");
        assert_eq!(id.short(), "4sn02q");
    }

    #[test]
    fn reads_back_its_own_text_and_nothing_else() {
        let id = ProposalId::new(Uuid::from_u128(u128::MAX));
        assert_eq!(id.as_str().parse::<ProposalId>(), Ok(id.clone()));
        for wrong in
            ["", "prp_", "inc_01h455vb4pex5vsknk084sn02q", "prp_81h455vb4pex5vsknk084sn02q"]
        {
            assert!(wrong.parse::<ProposalId>().is_err(), "{wrong} was taken for a proposal");
        }
        assert!("prp_01h455vb4pex5vsknk084sn02u".parse::<ProposalId>().is_err(), "u is no digit");
    }
}
