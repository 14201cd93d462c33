//! Runs approved plans: intent, do, record; what a crash left in doubt is probed before anything is done again.
//!
//! One executor holds a target at a time, by a lease whose epoch every write repeats. When the lease is lost, the
//! step's processes are ended and nothing more is written.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Timestamp,
    plan::{Plan, Step},
    run::{Event, ProbeAnswer, Run, Stage},
};
use sqlmesh::Standby;
use store::{Output, RunLease};
use tokio_util::sync::CancellationToken;

mod ahead;
mod watching;

use self::ahead::{at, calls_to_come, needs_the_database};

use super::{
    Desk, Worker,
    floor::Floor,
    lease::{LEASE_MS, carried_under},
};
use crate::{
    engine::{Begun, Engine, Guarded},
    steps::{End, Steps},
};

/// While a step runs, a cancel that another process has taken is looked for this often.
const LOOK: Duration = Duration::from_secs(1);

/// The worker that runs plans.
pub struct Executor {
    /// Takes what happens.
    pub engine: Engine,
    /// What every worker has.
    pub desk: Desk,
    /// Carries out steps.
    pub steps: Arc<Steps>,
    /// No new step begins after this.
    pub closing: CancellationToken,
    /// Ends the step under way.
    pub cancel: CancellationToken,
    /// Keeps a query of a watched metric from being in a step's way.
    pub floor: Floor,
}

#[async_trait]
impl Worker for Executor {
    fn name(&self) -> String {
        "executor".to_owned()
    }

    fn may_take_long(&self) -> bool {
        true
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut done = 0;
        while !self.closing.is_cancelled() {
            let now = self.desk.clock.now();
            let Some((run, lease)) =
                self.desk.store.claim_run(&self.desk.owner, now, LEASE_MS).await?
            else {
                break;
            };
            let id = run.value.id.clone();
            tracing::info!(run.id = %id, epoch = lease.epoch, "executing {id}");
            let carried = self.under_lease(run.value, &lease).await;
            self.desk.store.release_target(&lease.on_target()).await?;
            carried?;
            done += 1;
        }
        Ok(done)
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.desk.store.next_run().await?)
    }
}

impl Executor {
    /// Carries the run on for as long as the lease is ours.
    async fn under_lease(&self, run: Run, lease: &RunLease) -> anyhow::Result<()> {
        let (run_id, cancel) = (run.id.clone(), CancellationToken::new());
        let carry = Box::pin(self.carry(run, lease, &cancel));
        let target = (&lease.on_target(), run_id.as_str());
        carried_under(&self.desk, target, (&self.cancel, &cancel), carry).await
    }

    async fn carry(
        &self,
        run: Run,
        lease: &RunLease,
        cancel: &CancellationToken,
    ) -> anyhow::Result<()> {
        let Some(sealed) = self.desk.store.plan(&run.plan).await? else {
            anyhow::bail!("{} has no plan", run.id)
        };
        // What is carried out below is this very text; that it was approved is checked before each thing that is done.
        if *sealed.digest() != run.plan {
            let why = format!(
                "the stored plan has digest {}, and the run is for {}",
                sealed.digest(),
                run.plan
            );
            self.hold(&run, why, lease).await?;
            return Ok(());
        }
        let plan = sealed.plan();
        // Whatever an earlier life of ours left behind must be dead before anything is asked or done.
        self.steps.end_leftovers(&run, plan).await?;
        let ended = CancellationToken::new();
        let going = async {
            let standby = self.steps.stand_by(&run, plan);
            let gone = self.go(run.clone(), plan, (lease, &standby), cancel).await;
            standby.end().await;
            ended.cancel();
            gone
        };
        let (gone, ()) = tokio::join!(going, self.watch(&run, plan, &ended));
        gone
    }

