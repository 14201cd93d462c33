//! Addresses of messages, for people to follow.
//!
//! Slack makes each address by a call. Within one channel they differ in the message's time alone, so that one answer
//! of this shape teaches those of its neighbours; another shape teaches nothing, and each is asked for.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use domain::port::{ChatError, MessageRef};

use crate::api::Api;

/// What is known of the channels' addresses: each up to the message's part.
#[derive(Debug, Default)]
pub(crate) struct Permalinks(Mutex<BTreeMap<String, String>>);

impl Permalinks {
    /// The address of a message.
    pub(crate) async fn of(&self, api: &Api, at: &MessageRef) -> Result<String, ChatError> {
        if let Some(known) = self.known(at) {
            return Ok(known);
        }
        let form = [("channel", at.channel.as_str()), ("message_ts", at.message.as_str())];
        let answer = api.read("chat.getPermalink", &form).await?;
        let address = answer["permalink"].as_str().unwrap_or_default().to_owned();
        if let Some(stem) = stem(&address, at) {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(at.channel.clone(), stem.to_owned());
        }
        Ok(address)
    }

    fn known(&self, at: &MessageRef) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&at.channel).map(|stem| format!("{stem}{}", part(at)))
    }
}

/// The address without the message's part, where it ends in exactly that part.
fn stem<'a>(address: &'a str, at: &MessageRef) -> Option<&'a str> {
    let stem = address.strip_suffix(&part(at))?;
    stem.ends_with(&format!("/archives/{}/", at.channel)).then_some(stem)
}

/// `p1700000000000100` for the message of `1700000000.000100`.
fn part(at: &MessageRef) -> String {
    format!("p{}", at.message.replace('.', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_the_known_shape_teaches_others() {
        let at = MessageRef { channel: "C1".to_owned(), message: "1700000000.000100".to_owned() };
        for (address, expected) in [
            (
                "https://acme.slack.com/archives/C1/p1700000000000100",
                Some("https://acme.slack.com/archives/C1/"),
            ),
            ("https://acme.slack.com/archives/C1/p1700000000000100?thread_ts=1", None),
            ("https://acme.slack.com/archives/C2/p1700000000000100", None),
            ("", None),
        ] {
            assert_eq!(stem(address, &at), expected, "{address}");
        }
    }
}
