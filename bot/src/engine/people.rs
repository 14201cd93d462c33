//! What a chat tells of people: who somebody is in its workspace, what they open and mark, and who asks to be known.
//!
//! Nothing here decides. A decision reads in its own transaction what stands here of whoever takes it.

use chrono::TimeDelta;
use domain::{
    card::Button,
    digest::Digest,
    effect::{Job, Lane},
    errand::Errand,
    handover,
    id::{IncidentId, ProposalId},
    journal::{Actor, Record, SealedEntry},
    letter::{Letter, Line},
    notice::Tone,
    person::{ChatName, Identity, Person},
    place::Place,
    port::{MessageRef, Utterance},
    proposal::{Proposal, Stage},
    refusal::Refusal,
    remark::{self, Remark, Voice},
    standing::Standing,
    words::Words,
};
use store::Knock;

use super::{Engine, EngineError, again, change::Change, work::Work};
use crate::ids;

/// For so long a chat is not asked again what somebody is.
pub const STANDING_IS_FRESH: TimeDelta = TimeDelta::seconds(60);
/// For so long what a chat said of somebody counts while it says nothing new.
pub const STANDING_COUNTS: TimeDelta = TimeDelta::days(1);
/// For so long a delivery is remembered: nobody sends one again later.
const SEEN: TimeDelta = TimeDelta::days(1);
/// For so long the click of somebody whom nobody knows is kept.
pub const KNOCK_COUNTS: TimeDelta = TimeDelta::days(1);
/// Under which kind events of Slack are remembered.
const KIND: &str = "slack.event";

/// What an event of a chat is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Somebody opened the app's home page.
    HomeOpened {
        /// Who.
        identity: Identity,
    },
    /// Somebody wants a message in the timeline.
    Marked {
        /// Who.
        identity: Identity,
        /// The message.
        at: MessageRef,
    },
    /// Somebody's account was changed.
    Standing {
        /// Whose.
        identity: Identity,
        /// What they are from now on.
        standing: Standing,
    },
}

impl Engine {
    /// Takes an event in. When this returns, it is durable; `false`: it was here before.
    pub async fn hear(&self, id: &str, heard: &Heard) -> Result<bool, EngineError> {
        let is_new = again(|| self.try_hear(id, heard)).await?;
        if is_new {
            self.bell.wake();
        }
        Ok(is_new)
    }

