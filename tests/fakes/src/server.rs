//! A listening socket on 127.0.0.1 that lives as long as the fake, and the two ways of giving no answer.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinSet};

/// A server; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Serves `router` on a free port.
    pub(crate) async fn start(router: Router) -> Self {
        Self::start_on(0, router).await.expect("a free port on 127.0.0.1")
    }

    /// Serves `router` on this port, if nobody else has it; on a free one where it is 0.
    pub(crate) async fn start_on(port: u16, router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr().expect("a bound socket has an address");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            axum::serve(listener, router).await.expect("serving ends only with the fake");
        });
        Ok(Self { address, _tasks: tasks })
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Never answers.
pub(crate) async fn hang() -> Response {
    std::future::pending().await
}

/// Breaks the connection instead of answering.
pub(crate) fn lost() -> Response {
    let broken =
        async { Err::<Bytes, _>(std::io::Error::other("the fake was asked to lose this reply")) };
    Body::from_stream(futures_util::stream::once(broken)).into_response()
}

/// An answer with a status and nothing to read.
pub(crate) fn bare(status: u16) -> Response {
    let status = StatusCode::from_u16(status).expect("tests ask for statuses that exist");
    (status, "the fake was asked to fail").into_response()
}
