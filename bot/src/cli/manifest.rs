//! `manifest slack`: the app as Slack takes it, on standard output; what stands in its way, on standard error.

use clap::Subcommand;
use slack::{Manifest, Way};

use super::Done;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The app's manifest as JSON, for “Create New App”, “From a manifest”.
    Slack {
        /// For Socket Mode, also while `slack.app_token` is not set yet.
        #[arg(long)]
        socket_mode: bool,
    },
}

pub(super) fn run(config: &Config, command: &Command) -> anyhow::Result<Done> {
    let Command::Slack { socket_mode } = command;
    let section = config.slack.as_ref();
    let public_url = config.public_url.trim_end_matches('/');
    let has_app_token = section.is_some_and(|slack| slack.app_token.is_some());
    let way = if *socket_mode || has_app_token {
        Way::SocketMode
    } else {
        if !public_url.starts_with("https://") {
            eprintln!(
                "note: `public_url` is {public_url}, and Slack posts to https:// addresses on the internet only. Set it, or use --socket-mode, which needs no address."
            );
        }
        Way::Http { public_url }
    };
    let command = section.map_or("/countersign", |slack| &slack.command);
    let manifest = Manifest { command, way }.to_json();
    println!("{}", serde_json::to_string_pretty(&manifest)?);
    Ok(Done::Well)
}