    async fn try_hear(&self, id: &str, heard: &Heard) -> Result<bool, EngineError> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        tx.forget_seen(KIND, now - SEEN).await?;
        if !tx.see(id, KIND, now, "").await? {
            tx.rollback().await?;
            return Ok(false);
        }
        match heard {
            Heard::HomeOpened { identity } => {
                tx.see_home(identity, now).await?;
                let errand = Errand::Home { of: identity.clone() };
                tx.want_errand(identity.chat, &errand, now).await?;
            }
            Heard::Marked { identity, at } => {
                let errand = Errand::Note { at: at.clone(), by: identity.clone() };
                tx.want_errand(identity.chat, &errand, now).await?;
            }
            Heard::Standing { identity, standing } => {
                // A large workspace tells of everybody; those who decide, or have opened their page, are few.
                let is_ours = self.policies.people().known_as(identity).is_some();
                let has_page =
                    tx.member(identity).await?.is_some_and(|member| member.home_at.is_some());
                if is_ours || has_page {
                    tx.see_member(identity, *standing, now).await?;
                }
                // What the page shows may be nothing for them any more.
                if has_page {
                    let errand = Errand::Home { of: identity.clone() };
                    tx.want_errand(identity.chat, &errand, now).await?;
                }
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Keeps what a chat answered about somebody who was asked for at `at`.
    pub async fn see_member(
        &self,
        who: &Identity,
        standing: Standing,
        at: domain::Timestamp,
    ) -> Result<(), EngineError> {
        again(async || {
            let mut tx = self.store.begin().await?;
            tx.see_member(who, standing, at).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    /// Writes something down in an incident's journal, and tells its thread.
    pub async fn remark(&self, incident: &IncidentId, remark: &Remark) -> Result<(), EngineError> {
        again(async || {
            let mut work = self.work(incident).await?;
            let change = Change::Remark(remark.clone());
            let _ = work.apply(Actor::Countersign, change).await?;
            work.commit().await
        })
        .await
    }

    /// The same, unless the journal says it already.
    pub async fn remark_once(
        &self,
        incident: &IncidentId,
        remark: &Remark,
    ) -> Result<(), EngineError> {
        again(async || {
            let mut work = self.work(incident).await?;
            let journal = work.tx.journal(incident).await?;
            if journal.iter().filter_map(remarked).any(|known| known.covers(remark)) {
                return Ok(());
            }
            let _ = work.apply(Actor::Countersign, Change::Remark(remark.clone())).await?;
            work.commit().await
        })
        .await
    }

    /// Puts a message of the incident's thread into its timeline; `false`: it is there already.
    pub async fn put_in_timeline(
        &self,
        incident: &IncidentId,
        at: &MessageRef,
        (said, author): (&Utterance, &Identity),
        by: &Identity,
    ) -> Result<bool, EngineError> {
        let noted = Remark::Noted {
            message: at.message.clone(),
            author: self.voice(author),
            text: remark::kept(&said.text),
            said_at: said.at,
            by: self.voice(by),
        };
        again(async || {
            let mut work = self.work(incident).await?;
            if work.tx.journal(incident).await?.iter().any(|entry| notes(entry, &at.message)) {
                return Ok(false);
            }
            let _ = work.apply(self.actor(by), Change::Remark(noted.clone())).await?;
            work.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Somebody whom nobody knows asks to be added: the thread hears of it once.
    pub async fn introduce(
        &self,
        identity: &Identity,
        incident: &IncidentId,
        place: Place,
    ) -> Result<(), EngineError> {
        again(async || {
            let mut work = self.work(incident).await?;
            let is_first = work.tx.tell_knock(identity, incident).await?;
            let words = if is_first {
                let remark = Remark::AsksToBeKnown { identity: identity.clone() };
                let _ = work.apply(self.actor(identity), Change::Remark(remark)).await?;
                "The operators read it in the incident's thread now. Once they have added you, I write to you."
            } else {
                "The operators were told already, or it is more than a day ago: then press a button of the card again."
            };
            let (to, place) = (identity.clone(), place.clone());
            let job = Job::Whisper { to, words: Words::plain(words), place };
            let (lane, now) = (Lane::Chat(identity.chat), work.now);
            work.tx.enqueue(&lane, incident, &job, ids::message(), now).await?;
            work.commit().await
        })
        .await
    }

    /// Writes to somebody who was added since they pressed something, if it still waits; nothing runs by itself.
    pub async fn welcome(&self, knock: &Knock, person: &Person) -> Result<(), EngineError> {
        again(async || {
            let mut work = self.work(&knock.incident).await?;
            if !work.tx.forget_knock(&knock.identity, &knock.incident).await? {
                return Ok(());
            }
            let proposal = work.proposal(&knock.proposal).await?.value;
            let waits = matches!(proposal.stage, Stage::Open { .. });
            if waits && proposal.opening.plan == knock.plan {
                let chat = knock.identity.chat;
                let incident = work.tx.incident(&knock.incident).await?;
                let title = incident.map(|found| found.value.alert.title).unwrap_or_default();
                let link = work.tx.link(&knock.incident, chat).await?;
                let letter = welcome((knock, person), &title, link, &proposal);
                let job = Job::Letter { to: knock.identity.clone(), letter };
                let (lane, now) = (Lane::Chat(chat), work.now);
                work.tx.enqueue(&lane, &knock.incident, &job, ids::message(), now).await?;
            }
            work.commit().await
        })
        .await
    }

    fn voice(&self, identity: &Identity) -> Voice {
        let person = self.policies.people().known_as(identity);
        Voice { identity: identity.clone(), person: person.map(|person| person.id.clone()) }
    }

    fn actor(&self, identity: &Identity) -> Actor {
        match self.policies.people().known_as(identity) {
            Some(person) => Actor::Person { person: person.id.clone(), identity: identity.clone() },
            None => Actor::Stranger { identity: identity.clone() },
        }
    }
}

impl Work<'_> {
    /// Why somebody may decide nothing, whatever the policies say; `None` where nothing is in the way. Only Slack says
    /// what people are: the page and the command line know people in other ways.
    pub(super) async fn objection(
        &mut self,
        who: &Identity,
    ) -> Result<Option<Refusal>, EngineError> {
        if who.chat != ChatName::Slack {
            return Ok(None);
        }
        let oldest = self.now - STANDING_COUNTS;
        let known = self.tx.member(who).await?.and_then(|member| member.standing);
        Ok(match known.filter(|(_, at)| *at >= oldest) {
            Some((Standing::Member, _)) => None,
            Some((standing, _)) => Some(Refusal::NotAMember { standing }),
            None => Some(Refusal::StandingUnknown),
        })
    }

    /// Keeps the click of somebody whom nobody knows.
    pub(super) async fn keep_knock(
        &mut self,
        identity: &Identity,
        (proposal, plan): (&ProposalId, &Digest),
        button: Button,
    ) -> Result<(), EngineError> {
        let knock = Knock {
            identity: identity.clone(),
            incident: self.head().incident.clone(),
            proposal: proposal.clone(),
            plan: plan.clone(),
            button,
            at: self.now,
        };
        Ok(self.tx.keep_knock(&knock).await?)
    }

    /// Whoever has opened their home page finds there what they have done.
    pub(super) async fn renew_home(&mut self, of: &Identity) -> Result<(), EngineError> {
        if self.tx.member(of).await?.is_some_and(|member| member.home_at.is_some()) {
            let now = self.now;
            self.tx.want_errand(of.chat, &Errand::Home { of: of.clone() }, now).await?;
        }
        Ok(())
    }
}

/// What somebody is told whom nobody knows, with what comes of the button below.
pub fn greeting(refusal: Words) -> Words {
    refusal.text(
        " With the button below, the incident's thread hears of it. I remember for a day what you pressed, and write to you once you are known.",
    )
}

fn notes(entry: &SealedEntry, message: &str) -> bool {
    matches!(remarked(entry), Some(Remark::Noted { message: noted, .. }) if noted == message)
}

fn remarked(entry: &SealedEntry) -> Option<Remark> {
    let entry: Result<domain::journal::Entry, _> = serde_json::from_str(&entry.body);
    if let Record::Remark(remark) = entry.ok()?.record { Some(remark) } else { None }
}

fn welcome(
    (knock, person): (&Knock, &Person),
    title: &str,
    link: Option<String>,
    proposal: &Proposal,
) -> Letter {
    let held = person.level.map_or("without a level".to_owned(), |level| level.to_string());
    let buttons =
        if person.level.is_some() { vec![Button::Approve, Button::Reject] } else { vec![] };
    let pressed = Words::plain("At ").time(knock.at).text(" you pressed ");
    let pressed = pressed.strong(knock.button.label()).text(" on “").text(title);
    Letter {
        headline: Words::plain("You are known now as ")
            .person(&person.id)
            .text(format!(", {held}.")),
        tone: Tone::Neutral,
        lines: vec![
            Line {
                label: String::new(),
                value: pressed.text("”. Your click changed nothing then."),
            },
            Line {
                label: String::new(),
                value: Words::plain("It still waits: ").words(handover::signs(proposal)).text("."),
            },
        ],
        about: Some((knock.proposal.clone(), knock.plan.clone())),
        buttons,
        signs: handover::to_confirm(proposal),
        link,
    }
}
