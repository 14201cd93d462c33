//! What a step sends out and asks over HTTP: single requests, and questions to Prometheus.
//!
//! A request that was sent and got no answer may have been carried out; one whose connection was refused was not. The
//! difference decides whether it may be sent again, so it is told apart here and nowhere else. Redirects are not
//! followed, no proxy of the environment is used, and no connection is used twice.

mod client;
mod error;

mod http;
mod prometheus;

pub use client::{Header, Outbound};
pub use error::CallError;
