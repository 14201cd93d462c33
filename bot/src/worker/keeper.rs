//! Carries out pins: intent, do, record, under the lease of the target; what a crash left in doubt is asked of the target
//! before anything is done again.

use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Timestamp,
    pin::{Pin, Stage},
};
use store::TargetLease;
use tokio_util::sync::CancellationToken;

use super::{
    Desk, Worker,
    lease::{LEASE_MS, carried_under},
};
use crate::{
    engine::{Engine, Pinning},
    steps::Steps,
};

/// The worker that keeps ways back, and lets them go.
pub struct Keeper {
    /// Takes what happens.
    pub engine: Engine,
    /// What every worker has.
    pub desk: Desk,
    /// Asks and changes the target.
    pub steps: Arc<Steps>,
    /// Nothing new begins after this.
    pub closing: CancellationToken,
    /// Ends what is under way.
    pub cancel: CancellationToken,
}

#[async_trait]
impl Worker for Keeper {
    fn name(&self) -> String {
        "keeper".to_owned()
    }

    fn may_take_long(&self) -> bool {
        true
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let mut done = 0;
        while !self.closing.is_cancelled() {
            let now = self.desk.clock.now();
            let claimed = self.desk.store.claim_pin(&self.desk.owner, now, LEASE_MS).await?;
            let Some((pin, lease)) = claimed else { break };
            let carried = self.under_lease(&pin.value, &lease).await;
            self.desk.store.release_target(&lease).await?;
            carried?;
            done += 1;
        }
        Ok(done)
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.desk.store.next_pin().await?)
    }
}

impl Keeper {
    async fn under_lease(&self, pin: &Pin, lease: &TargetLease) -> anyhow::Result<()> {
        let cancel = CancellationToken::new();
        let carry = Box::pin(self.carry(pin, lease, &cancel));
        let target = (lease, pin.id.as_str());
        carried_under(&self.desk, target, (&self.cancel, &cancel), carry).await
    }

    async fn carry(
        &self,
        pin: &Pin,
        lease: &TargetLease,
        cancel: &CancellationToken,
    ) -> anyhow::Result<()> {
        let came_of_it = if let Stage::Doing { work, .. } = pin.stage {
            // An earlier life died in it, or nobody could tell: what it left behind must be dead before anybody asks.
            self.steps.end_pinning(pin).await?;
            let why = "the executor was interrupted".to_owned();
            self.steps.find_out(pin, work, why, cancel).await
        } else {
            match self.engine.intend_pin(&pin.id, lease).await? {
                Pinning::Intended { authorised, task } => {
                    anyhow::ensure!(
                        *authorised.plan() == pin.opening.plan,
                        "{} was authorised for another plan",
                        pin.id
                    );
                    tracing::info!(pin.id = %pin.id, "{}: {task:?} {}", pin.id, pin.opening.name);
                    self.steps.carry_out(pin, task, cancel).await
                }
                Pinning::Refused => return Ok(()),
            }
        };
        match came_of_it {
            Some(event) => Ok(self.engine.pin_event(pin, &event, lease).await?),
            None => Ok(()),
        }
    }
}
