//! The machines from outside: tables of single steps, and properties over any sequence of events.

#![expect(clippy::unwrap_used, reason = "a test ends where its assumption ends")]

mod card;
mod checking;
mod disowned_receipts;
mod disowning;
mod escalation;
mod fold;
mod gate;
mod hold;
mod incident;
mod journal;
mod ladder;
mod left;
mod notice;
mod outlook;
mod part;
mod pin;
mod planned;
mod proposal;
mod quorum;
mod receipt;
mod receipt_of_pin;
mod refusal;
mod rehearsal;
mod release;
mod request;
mod requirement;
mod run;
mod steering;
mod target;
mod terminal;
mod waiting;
mod world;
