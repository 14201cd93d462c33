//! Talks to one chat: cards first, then what the threads are told, in order.
//!
//! A message whose fate is unknown is looked for before it is sent again, so that a thread never says a thing
//! twice (invariant I9). A chat that refuses for good gets its message parked, never lost.

mod errands;
mod handovers;

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Timestamp,
    effect::{Job, Lane},
    port::{Chat, ChatError, MessageRef, Reply},
};
use store::{CardClaim, JobClaim};

use super::{Desk, Worker, after, back_off};
use crate::{engine::Engine, view};

/// How long a claim on a message lasts, in milliseconds: longer than the chat's own time-out.
const LEASE_MS: u64 = 60_000;
/// How many messages are claimed at once: at one a second they are all said within the lease.
const BATCH: u32 = 8;

/// The worker of one chat.
pub struct Chatter {
    /// The chat.
    pub chat: Arc<dyn Chat>,
    /// Told when a card is up.
    pub engine: Engine,
    /// What every worker has.
    pub desk: Desk,
}

#[async_trait]
impl Worker for Chatter {
    fn name(&self) -> String {
        self.chat.name().as_str().to_owned()
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut done = self.welcome().await?;
        loop {
            let now = self.desk.clock.now();
            let cards = self
                .desk
                .store
                .claim_cards(self.chat.name(), &self.desk.owner, now, LEASE_MS, BATCH)
                .await?;
            for card in &cards {
                self.card(card).await?;
            }
            let lane = Lane::Chat(self.chat.name());
            let jobs =
                self.desk.store.claim_jobs(&lane, &self.desk.owner, now, LEASE_MS, BATCH).await?;
            for job in &jobs {
                self.job(job).await?;
            }
            let (chat, store, owner) = (self.chat.name(), &self.desk.store, &self.desk.owner);
            let handovers = store.claim_handovers(chat, owner, now, LEASE_MS, BATCH).await?;
            for handover in &handovers {
                self.handover(handover).await?;
            }
            let errands = store.claim_errands(chat, owner, now, LEASE_MS, BATCH).await?;
            for errand in &errands {
                self.errand(errand).await?;
            }
            let many = cards.len() + jobs.len() + handovers.len() + errands.len();
            if many == 0 {
                return Ok(done);
            }
            done += many;
        }
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        let name = self.chat.name();
        Ok(self.desk.store.next_task(&[Lane::Chat(name)], &[name]).await?)
    }
}

impl Chatter {
    async fn card(&self, claim: &CardClaim) -> anyhow::Result<()> {
        let Some(card) = view::card(&self.desk.store, &claim.incident).await? else {
            anyhow::bail!("a card is wanted for {}, which is not in the store", claim.incident);
        };
        let people = self.engine.policies.people();
        let (store, owner) = (&self.desk.store, &self.desk.owner);
        let sent = match &claim.thread {
            Some(thread) => self.chat.edit(thread, &card, people).await.map(|()| None),
            None => self.post(claim, &card).await.map(Some),
        };
        match sent {
            Ok(posted) => {
                match posted {
                    Some(thread) => store.card_posted(claim, owner, &thread).await?,
                    None => store.card_shown(claim, owner).await?,
                };
                self.engine.posted(&claim.incident).await?;
            }
            Err(error) => {
                let fate = self.fate(&error, claim.attempts);
                let problem = error.to_string();
                match fate {
                    Fate::Again { due, unknown } => {
                        store.retry_card(claim, owner, due, &problem, unknown).await?
                    }
                    Fate::Park => store.park_card(claim, owner, &problem).await?,
                };
            }
        }
        Ok(())
    }

    async fn post(
        &self,
        claim: &CardClaim,
        card: &domain::card::Card,
    ) -> Result<MessageRef, ChatError> {
        if claim.in_doubt
            && let Some(found) = self.chat.find(None, &claim.key, claim.queued_at).await?
        {
            return Ok(found);
        }
        self.chat.post(card, self.engine.policies.people(), &claim.key).await
    }

    async fn job(&self, claim: &JobClaim) -> anyhow::Result<()> {
        let (store, owner) = (&self.desk.store, &self.desk.owner);
        match self.say(claim).await? {
            Ok(()) => store.finish_job(claim, owner).await?,
            Err(error) => match self.fate(&error, claim.attempts) {
                Fate::Again { due, unknown } => {
                    store.retry_job(claim, owner, due, &error.to_string(), unknown).await?
                }
                Fate::Park => store.park_job(claim, owner, &error.to_string()).await?,
            },
        };
        Ok(())
    }

    async fn say(&self, claim: &JobClaim) -> anyhow::Result<Result<(), ChatError>> {
        let Some(thread) = self.desk.store.thread(&claim.incident, self.chat.name()).await? else {
            anyhow::bail!("a thread of {} is told something before it is there", claim.incident);
        };
        let people = self.engine.policies.people();
        match &claim.job {
            Job::Tell { seq, index } => {
                let Some(notice) =
                    view::notice(&self.desk.store, &claim.incident, *seq, *index).await?
                else {
                    anyhow::bail!("entry {seq} of {} has no notice {index}", claim.incident);
                };
                let reply =
                    Reply { words: notice.words(), volume: notice.volume(), tone: notice.tone() };
                if claim.in_doubt {
                    match self.chat.find(Some(&thread), &claim.id, claim.queued_at).await {
                        Ok(Some(_)) => return Ok(Ok(())),
                        Ok(None) => {}
                        Err(error) => return Ok(Err(error)),
                    }
                }
                Ok(self.chat.reply(&thread, &reply, people, &claim.id).await)
            }
            Job::Whisper { to, words } => Ok(self.chat.whisper(to, &thread, words, people).await),
            Job::Greet { to, words } => {
                Ok(self.chat.greet(to, &thread, words, &claim.incident).await)
            }
            Job::Letter { to, letter } => {
                if claim.in_doubt {
                    match self.chat.find_letter(to, &claim.id, claim.queued_at).await {
                        Ok(Some(_)) => return Ok(Ok(())),
                        Ok(None) => {}
                        Err(error) => return Ok(Err(error)),
                    }
                }
                Ok(self.chat.write(to, letter, people, &claim.id).await.map(|_| ()))
            }
            Job::Assess => anyhow::bail!("{} is no job for a chat", claim.id),
        }
    }

    fn fate(&self, error: &ChatError, attempts: u32) -> Fate {
        let now = self.desk.clock.now();
        match error {
            ChatError::Transient { retry_after, .. } => {
                let wait = retry_after.unwrap_or_else(|| back_off(attempts));
                tracing::warn!("{error}; trying again in {} s", wait.as_secs());
                Fate::Again { due: after(now, wait), unknown: false }
            }
            ChatError::Unknown { .. } => {
                tracing::warn!("{error}; it is looked for before it is sent again");
                Fate::Again { due: after(now, back_off(attempts)), unknown: true }
            }
            ChatError::Permanent { .. } => {
                tracing::error!("{error}");
                Fate::Park
            }
        }
    }
}

enum Fate {
    Again { due: Timestamp, unknown: bool },
    Park,
}
