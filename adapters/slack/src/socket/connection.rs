//! One connection: hears, answers, and notices that the other side is gone.
//!
//! A line may die without a word, behind a firewall that forgets it. So silence is broken by a ping of ours, and a line
//! that stays silent is lost.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Bytes, Error as WebSocketError, Message},
};

use super::envelope::{Heard, heard};

/// Whoever does not take our few bytes for so long is gone.
const WRITE: Duration = Duration::from_secs(5);
/// Slack does not end the line after the last word, so nobody waits for it.
const CLOSE: Duration = Duration::from_secs(1);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A line to Slack on which envelopes come.
pub struct Connection {
    stream: Stream,
    silence: Duration,
    heard_at: Instant,
    has_pinged: bool,
}

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// Slack has closed it.
    #[error("Slack closed the connection")]
    Closed,
    /// Nothing was heard for long.
    #[error("nothing was heard on the connection for {seconds} s")]
    Silent {
        /// For how long.
        seconds: u64,
    },
    /// It broke.
    #[error("the connection broke: {problem}")]
    Broken {
        /// How.
        problem: String,
    },
}

impl Connection {
    pub(super) fn new(stream: Stream, silence: Duration) -> Self {
        Self { stream, silence, heard_at: Instant::now(), has_pinged: false }
    }

    /// Waits for Slack's greeting; gives why there is none.
    pub(super) async fn greeting(&mut self) -> Result<Option<&'static str>, Lost> {
        loop {
            let Some(text) = self.message().await? else { continue };
            return Ok(match serde_json::from_str::<Value>(&text) {
                Ok(message) if message["type"] == "hello" => None,
                Ok(message) if message["reason"] == "too_many_websockets" => {
                    Some("the app has as many connections as Slack allows, which are ten")
                }
                Ok(message) if message["reason"] == "link_disabled" => {
                    Some("Socket Mode is switched off in the app's settings")
                }
                _ => Some("Slack did not greet"),
            });
        }
    }

    /// The next thing that something is to be done about. Nothing is lost when this is dropped and asked anew.
    pub async fn next(&mut self) -> Result<Heard, Lost> {
        loop {
            if let Some(text) = self.message().await?
                && let Some(heard) = heard(&text)
            {
                return Ok(heard);
            }
        }
    }

    /// Acknowledges an envelope, with an answer where there is one.
    pub async fn acknowledge(&mut self, id: &str, answer: Option<&Value>) -> Result<(), Lost> {
        let mut acknowledgement = json!({"envelope_id": id});
        if let Some(answer) = answer {
            acknowledgement["payload"] = answer.clone();
        }
        self.send(Message::text(acknowledgement.to_string())).await
    }

    /// Says good-bye.
    pub async fn close(mut self) {
        // Whoever is gone already needs no good-bye.
        let _ = timeout(CLOSE, self.stream.close(None)).await;
    }

    /// The text of the next message; `None` where something without a text was heard.
    async fn message(&mut self) -> Result<Option<String>, Lost> {
        let patience = if self.has_pinged { self.silence } else { self.silence / 3 };
        let Ok(next) = timeout_at(self.heard_at + patience, self.stream.next()).await else {
            if self.has_pinged {
                return Err(Lost::Silent { seconds: self.silence.as_secs() });
            }
            self.has_pinged = true;
            self.send(Message::Ping(Bytes::new())).await?;
            return Ok(None);
        };
        self.heard_at = Instant::now();
        self.has_pinged = false;
        match next {
            Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
            // A ping's answer is written by the next look at the stream.
            Some(Ok(
                Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_),
            )) => Ok(None),
            None
            | Some(
                Ok(Message::Close(_))
                | Err(WebSocketError::ConnectionClosed | WebSocketError::AlreadyClosed),
            ) => Err(Lost::Closed),
            Some(Err(error)) => Err(broken(&error)),
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), Lost> {
        match timeout(WRITE, self.stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(broken(&error)),
            Err(_) => Err(Lost::Broken { problem: "Slack takes nothing any more".to_owned() }),
        }
    }
}

fn broken(error: &WebSocketError) -> Lost {
    Lost::Broken { problem: error.to_string() }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Connection").finish_non_exhaustive()
    }
}
