//! The reception: takes what people do in Slack, whichever way it came, and says what Slack is answered.
//!
//! It decides nothing: a decision goes to the engine, which commits it before Slack hears that it was taken. Everything
//! here ends within Slack's three seconds, which are one budget; what takes longer is a job for a worker.

mod budget;
mod clicks;
mod commands;
mod events;
mod proposing;

use std::sync::Arc;

use serde_json::Value;
use slack::{Inbound, Slack};
use tokio::time::Instant;

pub(crate) use self::budget::Budget;
use crate::{engine::Engine, metrics::Metrics};

/// What takes in what Slack sends.
#[derive(Clone)]
pub struct Reception {
    /// Takes decisions.
    pub engine: Engine,
    /// Opens modals, words answers.
    pub slack: Arc<Slack>,
    /// Counts what came.
    pub metrics: Arc<Metrics>,
    /// The slash command's name, with its slash.
    pub command: String,
    /// Where the web page is.
    pub public_url: String,
    /// The reaction that puts a message into the timeline, without colons.
    pub timeline_emoji: String,
}

/// What Slack is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Ack {
    /// It was taken; there is nothing to say.
    Taken,
    /// It was taken, and this is shown, or done to a modal.
    Saying(Value),
}

impl Reception {
    /// Takes in one thing. An error means that nothing was changed and that it may come again.
    pub async fn take(&self, inbound: Inbound) -> anyhow::Result<Ack> {
        let budget = Budget::from(Instant::now());
        match inbound {
            Inbound::Interaction(interaction) => self.interaction(interaction, budget).await,
            Inbound::Command(command) => self.command(&command, budget).await,
            Inbound::Event(event) => self.event(event).await,
        }
    }
}
