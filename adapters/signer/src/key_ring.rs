//! The public keys that are believed, and the only door from an [`Envelope`] to its payload.
//!
//! Every signature that names a known key must match, and there must be one at least. Signatures of
//! unknown keys neither help nor harm, so an old verifier can read what a newer key also signed.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Envelope, KeyId, PublicKey, VerifyError, envelope::pae, error::cut};

/// A set of public keys by id. An empty one verifies nothing.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    keys: BTreeMap<KeyId, PublicKey>,
}

impl KeyRing {
    /// The ring of these keys; ids are computed, never taken on trust.
    pub fn from_keys(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self { keys: keys.into_iter().map(|key| (key.key_id(), key)).collect() }
    }

    /// The same ring without one key, for instance a revoked one.
    #[must_use]
    pub fn without(mut self, key_id: &KeyId) -> Self {
        self.keys.remove(key_id);
        self
    }

    /// The key with this id.
    pub fn get(&self, key_id: &KeyId) -> Option<&PublicKey> {
        self.keys.get(key_id)
    }

    /// The ids of all keys, in order.
    pub fn key_ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.keys()
    }

    /// Verifies the signatures over payload and type; hands out the payload only then.
    pub fn verify(&self, envelope: &Envelope) -> Result<VerifiedPayload, VerifyError> {
        let first = envelope.signatures.first().ok_or(VerifyError::NoSignature)?;
        let payload = envelope.decode_payload()?;
        let signed = pae(&envelope.payload_type, &payload);

        let mut signers = BTreeSet::new();
        for signature in &envelope.signatures {
            let Some((key_id, key)) = self.keys.get_key_value(signature.keyid.as_str()) else {
                continue;
            };
            let bytes = signature
                .decode()
                .ok_or_else(|| VerifyError::MalformedSignature { key_id: key_id.clone() })?;
            if !key.matches(&signed, &bytes) {
                return Err(VerifyError::SignatureMismatch { key_id: key_id.clone() });
            }
            signers.insert(key_id.clone());
        }

        // Invariant: a VerifiedPayload has at least one signer.
        let Some(key_id) = signers.first().cloned() else {
            return Err(VerifyError::UnknownKey { named: cut(&first.keyid) });
        };
        Ok(VerifiedPayload {
            payload,
            payload_type: envelope.payload_type.clone(),
            key_id,
            signers,
        })
    }
}

/// A payload whose signatures were verified. There is no other way to get one than
/// [`KeyRing::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPayload {
    payload: Vec<u8>,
    payload_type: String,
    key_id: KeyId,
    signers: BTreeSet<KeyId>,
}

impl VerifiedPayload {
    /// The bytes that were signed.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes that were signed, without a copy.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    /// The type that was signed with them.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// The key that signed; of several, the first by id.
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// All known keys that signed, each once.
    pub fn signers(&self) -> &BTreeSet<KeyId> {
        &self.signers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Signature, SigningKey};

    const TYPE: &str = "application/vnd.example+json";
    const PAYLOAD: &[u8] = br#"{"decision":"approve","plan":"3f9a"}"#;

    fn signed() -> (SigningKey, KeyRing, Envelope) {
        let (key, _) = SigningKey::generate().unwrap();
        let ring = KeyRing::from_keys([key.public_key()]);
        let envelope = Envelope::sign(&key, TYPE, PAYLOAD);
        (key, ring, envelope)
    }

    #[test]
    fn what_was_signed_comes_out() {
        let (key, ring, envelope) = signed();
        let verified = ring.verify(&envelope).unwrap();
        assert_eq!(verified.payload(), PAYLOAD);
        assert_eq!(verified.payload_type(), TYPE);
        assert_eq!(*verified.key_id(), key.key_id());
    }

    /// Every text that differs from `text` in one ASCII character: each position, each bit.
    fn neighbours(text: &str) -> impl Iterator<Item = String> {
        (0..text.len()).flat_map(move |at| {
            (0..7).map(move |bit| {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                String::from_utf8(bytes).unwrap()
            })
        })
    }

