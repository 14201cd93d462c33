//! A request body that must be read to its end within a time.
//!
//! Owns the clock of one body: it starts when the handler first reads, so that a handler's own waiting is
//! not held against the client, and it covers the whole body, so that a byte now and then does not help.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{BoxError, body::Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

/// Whether the body of a request ran out of time; shared by the body and whoever answers the request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lateness(Arc<AtomicBool>);

impl Lateness {
    pub(crate) fn happened(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn record(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// An incoming body that fails with [`io::ErrorKind::TimedOut`] when it takes longer than it may.
pub(crate) struct RequestBody {
    incoming: Incoming,
    timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
    lateness: Lateness,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, timeout: Duration, lateness: Lateness) -> Self {
        Self { incoming, timeout, deadline: None, lateness }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        // The deadline comes first: a client that always has a byte ready would otherwise never meet it.
        let timeout = this.timeout;
        let deadline = this.deadline.get_or_insert_with(|| Box::pin(sleep(timeout)));
        if this.lateness.happened() || deadline.as_mut().poll(cx).is_ready() {
            this.lateness.record();
            let error = io::Error::new(io::ErrorKind::TimedOut, "the request body came too slowly");
            return Poll::Ready(Some(Err(error.into())));
        }
        let frame = ready!(Pin::new(&mut this.incoming).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
