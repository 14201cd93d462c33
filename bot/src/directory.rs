//! Who somebody is in Slack's workspace, asked for before their decision is taken. Asking must fit into Slack's three
//! seconds; whoever takes the decision reads what was answered from the store, and refuses where that is too old.

use std::time::Duration;

use chrono::TimeDelta;
use domain::{person::Identity, standing::Standing};
use slack::Slack;

use crate::engine::Engine;

/// For so long Slack is not asked again.
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// Slack waits three seconds for our answer, and the decision's own transaction needs some of them.
const ASKING: Duration = Duration::from_millis(1500);

/// The same before somebody only reads, which leaves the database more of them.
const READING: Duration = Duration::from_millis(600);

/// Asks Slack what somebody is whom the people file names, unless it said so a moment ago.
pub(crate) async fn look_up(engine: &Engine, slack: &Slack, who: &Identity) -> anyhow::Result<()> {
    if engine.policies.people().known_as(who).is_some() {
        let now = engine.clock.now();
        let (standing, is_new) = standing(engine, slack, who, ASKING).await?;
        if let Some(standing) = standing.filter(|_| is_new) {
            engine.see_member(who, standing, now).await?;
        }
    }
    Ok(())
}

/// What somebody is who should not read what is going on: a guest, say. Whoever Slack says nothing of may read:
/// incidents are shown in a channel, and at night an answer is worth more than a proof.
pub(crate) async fn reads_nothing(
    engine: &Engine,
    slack: &Slack,
    who: &Identity,
) -> anyhow::Result<Option<Standing>> {
    // It is not kept: whoever reads waits for nobody who writes.
    let (standing, _) = standing(engine, slack, who, READING).await?;
    Ok(standing.filter(|standing| *standing != Standing::Member))
}

/// What Slack says somebody is, now or lately; whether it said so now.
async fn standing(
    engine: &Engine,
    slack: &Slack,
    who: &Identity,
    within: Duration,
) -> anyhow::Result<(Option<Standing>, bool)> {
    let now = engine.clock.now();
    let known = engine.store.member(who).await?.and_then(|member| member.standing);
    if let Some((standing, _)) = known.filter(|(_, at)| *at + FRESH > now) {
        return Ok((Some(standing), false));
    }
    match tokio::time::timeout(within, slack.standing(who)).await {
        Ok(Ok(standing)) => return Ok((Some(standing), true)),
        Ok(Err(error)) => tracing::warn!("what {who} is in the workspace is not known: {error}"),
        Err(_) => tracing::warn!("what {who} is in the workspace is not known: no answer in time"),
    }
    Ok((known.map(|(standing, _)| standing), false))
}
