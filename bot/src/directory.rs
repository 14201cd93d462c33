//! Who somebody is in Slack's workspace, asked for before their decision is taken. Asking must fit into Slack's three
//! seconds; whoever takes the decision reads what was answered from the store, and refuses where that is too old.

use std::time::Duration;

use chrono::TimeDelta;
use domain::person::Identity;
use slack::Slack;

use crate::engine::Engine;

/// For so long Slack is not asked again.
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// Slack waits three seconds for our answer, and the decision's own transaction needs some of them.
const ASKING: Duration = Duration::from_millis(1500);

/// Asks Slack what somebody is whom the people file names, unless it said so a moment ago.
pub(crate) async fn look_up(engine: &Engine, slack: &Slack, who: &Identity) -> anyhow::Result<()> {
    if engine.policies.people().known_as(who).is_none() {
        return Ok(());
    }
    let now = engine.clock.now();
    let known = engine.store.member(who).await?.and_then(|member| member.standing);
    if known.is_some_and(|(_, at)| at + FRESH > now) {
        return Ok(());
    }
    match tokio::time::timeout(ASKING, slack.standing(who)).await {
        Ok(Ok(standing)) => engine.see_member(who, standing, now).await?,
        Ok(Err(error)) => tracing::warn!("what {who} is in the workspace is not known: {error}"),
        Err(_) => tracing::warn!("what {who} is in the workspace is not known: no answer in time"),
    }
    Ok(())
}
