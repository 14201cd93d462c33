//! Slack as a chat: cards with buttons, thread replies, whispers, and signed clicks back.
//!
//! Everything that Slack says or wants lives here: its limits, its markup, its errors, its signature. The rest of
//! the project sees [`domain::port::Chat`] and the [`Interaction`]s. Read the modules in this order.

mod config;
mod desk;
mod pace;
mod slack;

mod api;
mod refusal;

mod address;
mod letters;
mod mrkdwn;

mod block;
mod card;
mod details;
mod dialogs;
mod greeting;
mod home;
mod letter;
mod modal;
mod thread_reply;

mod answer;
mod approval;
mod propose;

mod members;
mod permalink;
mod presence;
mod response;
mod search;
mod utterance;

mod command;
mod event;
mod inbound;
mod interaction;
mod place;
mod signature;

mod socket;

mod checkup;
mod manifest;
mod scope;

pub use answer::{Answer, AnswerLine, Link, Turn};
pub use checkup::{Authorised, Channel};
pub use command::Command;
pub use config::{SlackConfig, SlackError};
pub use event::Event;
pub use inbound::{Door, Inbound};
pub use interaction::{Interaction, Opens, ParseError};
pub use manifest::{Manifest, Way};
pub use modal::{AskWhy, Input};
pub use pace::Pace;
pub use propose::{Choice, Chosen, Field, Kept, ProposeForm, models_of};
pub use scope::{EVENTS, Need, Place, SCOPES, Scope};
pub use signature::{SignatureError, Signed, SignedHeaders};
pub use slack::Slack;
pub use socket::{Connection, Envelope, Heard, Lost, SocketMode};
