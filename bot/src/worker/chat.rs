//! Talks to one chat: cards first, then answers to people, then what the threads are told, in order; after these the letters
//! of those who are asked, and errands.
//!
//! A message whose fate is unknown is looked for before it is sent again, so that a thread never says a thing
//! twice (invariant I9). Nothing waits here for a limit of the chat: what may not go yet is put back with the moment at which
//! it may, and everything else goes on. A chat that refuses is asked again until it does not; nothing is lost.

mod errands;
mod handovers;
mod home;
mod line;
mod outcome;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    Timestamp,
    card::Card,
    effect::{Job, Lane},
    letter::Letter,
    person::Identity,
    port::{Chat, ChatError, Concern, Heard, MessageRef, Reply},
    words::Words,
};
use store::{CardClaim, JobClaim};

use super::{Desk, Worker, after, back_off};
use crate::{
    engine::{self, Engine},
    view,
};

pub use line::{Kind, Line, Trouble};

/// How long a claim on a message lasts, in milliseconds.
const LEASE_MS: u64 = 90_000;
/// No errand begins later than this after its claim, and none takes longer than twice [`ERRAND`] (an answer that is refused
/// and then written as a letter does): so nobody else can have taken it over while it is under way.
const BEGIN: Duration = Duration::from_secs(25);
const ERRAND: Duration = Duration::from_secs(30);

/// The worker of one chat.
pub struct Chatter {
    /// The chat.
    pub chat: Arc<dyn Chat>,
    /// Whether it takes messages.
    pub line: Arc<Line>,
    /// Told when a card is up.
    pub engine: Engine,
    /// What every worker has.
    pub desk: Desk,
    /// The keys of messages that the chat refused as they are written.
    pub too_much: Mutex<BTreeSet<String>>,
}

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Whole,
    /// The chat refused it whole: a few words that it cannot mind, and where the rest is.
    Short,
}

/// What may not go before when, as this batch has found out.
#[derive(Debug, Default)]
struct Closed {
    posts: Option<Timestamp>,
    edits: Option<Timestamp>,
    progress: Option<Timestamp>,
    whispers: Option<Timestamp>,
    channels: BTreeMap<String, Timestamp>,
}

#[async_trait]
impl Worker for Chatter {
    fn name(&self) -> String {
        self.chat.name().as_str().to_owned()
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut done = self.welcome().await?;
        loop {
            let before = done;
            done += self.cards().await?;
            done += self.jobs().await?;
            done += self.handovers().await?;
            done += self.errands().await?;
            if done == before {
                return Ok(done);
            }
        }
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        let name = self.chat.name();
        let due = self.desk.store.next_task(&[Lane::Chat(name)], &[name]).await?;
        Ok(due.map(|due| self.line.next_try().map_or(due, |next| due.max(next))))
    }
}

