//! What people want is judged, signed and kept before they are answered.

use domain::{
    effect::{Job, Lane},
    id::{HoldId, PinId},
    journal::Actor,
    level::Level,
    person::{ChatName, Person},
    place::Place,
    proposal::{Event, Proposal},
    receipt::{About, Draft, Verdict},
    refusal::Refusal,
    words::Words,
};
use policies::{Act, Verdict as Judgement};
use signer::SigningKey;

use super::{
    Engine, EngineError, again,
    change::Change,
    decision::{Answer, Decide, Wish},
    work::Work,
};
use crate::{ids, receipts};

/// What was judged: the change that the wish makes and the thanks for it, or why not.
type Judged = Result<(Change, Words), Refusal>;

impl Engine {
    /// Takes a decision. When this returns, the decision and its receipt are durable, or nothing has changed.
    pub async fn decide(&self, decide: &Decide) -> Result<Answer, EngineError> {
        again(|| self.try_decide(decide)).await
    }

    /// Judges what somebody is about to ask for, before they are asked for the rest of it. The refusal, where there is one,
    /// is kept and told like any other; `None`: they may, and nothing has changed.
    pub async fn consider(&self, decide: &Decide) -> Result<Option<Refusal>, EngineError> {
        again(|| self.try_consider(decide)).await
    }

    async fn try_decide(&self, decide: &Decide) -> Result<Answer, EngineError> {
        if let Some(refusal) = self.flooding(decide) {
            return Ok(Answer::Refused(refusal));
        }
        let Some(found) = self.store.proposal(&decide.proposal).await? else {
            return Ok(Answer::Refused(Refusal::Outdated));
        };
        let key = self.key.as_deref().ok_or(EngineError::NoKey)?;
        let mut work = self.work(&found.value.opening.incident).await?;
        let proposal = work.proposal(&decide.proposal).await?.value;
        let (actor, judged) = self.judged(decide, &proposal, Some(key), &mut work).await?;
        let mut has_letter = false;
        let answer = match judged {
            Ok((change, thanks)) => {
                let letter = self.receipt_letter(&change, &proposal);
                match work.apply(actor.clone(), change).await? {
                    Ok(()) => {
                        if let Some(letter) = letter {
                            let to = decide.identity.clone();
                            work.tell(decide, Job::Letter { to, letter }).await?;
                            has_letter = true;
                        }
                        Answer::Done(thanks)
                    }
                    Err(refusal) => Answer::Refused(refusal),
                }
            }
            Err(refusal) => Answer::Refused(refusal),
        };
        if let Answer::Refused(refusal) = &answer {
            work.refused(actor, &decide.proposal, refusal).await?;
        }
        // Where the answer would be a letter too, the receipt says it.
        if !(has_letter && decide.place == Place::Private) {
            work.answer(decide, answer.words()).await?;
        }
        work.renew_home(&decide.identity).await?;
        let now = work.now;
        work.commit().await?;
        if let Answer::Refused(refusal) = &answer
            && self.may_never(decide)
        {
            self.flood.refused(&decide.identity, refusal, now);
        }
        Ok(answer)
    }

    async fn try_consider(&self, decide: &Decide) -> Result<Option<Refusal>, EngineError> {
        if let Some(refusal) = self.flooding(decide) {
            return Ok(Some(refusal));
        }
        let Some(found) = self.store.proposal(&decide.proposal).await? else {
            return Ok(Some(Refusal::Outdated));
        };
        let mut work = self.work(&found.value.opening.incident).await?;
        let proposal = work.proposal(&decide.proposal).await?.value;
        let (actor, judged) = self.judged(decide, &proposal, None, &mut work).await?;
        let Err(refusal) = judged else {
            work.tx.rollback().await?;
            return Ok(None);
        };
        work.refused(actor, &decide.proposal, &refusal).await?;
        work.answer(decide, refusal.words()).await?;
        let now = work.now;
        work.commit().await?;
        if self.may_never(decide) {
            self.flood.refused(&decide.identity, &refusal, now);
        }
        Ok(Some(refusal))
    }

    /// The last refusal of somebody who may never decide and presses again and again.
    fn flooding(&self, decide: &Decide) -> Option<Refusal> {
        self.may_never(decide).then(|| self.flood.answer(&decide.identity, self.clock.now()))?
    }

    /// Whether the people file does not know them, or gives them no level.
    fn may_never(&self, decide: &Decide) -> bool {
        let known = self.policies.people().known_as(&decide.identity);
        known.is_none_or(|person| person.level.is_none())
    }

