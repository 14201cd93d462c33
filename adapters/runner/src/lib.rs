//! Runs a command in its own process group: time-out, capped output, redacted secrets.
//!
//! [`run()`] starts one program (an argument list, never a shell), hands out its output line by line
//! and returns only when no process of its group is left. [`end_group`] does the same clean-up for a
//! command of an earlier life of this program, known by its [`ProcessIdentity`]. The crate knows
//! nothing of what the commands mean, and nothing of the rest of the workspace. Linux only: it reads
//! `/proc`.
//!
//! A process that leaves its group on purpose (`setsid`, or a shell with job control) is not found
//! again; keep such programs out of steps, or give the service a control group of its own.

mod command;
mod confinement;
mod run;
mod waiting;

mod group;
mod marked;
mod process_identity;

mod capped_output;
mod capture;
mod line_splitter;
mod redactor;

mod error;
mod proc_stat;

pub use command::{Command, Finished, Outcome, Stream};
pub use confinement::{Confinement, Limits, become_confined, can_confine_files};
pub use error::RunError;
pub use group::{GroupEnd, end_group, group_is_alive};
pub use marked::end_marked;
pub use process_identity::ProcessIdentity;
pub use redactor::redacted;
pub use run::run;
pub use waiting::{Given, Waiting};
