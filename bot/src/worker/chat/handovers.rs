//! Handovers: each person who is asked has a letter that shows the incident as it stands, and is edited until it is over.
//!
//! An edit wakes nobody. So whoever is asked again hears it by a short message behind the letter. Whether somebody is in
//! the channel is seen to afterwards: it never holds the letter up.

use domain::{
    digest::Digest,
    id::MessageId,
    letter::Letter,
    notice::{Tone, Volume},
    port::{ChatError, MessageRef, Presence, Reply},
    remark::Remark,
    words::Words,
};
use store::HandoverClaim;

use super::{Chatter, Fate};
use crate::{ids, view};

impl Chatter {
    pub(super) async fn handover(&self, claim: &HandoverClaim) -> anyhow::Result<()> {
        let (store, owner) = (&self.desk.store, &self.desk.owner);
        let link = self.thread_link(claim).await?;
        let level =
            self.engine.policies.people().get(&claim.person).and_then(|person| person.level);
        let letter = view::handover(store, &claim.incident, level, link.as_deref()).await?;
        let Some(letter) = letter else {
            anyhow::bail!("a handover is wanted for {}, which is not in the store", claim.incident);
        };
        let content = digest(&letter)?;
        match self.hand_over(claim, &letter, &content).await? {
            Ok(placed) => {
                let claim = HandoverClaim { placed, ..claim.clone() };
                store.handover_shown(&claim, owner, &content).await?;
            }
            Err(error) => match self.fate(&error, claim.attempts) {
                Fate::Again { due, unknown } => {
                    let problem = error.to_string();
                    store.retry_handover(claim, owner, due, &problem, unknown).await?;
                }
                Fate::Park => {
                    store.park_handover(claim, owner, &error.to_string()).await?;
                    if claim.letter.is_none() {
                        let people = vec![claim.person.clone()];
                        let remark = Remark::Unreachable { chat: self.chat.name(), people };
                        self.engine.remark(&claim.incident, &remark).await?;
                    }
                }
            },
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
        let people = self.engine.policies.people();
        match &claim.letter {
            None => {
                let written = match self.write_handover(claim, letter).await {
                    Ok(written) => written,
                    Err(error) => return Ok(Err(error)),
                };
                let (store, owner) = (&self.desk.store, &self.desk.owner);
                // What follows may fail and be tried again: the letter is there from now on.
                if !store.handover_written(claim, owner, &written, content).await? {
                    anyhow::bail!("the handover {} was taken over by another worker", claim.key);
                }
            }
            Some(at) => {
                // Most changes of an incident leave its letters as they are, and an edit costs a call.
                if claim.content != content
                    && let Err(error) = self.chat.edit_letter(at, letter, people).await
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
        self.chat.reply(at, &reply, self.engine.policies.people(), &key).await
    }

    async fn place(&self, claim: &HandoverClaim) -> anyhow::Result<Result<bool, ChatError>> {
        let Some(thread) = self.desk.store.thread(&claim.incident, self.chat.name()).await? else {
            // The card is not up yet; the next change of the letter sees to it.
            return Ok(Ok(false));
        };
        let person = claim.person.clone();
        let remark = match self.chat.bring_in(&claim.to, &thread).await {
            Ok(Presence::There | Presence::Unknown) => None,
            Ok(Presence::BroughtIn) => Some(Remark::BroughtIn { person }),
            Ok(Presence::Absent) => Some(Remark::NotInChannel { person }),
            Err(error) => return Ok(Err(error)),
        };
        if let Some(remark) = remark {
            self.engine.remark(&claim.incident, &remark).await?;
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

/// The same at every try for the how-manieth time somebody is asked.
fn again_key(claim: &HandoverClaim) -> MessageId {
    ids::derived(&format!("{} asked {}", claim.key, claim.asked))
}

fn digest(letter: &Letter) -> anyhow::Result<String> {
    Ok(Digest::of(serde_json::to_vec(letter)?).to_string())
}
