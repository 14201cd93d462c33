//! The listener against real sockets on 127.0.0.1: what a client sees, never how long it took.
//!
//! Time-outs are small by configuration. Where a test must know that "longer than the time-out" has gone
//! by, it waits until the listener itself has closed a silent connection that was opened afterwards.

mod bodies;
mod capacity;
mod shutdown;
mod site;
mod timeouts;
mod wire;
