//! Stand-ins for the outside: real HTTP servers on 127.0.0.1 with state and the platforms' own rules and error texts.
//!
//! Faults are methods of the fake (`fail_next`, `lose_reply_of_next`, `hang_next`, `hang`, `down`). Time is the caller's: a
//! fake asks the clock that it was started with and never waits. Nothing here knows Countersign.

mod faults;
mod server;
mod signed_request;

pub mod balancer;
pub mod kubernetes;
pub mod name_server;
pub mod pagerduty;
pub mod prometheus;
pub mod relay;
pub mod slack;

pub use signed_request::SignedRequest;
