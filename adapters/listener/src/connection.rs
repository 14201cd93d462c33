//! Drives one connection: HTTP/1.1 requests one after the other into the router.
//!
//! Owns the life of the connection and the mapping of a late body to 408. It must never time a handler or
//! a flowing response: from the end of a request's header to the end of its response the clock of
//! [`WatchedStream`] rests.

use std::{convert::Infallible, net::SocketAddr, pin::pin};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderValue, Request, Response, StatusCode, header},
    response::IntoResponse,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::debug;

use crate::{
    Limits,
    activity::{Activity, HeldBody},
    request_body::{Lateness, RequestBody},
    watched_stream::WatchedStream,
};

/// An accepted connection and what it needs to be served.
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    pub(crate) limits: Limits,
    pub(crate) router: Router,
}

impl Connection {
    /// Serves requests until the client leaves, a limit is passed, or `shutdown` is cancelled and the
    /// request in flight is answered. `cut` closes the connection at once.
    pub(crate) async fn serve(self, shutdown: &CancellationToken, cut: &CancellationToken) {
        let Self { stream, peer, limits, router } = self;
        // Cards and progress lines are small writes that must not wait for one another.
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%peer, %error, "could not switch off the delay of small packets");
        }
        let activity = Activity::default();
        let stream = WatchedStream::new(stream, activity.clone(), &limits);
        let service =
            service_fn(|request| answer(request, peer, limits, &activity, router.clone()));
        let mut served = pin!(
            http1::Builder::new()
                // The watched stream times the header: the protocol's own timer would also count idle time.
                .header_read_timeout(None)
                .max_header_size(limits.max_header_bytes)
                .serve_connection(TokioIo::new(stream), service)
        );
        let mut asked_to_finish = false;
        let outcome = loop {
            tokio::select! {
                biased;
                () = cut.cancelled() => return,
                () = shutdown.cancelled(), if !asked_to_finish => {
                    asked_to_finish = true;
                    served.as_mut().graceful_shutdown();
                }
                outcome = served.as_mut() => break outcome,
            }
        };
        if let Err(error) = outcome {
            // The client's doing, not ours: broken requests, resets and time-outs are everyday.
            debug!(%peer, error = &error as &dyn std::error::Error, "connection ended early");
        }
    }
}

/// Passes one request to the router and gives its response back, with the connection held busy meanwhile.
async fn answer(
    request: Request<Incoming>,
    peer: SocketAddr,
    limits: Limits,
    activity: &Activity,
    router: Router,
) -> Result<Response<HeldBody>, Infallible> {
    let busy = activity.hold();
    let lateness = Lateness::default();
    let mut request = request
        .map(|body| Body::new(RequestBody::new(body, limits.body_timeout, lateness.clone())));
    request.extensions_mut().insert(ConnectInfo(peer));
    let Ok(mut response) = router.oneshot(request).await;
    // A handler sees a late body as a broken one and blames the client in its own words; the client is
    // told what was wrong. An answer that succeeded without the rest of the body stays as it is.
    if lateness.happened() && !response.status().is_success() {
        response =
            (StatusCode::REQUEST_TIMEOUT, "the request body came too slowly").into_response();
    }
    if lateness.happened() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| HeldBody::new(body, busy)))
}
