//! Pins: asked for by people, carried out by the executor under the target's lease, let go when their proposal is over.

use domain::{
    Timestamp,
    id::{PinId, ProposalId},
    journal::{Actor, Record},
    pin::{Event, Opening, Pin, Work as Task},
    plan::SealedPlan,
    receipt::{Authorised, Verdict},
    refusal::Refusal,
    words::Words,
};
use policies::{Act, Verdict as Judgement};
use store::{TargetLease, Versioned};

use super::{
    Engine, EngineError, again,
    change::Change,
    judging::{Signer, What},
    work::{Work, must_be_first},
};
use crate::{ids, receipts};

/// What came of the wish to do what is due for a pin.
#[derive(Debug)]
pub enum Pinning {
    /// Its intent is committed: do it.
    Intended {
        /// The proof that it may be done.
        authorised: Authorised,
        /// What is to be done.
        task: Task,
    },
    /// It must not be done; the pin says why.
    Refused,
}

impl Engine {
    /// Whether the person may ask for a pin, and the change that it makes, signed.
    pub(super) async fn judge_keep(
        &self,
        signer: &Signer<'_>,
        work: &mut Work<'_>,
    ) -> Result<Result<(Change, Words), Refusal>, EngineError> {
        let Signer { decide, proposal, person, .. } = *signer;
        let level = match self.policies.may(person, Act::Keep, proposal, work.now) {
            Judgement::Allowed { level, .. } => level,
            Judgement::LevelTooLow { .. } => return Ok(Err(Refusal::Outdated)),
            Judgement::Denied { reason, .. } => return Ok(Err(Refusal::forbidden(reason))),
        };
        let earlier = work.tx.pin_of(&proposal.id).await?.map(|found| found.value);
        if let Err(refusal) = proposal.may_be_kept(&decide.plan, earlier.as_ref()) {
            return Ok(Err(refusal));
        }
        let versions = work.stored_plan(&proposal.opening.plan).await?.plan().goes_back_to();
        if versions.is_empty() {
            return Ok(Err(Refusal::NothingToKeep));
        }
        let incident = &proposal.opening.incident;
        let opening = Opening {
            incident: incident.clone(),
            proposal: proposal.id.clone(),
            plan: proposal.opening.plan.clone(),
            target: proposal.opening.target.clone(),
            name: Pin::name(incident, work.tx.pins_of(incident).await?.len()),
            versions,
            by: person.id.clone(),
            level,
        };
        let id = ids::pin();
        let what = What {
            verdict: Verdict::Keep,
            about: None,
            hold: None,
            pin: Some(id.clone()),
            reason: None,
        };
        let receipt = signer.sign(what, level, work);
        let thanks = Words::plain("Thank you: your wish to keep the way back of plan ")
            .code(decide.plan.short())
            .text(" is signed and kept. The thread says when SQLMesh holds it.");
        Ok(Ok((Change::Keep(id, Box::new(opening), receipt), thanks)))
    }

    /// Commits the intent of what is due for the pin, after checking its receipt anew.
    pub async fn intend_pin(
        &self,
        id: &PinId,
        lease: &TargetLease,
    ) -> Result<Pinning, EngineError> {
        again(|| self.try_intend_pin(id, lease)).await
    }

    async fn try_intend_pin(
        &self,
        id: &PinId,
        lease: &TargetLease,
    ) -> Result<Pinning, EngineError> {
        let missing = || EngineError::Missing { what: "pin", id: id.to_string() };
        let found = self.store.pin_with_id(id).await?.ok_or_else(missing)?;
        let mut work = self.work(&found.value.opening.incident).await?;
        let pin = work.tx.pin_with_id(id).await?.ok_or_else(missing)?.value;
        let Some((task, _)) = pin.next() else { return Ok(Pinning::Refused) };
        let proposal = work.proposal(&pin.opening.proposal).await?.value;
        let plan = work.stored_plan(&pin.opening.plan).await?;
        let envelopes = work.tx.receipts(&pin.opening.proposal).await?;
        let authorised = receipts::authorise_pin(
            &self.keys,
            (&pin, task),
            &proposal,
            &plan,
            &envelopes,
            work.now,
        );
        let (event, authorised) = match authorised {
            Ok(authorised) => (Event::Intended { work: task }, Some(authorised)),
            Err(error) => {
                if !error.is_lapse() {
                    tracing::error!(pin.id = %id, "{id} is not carried out: {error}");
                }
                (Event::Unauthorised { why: error.to_string() }, None)
            }
        };
        let change = Change::Pin(id.clone(), event, Some(lease.clone()));
        if work.apply(Actor::Countersign, change).await?.is_err() {
            work.tx.rollback().await?;
            return Ok(Pinning::Refused);
        }
        work.commit().await?;
        Ok(match authorised {
            Some(authorised) => Pinning::Intended { authorised, task },
            None => Pinning::Refused,
        })
    }

