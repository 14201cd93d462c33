//! A line between a client and a server of somebody else's on 127.0.0.1, on which a request or its answer can get lost.
//!
//! What is lost stays so: the client hears nothing and is not told that anything is wrong.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// What happens to the next connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// Nothing of it reaches the server.
    Request,
    /// The server does it, and its answer does not come back.
    Answer,
}

#[derive(Debug, Default)]
struct Line {
    next: Option<Loss>,
    lost: usize,
    carried: usize,
}

/// A line; dropping it ends it.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    line: Arc<Mutex<Line>>,
    _tasks: JoinSet<()>,
}

impl Relay {
    /// A line to `server`.
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let address = listener.local_addr().expect("a bound socket has an address");
        let line = Arc::new(Mutex::new(Line::default()));
        let shared = Arc::clone(&line);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, server, Arc::clone(&shared)));
            }
        });
        Self { address, line, _tasks: tasks }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Nothing of the next connection reaches the server.
    pub fn lose_next_request(&self) {
        lock(&self.line).next = Some(Loss::Request);
    }

    /// The server does what the next connection asks, and its answer does not come back.
    pub fn lose_next_answer(&self) {
        lock(&self.line).next = Some(Loss::Answer);
    }

    /// How many connections reached the server.
    pub fn carried(&self) -> usize {
        lock(&self.line).carried
    }

    /// How many requests or answers were lost for good.
    pub fn lost(&self) -> usize {
        lock(&self.line).lost
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, line: Arc<Mutex<Line>>) {
    let loss = lock(&line).next.take();
    if loss == Some(Loss::Request) {
        let mut some = [0; 1024];
        // The request is on its way: from here on nobody knows more of it.
        let _ = client.read(&mut some).await;
        lock(&line).lost += 1;
        return std::future::pending().await;
    }
    lock(&line).carried += 1;
    let mut server = TcpStream::connect(server).await.expect("the server behind the line listens");
    if loss == Some(Loss::Answer) {
        let (mut from_client, _keep) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let mut answer = [0; 1024];
        tokio::select! {
            // A server answers when it has done what it was asked.
            read = from_server.read(&mut answer) => { read.expect("the server answers"); }
            () = forward(&mut from_client, &mut to_server) => {}
        }
        lock(&line).lost += 1;
        return std::future::pending().await;
    }
    // Either side may break off.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// Hands on what the client says, for as long as it is there.
async fn forward(
    from: &mut tokio::net::tcp::ReadHalf<'_>,
    to: &mut tokio::net::tcp::WriteHalf<'_>,
) {
    let mut some = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut some).await {
        if to.write_all(&some[..count]).await.is_err() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

fn lock(line: &Mutex<Line>) -> MutexGuard<'_, Line> {
    line.lock().unwrap_or_else(PoisonError::into_inner)
}
