//! Calls against real servers on 127.0.0.1: what arrives, what comes back, and what is known when nothing does.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up should stop")]

mod requests;
mod watching;

use std::net::SocketAddr;

use axum::Router;
use outbound::Outbound;
use tokio::{net::TcpListener, task::JoinSet};

/// A server of these routes; dropping the tasks ends it.
async fn serve(router: Router) -> (String, JoinSet<()>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = socket.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(socket, router).await.unwrap() });
    (format!("http://{address}"), tasks)
}

fn outbound() -> Outbound {
    // Another test of this process may have been faster.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Outbound::new().unwrap()
}
