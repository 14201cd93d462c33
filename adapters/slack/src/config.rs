//! What the operator sets for Slack, and what is wrong with it.
//!
//! Checked once, when the adapter is made, so that a slip is found at the start and not in an incident.

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::SocketMode;

/// Where Slack is, who the bot is there, and where it speaks.
#[derive(Clone, Debug)]
pub struct SlackConfig {
    /// The base of the API's addresses, such as `https://slack.com/api`.
    pub api_url: String,
    /// The bot's token, `xoxb-..`.
    pub bot_token: SecretString,
    /// The app's signing secret; two while it is rotated. None where nothing comes over HTTP.
    pub signing_secrets: Vec<SecretString>,
    /// The app's own token, `xapp-..`, where Slack's requests come over Socket Mode.
    pub app_token: Option<SecretString>,
    /// The id of the workspace whose members the people file names; `None` takes any.
    pub team: Option<String>,
    /// The id of the channel that cards are posted to, such as `C0123456789`; a name is not enough.
    pub channel: String,
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum SlackError {
    /// The address is no base for HTTP addresses.
    #[error("use {url:?} as the address of Slack's API")]
    Address {
        /// The address as configured.
        url: String,
    },
    /// The token is blank or has characters that no header may have.
    #[error("use the configured bot token")]
    Token,
    /// The app's own token is none.
    #[error("use the configured app token, which must begin with `xapp-`")]
    AppToken,
    /// Without a secret no click could be believed, and without an app's token none comes another way.
    #[error("verify clicks without a signing secret")]
    SigningSecret,
    /// The channel is not an id.
    #[error("post to {channel:?}, which is not a channel id such as C0123456789")]
    Channel {
        /// The channel as configured.
        channel: String,
    },
    /// The HTTP client could not be made.
    #[error("prepare the HTTP client for Slack")]
    Client(#[source] reqwest::Error),
}

impl SlackConfig {
    pub(crate) fn base(&self) -> Result<Url, SlackError> {
        Url::parse(&self.api_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
            .ok_or_else(|| SlackError::Address { url: self.api_url.clone() })
    }

    pub(crate) fn socket_mode(&self) -> Result<Option<SocketMode>, SlackError> {
        self.app_token.as_ref().map(|token| SocketMode::new(self.base()?, token)).transpose()
    }

    pub(crate) fn checked_channel(&self) -> Result<String, SlackError> {
        let is_id = self.channel.starts_with(['C', 'G', 'D'])
            && self.channel.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if is_id {
            Ok(self.channel.clone())
        } else {
            Err(SlackError::Channel { channel: self.channel.clone() })
        }
    }

    /// The secrets that can be meant: everybody can sign with a blank one.
    pub(crate) fn usable_secrets(&self) -> Result<Vec<SecretString>, SlackError> {
        let is_usable = |secret: &&SecretString| !secret.expose_secret().trim().is_empty();
        let usable: Vec<_> = self.signing_secrets.iter().filter(is_usable).cloned().collect();
        let comes_otherwise = self.signing_secrets.is_empty() && self.app_token.is_some();
        if usable.is_empty() && !comes_otherwise {
            Err(SlackError::SigningSecret)
        } else {
            Ok(usable)
        }
    }
}
