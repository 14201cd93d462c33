//! Accepts connections, at most so many at a time, and sees them off at shutdown.
//!
//! Owns the socket, the connection slots and the tasks: nothing started here outlives [`Listener::serve`].
//! It must never spin: when the kernel refuses to hand out a connection it waits, and says so once.
//!
//! ```text
//! take a slot ─▶ accept ─▶ task (holds the slot) ─▶ … shutdown ─▶ stop accepting ─▶ drain ─▶ cut the rest
//! ```

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, info, warn};

use crate::{Limits, connection::Connection};

/// A bound socket together with the limits that its connections are held to.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    local_addr: SocketAddr,
    limits: Limits,
}

/// How [`Listener::serve`] came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drain {
    /// Every connection finished by itself.
    Complete,
    /// This many connections were still open when the drain time was over, and were closed.
    CutOff {
        /// Connections that were closed under their clients.
        connections: usize,
    },
}

/// Why a listener could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, forbidden or not ours.
    #[error("could not listen on {address}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// The socket is bound but does not tell where.
    #[error("could not read the local address of the socket for {address}")]
    LocalAddress {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
}

impl Listener {
    /// Binds `address` (port 0 picks a free one) for connections that are held to `limits`.
    pub async fn bind(address: SocketAddr, limits: Limits) -> Result<Self, ListenError> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(|source| ListenError::Bind { address, source })?;
        let local_addr =
            socket.local_addr().map_err(|source| ListenError::LocalAddress { address, source })?;
        Ok(Self { socket, local_addr, limits })
    }

    /// The address that clients reach, with the real port.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves `router` until `shutdown` is cancelled, then lets requests in flight finish for at most
    /// [`Limits::drain_timeout`]. Handlers find the peer's address with `ConnectInfo<SocketAddr>`.
    ///
    /// Dropping the returned future closes every connection. A handler that streams for ever must watch
    /// `shutdown` itself, otherwise it is cut at the end of the drain.
    pub async fn serve(self, router: Router, shutdown: CancellationToken) -> Drain {
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        let _cut_when_dropped = cut.clone().drop_guard();
        let mut slots = Slots::new(self.limits.max_connections.get());
        let mut trouble = AcceptTrouble::default();

        loop {
            let accepted = async {
                let slot = slots.take().await;
                let (stream, peer) = accept(&self.socket, &mut trouble).await;
                (slot, stream, peer)
            };
            let (slot, stream, peer) = tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                accepted = accepted => accepted,
            };
            let connection =
                Connection { stream, peer, limits: self.limits, router: router.clone() };
            let (shutdown, cut) = (shutdown.clone(), cut.clone());
            tasks.spawn(async move {
                connection.serve(&shutdown, &cut).await;
                drop(slot);
            });
        }

        // Closed before the drain, so that new clients are refused at once and can go elsewhere.
        drop(self.socket);
        tasks.close();
        if time::timeout(self.limits.drain_timeout, tasks.wait()).await.is_ok() {
            return Drain::Complete;
        }
        let connections = tasks.len();
        warn!(connections, "closed {connections} connections that did not finish in time");
        cut.cancel();
        tasks.wait().await;
        Drain::CutOff { connections }
    }
}

/// The connection cap: one permit for each connection, one of them held by the acceptor.
struct Slots {
    permits: Arc<Semaphore>,
    total: usize,
    saturated: bool,
}

impl Slots {
    fn new(total: usize) -> Self {
        let total = total.min(Semaphore::MAX_PERMITS);
        Self { permits: Arc::new(Semaphore::new(total)), total, saturated: false }
    }

    async fn take(&mut self) -> OwnedSemaphorePermit {
        let free = self.permits.available_permits();
        if free == 0 && !self.saturated {
            self.saturated = true;
            warn!(
                connections = self.total,
                "all {} connections are in use, new ones wait", self.total
            );
        } else if free > self.total / 2 {
            // Only well below the cap, so that a load that hovers at it is reported once.
            self.saturated = false;
        }
        Arc::clone(&self.permits).acquire_owned().await.expect("the semaphore is never closed")
    }
}

/// Accepts the next connection, waiting through failures.
async fn accept(socket: &TcpListener, trouble: &mut AcceptTrouble) -> (TcpStream, SocketAddr) {
    loop {
        match socket.accept().await {
            Ok(accepted) => {
                if trouble.end() {
                    info!("accepting connections again");
                }
                return accepted;
            }
            Err(error) if is_of_one_client(&error) => {
                debug!(%error, "a client left before it was accepted");
            }
            Err(error) => {
                let (first, pause) = trouble.next();
                if first {
                    warn!(%error, "could not accept connections, trying again until it works");
                } else {
                    debug!(%error, "could not accept a connection");
                }
                // Nothing signals that descriptors or memory are free again, hence the pause.
                time::sleep(pause).await;
            }
        }
    }
}

/// Whether an accept error says something about one client only, and the next accept may well succeed.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// A run of accept failures: how long to pause after each, and whether it was reported.
#[derive(Debug, Default)]
struct AcceptTrouble {
    failures: u32,
}

impl AcceptTrouble {
    const FIRST_PAUSE: Duration = Duration::from_millis(10);
    const LONGEST_PAUSE: Duration = Duration::from_secs(1);

    /// Counts one more failure: whether it opens the run, and the pause before the next attempt.
    fn next(&mut self) -> (bool, Duration) {
        let pause =
            Self::FIRST_PAUSE.saturating_mul(1 << self.failures.min(10)).min(Self::LONGEST_PAUSE);
        let first = self.failures == 0;
        self.failures = self.failures.saturating_add(1);
        (first, pause)
    }

    /// Ends the run; true when there was one.
    fn end(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_failures_is_reported_once_and_pauses_ever_longer() {
        let mut trouble = AcceptTrouble::default();
        let run: Vec<_> = (0..9).map(|_| trouble.next()).collect();

        let reported: Vec<_> = run.iter().map(|(first, _)| *first).collect();
        assert_eq!(reported, [true, false, false, false, false, false, false, false, false]);
        let pauses: Vec<_> = run.iter().map(|(_, pause)| pause.as_millis()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);

        assert!(trouble.end(), "the run is over");
        assert!(!trouble.end(), "and is not over twice");
        assert_eq!(trouble.next(), (true, AcceptTrouble::FIRST_PAUSE), "the next run is a new one");
    }

    #[test]
    fn errors_of_one_client_are_told_from_errors_of_the_machine() {
        assert!(is_of_one_client(&io::ErrorKind::ConnectionAborted.into()));
        assert!(is_of_one_client(&io::ErrorKind::ConnectionReset.into()));
        let too_many_open_files = io::Error::from_raw_os_error(24);
        assert!(!is_of_one_client(&too_many_open_files), "{too_many_open_files}");
    }
}
