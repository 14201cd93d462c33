//! A socket that fails when its client keeps it waiting.
//!
//! Owns the time-outs of a connection outside of request bodies: late requests fail a read, responses that
//! nobody takes fail a write. What is owed comes from [`Activity`]; it must never end a connection while a
//! request is worked on and its response keeps being read.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use crate::{
    Limits,
    activity::{Activity, Timeouts},
};

/// A TCP stream whose reads fail when the client is late and whose writes fail when it stops reading.
pub(crate) struct WatchedStream {
    stream: TcpStream,
    activity: Activity,
    timeouts: Timeouts,
    late_read: Option<Pin<Box<Sleep>>>,
    stuck_write: Option<Pin<Box<Sleep>>>,
}

impl WatchedStream {
    pub(crate) fn new(stream: TcpStream, activity: Activity, limits: &Limits) -> Self {
        let timeouts = Timeouts { header: limits.header_timeout, idle: limits.idle_timeout };
        Self { stream, activity, timeouts, late_read: None, stuck_write: None }
    }

    /// Passes on a finished write, or fails one that the client has been blocking for too long.
    fn settle_write<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck_write = None;
            self.activity.bytes_went();
            return written;
        }
        let Some(deadline) = Instant::now().checked_add(self.timeouts.idle) else {
            return Poll::Pending;
        };
        let timer = self.stuck_write.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")))
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.activity.read_by(cx.waker());
        let filled = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buffer) {
            if buffer.filled().len() > filled {
                this.activity.bytes_came();
            }
            return Poll::Ready(read);
        }
        let Some(deadline) = this.activity.deadline(this.timeouts) else {
            return Poll::Pending;
        };
        let timer = this.late_read.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client sent no request in time",
        )))
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.settle_write(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.settle_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
