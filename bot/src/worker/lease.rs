//! Keeping a target while something is done there.

use std::time::Duration;

use store::TargetLease;

use super::{Desk, after};

/// How long a lease on a target lasts without being renewed, in milliseconds.
pub(super) const LEASE_MS: u64 = 30_000;
/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(10);

/// Renews the lease until it is lost, or was not renewed for so long that somebody else may hold it. `whose` is the run or
/// the pin that it was claimed for.
pub(super) async fn keep(desk: &Desk, lease: &TargetLease, whose: &str) {
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
