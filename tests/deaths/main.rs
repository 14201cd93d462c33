//! Death at every write: an executor is killed at, or refused, each single write of its database, one after the other
//! until there is none left to die at. Its next life must finish the run: no step twice, none left out, and a record
//! that verifies.
//!
//! On SQLite strace injects the faults; it is named by `COUNTERSIGN_TEST_STRACE`, and without the variable it is looked
//! for on `PATH`. On PostgreSQL, which `COUNTERSIGN_TEST_POSTGRES` names, a line between both does. With `skip` these
//! tests are left out. Where all places would take too long, some are tried: see `sample.rs`.

#[expect(dead_code, reason = "other tests ask more of an installation")]
#[path = "../installation/installation.rs"]
mod installation;

#[expect(dead_code, reason = "the schemas are for others; here each has a database")]
#[path = "../../adapters/store/tests/contract/databases.rs"]
mod databases;

mod fault;
mod journal;
mod line;
mod moment;
mod records;
mod sample;
mod shape;

mod approved;
mod intake;

use crate::{
    approved::Approved,
    fault::{Fault, strace},
    line::Loss,
    records::Records,
    sample::Sample,
    shape::Shape,
};

/// On SQLite, at the calls that `choose` names among all of them.
async fn at_calls(shape: Shape, fault: Fault, choose: impl FnOnce(usize) -> Vec<usize>) {
    let Some(strace) = strace() else { return };
    let mut approved = Approved::prepare(shape, Records::File).await;
    let calls = approved.count_calls(&strace, fault).await;
    let places = choose(calls);
    let mut met = 0;
    // Each thread counts its own calls, so the last places are beyond what any of them comes to.
    for place in &places {
        approved.again().await;
        let first = approved.disturb_call(&strace, fault, *place).await;
        met += usize::from(first.code != Some(0));
        let told = format!("{shape:?}, {} at call {place} of {calls}", fault.what);
        approved.expect_next_life(&told, &first).await;
    }
    let fewest = if places.len() < calls { 1 } else { fault.fewest };
    assert!(met >= fewest, "only {met} of {} faults ended a life", places.len());
}

/// On PostgreSQL, at some of the statements or all.
async fn at_statements(shape: Shape) {
    let Some(records) = Records::postgres().await else { return };
    let sample = Sample::asked_for();
    let mut approved = Approved::prepare(shape, records).await;
    approved.again().await;
    let statements = approved.count_statements().await;
    assert!(statements > 100, "{shape:?}: the line has heard only {statements} statements");
    let places = sample.of(statements);
    println!("{shape:?}: {} of {statements} statements, {sample}", places.len());
    let mut died = 0;
    for (place, loss) in sample.with(&Loss::ALL, places) {
        approved.again().await;
        let first = approved.disturb_statement(loss, place).await;
        died += usize::from(first.code.is_none());
        let told = format!("{shape:?}, {loss:?} at statement {place} of {statements} ({sample})");
        approved.expect_next_life(&told, &first).await;
    }
    assert!(died > 0, "no life ended by a signal");
    approved.remove().await;
}

/// The process is gone in the middle of a write.
#[tokio::test]
async fn killed() {
    at_calls(Shape::Lines, Fault::KILLED, |calls| (1..=calls).collect()).await;
}

/// The disk is full for a moment.
#[tokio::test]
async fn without_space() {
    at_calls(Shape::Lines, Fault::NO_SPACE, |calls| (1..=calls).collect()).await;
}

/// The disk cannot say that it has kept what was written.
#[tokio::test]
async fn not_flushed() {
    at_calls(Shape::Lines, Fault::NOT_FLUSHED, |calls| (1..=calls).collect()).await;
}

/// The process is gone in the middle of a write, whatever is rolled back.
#[tokio::test]
async fn killed_in_each_type() {
    let sample = Sample::asked_for();
    for shape in Shape::TYPES {
        at_calls(shape, Fault::KILLED, |calls| {
            println!("{shape:?}: some of {calls} calls, {sample}");
            sample.of(calls)
        })
        .await;
    }
}

/// Between an executor and its PostgreSQL, something befalls a statement.
#[tokio::test]
async fn lost_statements() {
    at_statements(Shape::Lines).await;
}

/// The same, whatever is rolled back.
#[tokio::test]
async fn lost_statements_in_each_type() {
    for shape in Shape::TYPES {
        at_statements(shape).await;
    }
}
