//! What people want of a proposal: known, judged, signed and kept before they are answered.

use domain::{
    digest::Digest,
    effect::{Job, Lane},
    id::ProposalId,
    journal::Actor,
    person::{ChatName, Identity, Person},
    proposal::{Event, Proposal},
    receipt::{Draft, Verdict},
    refusal::Refusal,
    words::Words,
};
use policies::{Act, Verdict as Judgement};
use signer::SigningKey;

use super::{
    Engine, EngineError, again,
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
    /// Let come again what was rolled back.
    LiftHold {
        /// Why.
        reason: String,
    },
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
        again(|| self.try_decide(decide)).await
    }

    async fn try_decide(&self, decide: &Decide) -> Result<Answer, EngineError> {
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
        let key = self.key.as_deref().ok_or(EngineError::NoKey)?;
        let judged = match &decide.wish {
            Wish::LiftHold { reason } => {
                self.judge_lift(key, (decide, reason), &proposal, person, &mut work).await?
            }
            Wish::Approve { .. } | Wish::Reject { .. } | Wish::Escalate => {
                self.judge(key, decide, &proposal, person, &work)
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
            let job = Job::Whisper { to: decide.identity.clone(), words: answer.words() };
            let incident = proposal.opening.incident.clone();
            let now = work.now;
            work.tx
                .enqueue(&Lane::Chat(decide.identity.chat), &incident, &job, ids::message(), now)
                .await?;
        }
        work.commit().await?;
        Ok(answer)
    }

    /// Whether the person may, and the change that it makes, signed.
    fn judge(
        &self,
        key: &SigningKey,
        decide: &Decide,
        proposal: &Proposal,
        person: Option<&Person>,
        work: &Work<'_>,
    ) -> Result<(Change, Words), Refusal> {
        let Some(person) = person else {
            return Err(Refusal::Unknown { identity: decide.identity.to_string() });
        };
        let act = match &decide.wish {
            Wish::Approve { .. } => Act::Approve,
            Wish::Reject { .. } => Act::Reject,
            Wish::Escalate => Act::Escalate,
            Wish::LiftHold { .. } => Act::LiftHold,
        };
        let level = match self.policies.may(person, act, proposal, work.now) {
            // Who could, and when they come, is known to the proposal: its machine words that refusal.
            Judgement::Allowed { level, .. } | Judgement::LevelTooLow { level, .. } => level,
            Judgement::Denied { reason, .. } => return Err(Refusal::Forbidden { reason }),
        };
        let (by, plan) = (person.id.clone(), decide.plan.clone());
        let (event, verdict, reason, thanks) = match &decide.wish {
            Wish::Escalate => {
                let change = Change::Proposal(proposal.id.clone(), Event::Escalated { by }, None);
                return Ok((change, Words::plain("The next level is asked now.")));
            }
            Wish::Approve { reason } => {
                let event = Event::Approved { by, level, plan };
                (event, Verdict::Approve, reason.clone(), "Thank you: your approval of plan ")
            }
            // Judged by the hold's own machine.
            Wish::LiftHold { .. } => return Err(Refusal::Outdated),
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
        let draft = Draft {
            proposal,
            verdict,
            reason,
            person: &person.id,
            identity: &decide.identity,
            method: "click",
            level,
        };
        let decision =
            draft.decide(work.now, ids::nonce(), work.head().next_seq, work.head().hash.clone());
        let receipt = receipts::sign(key, &decision);
        let change = Change::Proposal(proposal.id.clone(), event, Some(receipt));
        Ok((change, Words::plain(thanks).code(decide.plan.short()).text(" is signed and kept.")))
    }
}