    /// Tells the pin what came of its intent.
    pub async fn pin_event(
        &self,
        pin: &Pin,
        event: &Event,
        lease: &TargetLease,
    ) -> Result<(), EngineError> {
        again(|| async {
            let mut work = self.work(&pin.opening.incident).await?;
            let change = Change::Pin(pin.id.clone(), event.clone(), Some(lease.clone()));
            let outcome = work.apply(Actor::Countersign, change).await?;
            outcome.map_err(|refusal| EngineError::Refused {
                id: pin.id.to_string(),
                refusal: Box::new(refusal),
            })?;
            work.commit().await
        })
        .await
    }
}

impl Work<'_> {
    pub(super) async fn on_pin(
        &mut self,
        actor: Actor,
        id: PinId,
        event: Event,
        lease: Option<&TargetLease>,
        receipt: Option<String>,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let (proposal, effects) = match (self.tx.pin_with_id(&id).await?, &event) {
            (None, Event::Asked { opening }) => {
                let (pin, effects) = Pin::ask(id.clone(), (**opening).clone(), self.now);
                self.tx.insert_pin(&pin).await?;
                (pin.proposal, effects)
            }
            (None, _) => return Err(EngineError::Missing { what: "pin", id: id.to_string() }),
            (Some(Versioned { value, version }), event) => match value.step(event, self.now) {
                Ok((value, effects)) => {
                    let proposal = value.proposal.clone();
                    must_be_first(self.tx.save_pin(&Versioned { value, version }, lease).await?)?;
                    (proposal, effects)
                }
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        let record = Record::Pin { id, event };
        self.record(actor, record, effects, Some(&proposal), receipt).await.map(Ok)
    }

    /// What the pin of a proposal that is over is told.
    pub(super) async fn let_go(
        &mut self,
        proposal: &ProposalId,
        at: Timestamp,
    ) -> Result<Option<Change>, EngineError> {
        let found = self.tx.pin_of(proposal).await?.filter(|found| found.value.is_standing());
        let event = Event::ProposalClosed { release_at: at };
        Ok(found.map(|found| Change::Pin(found.value.id, event, None)))
    }

    /// What the pins of the incident are told that keep everything a new proposal goes back to.
    pub(super) async fn moved_on(
        &mut self,
        id: &ProposalId,
    ) -> Result<Option<Change>, EngineError> {
        let opening = self.proposal(id).await?.value.opening;
        let keeps = |pin: &Pin| {
            pin.keeps() && pin.release_at.is_some() && pin.opening.target.id == opening.target.id
        };
        let pins = self.tx.pins_of(&opening.incident).await?;
        let pins: Vec<Pin> = pins.into_iter().map(|found| found.value).filter(keeps).collect();
        if pins.is_empty() {
            return Ok(None);
        }
        let versions = self.stored_plan(&opening.plan).await?.plan().goes_back_to();
        let pin = pins.into_iter().rev().find(|pin| pin.covers(&versions));
        let event = Event::MovedOn { proposal: id.clone() };
        Ok(pin.map(|pin| Change::Pin(pin.id, event, None)))
    }

    async fn stored_plan(
        &mut self,
        digest: &domain::digest::Digest,
    ) -> Result<SealedPlan, EngineError> {
        let plan = self.tx.plan(digest).await?;
        plan.ok_or_else(|| EngineError::Missing { what: "plan", id: digest.to_string() })
    }
}
