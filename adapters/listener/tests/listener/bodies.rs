//! The body limit, in process and over a socket.

use std::{convert::Infallible, net::SocketAddr};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, StatusCode},
    routing::post,
};
use futures_util::stream;
use listener::{Listener, limit_body};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{site::patient, wire::Wire};

/// A route that answers with the number of bytes it read, behind a limit.
fn counting(max_bytes: usize) -> Router {
    let count = async |body: Bytes| body.len().to_string();
    limit_body(Router::new().route("/count", post(count)), max_bytes)
}

#[track_caller]
fn request(body: Body) -> Request<Body> {
    Request::post("/count").body(body).expect("a valid request")
}

#[tokio::test]
async fn bodies_up_to_the_limit_pass_and_larger_ones_do_not() {
    const THREE_MIB: usize = 3 * 1024 * 1024;
    let table = [
        (8, 0, StatusCode::OK),
        (8, 8, StatusCode::OK),
        (8, 9, StatusCode::PAYLOAD_TOO_LARGE),
        (0, 1, StatusCode::PAYLOAD_TOO_LARGE),
        // Above the default of the framework, which must not get in the way.
        (THREE_MIB, THREE_MIB, StatusCode::OK),
        (THREE_MIB, THREE_MIB + 1, StatusCode::PAYLOAD_TOO_LARGE),
    ];
    for (limit, size, expected) in table {
        let whole = Body::from(vec![b'x'; size]);
        let answer = counting(limit).oneshot(request(whole)).await.expect("infallible");
        assert_eq!(answer.status(), expected, "{size} bytes at once, limit {limit}");

        let halves = [size / 2, size - size / 2].map(|part| Ok::<_, Infallible>(vec![b'x'; part]));
        let streamed = Body::from_stream(stream::iter(halves));
        let answer = counting(limit).oneshot(request(streamed)).await.expect("infallible");
        assert_eq!(answer.status(), expected, "{size} bytes streamed, limit {limit}");
    }
}

#[tokio::test]
async fn a_declared_length_above_the_limit_is_refused_before_the_body_is_sent() {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(any_port, patient()).await.expect("a free port");
    let mut wire = Wire::connect(listener.local_addr()).await;
    let mut serving = JoinSet::new();
    serving.spawn(listener.serve(counting(8), CancellationToken::new()));
    wire.announce("/count", 9).await;
    assert_eq!(wire.answer().await.status, 413);
    assert_eq!(wire.rest_until_closed().await, "");
}
