//! Keeping a target while something is done there.

use std::time::Duration;

use store::TargetLease;
use tokio_util::sync::CancellationToken;

use super::{Desk, after};

/// How long a lease on a target lasts without being renewed, in milliseconds.
pub(super) const LEASE_MS: u64 = 30_000;
/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(10);

/// Sees `carry` through for as long as the lease is ours and `closing` does not come; then `cancel` ends what is under way,
/// which is awaited before anybody else may touch the target. `whose` is the run or the pin that the lease was claimed for.
pub(super) async fn carried_under(
    desk: &Desk,
    (lease, whose): (&TargetLease, &str),
    (closing, cancel): (&CancellationToken, &CancellationToken),
    carry: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    tokio::pin!(carry);
    tokio::select! {
        carried = &mut carry => return carried,
        () = keep(desk, lease, whose) => {}
        () = closing.cancelled() => {}
    }
    cancel.cancel();
    carry.await
}

/// Renews the lease until it is lost, or was not renewed for so long that somebody else may hold it.
async fn keep(desk: &Desk, lease: &TargetLease, whose: &str) {
    let mut until = after(desk.clock.now(), Duration::from_millis(LEASE_MS));
    loop {
        tokio::time::sleep(RENEWAL).await;
        let now = desk.clock.now();
        match desk.store.renew_target(lease, now, LEASE_MS).await {
            Ok(true) => until = after(now, Duration::from_millis(LEASE_MS)),
            Ok(false) => {
                tracing::error!(lease.of = %whose, "the lease of {whose} on {} is lost; its step is ended", lease.target);
                return;
            }
            Err(error) if after(now, RENEWAL) >= until => {
                tracing::error!(lease.of = %whose, "the lease of {whose} on {} could not be renewed in time; its step is ended: {error}", lease.target);
                return;
            }
            Err(error) => {
                tracing::warn!("renewing the lease on {} failed: {error}", lease.target);
            }
        }
    }
}
