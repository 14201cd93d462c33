//! Slack as a chat: cards with buttons, thread replies, whispers, and signed clicks back.
//!
//! Everything that Slack says or wants lives here: its limits, its markup, its errors, its signature. The rest of
//! the project sees [`domain::port::Chat`] and the [`Interaction`]s. Read the modules in this order.

mod config;
mod pace;
mod slack;

mod api;
mod refusal;

mod letters;
mod mrkdwn;

mod block;
mod card;
mod letter;
mod modal;
mod thread_reply;

mod search;

mod command;
mod event;
mod inbound;
mod interaction;
mod signature;

mod socket;

mod checkup;
mod manifest;
mod scope;

pub use checkup::{Authorised, Channel};
pub use command::Command;
pub use config::{SlackConfig, SlackError};
pub use event::Event;
pub use inbound::{Door, Inbound};
pub use interaction::{Interaction, ParseError};
pub use manifest::{Manifest, Way};
pub use modal::AskWhy;
pub use pace::Pace;
pub use scope::{EVENTS, Need, Place, SCOPES, Scope};
pub use signature::{SignatureError, Signed, SignedHeaders};
pub use slack::Slack;
pub use socket::{Connection, Envelope, Heard, Lost, SocketMode};
