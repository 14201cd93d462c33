//! The pure core of Countersign: what an incident, a proposal and a run are, and how each moves.
//!
//! Nothing here does I/O, knows a clock or draws a random number: `now` and ids come in, new state and
//! effects go out. Read the modules in this order.

pub mod digest;
pub mod id;
pub mod level;
pub mod person;
pub mod standing;
pub mod words;

pub mod alert;
pub mod escalation;
pub mod hold;
pub mod incident;
pub mod pin;
pub mod plan;
pub mod proposal;
pub mod release;
pub mod request;
pub mod requirement;
pub mod run;
pub mod window;

pub mod card;
pub mod details;
pub mod effect;
pub mod errand;
pub mod fold;
pub mod handover;
pub mod home;
pub mod journal;
pub mod letter;
pub mod notice;
pub mod place;
pub mod port;
pub mod receipt;
pub mod refusal;
pub mod remark;

/// A moment in UTC, cut to milliseconds wherever it enters, so that stored text and memory agree.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
