//! What the assessment of an incident leads to: details, a proposal, or a reason why there is none.

use domain::{
    alert::Alert,
    id::{IncidentId, ProposalId},
    incident,
    journal::Actor,
    plan::SealedPlan,
    proposal::{self, Opening, Stage},
    refusal::Refusal,
};

use super::{Engine, EngineError, again, change::Change};
use crate::ids;

/// A plan that somebody should decide on.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The sealed plan.
    pub plan: SealedPlan,
    /// What the proposal starts from.
    pub opening: Opening,
}

impl Engine {
    /// Keeps the details of an alert that were read later.
    pub async fn detail(&self, incident: &IncidentId, alert: &Alert) -> Result<(), EngineError> {
        let event = incident::Event::Detailed { alert: alert.clone() };
        self.tell_incident(incident, Actor::System("pagerduty".to_owned()), event).await
    }

    /// Says why no rollback is proposed.
    pub async fn not_proposed(&self, incident: &IncidentId, why: &str) -> Result<(), EngineError> {
        let event = incident::Event::NotProposed { why: why.to_owned() };
        self.tell_incident(incident, Actor::Countersign, event).await
    }

    async fn tell_incident(
        &self,
        id: &IncidentId,
        actor: Actor,
        event: incident::Event,
    ) -> Result<(), EngineError> {
        again(|| async {
            let mut work = self.work(id).await?;
            // An incident that was resolved meanwhile needs none of it.
            let _ = work.apply(actor.clone(), Change::Incident(event.clone())).await?;
            work.commit().await
        })
        .await
    }

    /// Opens a proposal. Refused where one waits already (invariant I2), or where nobody could approve.
    pub async fn propose(
        &self,
        assessment: &Assessment,
    ) -> Result<Result<ProposalId, Refusal>, EngineError> {
        again(|| self.try_propose(assessment)).await
    }

    async fn try_propose(
        &self,
        Assessment { plan, opening }: &Assessment,
    ) -> Result<Result<ProposalId, Refusal>, EngineError> {
        let mut work = self.work(&opening.incident).await?;
        let resolved = work
            .tx
            .incident(&opening.incident)
            .await?
            .is_none_or(|found| found.value.is_resolved());
        if resolved {
            return Ok(Err(Refusal::IncidentResolved));
        }
        let waiting = work.tx.proposals_of(&opening.incident).await?;
        if waiting.iter().any(|found| {
            found.value.opening.target.id == opening.target.id && !found.value.is_closed()
        }) {
            return Ok(Err(Refusal::ProposalOpen));
        }
        let id = ids::proposal();
        let now = work.now;
        work.tx.put_plan(plan, now).await?;
        let event = proposal::Event::Opened { opening: Box::new(opening.clone()) };
        if let Err(refusal) =
            work.apply(Actor::Countersign, Change::Proposal(id.clone(), event, None)).await?
        {
            return Ok(Err(refusal));
        }
        work.commit().await?;
        Ok(Ok(id))
    }

    /// A chat shows the proposal's card: the escalation's clock counts from here.
    pub async fn posted(&self, incident: &IncidentId) -> Result<(), EngineError> {
        again(|| async {
            let proposals = self.store.proposals_of(incident).await?;
            let unposted = |proposal: &proposal::Proposal| {
                matches!(proposal.stage, Stage::Open { .. }) && !proposal.posted
            };
            let Some(found) = proposals.into_iter().find(|found| unposted(&found.value)) else {
                return Ok(());
            };
            let mut work = self.work(incident).await?;
            let change = Change::Proposal(found.value.id, proposal::Event::Posted, None);
            // Another chat may have been faster.
            let _ = work.apply(Actor::Countersign, change).await?;
            work.commit().await
        })
        .await
    }

    /// Warns people that the way back may be gone soon. Somebody may have warned, decided or kept it meanwhile.
    pub async fn way_back_closes(&self, proposal: &proposal::Proposal) -> Result<(), EngineError> {
        again(|| async {
            let mut work = self.work(&proposal.opening.incident).await?;
            if work.tx.pin_of(&proposal.id).await?.is_some_and(|found| found.value.is_standing()) {
                return Ok(work.tx.rollback().await?);
            }
            let event = proposal::Event::WayBackCloses;
            let change = Change::Proposal(proposal.id.clone(), event, None);
            match work.apply(Actor::Clock, change).await? {
                Ok(()) => work.commit().await,
                Err(_) => Ok(work.tx.rollback().await?),
            }
        })
        .await
    }

    /// Does what is due of a proposal that waits for its maintenance window. Somebody may have done it meanwhile.
    pub async fn planned(&self, proposal: &proposal::Proposal) -> Result<(), EngineError> {
        again(|| async {
            let mut work = self.work(&proposal.opening.incident).await?;
            let found = work.proposal(&proposal.id).await?.value;
            let Some(due) = found.due(work.now) else { return Ok(work.tx.rollback().await?) };
            let change = Change::Proposal(found.id.clone(), found.event_of(due), None);
            match work.apply(Actor::Clock, change).await? {
                Ok(()) => work.commit().await,
                Err(_) => Ok(work.tx.rollback().await?),
            }
        })
        .await
    }

    /// Fires a timer. One that is late, doubled or outdated is dropped.
    pub async fn deadline(&self, timer: &store::Timer) -> Result<(), EngineError> {
        again(|| async {
            let mut work = self.work(&timer.incident).await?;
            let event =
                proposal::Event::DeadlinePassed { rung: timer.rung, repeats: timer.repeats };
            let change = Change::Proposal(timer.proposal.clone(), event, None);
            match work.apply(Actor::Clock, change).await? {
                Ok(()) => work.commit().await,
                // Seen too early, because clocks differ: it stays, and is asked again.
                Err(_) if work.now < timer.due => Ok(work.tx.rollback().await?),
                Err(_) => {
                    work.tx.rollback().await?;
                    self.store.drop_timer(timer).await?;
                    Ok(())
                }
            }
        })
        .await
    }
}
