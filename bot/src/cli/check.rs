//! `check`: everything that can be wrong before anything runs.

use domain::plan::Workflow;
use policies::Policies;

use super::{Done, Usage, counted};
use crate::{
    config::{self, Config},
    policy_files,
};

/// Slack closes further ones.
const MOST_CONNECTIONS: u32 = 10;

pub(super) fn check(config: &Config) -> anyhow::Result<Done> {
    refuse(config)?;
    let policies = Policies::load(&policy_files::read(&config.policies)?)?;
    let mut hints = Vec::new();
    if config.pagerduty.webhook_secrets.is_empty() {
        hints.push("`pagerduty.webhook_secrets` is empty: every webhook will be refused. Write the secret of the webhook subscription there.");
    }
    println!(
        "The configuration and the policies are in order: {} people, {}, policies {}.",
        policies.people().iter().count(),
        counted(policies.targets().len() as u64, "target"),
        policies.digest().short(),
    );
    for runbook in policies.runbooks().filter(|runbook| runbook.workflow().is_emergency()) {
        let (rollback_type, name) = (runbook.rollback_type(), runbook.name());
        let planned = policies.runbook_for(rollback_type, Workflow::Planned).unwrap_or(runbook);
        println!("  {rollback_type}: {name}; planned: {}", planned.name());
    }
    for hint in hints {
        println!("note: {hint}");
    }
    Ok(Done::Well)
}

/// What must not run, however it is started.
pub(super) fn refuse(config: &Config) -> Result<(), Usage> {
    if config.discord.is_some() {
        return Err(Usage("`discord` is configured, but this version talks to Slack and the web page only. Take the section out.".to_owned()));
    }
    if let Some(slack) = &config.slack {
        if slack.signing_secret.is_none() && slack.app_token.is_none() {
            return Err(Usage("`slack` has neither `signing_secret` nor `app_token`, so no click could come. Write the app's signing secret there where Slack reaches Countersign over HTTP, or an app-level token for Socket Mode.".to_owned()));
        }
        if slack.socket_connections.get() > MOST_CONNECTIONS {
            return Err(Usage(format!(
                "`slack.socket_connections` is {}, but Slack allows an app {MOST_CONNECTIONS}. Two are enough.",
                slack.socket_connections
            )));
        }
    }
    if config.web.demo_personas && !config.listen.ip().is_loopback() {
        return Err(Usage(format!(
            "`web.demo_personas` lets anybody act as anybody, and `listen` is {}. Listen on 127.0.0.1, or turn the personas off.",
            config.listen
        )));
    }
    Ok(())
}

pub(super) fn schema() -> Done {
    print!("{}", config::schema());
    Done::Well
}
