//! Death at every write: an executor is killed at, or refused, each single write of its database, one after the other
//! until there is none left to die at. Its next life must finish the run: no step twice, none left out, and a record
//! that verifies.
//!
//! strace injects the faults; it is named by `COUNTERSIGN_TEST_STRACE`, and without the variable it is looked for on
//! `PATH`. With `skip` these tests are left out.

#[expect(dead_code, reason = "other tests ask more of an installation")]
#[path = "../installation/installation.rs"]
mod installation;

mod fault;
mod moment;

mod approved;
mod intake;

use crate::{
    approved::Approved,
    fault::{Fault, strace},
};

async fn at_every_write(fault: Fault) {
    let Some(strace) = strace() else { return };
    let approved = Approved::prepare().await;
    let calls = approved.count(&strace, fault).await;
    let mut met = 0;
    // Each thread counts its own calls, so the last places are beyond what any of them comes to.
    for place in 1..=calls {
        approved.moment.again();
        let first = approved.execute_with(&strace, fault, place).await;
        met += usize::from(first.code != Some(0));
        approved.let_the_lease_run_out().await;
        let next = approved.execute().await;
        assert_eq!(next.code, Some(0), "after call {place}, the next life: {}", next.log);
        approved.expect_done(place, &first.log).await;
    }
    assert!(met >= fault.fewest, "only {met} of {calls} faults ended a life");
}

/// The process is gone in the middle of a write.
#[tokio::test]
async fn killed() {
    at_every_write(Fault::KILLED).await;
}

/// The disk is full for a moment.
#[tokio::test]
async fn without_space() {
    at_every_write(Fault::NO_SPACE).await;
}

/// The disk cannot say that it has kept what was written.
#[tokio::test]
async fn not_flushed() {
    at_every_write(Fault::NOT_FLUSHED).await;
}
