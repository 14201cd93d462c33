//! Home pages. What goes on is shown to members of the workspace alone; while the chat does not say what somebody is, their
//! page says that, and is shown again later.

use std::time::Duration;

use domain::{
    home::{Closed, Home},
    person::Identity,
    port::ChatError,
    standing::Standing,
};

use super::{Chatter, errands::Taken};
use crate::{
    engine::{STANDING_COUNTS, STANDING_IS_FRESH},
    view,
};

/// The chat is asked for so long: the page has to be shown before the claim on it ends.
const ASKING: Duration = Duration::from_secs(5);

impl Chatter {
    pub(super) async fn show_home(
        &self,
        of: &Identity,
    ) -> anyhow::Result<Result<Taken, ChatError>> {
        let (engine, at) = (&self.engine, self.desk.clock.now());
        let (home, taken) = match self.standing(of).await? {
            Ok(Standing::Member) => {
                let board = view::board(&self.desk.store, &engine.policies, of, at).await?;
                (Home::Open(Box::new(board)), Taken::Done)
            }
            Ok(other) => (Home::Closed { why: Closed::NotAMember(other), at }, Taken::Done),
            Err(problem) => (Home::Closed { why: Closed::Unanswered, at }, Taken::Again(problem)),
        };
        let shown = self.bounded(self.chat.show_home(of, &home, engine.policies.people())).await;
        Ok(shown.map(|()| taken))
    }

    /// What somebody is, or why that is not known. What the chat said within a day counts while it says nothing, as for a
    /// decision: it tells of every change of an account that has a page.
    async fn standing(&self, who: &Identity) -> anyhow::Result<Result<Standing, String>> {
        let now = self.desk.clock.now();
        let known = self.desk.store.member(who).await?.and_then(|member| member.standing);
        if let Some((standing, _)) = known.filter(|(_, at)| *at + STANDING_IS_FRESH > now) {
            return Ok(Ok(standing));
        }
        let problem = match tokio::time::timeout(ASKING, self.chat.standing(who)).await {
            Ok(Ok(standing)) => {
                self.engine.see_member(who, standing, now).await?;
                return Ok(Ok(standing));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!("what {who} is in the workspace is not known: {problem}");
        let lately = known.filter(|(_, at)| *at + STANDING_COUNTS > now);
        Ok(lately.map(|(standing, _)| standing).ok_or(problem))
    }
}
