//! What people want of a proposal: known, judged, signed and kept before they are answered.

use domain::{
    card::Button,
    digest::Digest,
    effect::{Job, Lane},
    id::{HoldId, PinId, ProposalId},
    journal::Actor,
    letter::Letter,
    level::Level,
    person::{ChatName, Identity, Person},
    proposal::{Event, Proposal},
    receipt::{About, Draft, Verdict},
    refusal::Refusal,
    run::{Steer, Stop},
    words::Words,
};
use policies::{Act, Verdict as Judgement};
use signer::SigningKey;

use super::{
    Engine, EngineError, again, people,
    work::{Change, Work},
};
use crate::{ids, receipts};

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Sign the plan.
    Approve {
        /// Why, if they say so.
        reason: Option<String>,
    },
    /// Say no.
    Reject {
        /// Why.
        reason: String,
    },
    /// Bring in the next level before its time.
    Escalate,
    /// Steer the run.
    Steer {
        /// How.
        steer: Steer,
        /// Why, if they say so.
        reason: Option<String>,
    },
    /// Let come again what was rolled back.
    LiftHold {
        /// Why.
        reason: String,
    },
    /// Keep from the janitor what it goes back to.
    Keep,
}

impl Wish {
    /// What somebody wants who presses a button of a card that showed the run at `stop`. `None`: the button answers a
    /// stop, and the card showed none.
    pub fn of(button: Button, stop: Option<Stop>, reason: String) -> Option<Self> {
        let steer = match button {
            Button::Approve => {
                let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
                return Some(Self::Approve { reason });
            }
            Button::Reject | Button::GiveUp => return Some(Self::Reject { reason }),
            Button::Escalate => return Some(Self::Escalate),
            Button::LiftHold => return Some(Self::LiftHold { reason }),
            Button::Keep => return Some(Self::Keep),
            Button::Pause => Steer::Pause,
            Button::Resume => Steer::Resume,
            Button::Cancel => Steer::Cancel,
            Button::Retry | Button::RetryBlind => Steer::Retry { stop: stop? },
            Button::Skip => Steer::Skip { stop: stop? },
            Button::Confirm => Steer::Confirm { stop: stop? },
        };
        let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        Some(Self::Steer { steer, reason })
    }

    /// The button with which somebody says so.
    pub fn button(&self) -> Button {
        match self {
            Self::Approve { .. } => Button::Approve,
            Self::Reject { .. } => Button::Reject,
            Self::Escalate => Button::Escalate,
            Self::LiftHold { .. } => Button::LiftHold,
            Self::Keep => Button::Keep,
            Self::Steer { steer, .. } => match steer {
                Steer::Pause => Button::Pause,
                Steer::Resume => Button::Resume,
                Steer::Cancel => Button::Cancel,
                Steer::Retry { .. } => Button::Retry,
                Steer::Skip { .. } => Button::Skip,
                Steer::Confirm { .. } => Button::Confirm,
            },
        }
    }
}

/// A person's wish, as a chat brings it. The chat has proved who they are.
#[derive(Clone, Debug)]
pub struct Decide {
    /// Who, as the chat knows them.
    pub identity: Identity,
    /// On which proposal.
    pub proposal: ProposalId,
    /// The plan that the card showed.
    pub plan: Digest,
    /// What they want.
    pub wish: Wish,
}

/// Where somebody presses a button, and so where they look for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the channel.
    Channel,
    /// On their home page, or in a letter.
    Private,
}

/// What a person is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done(Words),
    /// It is not done, and why.
    Refused(Refusal),
}

impl Answer {
    /// The answer as the person reads it.
    pub fn words(&self) -> Words {
        match self {
            Self::Done(words) => words.clone(),
            Self::Refused(refusal) => refusal.words(),
        }
    }
}

impl Engine {
    /// Takes a decision. When this returns, the decision and its receipt are durable, or nothing has changed.
    pub async fn decide(&self, decide: &Decide) -> Result<Answer, EngineError> {
        self.decide_at(decide, Place::Channel).await
    }

    /// The same, where the person did not press it in the channel.
    pub async fn decide_at(&self, decide: &Decide, place: Place) -> Result<Answer, EngineError> {
        again(|| self.try_decide(decide, place)).await
    }

