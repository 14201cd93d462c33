//! What becomes of an errand that a chat did not take.
//!
//! | the chat | the errand |
//! |---|---|
//! | is at its limit | is put back until it may go, and with it what would meet the same limit |
//! | is out of order, or refuses everything | is put back; one errand at a time finds out when that is over |
//! | gave no answer | is looked for before it is sent again |
//! | refuses this text | is said in a few words; the text stays with the job |
//! | has lost the message | the card is posted anew, and replies follow it there |
//! | refuses this errand | is tried again every minute, then every five; what comes after it waits |
//! | does not show it where the person is | is written to them; what came of that counts like any other letter |

use std::{sync::PoisonError, time::Duration};

use domain::{
    Timestamp,
    effect::{Job, Urgency},
    letter::Letter,
    port::{ChatError, Concern, MessageRef},
};
use store::{CardClaim, JobClaim};

use super::{
    Chatter, Closed, after, back_off,
    line::{Kind, patience},
};
use crate::ids;

/// So often is tried what concerns one person alone.
pub(super) const PRIVATE_TRIES: u32 = 12;

impl Chatter {
    pub(super) async fn not_shown(
        &self,
        claim: &CardClaim,
        error: ChatError,
        closed: &mut Closed,
    ) -> anyhow::Result<()> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        let problem = error.to_string();
        match (self.heard(&error, now), &claim.thread) {
            (Verdict::Later(until), None) => {
                closed.posts = Some(until);
                store.put_off_posts(claim.chat, until).await?;
                store.return_card(claim, owner, until).await?;
            }
            (Verdict::Later(until), Some(_)) => {
                let urgency = if claim.is_progress { Urgency::Progress } else { Urgency::AtOnce };
                let known =
                    if claim.is_progress { &mut closed.progress } else { &mut closed.edits };
                *known = Some(until);
                store.put_off_edits(claim.chat, urgency, until).await?;
                store.return_card(claim, owner, until).await?;
            }
            (Verdict::Down, _) => {
                store.return_card(claim, owner, now).await?;
            }
            (Verdict::Unknown, _) => {
                let due = after(now, back_off(claim.attempts));
                store.retry_card(claim, owner, due, &problem, true).await?;
            }
            (Verdict::Refused(Concern::Root), Some(gone)) => {
                tracing::warn!("{problem}: the card of {}", claim.incident);
                store
                    .forget_message((&claim.incident, claim.chat), gone, &ids::message(), now)
                    .await?;
            }
            (Verdict::Refused(Concern::Message), _) if self.shorten(claim.key.as_str()) => {
                tracing::error!(
                    "{problem}: the card of {} is shown without its details",
                    claim.incident
                );
                store.return_card(claim, owner, now).await?;
            }
            (Verdict::Refused(_), _) => {
                if claim.problem != problem {
                    tracing::error!("{problem}: the card of {} waits", claim.incident);
                }
                let due = after(now, patience(claim.attempts));
                store.retry_card(claim, owner, due, &problem, false).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn not_said(
        &self,
        claim: &JobClaim,
        thread: &MessageRef,
        error: ChatError,
        closed: &mut Closed,
    ) -> anyhow::Result<()> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        let (chat, problem) = (self.chat.name(), error.to_string());
        let is_reply = claim.job.track().is_empty();
        match self.heard(&error, now) {
            Verdict::Later(until) => {
                match &claim.job {
                    Job::Whisper { .. } | Job::Greet { .. } => {
                        closed.whispers = Some(until);
                        store.put_off_whispers(chat, until).await?;
                    }
                    // Each goes to a channel of its own.
                    Job::Letter { .. } => {}
                    Job::Tell { .. } | Job::Assess => {
                        closed.channels.insert(thread.channel.clone(), until);
                        store.put_off_replies(chat, &thread.channel, until).await?;
                    }
                }
                store.return_job(claim, owner, until).await?;
            }
            Verdict::Down => {
                store.return_job(claim, owner, now).await?;
            }
            Verdict::Unknown => {
                let due = after(now, back_off(claim.attempts));
                store.retry_job(claim, owner, due, &problem, true).await?;
            }
            Verdict::Refused(Concern::Root) if is_reply => {
                tracing::warn!("{problem}: the thread of {}", claim.incident);
                store.forget_message((&claim.incident, chat), thread, &ids::message(), now).await?;
                store.return_job(claim, owner, now).await?;
            }
            Verdict::Refused(Concern::Message) if self.shorten(claim.id.as_str()) => {
                tracing::error!(
                    "{problem}: a message of {} is replaced by a short one",
                    claim.incident
                );
                store.retry_job(claim, owner, now, &problem, false).await?;
            }
            Verdict::Refused(_) => match self.writes_instead(claim).await {
                None => self.refused(claim, &problem).await?,
                Some(Ok(())) => {
                    store.finish_job(claim, owner).await?;
                }
                Some(Err(error)) => self.not_written_instead(claim, &error, &problem).await?,
            },
        }
        Ok(())
    }

    /// The chat refuses a message by itself, because of `problem`.
    async fn refused(&self, claim: &JobClaim, problem: &str) -> anyhow::Result<()> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        let is_private = !claim.job.track().is_empty();
        if is_private && claim.attempts >= PRIVATE_TRIES {
            tracing::error!("{problem}: a message to one person is given up");
            store.park_job(claim, owner, problem).await?;
            return Ok(());
        }
        if claim.problem != problem {
            tracing::error!("{problem}: a message of {} waits", claim.incident);
        }
        let due = after(now, patience(claim.attempts));
        store.retry_job(claim, owner, due, problem, false).await?;
        Ok(())
    }