impl Chatter {
    async fn cards(&self) -> anyhow::Result<usize> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        let room = self.line.room(now);
        if room == 0 {
            return Ok(0);
        }
        let claims = store.claim_cards(self.chat.name(), owner, now, LEASE_MS, room).await?;
        let mut closed = Closed::default();
        for claim in &claims {
            match self.not_now(now, closed.for_card(claim)) {
                Some(due) => store.return_card(claim, owner, due).await.map(|_| ())?,
                None => self.card(claim, &mut closed).await?,
            }
        }
        Ok(claims.len())
    }

    async fn jobs(&self) -> anyhow::Result<usize> {
        let (store, owner, now) = (&self.desk.store, &self.desk.owner, self.desk.clock.now());
        let room = self.line.room(now);
        if room == 0 {
            return Ok(0);
        }
        let lane = Lane::Chat(self.chat.name());
        let claims = store.claim_jobs(&lane, owner, now, LEASE_MS, room).await?;
        let mut closed = Closed::default();
        for claim in &claims {
            let Some(thread) = store.thread(&claim.incident, self.chat.name()).await? else {
                // Its message was found to be gone since the claim: the job waits for the next one.
                store.return_job(claim, owner, now).await?;
                continue;
            };
            match self.not_now(now, closed.for_job(claim, &thread)) {
                Some(due) => store.return_job(claim, owner, due).await.map(|_| ())?,
                None => self.job(claim, &thread, &mut closed).await?,
            }
        }
        Ok(claims.len())
    }

    /// Why an errand that was claimed at `claimed` is not begun: its channel is closed, the line is down, or its lease
    /// could end under way. The moment is when it may be claimed again.
    fn not_now(&self, claimed: Timestamp, closed: Option<Timestamp>) -> Option<Timestamp> {
        let now = self.desk.clock.now();
        let is_late = now > after(claimed, BEGIN);
        closed.or_else(|| (is_late || self.line.room(now) == 0).then_some(now))
    }

    async fn card(&self, claim: &CardClaim, closed: &mut Closed) -> anyhow::Result<()> {
        let (store, policies) = (&self.desk.store, &self.engine.policies);
        let Some(card) = view::card_with_links(store, policies, &claim.incident).await? else {
            anyhow::bail!("a card is wanted for {}, which is not in the store", claim.incident);
        };
        let is_too_much = self.is_too_much(claim.key.as_str());
        let card = if is_too_much { card.brief() } else { card };
        let (store, owner) = (&self.desk.store, &self.desk.owner);
        match self.bounded(self.show(claim, &card)).await {
            Ok(posted) => {
                self.line.answered(self.desk.clock.now());
                match posted {
                    Some(thread) => store.card_posted(claim, owner, &thread).await?,
                    None => store.card_shown(claim, owner).await?,
                };
                Ok(self.engine.posted(&claim.incident).await?)
            }
            Err(error) => self.not_shown(claim, error, closed).await,
        }
    }

    /// Posts the card, or edits it where it stands.
    async fn show(&self, claim: &CardClaim, card: &Card) -> Result<Option<MessageRef>, ChatError> {
        let people = self.engine.policies.people();
        if let Some(thread) = &claim.thread {
            if claim.is_progress
                && let Some(wait) = self.chat.progress_waits()
            {
                return Err(ChatError::TooSoon { chat: self.chat.name(), wait });
            }
            return self.chat.edit(thread, card, people).await.map(|()| None);
        }
        if claim.in_doubt
            && let Some(found) = self.chat.find(None, &claim.key, claim.queued_at).await?
        {
            return Ok(Some(found));
        }
        self.chat.post(card, people, &claim.key).await.map(Some)
    }

    async fn job(
        &self,
        claim: &JobClaim,
        thread: &MessageRef,
        closed: &mut Closed,
    ) -> anyhow::Result<()> {
        let (store, owner) = (&self.desk.store, &self.desk.owner);
        let is_short = self.is_too_much(claim.id.as_str());
        let length = if is_short { Length::Short } else { Length::Whole };
        match self.say(claim, thread, length).await? {
            Ok(()) => {
                self.line.answered(self.desk.clock.now());
                match length {
                    Length::Whole => store.finish_job(claim, owner).await?,
                    Length::Short => store.park_replaced_job(claim, owner, &claim.problem).await?,
                };
                Ok(())
            }
            Err(error) => self.not_said(claim, thread, error, closed).await,
        }
    }

    async fn say(
        &self,
        claim: &JobClaim,
        thread: &MessageRef,
        length: Length,
    ) -> anyhow::Result<Result<(), ChatError>> {
        let people = self.engine.policies.people();
        Ok(match &claim.job {
            Job::Tell { seq, index } => {
                let Some(notice) =
                    view::notice(&self.desk.store, &claim.incident, *seq, *index).await?
                else {
                    anyhow::bail!("entry {seq} of {} has no notice {index}", claim.incident);
                };
                let words = match length {
                    Length::Whole => notice.words(),
                    Length::Short => in_the_record(*seq),
                };
                let reply = Reply { words, volume: notice.volume(), tone: notice.tone() };
                self.bounded(async {
                    if claim.in_doubt
                        && self.chat.find(Some(thread), &claim.id, claim.queued_at).await?.is_some()
                    {
                        return Ok(());
                    }
                    self.chat.reply(thread, &reply, people, &claim.id).await
                })
                .await
            }
            Job::Whisper { to, words, place } => {
                let words = match length {
                    Length::Whole => words,
                    Length::Short => &elsewhere(),
                };
                let link = self.desk.store.link(&claim.incident, self.chat.name()).await?;
                // Away from the thread, an answer leads there.
                let instead = Letter { link, ..Letter::plain(words.clone()) };
                self.bounded(async {
                    if self.was_written(claim, to).await? {
                        return Ok(());
                    }
                    match self.chat.whisper(to, (thread, place), words, people).await? {
                        Heard::There => Ok(()),
                        Heard::Elsewhere => self.write(claim, to, &instead).await,
                    }
                })
                .await
            }
            Job::Greet { to, words, place } => {
                let greeting = engine::greeting(words.clone());
                self.bounded(async {
                    if self.was_written(claim, to).await? {
                        return Ok(());
                    }
                    let at = (thread, place);
                    match self.chat.greet(to, at, &greeting, &claim.incident).await? {
                        Heard::There => Ok(()),
                        // Without its button: that leads nowhere from there.
                        Heard::Elsewhere => {
                            self.write(claim, to, &Letter::plain(words.clone())).await
                        }
                    }
                })
                .await
            }
            Job::Letter { to, letter } => {
                let letter = match length {
                    Length::Whole => letter,
                    Length::Short => &in_short(letter),
                };
                self.bounded(self.write(claim, to, letter)).await
            }
            Job::Assess => anyhow::bail!("{} is no job for a chat", claim.id),
        })
    }

    /// Whether an answer that may have been given is there as a letter. What one person alone is shown in a channel cannot
    /// be looked for; it is shown again, unless it was written in its place.
    async fn was_written(&self, claim: &JobClaim, to: &Identity) -> Result<bool, ChatError> {
        if !claim.in_doubt {
            return Ok(false);
        }
        match self.chat.find_letter(to, &claim.id, claim.queued_at).await {
            Ok(found) => Ok(found.is_some()),
            // Where nobody may look, it is rather shown twice than never; no letter is written without having looked.
            Err(ChatError::Permanent { concerns, .. }) if concerns != Concern::Chat => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn write(
        &self,
        claim: &JobClaim,
        to: &Identity,
        letter: &Letter,
    ) -> Result<(), ChatError> {
        if claim.in_doubt && self.chat.find_letter(to, &claim.id, claim.queued_at).await?.is_some()
        {
            return Ok(());
        }
        let people = self.engine.policies.people();
        self.chat.write(to, letter, people, &claim.id).await.map(|_| ())
    }

    /// No answer for so long is no answer: somebody else may take the errand over.
    async fn bounded<T>(
        &self,
        errand: impl Future<Output = Result<T, ChatError>>,
    ) -> Result<T, ChatError> {
        tokio::time::timeout(ERRAND, errand).await.unwrap_or_else(|_| Err(self.no_end()))
    }

    fn no_end(&self) -> ChatError {
        let problem = format!("no end in {} s", ERRAND.as_secs());
        ChatError::Unknown { chat: self.chat.name(), problem }
    }

    fn is_too_much(&self, key: &str) -> bool {
        self.too_much.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }
}

impl Closed {
    fn for_card(&self, claim: &CardClaim) -> Option<Timestamp> {
        match &claim.thread {
            None => self.posts,
            Some(_) if claim.is_progress => self.progress.max(self.edits),
            Some(_) => self.edits,
        }
    }

    fn for_job(&self, claim: &JobClaim, thread: &MessageRef) -> Option<Timestamp> {
        match &claim.job {
            Job::Whisper { .. } | Job::Greet { .. } => self.whispers,
            Job::Letter { .. } => None,
            Job::Tell { .. } | Job::Assess => self.channels.get(&thread.channel).copied(),
        }
    }
}

fn in_the_record(seq: u64) -> Words {
    Words::plain(
        "Something happened that this chat does not take as it is written. The full text is entry ",
    )
    .code(seq.to_string())
    .text(" of the incident's record.")
}

fn in_short(letter: &Letter) -> Letter {
    Letter { headline: elsewhere(), lines: vec![], ..letter.clone() }
}

fn elsewhere() -> Words {
    Words::plain(
        "There is something for you that this chat does not take as it is written. You find it in the incident's record.",
    )
}
