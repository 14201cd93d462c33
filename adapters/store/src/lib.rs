//! The database: one SQL text over SQLite and PostgreSQL, one transaction per event.
//!
//! [`Store`] reads and hands out work; [`Tx`] reads and writes. A write outside a transaction does not compile,
//! except for the workers' own bookkeeping (claim, finish, retry), each of which is a short transaction.

mod address;
mod error;
mod migrations;
mod rows;
mod sql;
mod store;
mod tx;

mod reading;
mod versioned;

mod incident;
mod journal;
mod plan;
mod proposal;
mod run;

mod hold;
mod look;
mod pin;
mod release;

mod card;
mod due;
mod errand;
mod handover;
mod job;
mod lease;
mod live;
mod member;
mod output;
mod timer;

mod counts;
mod parked;

pub use card::CardClaim;
pub use counts::Counts;
pub use errand::ErrandClaim;
pub use error::Error;
pub use handover::HandoverClaim;
pub use job::JobClaim;
pub use lease::{RunLease, TargetLease};
pub use look::{Look, LookClaim, Looked, ToldCommit};
pub use member::{Knock, Member};
pub use output::Output;
pub use parked::{Parked, ParkedKind};
pub use store::Store;
pub use timer::Timer;
pub use tx::Tx;
pub use versioned::Versioned;