    /// Who wants it, and whether they may. Without a key nothing is signed, and the change must not be made.
    async fn judged(
        &self,
        decide: &Decide,
        proposal: &Proposal,
        key: Option<&SigningKey>,
        work: &mut Work<'_>,
    ) -> Result<(Actor, Judged), EngineError> {
        if decide.wish == Wish::Disown {
            return self.judge_disowning(decide, proposal, key, work).await;
        }
        let Some(person) = self.policies.people().known_as(&decide.identity) else {
            let identity = decide.identity.clone();
            let refusal = Refusal::Unknown { identity: identity.to_string() };
            let about = (&decide.proposal, &decide.plan);
            work.keep_knock(&identity, about, decide.wish.button()).await?;
            return Ok((Actor::Stranger { identity }, Err(refusal)));
        };
        let identity = decide.identity.clone();
        let actor = Actor::Person { person: person.id.clone(), identity };
        // Whoever may decide nothing is not asked what they want.
        if let Some(refusal) = work.objection(&decide.identity).await? {
            return Ok((actor, Err(refusal)));
        }
        // Whoever has disowned here may be somebody else now, whatever they want; what is over says so itself, and its hold
        // does not.
        let is_over = proposal.is_closed() && !matches!(decide.wish, Wish::LiftHold { .. });
        if !is_over && work.has_disowned(&person.id).await? {
            return Ok((actor, Err(Refusal::Disowned)));
        }
        let signer = Signer { key, decide, proposal, person };
        let judged = match &decide.wish {
            Wish::Steer { steer, reason } => {
                let run = work.tx.run_of(&decide.proposal).await?.map(|found| found.value);
                self.judge_steering(&signer, run.as_ref(), (*steer, reason.clone()), work)
            }
            Wish::LiftHold { reason } => {
                let hold = work.tx.hold_of(&decide.proposal).await?.map(|found| found.value);
                self.judge_lift(&signer, hold.as_ref(), reason, work)
            }
            Wish::Keep => self.judge_keep(&signer, work).await?,
            Wish::Approve { .. } | Wish::Reject { .. } | Wish::Escalate | Wish::Disown => {
                self.judge(&signer, work)
            }
        };
        Ok((actor, judged))
    }

    /// Whether the person may, and the change that it makes, signed.
    fn judge(&self, signer: &Signer<'_>, work: &Work<'_>) -> Judged {
        let Signer { decide, proposal, person, .. } = *signer;
        let act = match &decide.wish {
            Wish::Approve { .. } => Act::Approve,
            Wish::Reject { .. } => Act::Reject,
            Wish::Escalate => Act::Escalate,
            // Whoever steers is judged with the run at hand.
            Wish::Steer { .. } => return Err(Refusal::NotRunning),
            // Likewise whoever lifts a hold, keeps the way back, or says that they did not sign.
            Wish::LiftHold { .. } | Wish::Keep | Wish::Disown => return Err(Refusal::Outdated),
        };
        let level = match self.policies.may(person, act, proposal, work.now) {
            // Who could, and when they come, is known to the proposal: its machine words that refusal.
            Judgement::Allowed { level, .. } | Judgement::LevelTooLow { level, .. } => level,
            Judgement::Denied { reason, .. } => return Err(proposal.forbids(&person.id, reason)),
        };
        let (by, plan) = (person.id.clone(), decide.plan.clone());
        let (event, verdict, reason, thanks) = match &decide.wish {
            Wish::Steer { .. } => return Err(Refusal::NotRunning),
            Wish::LiftHold { .. } | Wish::Keep | Wish::Disown => return Err(Refusal::Outdated),
            Wish::Escalate => {
                let change = Change::Proposal(proposal.id.clone(), Event::Escalated { by }, None);
                return Ok((change, Words::plain("The next level is asked now.")));
            }
            Wish::Approve { reason, .. } => {
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
        must_be_typed(&decide.wish, proposal)?;
        let receipt =
            signer.sign(What { verdict, about: None, hold: None, pin: None, reason }, level, work);
        let change = Change::Proposal(proposal.id.clone(), event, Some(receipt));
        Ok((change, Words::plain(thanks).code(decide.plan.short()).text(" is signed and kept.")))
    }
}

/// Where the plan asks for a name, an approval comes with it, whichever way it came.
fn must_be_typed(wish: &Wish, proposal: &Proposal) -> Result<(), Refusal> {
    match (wish, proposal.name_to_type()) {
        (Wish::Approve { typed, .. }, Some(name))
            if typed.as_deref().map(str::trim) != Some(name) =>
        {
            Err(Refusal::NotTyped { name: name.to_owned() })
        }
        _ => Ok(()),
    }
}

impl Work<'_> {
    /// Answers where the person looks. The web page and the command line answer by themselves.
    async fn answer(&mut self, decide: &Decide, words: Words) -> Result<(), EngineError> {
        let (to, place) = (decide.identity.clone(), decide.place.clone());
        // Only a click that was kept has something to ask for, and only beside others is there room for a button.
        let is_kept =
            self.policies().people().known_as(&to).is_none() && decide.wish != Wish::Disown;
        let job = if is_kept && place != Place::Private {
            Job::Greet { to, words, place }
        } else {
            Job::Whisper { to, words, place }
        };
        self.tell(decide, job).await
    }

    async fn tell(&mut self, decide: &Decide, job: Job) -> Result<(), EngineError> {
        let chat = decide.identity.chat;
        if matches!(chat, ChatName::Slack | ChatName::Discord) {
            let incident = self.head().incident.clone();
            let now = self.now;
            self.tx.enqueue(&Lane::Chat(chat), &incident, &job, ids::message(), now).await?;
        }
        Ok(())
    }
}

/// Who decides on what, and the key that signs it.
pub(super) struct Signer<'a> {
    /// None where it is only judged.
    pub(super) key: Option<&'a SigningKey>,
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
        sign(self.key, draft, work)
    }
}

/// Signs a decision for the next place in the journal; without a key the envelope is empty, and no journal takes that.
pub(super) fn sign(key: Option<&SigningKey>, draft: Draft<'_>, work: &Work<'_>) -> String {
    let head = work.head();
    let decision = draft.decide(work.now, ids::nonce(), head.next_seq, head.hash.clone());
    key.map(|key| receipts::sign(key, &decision)).unwrap_or_default()
}
