//! The wiring of Slack: the adapter, and the two ways in which what people do reaches the reception.

use std::sync::Arc;

use ::slack::{Pace, Slack, SlackConfig};
use domain::person::ChatName;

use super::Bot;
use crate::{
    config::{self, Config},
    reception::Reception,
    socket::Sockets,
};

impl Bot {
    /// What takes in what people do in Slack; `None` where Slack is not configured.
    pub(super) fn reception(&self, config: &Config) -> Option<Reception> {
        let (slack, section) = self.slack.clone().zip(config.slack.as_ref())?;
        Some(Reception {
            engine: self.engine.clone(),
            slack,
            metrics: self.metrics.clone(),
            command: section.command.clone(),
            public_url: config.public_url.clone(),
            timeline_emoji: section.timeline_emoji.trim_matches(':').to_owned(),
        })
    }

    /// The connections over which Slack's requests come, where an app token is configured.
    pub fn sockets(&self, config: &Config) -> Option<Sockets> {
        let (lines, reception) = self.lines.clone().zip(self.reception(config))?;
        let section = config.slack.as_ref()?;
        let (slack, many) = (reception.slack.clone(), section.socket_connections);
        Some(Sockets { slack, reception, lines, many })
    }
}

/// The chats that show cards.
pub(crate) fn chats(config: &Config) -> Arc<[ChatName]> {
    config.slack.iter().map(|_| ChatName::Slack).collect()
}

pub(crate) fn slack(config: &config::Slack) -> anyhow::Result<Slack> {
    let slack = Slack::new(SlackConfig {
        api_url: config.api_url.clone(),
        bot_token: config.bot_token.clone(),
        signing_secrets: config.signing_secret.iter().cloned().collect(),
        app_token: config.app_token.clone(),
        team: config.team.clone(),
        channel: config.channel.clone(),
    })?;
    Ok(slack.with_pace(Pace::SLACK.times(config.posts_per_second)))
}
