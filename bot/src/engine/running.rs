//! The executor's transactions: a step's intent is committed only together with the proof that it may be done
//! (invariant I3), and every later word on it only under the lease (I5).

use domain::{
    id::{IncidentId, RunId},
    journal::Actor,
    plan::SealedPlan,
    receipt::Authorised,
    run::{Event, Run, Stage},
};
use store::{RunLease, Versioned};

use super::{Engine, EngineError, again, change::Change, work::Work};
use crate::receipts::{self, ReceiptError};

/// What came of the wish to do the next step.
#[derive(Debug)]
pub enum Begun {
    /// Its intent is committed: do it.
    Intended {
        /// The proof that it may be done.
        authorised: Authorised,
        /// The run, now in `Doing`.
        run: Run,
    },
    /// It must not be done; the run says why.
    Held(Run),
}

/// What the executor saw of the target before a guarded step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// It is as the plan was made for, or the step asks for no look.
    Same,
    /// It is not, and what changed.
    Changed(Vec<String>),
}

impl Engine {
    /// Commits the intent of the run's next step, after checking every receipt anew.
    pub async fn intend(
        &self,
        run: &Run,
        lease: &RunLease,
        guarded: &Guarded,
    ) -> Result<Begun, EngineError> {
        again(|| self.try_intend(run, lease, guarded)).await
    }

    async fn try_intend(
        &self,
        run: &Run,
        lease: &RunLease,
        guarded: &Guarded,
    ) -> Result<Begun, EngineError> {
        let mut work = self.work(&run.incident).await?;
        let run = current(&mut work, &run.id).await?;
        let Stage::Pending { next, attempt } = run.stage else { return Ok(Begun::Held(run)) };
        // A person may have paused it a moment ago.
        if run.is_at_rest() {
            return Ok(Begun::Held(run));
        }
        let proposal = work.proposal(&run.proposal).await?.value;
        let plan = self.stored_plan(&mut work, &run).await?;
        let envelopes = work.tx.receipts(&run.proposal).await?;
        let step = (&run.id, next);
        let authorised =
            receipts::authorise_step(&self.keys, &proposal, &plan, &envelopes, step, work.now);
        let begins = Event::Intended { step: next, attempt };
        if proposal.begins_outside_window(&begins, work.now) {
            // Nobody was there to begin it in time: what was approved for the window is not done after it.
            let changes =
                vec!["its maintenance window closed before the rollback began".to_owned()];
            self.change(&mut work, &run.id, Event::TargetChanged { changes }, lease).await?;
            let run = current(&mut work, &run.id).await?;
            work.commit().await?;
            return Ok(Begun::Held(run));
        }
        let (event, authorised) = match (guarded, authorised) {
            (Guarded::Changed(changes), _) => {
                (Event::TargetChanged { changes: changes.clone() }, None)
            }
            (Guarded::Same, Ok(authorised)) => (begins, Some(authorised)),
            (Guarded::Same, Err(error)) if error.is_lapse() => {
                let (why, disowned) = (error.to_string(), error.disowned().cloned());
                (Event::ApprovalsLapsed { why, disowned }, None)
            }
            (Guarded::Same, Err(error)) => {
                if error.is_peoples_to_mend() {
                    tracing::warn!(run.id = %run.id, "run {} is held: {error}", run.id);
                } else {
                    tracing::error!(run.id = %run.id, "run {} is held: {error}", run.id);
                }
                (Event::Unauthorised { why: error.to_string() }, None)
            }
        };
        self.change(&mut work, &run.id, event, lease).await?;
        let run = current(&mut work, &run.id).await?;
        work.commit().await?;
        Ok(match authorised {
            Some(authorised) => Begun::Intended { authorised, run },
            None => Begun::Held(run),
        })
    }

    /// Tells the run what happened to its step; gives the run as it is then.
    pub async fn run_event(
        &self,
        incident: &IncidentId,
        id: &RunId,
        event: &Event,
        lease: &RunLease,
    ) -> Result<Run, EngineError> {
        again(|| async {
            let mut work = self.work(incident).await?;
            self.change(&mut work, id, event.clone(), lease).await?;
            let run = current(&mut work, id).await?;
            work.commit().await?;
            Ok(run)
        })
        .await
    }

    /// The run as it is now: a person may have steered it.
    pub async fn look_at(&self, id: &RunId) -> Result<Run, EngineError> {
        let found = self.store.run(id).await?;
        found
            .map(|Versioned { value, .. }| value)
            .ok_or_else(|| EngineError::Missing { what: "run", id: id.to_string() })
    }

    /// Whether the run's plan, as it is stored, was ever approved: asked before a step is probed or taken back.
    pub async fn was_authorised(
        &self,
        run: &Run,
    ) -> Result<Result<Authorised, ReceiptError>, EngineError> {
        let missing = |what, id: &str| EngineError::Missing { what, id: id.to_owned() };
        let proposal = self.store.proposal(&run.proposal).await?;
        let proposal = proposal.ok_or_else(|| missing("proposal", run.proposal.as_str()))?.value;
        let plan = self.store.plan(&run.plan).await?;
        let plan = plan.ok_or_else(|| missing("plan", run.plan.as_str()))?;
        let envelopes = self.store.receipts(&run.proposal).await?;
        Ok(receipts::was_authorised(&self.keys, &proposal, plan.digest(), &envelopes))
    }

    async fn change(
        &self,
        work: &mut Work<'_>,
        id: &RunId,
        event: Event,
        lease: &RunLease,
    ) -> Result<(), EngineError> {
        let change = Change::Run(id.clone(), event, Some(lease.clone()));
        let outcome = work.apply(Actor::Countersign, change).await?;
        outcome.map_err(|refusal| EngineError::Refused {
            id: id.to_string(),
            refusal: Box::new(refusal),
        })
    }

    async fn stored_plan(&self, work: &mut Work<'_>, run: &Run) -> Result<SealedPlan, EngineError> {
        let plan = work.tx.plan(&run.plan).await?;
        plan.ok_or_else(|| EngineError::Missing { what: "plan", id: run.plan.to_string() })
    }
}

async fn current(work: &mut Work<'_>, id: &RunId) -> Result<Run, EngineError> {
    let found = work.tx.run(id).await?;
    found
        .map(|Versioned { value, .. }| value)
        .ok_or_else(|| EngineError::Missing { what: "run", id: id.to_string() })
}
