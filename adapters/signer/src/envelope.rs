//! The DSSE v1 envelope: payload bytes, their type, and signatures over both. What is signed are the
//! exact bytes, framed by [`pae`], so no reader has to bring JSON into a canonical form. An envelope
//! is untrusted until a [`KeyRing`](crate::KeyRing) has verified it: its payload is deliberately not
//! readable from here.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{SigningKey, VerifyError};

/// A DSSE v1 envelope as it travels and is stored; fields are named as in the specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// What the payload is, usually a media type.
    pub payload_type: String,
    /// The payload, standard base64 with padding.
    pub payload: String,
    /// At least one, or the envelope verifies nowhere.
    pub signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Which key to verify with; optional in the specification, needed by us.
    #[serde(default)]
    pub keyid: String,
    /// The 64 bytes of the signature, standard base64 with padding.
    pub sig: String,
}

impl Envelope {
    /// Signs `payload` under `payload_type` with `key`.
    pub fn sign(key: &SigningKey, payload_type: &str, payload: &[u8]) -> Self {
        Self {
            payload_type: payload_type.to_owned(),
            payload: STANDARD.encode(payload),
            signatures: vec![signature(key, payload_type, payload)],
        }
    }

    /// The same envelope with a second signature, for instance of the next key at a rotation.
    pub fn also_signed_by(mut self, key: &SigningKey) -> Result<Self, VerifyError> {
        let payload = self.decode_payload()?;
        self.signatures.push(signature(key, &self.payload_type, &payload));
        Ok(self)
    }

    /// Reads the JSON of an envelope; unknown fields are ignored, as the specification asks.
    pub fn from_json(text: &str) -> Result<Self, VerifyError> {
        serde_json::from_str(text).map_err(|source| VerifyError::NotAnEnvelope { source })
    }

    /// The envelope as one line of JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and lists always have a JSON form")
    }

    pub(crate) fn decode_payload(&self) -> Result<Vec<u8>, VerifyError> {
        STANDARD.decode(&self.payload).map_err(|_| VerifyError::MalformedPayload)
    }
}

impl Signature {
    /// The bytes of the signature; none when they are not strict base64.
    pub(crate) fn decode(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.sig).ok()
    }
}

/// The pre-authentication encoding: the bytes that are signed. Both lengths are counted in bytes, so
/// no payload can pass for another one under another type.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

fn signature(key: &SigningKey, payload_type: &str, payload: &[u8]) -> Signature {
    Signature {
        keyid: key.key_id().to_string(),
        sig: STANDARD.encode(key.sign(&pae(payload_type, payload))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_the_one_of_the_specification() {
        let encoded = pae("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
        assert_eq!(pae("\u{e9}", b""), "DSSEv1 2 \u{e9} 0 ".as_bytes());
    }

    #[test]
    fn the_json_has_the_names_of_the_specification() {
        let envelope = Envelope {
            payload_type: "text/plain".into(),
            payload: "aGk=".into(),
            signatures: vec![Signature { keyid: "k".into(), sig: "c2ln".into() }],
        };
        insta::assert_snapshot!(envelope.to_json(), @r#"{"payloadType":"text/plain","payload":"aGk=","signatures":[{"keyid":"k","sig":"c2ln"}]}"#);
        assert_eq!(Envelope::from_json(&envelope.to_json()).unwrap(), envelope);
    }

    #[test]
    fn other_json_is_refused() {
        for text in
            ["", "{}", "[]", r#"{"payloadType":"a","payload":"","payload":"","signatures":[]}"#]
        {
            assert!(Envelope::from_json(text).is_err(), "{text}");
        }
    }
}
