//! What the client of a connection owes at the moment, and since when.
//!
//! Owns the phase of one connection. The stream sees bytes, the request handling says when a request is
//! being worked on; together they know what to wait for:
//!
//! ```text
//! accepted ─▶ Header ─(header complete)─▶ Busy ─(response gone)─▶ Idle ─(first byte)─▶ Header
//! ```
//!
//! It never times anything itself, and no deadline exists while a request is being worked on.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{
    Error,
    body::{Body, Bytes},
};
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

/// What the client owes at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The rest of a header that began then.
    Header { since: Instant },
    /// Nothing: a request is being worked on.
    Busy,
    /// The next request; the last byte of the connection passed then.
    Idle { since: Instant },
}

/// The phase of one connection, shared by its stream and its request handling.
#[derive(Debug, Clone)]
pub(crate) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    phase: Phase,
    /// Who reads the stream; woken when a request is done, because nobody else makes it read again and
    /// only a read starts the clock.
    reader: Option<Waker>,
}

impl Default for Activity {
    fn default() -> Self {
        let phase = Phase::Header { since: Instant::now() };
        Self(Arc::new(Mutex::new(State { phase, reader: None })))
    }
}

impl Activity {
    /// Marks the connection busy until the returned value is dropped.
    pub(crate) fn hold(&self) -> Busy {
        self.state().phase = Phase::Busy;
        Busy(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Fields are replaced in one piece, so a panic elsewhere cannot have left half of one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes arrived: outside of a request, the next one has begun.
    pub(crate) fn bytes_came(&self) {
        let mut state = self.state();
        if let Phase::Idle { .. } = state.phase {
            state.phase = Phase::Header { since: Instant::now() };
        }
    }

    /// Bytes of a response were taken: the client is alive.
    pub(crate) fn bytes_went(&self) {
        let mut state = self.state();
        if let Phase::Idle { .. } = state.phase {
            state.phase = Phase::Idle { since: Instant::now() };
        }
    }

    /// Names who is to read again when the phase changes.
    pub(crate) fn read_by(&self, reader: &Waker) {
        let mut state = self.state();
        match &mut state.reader {
            Some(known) => known.clone_from(reader),
            None => state.reader = Some(reader.clone()),
        }
    }

    /// When the client is late, if it owes anything.
    pub(crate) fn deadline(&self, timeouts: Timeouts) -> Option<Instant> {
        match self.state().phase {
            Phase::Header { since } => since.checked_add(timeouts.header),
            Phase::Idle { since } => since.checked_add(timeouts.idle),
            Phase::Busy => None,
        }
    }
}

/// A request is being worked on for as long as this lives.
#[derive(Debug)]
pub(crate) struct Busy(Activity);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.phase = Phase::Idle { since: Instant::now() };
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

/// A response body that keeps its connection busy until the last of it was handed over.
pub(crate) struct HeldBody {
    body: Body,
    _busy: Busy,
}

impl HeldBody {
    pub(crate) fn new(body: Body, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How long a client may owe what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) header: Duration,
    pub(crate) idle: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts =
        Timeouts { header: Duration::from_secs(10), idle: Duration::from_secs(75) };

    #[test]
    fn single_bytes_do_not_extend_the_time_for_a_header() {
        let activity = Activity::default();
        let deadline = activity.deadline(TIMEOUTS);
        assert!(deadline.is_some());
        activity.bytes_came();
        activity.bytes_went();
        assert_eq!(activity.deadline(TIMEOUTS), deadline);
    }

    #[test]
    fn the_clock_rests_while_a_request_is_worked_on() {
        let activity = Activity::default();
        let busy = activity.hold();
        activity.bytes_came();
        activity.bytes_went();
        assert_eq!(activity.deadline(TIMEOUTS), None);
        drop(busy);
        assert!(matches!(activity.state().phase, Phase::Idle { .. }));
        activity.bytes_came();
        assert!(matches!(activity.state().phase, Phase::Header { .. }));
    }
}
