//! Every SQL text, by noun. One text serves SQLite and PostgreSQL; the few that only one of them knows end in
//! `_SQLITE` or `_POSTGRES`. No text is ever put together from values.

pub(crate) mod connection;
pub(crate) mod errand;
pub(crate) mod handover;
pub(crate) mod hold;
pub(crate) mod incident;
pub(crate) mod job;
pub(crate) mod journal;
pub(crate) mod lease;
pub(crate) mod member;
pub(crate) mod metrics;
pub(crate) mod output;
pub(crate) mod pin;
pub(crate) mod proposal;
pub(crate) mod release;
pub(crate) mod run;
pub(crate) mod thread;
pub(crate) mod timer;
