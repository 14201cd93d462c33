//! Holds: placed in the transaction in which a rollback succeeds, told of releases, lifted by people alone.

use domain::{
    hold::{Event, Hold, Opening},
    id::{HoldId, ProposalId},
    journal::{Actor, Record},
    level::Level,
    proposal::Proposal,
    receipt::Verdict,
    refusal::Refusal,
    release::{self, ModelVersion},
    words::Words,
};
use policies::{Act, Verdict as Judgement};
use store::Versioned;

use super::{
    Engine, EngineError, again,
    change::Change,
    judging::{Signer, What},
    work::{Work, must_be_first},
};

impl Engine {
    /// Reminds people of a hold. One that was lifted or reminded of meanwhile is passed over.
    pub async fn remind(&self, hold: &Hold) -> Result<(), EngineError> {
        let event = Event::ReminderDue { reminders: hold.reminders };
        self.hold_event(hold, &Actor::Clock, event).await.map(|_| ())
    }

    /// Tells a hold what happened; `false` where it has nothing to do with it any more.
    pub(super) async fn hold_event(
        &self,
        hold: &Hold,
        actor: &Actor,
        event: Event,
    ) -> Result<bool, EngineError> {
        again(|| async {
            let mut work = self.work(&hold.opening.incident).await?;
            let change = Change::Hold(hold.id.clone(), event.clone(), None);
            if work.apply(actor.clone(), change).await?.is_err() {
                work.tx.rollback().await?;
                return Ok(false);
            }
            work.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Whether the person may lift the proposal's hold, and the change that it makes, signed.
    pub(super) fn judge_lift(
        &self,
        signer: &Signer<'_>,
        hold: Option<&Hold>,
        reason: &str,
        work: &Work<'_>,
    ) -> Result<(Change, Words), Refusal> {
        let Signer { decide, proposal, person, .. } = *signer;
        let hold = hold.ok_or(Refusal::Outdated)?;
        let level = match self.policies.may(person, Act::LiftHold, proposal, work.now) {
            // Who could is known to the hold: its machine words that refusal.
            Judgement::Allowed { level, .. } | Judgement::LevelTooLow { level, .. } => level,
            Judgement::Denied { reason, .. } => return Err(proposal.forbids(&person.id, reason)),
        };
        let (by, plan, reason) = (person.id.clone(), decide.plan.clone(), reason.trim().to_owned());
        let event = Event::Lifted { by, level, plan, reason: reason.clone() };
        // Nothing is signed that the machine would not take.
        hold.clone().step(&event, work.now)?;
        let what = What {
            verdict: Verdict::LiftHold,
            about: None,
            hold: Some(hold.id.clone()),
            pin: None,
            reason: Some(reason),
        };
        let receipt = signer.sign(what, level, work);
        let thanks = Words::plain("Thank you: the hold of ")
            .code(&hold.opening.target.environment)
            .text(" is lifted; your decision is signed and kept.");
        Ok((Change::Hold(hold.id.clone(), event, Some(receipt)), thanks))
    }
}

impl Work<'_> {
    pub(super) async fn on_hold(
        &mut self,
        actor: Actor,
        id: HoldId,
        event: Event,
        receipt: Option<String>,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let effects = match (self.tx.hold_with_id(&id).await?, &event) {
            (None, Event::Placed { opening }) => {
                let (hold, effects) = Hold::place(id.clone(), (**opening).clone(), self.now);
                self.tx.insert_hold(&hold).await?;
                effects
            }
            (None, _) => return Err(EngineError::Missing { what: "hold", id: id.to_string() }),
            (Some(Versioned { value, version }), event) => match value.step(event, self.now) {
                Ok((value, effects)) => {
                    must_be_first(self.tx.save_hold(&Versioned { value, version }).await?)?;
                    effects
                }
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        self.record(actor, Record::Hold { id, event }, effects, None, receipt).await.map(Ok)
    }

    /// The hold that a rollback leaves. What the ledger knows of the release that was left is written down with it.
    pub(super) async fn placed(&mut self, id: &ProposalId) -> Result<Event, EngineError> {
        let missing = |what, id: &str| EngineError::Missing { what, id: id.to_owned() };
        let Proposal { opening, .. } = self.proposal(id).await?.value;
        let run = self.tx.run_of(id).await?;
        let run = run.ok_or_else(|| missing("run of proposal", id.as_str()))?.value.id;
        let plan = self.tx.plan(&opening.plan).await?;
        let plan = plan.ok_or_else(|| missing("plan", opening.plan.as_str()))?;
        let from = plan.plan().parameters.get("from").into_iter().flatten();
        let bad = from.filter_map(|text| ModelVersion::read(text)).collect();
        let (target, state) = (&opening.target.id, &plan.plan().target_fingerprint);
        self.tx.judge_releases(target, state, release::Verdict::Bad, &run).await?;
        // The state is another one now, and the ledger should know it before the next deploy.
        self.tx.want_look(target, self.now).await?;
        let needs = opening.requirement.lowest_need().unwrap_or(Level::LOWEST);
        Ok(Event::Placed {
            opening: Box::new(Opening {
                incident: opening.incident,
                proposal: id.clone(),
                plan: opening.plan,
                run,
                target: opening.target,
                bad,
                reason: opening.because,
                needs,
                who: opening.requirement.people_from(needs),
                remind_ms: self.policies().hold_reminder_ms(),
            }),
        })
    }
}
