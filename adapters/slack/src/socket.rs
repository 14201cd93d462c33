//! Socket Mode: Slack's requests over a connection that the bot opens, for bots behind a firewall.
//!
//! ```text
//! apps.connections.open ──▶ wss://.. ──▶ hello ──▶ envelope ⇄ acknowledgement .. ──▶ disconnect, or the line breaks
//! ```
//!
//! This module knows one connection: opening it, hearing it, answering on it, and noticing that it is dead. Who keeps how
//! many of them, and what is done about what they bring, is not its business. An envelope is believed because of the token
//! that opened the connection, so nothing but an encrypted line is accepted where the API itself is encrypted.

mod connection;
mod envelope;

use std::time::Duration;

use domain::port::ChatError;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{Error as WebSocketError, protocol::WebSocketConfig},
};

pub use self::{
    connection::{Connection, Lost},
    envelope::{Envelope, Heard},
};
use crate::{
    SlackError,
    api::Api,
    refusal::{self, OPEN},
};

/// What the line to Slack is called in messages.
const LINE: &str = "Socket Mode";
/// How all tokens of this kind begin.
const PREFIX: &str = "xapp-";

/// How long the handshakes, and the first word after them, may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A line on which nothing is heard for so long is dead. Slack itself pings several times in it.
const SILENCE: Duration = Duration::from_secs(45);
const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// Opens connections with the app's own token.
#[derive(Debug)]
pub struct SocketMode {
    api: Api,
    is_plain: bool,
    silence: Duration,
}

impl SocketMode {
    pub(crate) fn new(base: Url, app_token: &SecretString) -> Result<Self, SlackError> {
        if !app_token.expose_secret().trim().starts_with(PREFIX) {
            return Err(SlackError::AppToken);
        }
        let is_plain = base.scheme() == "http";
        let api = Api::new(base, app_token).map_err(|error| match error {
            SlackError::Token => SlackError::AppToken,
            other => other,
        })?;
        Ok(Self { api, is_plain, silence: SILENCE })
    }

    pub(crate) fn with_total_timeout(self, total_timeout: Duration) -> Self {
        Self { api: self.api.with_total_timeout(total_timeout), ..self }
    }

    pub(crate) fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Asks for the address of a connection without connecting: whether the token is good.
    pub async fn ask(&self) -> Result<(), ChatError> {
        self.address().await.map(|_| ())
    }

    /// Opens a connection; it is ready, because Slack has greeted.
    pub async fn connect(&self) -> Result<Connection, ChatError> {
        let address = self.address().await?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let no_delay = true;
        let connecting = connect_async_with_config(address.as_str(), Some(limits), no_delay);
        let (stream, _) = match timeout(HANDSHAKE, connecting).await {
            Ok(Ok(connected)) => connected,
            Ok(Err(error)) => return Err(refusal::transient(LINE, &told(&error))),
            Err(_) => return Err(refusal::transient(LINE, "could not connect in time")),
        };
        let mut connection = Connection::new(stream, self.silence);
        match timeout(HANDSHAKE, connection.greeting()).await {
            Ok(Ok(Some(problem))) => Err(refusal::transient(LINE, problem)),
            Ok(Ok(None)) => Ok(connection),
            Ok(Err(lost)) => Err(refusal::transient(LINE, &lost.to_string())),
            Err(_) => Err(refusal::transient(LINE, "Slack did not greet in time")),
        }
    }

    async fn address(&self) -> Result<Url, ChatError> {
        let answer = self.api.read(OPEN, &[]).await?;
        let address = answer["url"].as_str().unwrap_or_default();
        usable(address, self.is_plain).ok_or_else(|| {
            refusal::transient(OPEN, "the answer names no address of an encrypted line")
        })
    }
}

/// The address, where nobody on the way can listen; or where nobody minds.
fn usable(address: &str, is_plain: bool) -> Option<Url> {
    let is_usable = |address: &Url| match address.scheme() {
        "wss" => true,
        "ws" => is_plain,
        _ => false,
    };
    Url::parse(address).ok().filter(is_usable)
}

/// Why no line came about, without the address: the ticket in it opens the line.
fn told(error: &WebSocketError) -> String {
    match error {
        WebSocketError::Http(answer) => format!("answered {}", answer.status().as_u16()),
        WebSocketError::Io(error) => format!("could not connect: {error}"),
        WebSocketError::Tls(error) => format!("could not make the line safe: {error}"),
        WebSocketError::Protocol(error) => format!("broke the protocol: {error}"),
        _ => "could not connect".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_in_the_open() {
        let table = [
            ("wss://wss-primary.slack.com/link/?ticket=1", false, true),
            ("ws://wss-primary.slack.com/link/?ticket=1", false, false),
            ("ws://127.0.0.1:8080/link", true, true),
            ("https://slack.com/link", true, false),
            ("", true, false),
        ];
        for (address, is_plain, is_usable) in table {
            assert_eq!(usable(address, is_plain).is_some(), is_usable, "{address}");
        }
    }
}
