//! Handovers: each person who is asked has a letter that shows the incident as it stands, and is edited until it is over.
//!
//! An edit wakes nobody. So whoever is asked again hears it by a short message behind the letter. Whether somebody is in
//! the channel is seen to afterwards: it never holds the letter up.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    digest::Digest,
    id::MessageId,
    letter::Letter,
    notice::{Tone, Volume},
    port::{ChatError, Concern, MessageRef, Presence, Reply},
    remark::Remark,
    words::Words,
};
use store::HandoverClaim;

use super::{
    Chatter, ERRAND, LEASE_MS, after, back_off, in_short,
    line::patience,
    outcome::{PRIVATE_TRIES, Verdict},
};
use crate::{ids, view};

/// What may not go before when, as this batch has found out: letters to whom, or (`None`) renewals.
type Closed = BTreeMap<Option<String>, Timestamp>;

impl Chatter {
    pub(super) async fn handovers(&self) -> anyhow::Result<usize> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        let room = self.line.room(now);
        if room == 0 {
            return Ok(0);
        }
        let claims = store.claim_handovers(self.chat.name(), owner, now, LEASE_MS, room).await?;
        let mut closed = Closed::new();
        for claim in &claims {
            match self.not_now(now, closed.get(&gate(claim)).copied()) {
                Some(due) => store.return_handover(claim, owner, due).await.map(|_| ())?,
                None => self.handover(claim, &mut closed).await?,
            }
        }
        Ok(claims.len())
    }

    async fn handover(&self, claim: &HandoverClaim, closed: &mut Closed) -> anyhow::Result<()> {
        let (store, owner) = (&self.desk.store, &self.desk.owner);
        let doing = tokio::time::timeout(ERRAND, self.bring_up_to_date(claim));
        match doing.await {
            Ok(done) => match done? {
                (Ok(placed), content) => {
                    let claim = HandoverClaim { placed, ..claim.clone() };
                    store.handover_shown(&claim, owner, &content).await?;
                    Ok(())
                }
                (Err(error), _) => self.not_handed_over(claim, error, closed).await,
            },
            Err(_) => self.not_handed_over(claim, self.no_end(), closed).await,
        }
    }

    /// The digest of what the letter shows now, and whether it was seen to that the person is in the channel.
    async fn bring_up_to_date(
        &self,
        claim: &HandoverClaim,
    ) -> anyhow::Result<(Result<bool, ChatError>, String)> {
        let link = self.thread_link(claim).await?;
        let level =
            self.engine.policies.people().get(&claim.person).and_then(|person| person.level);
        let reader = (&claim.person, level);
        let letter =
            view::handover(&self.desk.store, &claim.incident, reader, link.as_deref()).await?;
        let Some(letter) = letter else {
            anyhow::bail!("a handover is wanted for {}, which is not in the store", claim.incident);
        };
        let content = digest(&letter)?;
        let letter = if self.is_too_much(claim.key.as_str()) { in_short(&letter) } else { letter };
        Ok((self.hand_over(claim, &letter, &content).await?, content))
    }

    async fn not_handed_over(
        &self,
        claim: &HandoverClaim,
        error: ChatError,
        closed: &mut Closed,
    ) -> anyhow::Result<()> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        let problem = error.to_string();
        match self.heard(&error, now) {
            Verdict::Later(until) => {
                closed.insert(gate(claim), until);
                match &claim.letter {
                    None => store.put_off_letters(&claim.to, until).await?,
                    Some(_) => store.put_off_renewals(claim.to.chat, until).await?,
                }
                store.return_handover(claim, owner, until).await?;
            }
            Verdict::Down => {
                store.return_handover(claim, owner, now).await?;
            }
            Verdict::Unknown => {
                let due = after(now, back_off(claim.attempts));
                store.retry_handover(claim, owner, due, &problem, true).await?;
            }
            Verdict::Refused(Concern::Root) if claim.letter.is_some() => {
                tracing::warn!("{problem}: the letter to {}", claim.to);
                store.forget_letter(claim, owner, &ids::message(), now).await?;
            }
            Verdict::Refused(Concern::Message) if self.shorten(claim.key.as_str()) => {
                tracing::error!("{problem}: the letter to {} is a short one", claim.to);
                store.return_handover(claim, owner, now).await?;
            }
            Verdict::Refused(_) => {
                let is_new = claim.problem != problem;
                if claim.attempts >= PRIVATE_TRIES {
                    tracing::error!(
                        "{problem}: the letter to {} waits until they are asked again",
                        claim.to
                    );
                    store.park_handover(claim, owner, &problem).await?;
                } else {
                    let due = after(now, patience(claim.attempts));
                    store.retry_handover(claim, owner, due, &problem, false).await?;
                }
                if is_new {
                    tracing::error!("{problem}: the letter to {} waits", claim.to);
                }
                if is_new && claim.letter.is_none() {
                    let people = vec![claim.person.clone()];
                    let remark = Remark::Unreachable { chat: self.chat.name(), people };
                    // Another refusal of the same letter tells the thread nothing new.
                    self.engine.remark_once(&claim.incident, &remark).await?;
                }
            }
        }
        Ok(())
    }

    /// Brings the letter up to date; the answer is whether it was seen to that the person is in the channel.
    async fn hand_over(
        &self,
        claim: &HandoverClaim,
        letter: &Letter,
        content: &str,
    ) -> anyhow::Result<Result<bool, ChatError>> {
        match &claim.letter {
            None => {
                let written = match self.write_handover(claim, letter).await {
                    Ok(written) => written,
                    Err(error) => return Ok(Err(error)),
                };
                self.line.answered(self.desk.clock.now());
                let (store, owner) = (&self.desk.store, &self.desk.owner);
                // What follows may fail and be tried again: the letter is there from now on.
                if !store.handover_written(claim, owner, &written, content).await? {
                    anyhow::bail!("the handover {} was taken over by another worker", claim.key);
                }
            }
            Some(at) => {
                // Most changes of an incident leave its letters as they are, and an edit costs a call.
                if claim.content != content
                    && let Err(error) = self.edit_handover(at, letter).await
                {
                    return Ok(Err(error));
                }
                if claim.told < claim.asked
                    && letter.tone == Tone::Attention
                    && let Err(error) = self.ask_again(claim, at).await
                {
                    return Ok(Err(error));
                }
            }
        }
        if claim.placed {
            return Ok(Ok(true));
        }
        self.place(claim).await
    }

    /// Cards that people wait for go before letters.
    async fn edit_handover(&self, at: &MessageRef, letter: &Letter) -> Result<(), ChatError> {
        if let Some(wait) = self.chat.progress_waits() {
            return Err(ChatError::TooSoon { chat: self.chat.name(), wait });
        }
        self.chat.edit_letter(at, letter, self.engine.policies.people()).await?;
        self.line.answered(self.desk.clock.now());
        Ok(())
    }

    async fn write_handover(
        &self,
        claim: &HandoverClaim,
        letter: &Letter,
    ) -> Result<MessageRef, ChatError> {
        if claim.in_doubt
            && let Some(found) =
                self.chat.find_letter(&claim.to, &claim.key, claim.queued_at).await?
        {
            return Ok(found);
        }
        self.chat.write(&claim.to, letter, self.engine.policies.people(), &claim.key).await
    }

    async fn ask_again(&self, claim: &HandoverClaim, at: &MessageRef) -> Result<(), ChatError> {
        let key = again_key(claim);
        if claim.in_doubt && self.chat.find(Some(at), &key, claim.queued_at).await?.is_some() {
            return Ok(());
        }
        let reply = Reply {
            words: Words::plain(
                "You are asked again: there is still no decision. The message above says how it stands now.",
            ),
            volume: Volume::Channel,
            tone: Tone::Attention,
        };
        self.chat.reply(at, &reply, self.engine.policies.people(), &key).await?;
        self.line.answered(self.desk.clock.now());
        Ok(())
    }

    async fn place(&self, claim: &HandoverClaim) -> anyhow::Result<Result<bool, ChatError>> {
        let Some(thread) = self.desk.store.thread(&claim.incident, self.chat.name()).await? else {
            // The card is not up yet; the next change of the letter sees to it.
            return Ok(Ok(false));
        };
        let person = claim.person.clone();
        let (engine, incident) = (&self.engine, &claim.incident);
        match self.chat.bring_in(&claim.to, &thread).await {
            Ok(Presence::There | Presence::Unknown) => {}
            Ok(Presence::BroughtIn) => {
                engine.remark(incident, &Remark::BroughtIn { person }).await?;
            }
            Ok(Presence::Absent) => {
                engine.remark_once(incident, &Remark::NotInChannel { person }).await?;
            }
            Err(error) => return Ok(Err(error)),
        }
        Ok(Ok(true))
    }

    /// The address of the incident's thread, asked for once. Without one, the letter has no button that leads there.
    async fn thread_link(&self, claim: &HandoverClaim) -> anyhow::Result<Option<String>> {
        let (store, chat) = (&self.desk.store, self.chat.name());
        if let Some(link) = store.link(&claim.incident, chat).await? {
            return Ok(Some(link));
        }
        let Some(thread) = store.thread(&claim.incident, chat).await? else { return Ok(None) };
        match self.chat.link(&thread).await {
            Ok(link) => {
                store.set_link(&claim.incident, chat, &link).await?;
                Ok(Some(link))
            }
            Err(error) => {
                tracing::warn!("a letter goes without a link to its thread: {error}");
                Ok(None)
            }
        }
    }
}

/// Each person's letters go to a conversation of their own; edits share one limit.
fn gate(claim: &HandoverClaim) -> Option<String> {
    claim.letter.is_none().then(|| claim.to.user.clone())
}

/// The same at every try for the how-manieth time somebody is asked.
fn again_key(claim: &HandoverClaim) -> MessageId {
    ids::derived(&format!("{} asked {}", claim.key, claim.asked))
}

fn digest(letter: &Letter) -> anyhow::Result<String> {
    Ok(Digest::of(serde_json::to_vec(letter)?).to_string())
}
