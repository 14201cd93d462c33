//! Asks one given name server, without a cache between, until it answers as it should.
//!
//! What the system's resolver says is no proof that a record was changed: it may remember the old one, and it may
//! ask somebody else. So the server stands in the plan, and every question goes there.

mod lookup;
mod watch;

pub use watch::{ask, until_it_holds};
