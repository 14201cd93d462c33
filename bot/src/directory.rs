//! Who somebody is in Slack's workspace, asked for before their decision is taken. Asking must fit into what is left of
//! Slack's three seconds; whoever takes the decision reads what was answered from the store, and refuses where that is too
//! old.

use std::time::Duration;

use chrono::TimeDelta;
use domain::{person::Identity, standing::Standing};
use slack::Slack;
use tokio::time::Instant;

use crate::{
    engine::{Engine, STANDING_COUNTS, STANDING_IS_FRESH},
    reception::Budget,
};

/// The decision's own transaction needs some of the time too.
const DECIDING: Duration = Duration::from_millis(1500);
/// The same before a form opens, which needs a call of its own.
const ASKING: Duration = Duration::from_millis(800);
/// The same before somebody only reads, which leaves the database more of it.
const READING: Duration = Duration::from_millis(600);

/// Asks Slack what somebody is whom the people file names, unless it said so a moment ago.
pub(crate) async fn look_up(
    engine: &Engine,
    slack: &Slack,
    who: &Identity,
    budget: Budget,
) -> anyhow::Result<()> {
    let asking = Asking { limit: DECIDING, budget, members_count: STANDING_IS_FRESH };
    asking.keep(engine, slack, who).await
}

/// The same before somebody is asked for the rest of what they want. Whoever was a member within a day is not looked up: a
/// form that opens at once is worth more, and what they send is judged anew.
pub(crate) async fn look_up_before_asking(
    engine: &Engine,
    slack: &Slack,
    who: &Identity,
    budget: Budget,
) -> anyhow::Result<()> {
    let asking = Asking { limit: ASKING, budget, members_count: STANDING_COUNTS };
    asking.keep(engine, slack, who).await
}

/// What somebody is who should not read what is going on: a guest, say. Whoever Slack says nothing of may read:
/// incidents are shown in a channel, and at night an answer is worth more than a proof.
pub(crate) async fn reads_nothing(
    engine: &Engine,
    slack: &Slack,
    who: &Identity,
    budget: Budget,
) -> anyhow::Result<Option<Standing>> {
    let asking = Asking { limit: READING, budget, members_count: STANDING_IS_FRESH };
    // It is not kept: whoever reads waits for nobody who writes.
    let (standing, _) = asking.standing(engine, slack, who).await?;
    Ok(standing.filter(|standing| *standing != Standing::Member))
}

/// How Slack is asked what somebody is.
struct Asking {
    /// For no longer than this.
    limit: Duration,
    /// And no longer than is left.
    budget: Budget,
    /// For so long a member is not asked about again; others are after a moment.
    members_count: TimeDelta,
}

impl Asking {
    /// Asks and keeps the answer, where the people file names them.
    async fn keep(&self, engine: &Engine, slack: &Slack, who: &Identity) -> anyhow::Result<()> {
        if engine.policies.people().known_as(who).is_some() {
            let now = engine.clock.now();
            let (standing, is_new) = self.standing(engine, slack, who).await?;
            if let Some(standing) = standing.filter(|_| is_new) {
                engine.see_member(who, standing, now).await?;
            }
        }
        Ok(())
    }

    /// What Slack says somebody is, now or lately; whether it said so now.
    async fn standing(
        &self,
        engine: &Engine,
        slack: &Slack,
        who: &Identity,
    ) -> anyhow::Result<(Option<Standing>, bool)> {
        let now = engine.clock.now();
        let known = engine.store.member(who).await?.and_then(|member| member.standing);
        if let Some((standing, at)) = known {
            let counts =
                if standing == Standing::Member { self.members_count } else { STANDING_IS_FRESH };
            if at + counts > now {
                return Ok((Some(standing), false));
            }
        }
        let budget = self.budget.at_most(self.limit, Instant::now());
        match budget.within(slack.standing(who)).await {
            Some(Ok(standing)) => return Ok((Some(standing), true)),
            Some(Err(error)) => {
                tracing::warn!("what {who} is in the workspace is not known: {error}");
            }
            None => {
                tracing::warn!("what {who} is in the workspace is not known: no answer in time");
            }
        }
        Ok((known.map(|(standing, _)| standing), false))
    }
}
