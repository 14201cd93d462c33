//! The signature of what Slack sends: HMAC-SHA256 over the time and the raw body.
//!
//! Owns the decision whether bytes come from Slack, now. Only [`Signed`] bytes can be parsed, and only this module
//! makes them.

use chrono::{DateTime, Utc};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// How far the clocks may be apart, and how old a request may be.
const MOST_SKEW_SECONDS: u64 = 300;

/// The two headers that Slack signs with.
#[derive(Clone, Copy, Debug)]
pub struct SignedHeaders<'a> {
    /// `X-Slack-Request-Timestamp`; empty where it is missing.
    pub timestamp: &'a str,
    /// `X-Slack-Signature`; empty where it is missing.
    pub signature: &'a str,
}

/// A body that Slack has signed.
#[derive(Debug)]
pub struct Signed<'a> {
    body: &'a [u8],
}

/// Why a body is not authentic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no time to verify.
    #[error("read the time of a signed request")]
    NoTimestamp,
    /// It is too old or from the future: a replay, or a clock that is wrong.
    #[error("accept a request signed {skew_seconds} s away from now")]
    Stale {
        /// How far away.
        skew_seconds: u64,
    },
    /// There is no signature of version 0.
    #[error("find a v0 signature")]
    NoSignature,
    /// The signature fits no secret.
    #[error("match the signature with a signing secret")]
    Mismatch,
}

impl Signed<'_> {
    /// The body.
    pub fn body(&self) -> &[u8] {
        self.body
    }
}

/// The secrets that Slack may have signed with.
#[derive(Clone, Debug)]
pub(crate) struct SigningSecrets(Vec<SecretString>);

impl SigningSecrets {
    pub(crate) fn new(secrets: Vec<SecretString>) -> Self {
        Self(secrets)
    }

    /// Whether nothing can be believed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Judges `body`, exactly as it was received, at `now`.
    pub(crate) fn verify<'a>(
        &self,
        headers: SignedHeaders<'_>,
        body: &'a [u8],
        now: DateTime<Utc>,
    ) -> Result<Signed<'a>, SignatureError> {
        let timestamp = headers.timestamp;
        let signed_at: i64 = Some(timestamp)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or(SignatureError::NoTimestamp)?;
        let skew_seconds = now.timestamp().abs_diff(signed_at);
        if skew_seconds > MOST_SKEW_SECONDS {
            return Err(SignatureError::Stale { skew_seconds });
        }
        let signature = headers
            .signature
            .trim()
            .strip_prefix("v0=")
            .and_then(|digits| hex::decode(digits).ok())
            .ok_or(SignatureError::NoSignature)?;
        let message = [b"v0:", timestamp.as_bytes(), b":", body].concat();
        let fits = |secret: &SecretString| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
            hmac::verify(&key, &message, &signature).is_ok()
        };
        if self.0.iter().any(fits) { Ok(Signed { body }) } else { Err(SignatureError::Mismatch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The worked example of Slack's own description of request signing.
    const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const TIME: &str = "1531420618";
    const BODY: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
        &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
        &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
        %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    const GOOD: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a moment")
    }

    fn secrets(texts: &[&str]) -> SigningSecrets {
        SigningSecrets::new(texts.iter().map(|text| SecretString::from(*text)).collect())
    }

    #[test]
    fn headers_are_judged() {
        use SignatureError::{Mismatch, NoSignature, NoTimestamp, Stale};
        let sent = 1_531_420_618;
        let table = [
            ("the published example", TIME, GOOD, sent, Ok(())),
            ("spaces around it", TIME, &format!(" {GOOD} "), sent, Ok(())),
            ("five minutes old", TIME, GOOD, sent + 300, Ok(())),
            ("five minutes early", TIME, GOOD, sent - 300, Ok(())),
            ("older", TIME, GOOD, sent + 301, Err(Stale { skew_seconds: 301 })),
            ("earlier", TIME, GOOD, sent - 301, Err(Stale { skew_seconds: 301 })),
            ("another time", "1531420619", GOOD, sent, Err(Mismatch)),
            ("the same time in other digits", "01531420618", GOOD, sent, Err(Mismatch)),
            ("no time", "", GOOD, sent, Err(NoTimestamp)),
            ("a signed time", "+1531420618", GOOD, sent, Err(NoTimestamp)),
            ("a time beyond time", "99999999999999999999", GOOD, sent, Err(NoTimestamp)),
            ("no signature", TIME, "", sent, Err(NoSignature)),
            ("another version", TIME, &GOOD.replace("v0", "v1"), sent, Err(NoSignature)),
            ("no digits", TIME, "v0=zz", sent, Err(NoSignature)),
            ("cut short", TIME, &GOOD[..GOOD.len() - 2], sent, Err(Mismatch)),
            ("nothing signed", TIME, "v0=", sent, Err(Mismatch)),
        ];
        for (name, timestamp, signature, now, expected) in table {
            let headers = SignedHeaders { timestamp, signature };
            let verdict = secrets(&[SECRET]).verify(headers, BODY, at(now)).map(|_| ());
            assert_eq!(verdict, expected, "{name}");
        }
    }

    #[test]
    fn either_secret_is_good_while_they_are_rotated_and_no_other() {
        let headers = SignedHeaders { timestamp: TIME, signature: GOOD };
        let now = at(1_531_420_618);
        assert!(secrets(&["new", SECRET]).verify(headers, BODY, now).is_ok());
        assert!(secrets(&[SECRET, "new"]).verify(headers, BODY, now).is_ok());
        let strangers = secrets(&["new", "old"]).verify(headers, BODY, now);
        assert_eq!(strangers.map(|_| ()), Err(SignatureError::Mismatch));
    }

    #[test]
    fn every_changed_byte_of_a_body_is_noticed() {
        let headers = SignedHeaders { timestamp: TIME, signature: GOOD };
        for place in 0..BODY.len() {
            let mut body = BODY.to_vec();
            body[place] ^= 1;
            let verdict = secrets(&[SECRET]).verify(headers, &body, at(1_531_420_618));
            assert_eq!(verdict.map(|_| ()), Err(SignatureError::Mismatch), "byte {place}");
        }
    }
}
