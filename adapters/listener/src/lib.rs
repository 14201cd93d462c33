//! An HTTP/1.1 listener that a slow or hostile client cannot hold open.
//!
//! [`Listener::bind`] takes an address and [`Limits`]; [`Listener::serve`] runs an `axum::Router` behind
//! them until it is told to stop. Time-outs concern the *request*: a response that keeps flowing, such as
//! server-sent events, may last for hours. [`limit_body`] refuses large bodies before a handler runs.

mod accept;
mod activity;
mod body_limit;
mod connection;
mod limits;
mod request_body;
mod watched_stream;

pub use accept::{Drain, ListenError, Listener};
pub use body_limit::limit_body;
pub use limits::Limits;