    /// The letter that would stand for an answer did not go either; `problem` is why the answer did not.
    async fn not_written_instead(
        &self,
        claim: &JobClaim,
        error: &ChatError,
        problem: &str,
    ) -> anyhow::Result<()> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        match self.heard(error, now) {
            Verdict::Later(until) => {
                store.return_job(claim, owner, until).await?;
            }
            Verdict::Down => {
                store.return_job(claim, owner, now).await?;
            }
            // It may be there: it is looked for before anything is said again.
            Verdict::Unknown => {
                let due = after(now, back_off(claim.attempts));
                store.retry_job(claim, owner, due, &error.to_string(), true).await?;
            }
            Verdict::Refused(_) => self.refused(claim, problem).await?,
        }
        Ok(())
    }

    /// What an error says of the line, and of the errand.
    pub(super) fn heard(&self, error: &ChatError, now: Timestamp) -> Verdict {
        let problem = error.to_string();
        match error {
            ChatError::TooSoon { wait, .. } => {
                // Never a little too early: the store knows milliseconds.
                Verdict::Later(after(now, Duration::from_millis(1)).max(after(now, whole(*wait))))
            }
            ChatError::Transient { .. } => {
                self.line.failed(now, Kind::Outage, &problem);
                Verdict::Down
            }
            ChatError::Permanent { concerns: Concern::Chat, .. } => {
                self.line.failed(now, Kind::Refusal, &problem);
                Verdict::Down
            }
            ChatError::Unknown { .. } => {
                tracing::warn!("{problem}; it is looked for before it is sent again");
                self.line.unanswered(now, &problem);
                Verdict::Unknown
            }
            ChatError::Permanent { concerns, .. } => {
                self.line.answered(now);
                Verdict::Refused(*concerns)
            }
        }
    }

    /// From now on the message with this key is written shortly. `false`: it was already.
    pub(super) fn shorten(&self, key: &str) -> bool {
        self.too_much.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned())
    }

    /// An answer that cannot be shown where the person is comes as a letter; `None` where it is no such answer.
    async fn writes_instead(&self, claim: &JobClaim) -> Option<Result<(), ChatError>> {
        let (Job::Whisper { to, words, .. } | Job::Greet { to, words, .. }) = &claim.job else {
            return None;
        };
        let letter = Letter::plain(words.clone());
        Some(self.bounded(self.write(claim, to, &letter)).await)
    }
}

/// In whole milliseconds, upwards.
fn whole(wait: Duration) -> Duration {
    let milliseconds = wait.as_nanos().div_ceil(1_000_000);
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}

pub(super) enum Verdict {
    /// Not before this moment.
    Later(Timestamp),
    /// Nothing goes.
    Down,
    /// Nobody knows whether it was done.
    Unknown,
    /// It was not done, because of this.
    Refused(Concern),
}
