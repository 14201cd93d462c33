//! The process runs out of file descriptors, and recovers. Alone in its process: the limit is shared.

use std::{fmt, fs::File, net::SocketAddr};

use axum::{Router, routing::get};
use listener::{Limits, Listener};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
    sync::mpsc,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

#[tokio::test]
async fn the_listener_waits_for_descriptors_and_says_so_once() {
    let (log, mut logged) = mpsc::unbounded_channel();
    tracing::subscriber::set_global_default(Log(log)).expect("the only subscriber");
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(any_port, Limits::default()).await.expect("a free port");
    let address = listener.local_addr();
    let mut serving = JoinSet::new();
    let router = Router::new().route("/", get(|| async { "here again" }));
    serving.spawn(listener.serve(router, CancellationToken::new()));

    let client = TcpSocket::new_v4().expect("a socket");
    let limit = Rlimit { current: Some(64), ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, limit).expect("lowering a soft limit is always allowed");
    let hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    let mut wire = client.connect(address).await.expect("the kernel queues the connection");
    wire.write_all(b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        .await
        .expect("open");

    let mut lines = Vec::new();
    while lines.len() < 3 {
        lines.push(logged.recv().await.expect("the listener is running"));
    }
    drop(hoard);
    let mut answer = String::new();
    wire.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.ends_with("here again"), "{answer}");

    logged.close();
    while let Some(line) = logged.recv().await {
        lines.push(line);
    }
    lines.retain(|(level, _)| *level <= Level::INFO);
    assert_eq!(
        lines,
        [
            (Level::WARN, "could not accept connections, trying again until it works".to_owned()),
            (Level::INFO, "accepting connections again".to_owned()),
        ]
    );
}

/// Sends the level and message of the listener's own events to the test.
struct Log(mpsc::UnboundedSender<(Level, String)>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("listener")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        // The test may have stopped listening.
        let _ = self.0.send((*event.metadata().level(), message.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
