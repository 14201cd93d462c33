//! The signature of a V3 webhook: HMAC-SHA256 over the raw body, several of them while a secret rotates.
//!
//! Owns the decision whether a body comes from PagerDuty. It must see the bytes as they came, before any
//! parsing. No time is signed, so a valid signature says nothing about freshness: the caller refuses
//! replays by the event's id.

use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// Signatures that are looked at in one header. PagerDuty sends one for each live secret; more would only
/// let a stranger make us hash a large body again and again.
const MAX_SIGNATURES: usize = 8;

/// The signing secrets of the webhook subscriptions, any of which is good.
#[derive(Debug, Clone)]
pub struct WebhookSecrets(Vec<SecretString>);

/// Why a webhook is not authentic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Nothing is configured to verify against, so nothing can be authentic.
    #[error("no webhook secret is configured")]
    NoSecret,
    /// The header has no well-formed value of version 1.
    #[error("the signature header has no v1 signature")]
    NoSignature,
    /// There are signatures, and none of them fits any secret.
    #[error("no signature fits the body")]
    Mismatch,
}

impl WebhookSecrets {
    /// Takes the secrets to accept. Blank ones are left out: everybody can sign with an empty secret.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let usable = secrets.into_iter().filter(|secret| !secret.expose_secret().trim().is_empty());
        Self(usable.collect())
    }

    /// Checks the header `X-PagerDuty-Signature` against the body exactly as it was received.
    pub fn verify(&self, header: &str, raw_body: &[u8]) -> Result<(), SignatureError> {
        if self.0.is_empty() {
            return Err(SignatureError::NoSecret);
        }
        let signatures: Vec<Vec<u8>> = header
            .split(',')
            .filter_map(|value| value.trim().strip_prefix("v1="))
            .filter_map(|digits| hex::decode(digits.trim()).ok())
            .filter(|signature| signature.len() == ring::digest::SHA256_OUTPUT_LEN)
            .take(MAX_SIGNATURES)
            .collect();
        if signatures.is_empty() {
            return Err(SignatureError::NoSignature);
        }
        let keys: Vec<_> = self.0.iter().map(key).collect();
        let fits = |signature: &Vec<u8>| {
            keys.iter().any(|key| hmac::verify(key, raw_body, signature).is_ok())
        };
        if signatures.iter().any(fits) { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

/// The value of `X-PagerDuty-Signature` for `raw_body`, as PagerDuty would send it with one secret.
pub fn sign(secret: &SecretString, raw_body: &[u8]) -> String {
    format!("v1={}", hex::encode(hmac::sign(&key(secret), raw_body)))
}

fn key(secret: &SecretString) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{
        SignatureError::{Mismatch, NoSignature},
        *,
    };

    const BODY: &[u8] = br#"{"event":{"id":"01EVENT"}}"#;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    /// Test case 2 of RFC 4231, an HMAC-SHA256 that was computed by others.
    #[test]
    fn signing_agrees_with_the_published_vector() {
        assert_eq!(
            sign(&secret("Jefe"), b"what do ya want for nothing?"),
            "v1=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn headers_are_judged() {
        let good = sign(&secret("current"), BODY);
        let old = sign(&secret("previous"), BODY);
        let foreign = sign(&secret("somebody else's"), BODY);
        let other_body = sign(&secret("current"), b"another body");
        let digits = &good[3..];
        let crowd = vec![foreign.clone(); MAX_SIGNATURES].join(",");
        let table = [
            ("the current secret", good.clone(), Ok(())),
            ("the previous secret", old.clone(), Ok(())),
            ("both, while rotating", format!("{good},{old}"), Ok(())),
            ("ours is the last", format!("{foreign},{good}"), Ok(())),
            ("ours is the first", format!("{good},{foreign}"), Ok(())),
            ("spaces around values", format!("  {foreign} ,\t{good}  "), Ok(())),
            ("upper-case digits", format!("v1={}", digits.to_uppercase()), Ok(())),
            ("rubbish beside it", format!(",,v1=zz,{good},v1="), Ok(())),
            ("an unknown version beside it", format!("v2={digits},{good}"), Ok(())),
            ("a stranger's secret", foreign, Err(Mismatch)),
            ("another body", other_body, Err(Mismatch)),
            ("nothing", String::new(), Err(NoSignature)),
            ("only an unknown version", format!("v2={digits}"), Err(NoSignature)),
            ("an upper-case version", format!("V1={digits}"), Err(NoSignature)),
            ("no version", digits.to_owned(), Err(NoSignature)),
            ("cut short", good[..good.len() - 2].to_owned(), Err(NoSignature)),
            ("an odd number of digits", good[..good.len() - 1].to_owned(), Err(NoSignature)),
            ("too long", format!("{good}00"), Err(NoSignature)),
            ("an empty value", "v1=".to_owned(), Err(NoSignature)),
            ("not hexadecimal", format!("v1={}", "g".repeat(64)), Err(NoSignature)),
            ("hidden behind too many", format!("{crowd},{good}"), Err(Mismatch)),
        ];
        let secrets = WebhookSecrets::new([secret("current"), secret("previous")]);
        for (name, header, expected) in table {
            assert_eq!(secrets.verify(&header, BODY), expected, "{name}: {header}");
        }
    }

    #[test]
    fn every_changed_byte_of_a_body_is_noticed() {
        let header = sign(&secret("current"), BODY);
        let secrets = WebhookSecrets::new([secret("current")]);
        for at in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[at] ^= 1;
            assert_eq!(secrets.verify(&header, &body), Err(SignatureError::Mismatch), "byte {at}");
        }
    }

    #[test]
    fn without_a_usable_secret_nothing_is_authentic() {
        let unusable = [vec![], vec![secret("")], vec![secret(" \n"), secret("")]];
        for secrets in unusable {
            let header = sign(&secret(""), BODY);
            let verdict = WebhookSecrets::new(secrets).verify(&header, BODY);
            assert_eq!(verdict, Err(SignatureError::NoSecret));
        }
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let shown = format!("{:?}", WebhookSecrets::new([secret("hunter2")]));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
