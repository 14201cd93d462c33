//! A running listener with routes that wait, stream and echo on command.

use std::{
    convert::Infallible,
    net::SocketAddr,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    http::StatusCode,
    routing::{get, post},
};
use futures_util::stream;
use listener::{Drain, Limits, Listener};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc, oneshot},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::wire::Wire;

/// A time-out that a test waits for.
pub(crate) const SHORT: Duration = Duration::from_millis(100);
/// A time-out that must not matter to a test.
pub(crate) const NEVER: Duration = Duration::from_hours(1);

/// Limits of which a test shortens the ones that it is about.
pub(crate) fn patient() -> Limits {
    Limits {
        header_timeout: NEVER,
        body_timeout: NEVER,
        idle_timeout: NEVER,
        drain_timeout: NEVER,
        max_connections: NonZeroUsize::new(16).expect("not zero"),
        max_header_bytes: 4096,
    }
}

/// The listener under test and the strings that its handlers hang on.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    /// One message for each request that reached `/wait` or `/flood`.
    pub(crate) entered: mpsc::UnboundedReceiver<&'static str>,
    /// What `/wait` answers and `/stream` sends next.
    pub(crate) say: mpsc::UnboundedSender<&'static str>,
    /// Fires when the response of `/flood` was given up.
    pub(crate) flood_ended: oneshot::Receiver<()>,
    shutdown: CancellationToken,
    serving: JoinSet<Drain>,
}

#[derive(Clone)]
struct Strings {
    enter: mpsc::UnboundedSender<&'static str>,
    hear: Arc<AsyncMutex<mpsc::UnboundedReceiver<&'static str>>>,
    flood_end: Arc<Mutex<Option<oneshot::Sender<()>>>>,
}

impl Site {
    pub(crate) async fn open(limits: Limits) -> Self {
        let (enter, entered) = mpsc::unbounded_channel();
        let (say, hear) = mpsc::unbounded_channel();
        let (flood_end, flood_ended) = oneshot::channel();
        let strings = Strings {
            enter,
            hear: Arc::new(AsyncMutex::new(hear)),
            flood_end: Arc::new(Mutex::new(Some(flood_end))),
        };
        let router = Router::new()
            .route(
                "/peer",
                get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
            )
            .route("/echo", post(|body: String| async move { body }))
            .route("/swallow", post(swallow))
            .route("/ignore", post(|| async { "not read" }))
            .route("/wait", get(wait).post(wait_then_echo))
            .route("/stream", get(stream_what_is_said))
            .route("/flood", get(flood))
            .with_state(strings);
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(any_port, limits).await.expect("a free port");
        let address = listener.local_addr();
        let shutdown = CancellationToken::new();
        let mut serving = JoinSet::new();
        serving.spawn(listener.serve(router, shutdown.clone()));
        Self { address, entered, say, flood_ended, shutdown, serving }
    }

    pub(crate) async fn connect(&self) -> Wire {
        Wire::connect(self.address).await
    }

    /// Comes back when a silent connection that was opened now has been closed, that is, after the header
    /// time-out.
    pub(crate) async fn outlast_header_timeout(&self) {
        assert_eq!(self.connect().await.rest_until_closed().await, "");
    }

    /// Tells the listener to stop, without waiting.
    pub(crate) fn ask_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits for the end of serving.
    pub(crate) async fn stopped(&mut self) -> Drain {
        self.serving.join_next().await.expect("it was serving").expect("it does not panic")
    }

    /// Ends the serving task in its middle.
    pub(crate) async fn abandon(&mut self) {
        self.serving.shutdown().await;
    }
}

async fn wait(State(strings): State<Strings>) -> &'static str {
    strings.enter.send("wait").expect("the test listens");
    strings.hear.lock().await.recv().await.expect("the test speaks")
}

async fn wait_then_echo(State(strings): State<Strings>, body: Body) -> String {
    strings.enter.send("wait").expect("the test listens");
    strings.hear.lock().await.recv().await.expect("the test speaks");
    let body = axum::body::to_bytes(body, 1024).await.expect("the body is complete");
    String::from_utf8(body.to_vec()).expect("text")
}

async fn swallow(body: Body) -> StatusCode {
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

async fn stream_what_is_said(State(strings): State<Strings>) -> Body {
    Body::from_stream(stream::unfold(strings.hear, async |hear| {
        let event = hear.lock().await.recv().await?;
        Some((Ok::<_, Infallible>(Bytes::from_static(event.as_bytes())), hear))
    }))
}

async fn flood(State(strings): State<Strings>) -> Body {
    strings.enter.send("flood").expect("the test listens");
    let flood_end = strings.flood_end.lock().expect("no panic before").take();
    // The sender is dropped with the stream, which the test sees as an error of its receiver.
    Body::from_stream(stream::unfold(flood_end, async |flood_end| {
        Some((Ok::<_, Infallible>(vec![b'x'; 65536]), flood_end))
    }))
}