    /// Does one step after the other, until the run is over or waits for a person.
    async fn go(
        &self,
        mut run: Run,
        plan: &Plan,
        (lease, standby): (&RunLease, &Standby<'_>),
        cancel: &CancellationToken,
    ) -> anyhow::Result<()> {
        loop {
            // The lease is lost or the process stops: whoever comes next goes on from what is written down.
            if cancel.is_cancelled() {
                return Ok(());
            }
            // Taking back has no intent of its own, in whose transaction a pause would be seen.
            if matches!(run.stage, Stage::Undoing { .. }) {
                run = self.engine.look_at(&run.id).await?;
            }
            if run.is_at_rest() {
                return Ok(());
            }
            if matches!(run.stage, Stage::InDoubt { .. } | Stage::Undoing { .. })
                && let Err(error) = self.engine.was_authorised(&run).await?
            {
                self.hold(&run, error.to_string(), lease).await?;
                return Ok(());
            }
            standby.expect(calls_to_come(&run, plan));
            // Held for the whole of the step, its probe or its undo.
            let _floor = if at(&run, plan).is_some_and(needs_the_database) {
                Some(self.floor.take().await)
            } else {
                None
            };
            run = match &run.stage {
                Stage::Pending { .. } if self.closing.is_cancelled() => return Ok(()),
                Stage::Pending { next, attempt } => {
                    let (next, attempt) = (*next, *attempt);
                    match self.begin(&run, plan, (next, attempt), lease).await? {
                        Some(run) => match self
                            .do_step(&run, &plan.steps[next], next, plan, cancel)
                            .await?
                        {
                            Some(event) => {
                                self.engine.run_event(&run.incident, &run.id, &event, lease).await?
                            }
                            None => return Ok(()),
                        },
                        None => return Ok(()),
                    }
                }
                // Nobody else holds the target, and this life has not begun the step: an earlier one died in it.
                Stage::Doing { step, .. } => {
                    self.tell(&run, Event::Interrupted { step: *step }, lease).await?
                }
                Stage::InDoubt { step, .. } => {
                    let (answer, detail) = match &plan.steps[*step].probe {
                        Some(probe) => self.steps.probe(&run, plan, probe, cancel).await,
                        None => (ProbeAnswer::Unknown, "the step has no probe".to_owned()),
                    };
                    if cancel.is_cancelled() {
                        return Ok(());
                    }
                    self.tell(&run, Event::Probed { step: *step, answer, detail }, lease).await?
                }
                Stage::Undoing { step, .. } => {
                    let step = *step;
                    match self.undo(&run, plan, step, cancel).await? {
                        Some(event) => self.tell(&run, event, lease).await?,
                        None => return Ok(()),
                    }
                }
                Stage::Asking { .. }
                | Stage::Succeeded { .. }
                | Stage::Undone { .. }
                | Stage::Voided { .. }
                | Stage::Stuck { .. } => return Ok(()),
            };
        }
    }

    /// Stops a run whose approvals do not hold; a person has to find out why.
    async fn hold(&self, run: &Run, why: String, lease: &RunLease) -> anyhow::Result<()> {
        tracing::error!(run.id = %run.id, "run {} is held: {why}", run.id);
        let run = match run.stage {
            // Nobody may ask what became of the step before the approvals hold again.
            Stage::Doing { step, .. } => self.tell(run, Event::Interrupted { step }, lease).await?,
            _ => run.clone(),
        };
        if !run.is_at_rest() {
            self.tell(&run, Event::Unauthorised { why }, lease).await?;
        }
        Ok(())
    }

    async fn tell(&self, run: &Run, event: Event, lease: &RunLease) -> anyhow::Result<Run> {
        Ok(self.engine.run_event(&run.incident, &run.id, &event, lease).await?)
    }

    /// Commits the intent of the next step; `None` where it must not be done now.
    async fn begin(
        &self,
        run: &Run,
        plan: &Plan,
        (next, attempt): (usize, u32),
        lease: &RunLease,
    ) -> anyhow::Result<Option<Run>> {
        let is_guarded = plan.steps[next].guard && run.must_look_first(attempt);
        let guarded = if is_guarded { self.look(run, plan).await? } else { Guarded::Same };
        match self.engine.intend(run, lease, &guarded).await? {
            Begun::Intended { authorised, run } => {
                anyhow::ensure!(
                    *authorised.plan() == run.plan,
                    "{} was authorised for another plan",
                    run.id
                );
                Ok(Some(run))
            }
            Begun::Held(_) => Ok(None),
        }
    }

    /// Reads the target's fingerprint again.
    async fn look(&self, run: &Run, plan: &Plan) -> anyhow::Result<Guarded> {
        let seen = self.steps.fingerprint(run, plan).await?;
        if seen == plan.target_fingerprint {
            return Ok(Guarded::Same);
        }
        let change = format!(
            "{} of {} was deployed after the plan was made",
            plan.target.environment, plan.target.id
        );
        Ok(Guarded::Changed(vec![change]))
    }

    /// Does a step whose intent is committed; `None` where it was cut short and nobody knows what it did.
    async fn do_step(
        &self,
        run: &Run,
        step: &Step,
        index: usize,
        plan: &Plan,
        cancel: &CancellationToken,
    ) -> anyhow::Result<Option<Event>> {
        tracing::info!(run.id = %run.id, step = index, "{}: {}", run.id, step.name);
        let ended = cancel.child_token();
        let performing = self.steps.perform(run, plan, &step.action, step.timeout_ms, &ended);
        tokio::pin!(performing);
        let performed = tokio::select! {
            performed = &mut performing => performed,
            () = self.until_cancelled(run) => {
                tracing::info!(run.id = %run.id, step = index, "{} is cancelled: its step is ended", run.id);
                ended.cancel();
                performing.await
            }
        };
        self.keep_output(run, index, "do", performed.output).await;
        Ok(match performed.end {
            End::Did { note, findings } => Some(Event::Did { step: index, note, findings }),
            End::Failed { why, findings } => Some(Event::Failed { step: index, why, findings }),
            End::NotDone { why } => Some(Event::NotDone { step: index, why }),
            End::CutShort if cancel.is_cancelled() => None,
            // The group is dead; what left it carries the run's mark and must be dead too before anything is asked.
            End::CutShort => {
                self.steps.end_leftovers(run, plan).await?;
                Some(Event::Interrupted { step: index })
            }
        })
    }

    /// Returns when somebody has cancelled the run. The bell tells of it; another process's click is seen a moment later.
    async fn until_cancelled(&self, run: &Run) {
        let mut changes = self.engine.bell.watchers();
        loop {
            match self.engine.look_at(&run.id).await {
                Ok(run) if run.steering.cancelled.is_some() => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(run.id = %run.id, "looking for a cancel of {} failed: {error}", run.id);
                }
            }
            let rung = async { while changes.recv().await.is_ok_and(|id| id != run.incident) {} };
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    async fn undo(
        &self,
        run: &Run,
        plan: &Plan,
        index: usize,
        cancel: &CancellationToken,
    ) -> anyhow::Result<Option<Event>> {
        let step = &plan.steps[index];
        let Some(undo) = &step.undo else {
            anyhow::bail!("{} cannot take back step {index}", run.id)
        };
        let performed = self.steps.perform(run, plan, undo, step.timeout_ms, cancel).await;
        self.keep_output(run, index, "undo", performed.output).await;
        Ok(match performed.end {
            End::Did { .. } => Some(Event::UndoDid { step: index }),
            End::Failed { why, .. } | End::NotDone { why } => {
                Some(Event::UndoFailed { step: index, why })
            }
            End::CutShort => None,
        })
    }

    /// Keeps what a program printed. What it came to matters more, so a failure here is only logged.
    async fn keep_output(&self, run: &Run, step: usize, act: &str, text: String) {
        let output = Output { at: self.desk.clock.now(), step, act: act.to_owned(), text };
        if let Err(error) = self.desk.store.keep_output(&run.id, &output).await {
            tracing::warn!(run.id = %run.id, "what step {} printed was not kept: {error}", step + 1);
        }
    }
}
