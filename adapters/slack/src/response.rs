//! Later answers to a command or a click, at the address that Slack gave for them.
//!
//! The address is good for half an hour and five answers, and it is the only way to what one person alone is shown.
//! The token must never go there: these calls have a client of their own, without it.

use std::time::Duration;

use domain::port::{ChatError, Concern};
use reqwest::{Client, Url, header::CONTENT_TYPE, redirect};
use serde_json::Value;

use crate::{SlackError, refusal};

const METHOD: &str = "response_url";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Whoever pressed a button waits for this, and Slack for its acknowledgement.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(2);
/// Slack's own hosts for these addresses, besides the one that the Web API is called at.
const HOSTS: [&str; 2] = ["hooks.slack.com", "hooks.slack-gov.com"];

/// Sends later answers.
#[derive(Debug)]
pub(crate) struct Responses {
    client: Client,
    base: Url,
}

impl Responses {
    /// Prepares calls; `base` is where the Web API is called.
    pub(crate) fn new(base: Url) -> Result<Self, SlackError> {
        let client = Client::builder()
            .user_agent(concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .redirect(redirect::Policy::none())
            .build()
            .map_err(SlackError::Client)?;
        Ok(Self { client, base })
    }

    /// Sends one answer. An unknown outcome is not tried again: the person sees whether it came.
    pub(crate) async fn send(&self, address: &str, body: &Value) -> Result<(), ChatError> {
        let Some(address) = self.checked(address) else {
            let advice = "Check slack.api_url: answers go to Slack's own hosts, and to that one";
            return Err(refusal::permanent(
                METHOD,
                Concern::Errand,
                "the address is not one of Slack's",
                advice,
            ));
        };
        let request = self
            .client
            .post(address)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(body.to_string());
        let answer = request.send().await.map_err(|error| {
            if error.is_connect() {
                refusal::transient(METHOD, "could not connect")
            } else {
                refusal::unknown(METHOD, "no answer in time")
            }
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let problem = format!("answered {}", status.as_u16());
        let advice =
            "The address is good for half an hour and five answers: type the command again";
        Err(refusal::permanent(METHOD, Concern::Errand, &problem, advice))
    }

    /// The address, where it is one of Slack's or of the server that stands for it.
    fn checked(&self, address: &str) -> Option<Url> {
        let address = Url::parse(address).ok()?;
        let is_slacks = address.scheme() == "https"
            && address.host_str().is_some_and(|host| HOSTS.contains(&host));
        let is_ours = address.origin() == self.base.origin();
        (is_slacks || is_ours).then_some(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_slack_alone() {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let base = Url::parse("http://127.0.0.1:8123/api").expect("an address");
        let responses = Responses::new(base).expect("a client");
        for (address, is_taken) in [
            ("https://hooks.slack.com/commands/T1/2/3", true),
            ("https://hooks.slack-gov.com/actions/T1/2/3", true),
            ("http://127.0.0.1:8123/response/1", true),
            ("http://hooks.slack.com/commands/T1/2/3", false),
            ("http://127.0.0.1:8124/response/1", false),
            ("https://hooks.slack.com.evil.example/commands", false),
            ("https://169.254.169.254/latest", false),
            ("no address", false),
            ("", false),
        ] {
            assert_eq!(responses.checked(address).is_some(), is_taken, "{address}");
        }
    }
}