    #[test]
    fn no_changed_character_passes() {
        let (_, ring, good) = signed();
        let mut tried = 0;
        let mut refuse = |envelope: Envelope| {
            assert!(ring.verify(&envelope).is_err(), "passed: {}", envelope.to_json());
            tried += 1;
        };
        for payload in neighbours(&good.payload) {
            refuse(Envelope { payload, ..good.clone() });
        }
        for payload_type in neighbours(&good.payload_type) {
            refuse(Envelope { payload_type, ..good.clone() });
        }
        let signature = &good.signatures[0];
        for sig in neighbours(&signature.sig) {
            let signatures = vec![Signature { sig, ..signature.clone() }];
            refuse(Envelope { signatures, ..good.clone() });
        }
        for keyid in neighbours(&signature.keyid) {
            let signatures = vec![Signature { keyid, ..signature.clone() }];
            refuse(Envelope { signatures, ..good.clone() });
        }
        assert_eq!(tried, 7 * (good.payload.len() + TYPE.len() + 88 + 22));
    }

    #[test]
    fn no_changed_cut_or_longer_payload_byte_passes() {
        let (_, ring, good) = signed();
        let resigned = |payload: &[u8]| {
            let (other, _) = SigningKey::generate().unwrap();
            let payload = Envelope::sign(&other, TYPE, payload).payload;
            ring.verify(&Envelope { payload, ..good.clone() })
        };
        for at in 0..PAYLOAD.len() {
            let mut changed = PAYLOAD.to_vec();
            changed[at] ^= 0x80;
            assert!(matches!(resigned(&changed), Err(VerifyError::SignatureMismatch { .. })));
            assert!(resigned(&PAYLOAD[..at]).is_err());
        }
        assert!(resigned(&[PAYLOAD, b" "].concat()).is_err());
        assert!(resigned(PAYLOAD).is_ok());
    }

    #[test]
    fn a_no_says_why() {
        let (key, ring, good) = signed();
        let (other, _) = SigningKey::generate().unwrap();
        let with = |keyid: &str, sig: &str| Envelope {
            signatures: vec![Signature { keyid: keyid.into(), sig: sig.into() }],
            ..good.clone()
        };
        let mine = key.key_id().to_string();
        let reason = |envelope: &Envelope| {
            ring.verify(envelope).unwrap_err().to_string().replace(mine.as_str(), "[id]")
        };
        let sig = &good.signatures[0].sig;

        insta::assert_snapshot!(reason(&Envelope { signatures: vec![], ..good.clone() }), @"the envelope carries no signature");
        insta::assert_snapshot!(reason(&Envelope { payload: "?".into(), ..good.clone() }), @"the payload of the envelope is not well-formed base64");
        insta::assert_snapshot!(reason(&with(&mine, sig.trim_end_matches('='))), @"the signature of key [id] is not well-formed base64");
        insta::assert_snapshot!(reason(&with("evil\n@here", sig)), @r#"the envelope is signed with key "evil\n@here", which is not known here"#);
        insta::assert_snapshot!(reason(&with("", sig)), @r#"the envelope is signed with key "", which is not known here"#);
        let forged = Envelope::sign(&other, TYPE, PAYLOAD).signatures[0].sig.clone();
        insta::assert_snapshot!(reason(&with(&mine, &forged)), @"the signature of key [id] does not match: payload, type or signature was changed");
        assert!(matches!(KeyRing::default().verify(&good), Err(VerifyError::UnknownKey { .. })));
    }

    #[test]
    fn several_signatures_must_all_match_where_the_key_is_known() {
        let (old, ring, envelope) = signed();
        let (new, _) = SigningKey::generate().unwrap();
        let both = envelope.also_signed_by(&new).unwrap().also_signed_by(&new).unwrap();

        let full = KeyRing::from_keys([old.public_key(), new.public_key()]);
        assert_eq!(full.verify(&both).unwrap().signers().len(), 2, "one key counts once");
        assert_eq!(
            ring.verify(&both).unwrap().signers().len(),
            1,
            "the unknown one is passed over"
        );
        assert!(ring.clone().without(&old.key_id()).verify(&both).is_err(), "revoked");

        let mut spoilt = both;
        spoilt.signatures[1].sig = spoilt.signatures[0].sig.clone();
        assert!(matches!(full.verify(&spoilt), Err(VerifyError::SignatureMismatch { .. })));
    }
}