    async fn try_decide(&self, decide: &Decide, place: Place) -> Result<Answer, EngineError> {
        let Some(found) = self.store.proposal(&decide.proposal).await? else {
            return Ok(Answer::Refused(Refusal::Outdated));
        };
        let mut work = self.work(&found.value.opening.incident).await?;
        let proposal = work.proposal(&decide.proposal).await?.value;
        let person = self.policies.people().known_as(&decide.identity);
        let actor = match person {
            Some(person) => {
                Actor::Person { person: person.id.clone(), identity: decide.identity.clone() }
            }
            None => Actor::Stranger { identity: decide.identity.clone() },
        };
        let is_unknown = person.is_none();
        let objection = if is_unknown {
            work.keep_knock(
                &decide.identity,
                (&decide.proposal, &decide.plan),
                decide.wish.button(),
            )
            .await?;
            None
        } else {
            work.objection(&decide.identity).await?
        };
        // Whoever may decide nothing is judged like somebody whom nobody knows, for another reason.
        let (person, stopped) = match objection {
            Some(refusal) => (None, refusal),
            None => (person, Refusal::Unknown { identity: decide.identity.to_string() }),
        };
        let key = self.key.as_deref().ok_or(EngineError::NoKey)?;
        let judged = match (&decide.wish, person) {
            (_, None) => Err(stopped),
            (Wish::Steer { steer, reason }, Some(person)) => {
                let run = work.tx.run_of(&decide.proposal).await?.map(|found| found.value);
                let signer = Signer { key, decide, proposal: &proposal, person };
                self.judge_steering(&signer, run.as_ref(), (*steer, reason.clone()), &work)
            }
            (Wish::LiftHold { reason }, Some(person)) => {
                let hold = work.tx.hold_of(&decide.proposal).await?.map(|found| found.value);
                let signer = Signer { key, decide, proposal: &proposal, person };
                self.judge_lift(&signer, hold.as_ref(), reason, &work)
            }
            (Wish::Keep, Some(person)) => {
                let signer = Signer { key, decide, proposal: &proposal, person };
                self.judge_keep(&signer, &mut work).await?
            }
            (_, Some(person)) => {
                let signer = Signer { key, decide, proposal: &proposal, person };
                self.judge(&signer, &work)
            }
        };
        let answer = match judged {
            Ok((change, thanks)) => match work.apply(actor.clone(), change).await? {
                Ok(()) => Answer::Done(thanks),
                Err(refusal) => Answer::Refused(refusal),
            },
            Err(refusal) => Answer::Refused(refusal),
        };
        if let Answer::Refused(refusal) = &answer {
            work.refused(actor, &decide.proposal, refusal).await?;
        }
        if matches!(decide.identity.chat, ChatName::Slack | ChatName::Discord) {
            let (to, words) = (decide.identity.clone(), answer.words());
            let job = match place {
                Place::Channel if is_unknown => Job::Greet { to, words: people::greeting(words) },
                Place::Channel => Job::Whisper { to, words },
                Place::Private => Job::Letter { to, letter: Letter::saying(words) },
            };
            let incident = proposal.opening.incident.clone();
            let now = work.now;
            work.tx
                .enqueue(&Lane::Chat(decide.identity.chat), &incident, &job, ids::message(), now)
                .await?;
            work.renew_home(&decide.identity).await?;
        }
        work.commit().await?;
        Ok(answer)
    }

    /// Whether the person may, and the change that it makes, signed.
    fn judge(&self, signer: &Signer<'_>, work: &Work<'_>) -> Result<(Change, Words), Refusal> {
        let Signer { decide, proposal, person, .. } = *signer;
        let act = match &decide.wish {
            Wish::Approve { .. } => Act::Approve,
            Wish::Reject { .. } => Act::Reject,
            Wish::Escalate => Act::Escalate,
            // Whoever steers is judged with the run at hand.
            Wish::Steer { .. } => return Err(Refusal::NotRunning),
            // Likewise whoever lifts a hold, or keeps the way back.
            Wish::LiftHold { .. } | Wish::Keep => return Err(Refusal::Outdated),
        };
        let level = match self.policies.may(person, act, proposal, work.now) {
            // Who could, and when they come, is known to the proposal: its machine words that refusal.
            Judgement::Allowed { level, .. } | Judgement::LevelTooLow { level, .. } => level,
            Judgement::Denied { reason, .. } => return Err(Refusal::Forbidden { reason }),
        };
        let (by, plan) = (person.id.clone(), decide.plan.clone());
        let (event, verdict, reason, thanks) = match &decide.wish {
            Wish::Steer { .. } => return Err(Refusal::NotRunning),
            Wish::LiftHold { .. } | Wish::Keep => return Err(Refusal::Outdated),
            Wish::Escalate => {
                let change = Change::Proposal(proposal.id.clone(), Event::Escalated { by }, None);
                return Ok((change, Words::plain("The next level is asked now.")));
            }
            Wish::Approve { reason } => {
                let event = Event::Approved { by, level, plan };
                (event, Verdict::Approve, reason.clone(), "Thank you: your approval of plan ")
            }
            Wish::Reject { reason } if reason.trim().is_empty() => {
                return Err(Refusal::ReasonMissing);
            }
            Wish::Reject { reason } => {
                let reason = reason.trim().to_owned();
                let event = Event::Rejected { by, level, plan, reason: reason.clone() };
                (event, Verdict::Reject, Some(reason), "Thank you: your rejection of plan ")
            }
        };
        // Nothing is signed that the machine would not take.
        proposal.clone().step(&event, work.now)?;
        let receipt =
            signer.sign(What { verdict, about: None, hold: None, pin: None, reason }, level, work);
        let change = Change::Proposal(proposal.id.clone(), event, Some(receipt));
        Ok((change, Words::plain(thanks).code(decide.plan.short()).text(" is signed and kept.")))
    }
}

/// Who decides on what, and the key that signs it.
pub(super) struct Signer<'a> {
    pub(super) key: &'a SigningKey,
    pub(super) decide: &'a Decide,
    pub(super) proposal: &'a Proposal,
    pub(super) person: &'a Person,
}

/// What is signed.
pub(super) struct What {
    pub(super) verdict: Verdict,
    pub(super) about: Option<About>,
    pub(super) hold: Option<HoldId>,
    pub(super) pin: Option<PinId>,
    pub(super) reason: Option<String>,
}

impl Signer<'_> {
    /// Signs the decision for the next place in the journal; gives the envelope.
    pub(super) fn sign(&self, what: What, level: Level, work: &Work<'_>) -> String {
        let draft = Draft {
            proposal: self.proposal,
            verdict: what.verdict,
            about: what.about,
            hold: what.hold,
            pin: what.pin,
            reason: what.reason,
            person: &self.person.id,
            identity: &self.decide.identity,
            method: "click",
            level,
        };
        let head = work.head();
        let decision = draft.decide(work.now, ids::nonce(), head.next_seq, head.hash.clone());
        receipts::sign(self.key, &decision)
    }
}
