//! The bounds that every connection is held to.
//!
//! Owns the numbers and their defaults, no behaviour. All of them are about clients that are slow, silent
//! or too many; none of them limits how long a handler may think or how long a response may flow.

use std::{num::NonZeroUsize, time::Duration};

/// How long and how much a client may ask for before its connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time from the first byte of a request (or from accepting the connection) to the end of its
    /// header. Sending single bytes does not extend it.
    pub header_timeout: Duration,
    /// Longest time from the handler's first read of the body to the body's last byte. Passing it answers 408.
    pub body_timeout: Duration,
    /// Longest silence between two requests, and longest time that a client may leave a response unread.
    pub idle_timeout: Duration,
    /// Longest time that [`crate::Listener::serve`] waits for open connections after it was told to stop.
    pub drain_timeout: Duration,
    /// Connections served at a time; further ones wait in the kernel's queue. Long responses count.
    pub max_connections: NonZeroUsize,
    /// Largest request line and header together, in bytes. Passing it answers 431.
    pub max_header_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            drain_timeout: Duration::from_secs(20),
            // Half of the usual 1024 descriptors: the database and the outgoing calls need theirs.
            max_connections: const { NonZeroUsize::new(512).expect("512 is not zero") },
            max_header_bytes: 32 * 1024,
        }
    }
}
