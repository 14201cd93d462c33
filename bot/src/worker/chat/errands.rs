//! Errands: home pages, and messages that somebody wants in a timeline.

use domain::{
    errand::Errand,
    person::Identity,
    port::{ChatError, MessageRef},
};
use store::ErrandClaim;

use super::{
    Chatter, LEASE_MS, after, back_off,
    outcome::{PRIVATE_TRIES, Verdict},
};
use crate::engine::KNOCK_COUNTS;

/// Whether an errand is over that the chat has taken.
pub(super) enum Taken {
    Done,
    /// It is to be done once more later, and why.
    Again(String),
}

impl Chatter {
    pub(super) async fn errands(&self) -> anyhow::Result<usize> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        let room = self.line.room(now);
        if room == 0 {
            return Ok(0);
        }
        let claims = store.claim_errands(self.chat.name(), owner, now, LEASE_MS, room).await?;
        for claim in &claims {
            match self.not_now(now, None) {
                Some(due) => store.return_errand(claim, owner, due).await.map(|_| ())?,
                None => self.errand(claim).await?,
            }
        }
        Ok(claims.len())
    }

    async fn errand(&self, claim: &ErrandClaim) -> anyhow::Result<()> {
        let (store, owner) = (&self.desk.store, &self.desk.owner);
        let done = match &claim.errand {
            Errand::Home { of } => self.show_home(of).await?,
            Errand::Note { at, by } => self.note(at, by).await?.map(|()| Taken::Done),
        };
        let now = self.desk.clock.now();
        let error = match done {
            Ok(taken) => {
                self.line.answered(now);
                return match taken {
                    Taken::Again(problem) if claim.attempts < PRIVATE_TRIES => {
                        let due = after(now, back_off(claim.attempts));
                        store.retry_errand(claim, owner, due, &problem).await?;
                        Ok(())
                    }
                    Taken::Again(_) | Taken::Done => self.settle(claim).await,
                };
            }
            Err(error) => error,
        };
        match self.heard(&error, now) {
            Verdict::Later(until) => {
                store.return_errand(claim, owner, until).await?;
            }
            Verdict::Down => {
                store.return_errand(claim, owner, now).await?;
            }
            // Showing and reading change nothing that could be doubled: an unknown outcome is just tried again.
            Verdict::Unknown => {
                let due = after(now, back_off(claim.attempts));
                store.retry_errand(claim, owner, due, &error.to_string()).await?;
            }
            // Nobody waits for it in an hour, and whoever does opens the page or reacts again.
            Verdict::Refused(_) => {
                tracing::error!("{error}: it is given up");
                self.settle(claim).await?;
            }
        }
        Ok(())
    }

    /// Forgets an errand, or does it once more where it was wanted again meanwhile.
    async fn settle(&self, claim: &ErrandClaim) -> anyhow::Result<()> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        if !store.finish_errand(claim, owner).await? {
            store.retry_errand(claim, owner, now, "").await?;
        }
        Ok(())
    }

    async fn note(&self, at: &MessageRef, by: &Identity) -> anyhow::Result<Result<(), ChatError>> {
        let said = match self.bounded(self.chat.read(at)).await {
            Ok(Some(said)) => said,
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        let Some((thread, author)) = said.thread.as_ref().zip(said.author.as_ref()) else {
            return Ok(Ok(()));
        };
        let incident = self.desk.store.incident_at(self.chat.name(), thread).await?;
        if let Some(incident) = incident {
            self.engine.put_in_timeline(&incident, at, (&said, author), by).await?;
        }
        Ok(Ok(()))
    }

    /// Writes to those who were added since they pressed something, and forgets what is long ago.
    pub(super) async fn welcome(&self) -> anyhow::Result<usize> {
        let knocks = self.desk.store.knocks(self.chat.name()).await?;
        let oldest = self.desk.clock.now() - KNOCK_COUNTS;
        if knocks.iter().any(|knock| knock.at < oldest) {
            self.desk.store.forget_knocks(oldest).await?;
        }
        let people = self.engine.policies.people();
        let mut welcomed = 0;
        for knock in knocks.iter().filter(|knock| knock.at >= oldest) {
            if let Some(person) = people.known_as(&knock.identity) {
                self.engine.welcome(knock, person).await?;
                welcomed += 1;
            }
        }
        Ok(welcomed)
    }
}
