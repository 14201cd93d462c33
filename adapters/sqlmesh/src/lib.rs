//! SQLMesh as a target of rollbacks, through a small Python helper over its public Context API.
//!
//! The helper is shipped inside the binary; the operator gives a Python with SQLMesh installed. SQLMesh's exit
//! codes lie in both directions, so nothing here believes one: answers are read from the helper's last line.

mod answer;
mod backend;
mod error;
mod helper;
mod point;
mod point_call;
mod progress;
mod standby;

pub use answer::{
    Answer, Backfill, Changed, Check, CheckRow, Described, Downstream, Environment, Inspection,
    Measures, PinState, Pinned, Probe, Rows, Verification,
};
pub use backend::Behalf;
pub use error::Error;
pub use helper::{Call, Called, QUESTION, Sqlmesh};
pub use point::{
    Leftover, Origin, Point, PointKind, PointModel, Verdict, has_recoveries, leftovers, points,
};
pub use progress::{LiveLine, live_line};
pub use standby::Standby;
