//! The line between an executor and its PostgreSQL, on which something befalls one statement.
//!
//! A statement is what the client waits for the end of: everything up to a `Sync` or a simple query of the protocol, so
//! that the beginning and the end of each transaction are statements too. They are counted over all connections. What
//! befalls one is either that the process is gone, or that the connection is; and that either before the server has
//! seen the statement, or after it has carried it out and before the client has heard of it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use reqwest::Url;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};

/// What befalls a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The process is killed before the server has seen it.
    KilledBefore,
    /// The process is killed once the server has carried it out.
    KilledAfter,
    /// The connection is gone before the server has seen it.
    CutBefore,
    /// The connection is gone once the server has carried it out.
    CutAfter,
}

impl Loss {
    pub(crate) const ALL: [Self; 4] =
        [Self::KilledBefore, Self::KilledAfter, Self::CutBefore, Self::CutAfter];

    fn is_after(self) -> bool {
        matches!(self, Self::KilledAfter | Self::CutAfter)
    }

    fn kills(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledAfter)
    }
}

/// A line; dropping it cuts every connection.
pub(crate) struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    /// What befalls the statement of which number, from 1.
    loss: Option<(Loss, usize)>,
    seen: Mutex<usize>,
    struck: Notify,
}

impl Line {
    /// A line to the server of `database`, on which this happens to the statement of that number, from 1.
    pub(crate) async fn to(database: &Url, loss: Option<(Loss, usize)>) -> Self {
        let server = database.socket_addrs(|| Some(5432)).expect("an address of the server")[0];
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared { loss, seen: Mutex::new(0), struck: Notify::new() });
        let all = Arc::clone(&shared);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(Connection::carry(client, server, Arc::clone(&all)));
            }
        });
        Self { address, shared, _tasks: tasks }
    }

    /// The database at the other end.
    pub(crate) fn url(&self, database: &Url) -> Url {
        let mut url = database.clone();
        url.set_host(Some("127.0.0.1")).expect("an address has a host");
        url.set_port(Some(self.address.port())).expect("an address has a port");
        url.query_pairs_mut().append_pair("sslmode", "disable");
        url
    }

    /// Completes when the process has to be killed.
    pub(crate) async fn must_die(&self) {
        self.shared.struck.notified().await;
    }

    /// How many statements have been said.
    pub(crate) fn statements(&self) -> usize {
        *self.shared.seen()
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, usize> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more statement; what befalls it.
    fn count(&self) -> Option<Loss> {
        let mut seen = self.seen();
        *seen += 1;
        self.loss.filter(|(_, number)| number == &*seen).map(|(loss, _)| loss)
    }
}

/// One connection of the client's, and ours to the server for it.
struct Connection {
    client: TcpStream,
    server: TcpStream,
    /// What the client has said of a statement that is not whole yet.
    said: Vec<u8>,
    answers: Vec<u8>,
    /// Statements that the server has been told and has not ended.
    under_way: usize,
}

impl Connection {
    async fn carry(client: TcpStream, server: SocketAddr, shared: Arc<Shared>) {
        let server = TcpStream::connect(server).await.expect("the server behind the line listens");
        let (said, answers) = (Vec::new(), Vec::new());
        let connection = Self { client, server, said, answers, under_way: 0 };
        // Either side may break off.
        let _ = Box::pin(connection.talk(&shared)).await;
    }

    async fn talk(mut self, shared: &Shared) -> std::io::Result<()> {
        self.introduce().await?;
        let mut whole = 0;
        loop {
            let (mut said, mut answer) = ([0; 8192], [0; 8192]);
            tokio::select! {
                count = self.client.read(&mut said) => match count? {
                    0 => return Ok(()),
                    count => self.said.extend_from_slice(&said[..count]),
                },
                count = self.server.read(&mut answer) => match count? {
                    0 => return Ok(()),
                    count => {
                        self.client.write_all(&answer[..count]).await?;
                        self.hear(&answer[..count]);
                    }
                },
            }
            while let Some((kind, length)) = message(&self.said[whole..]) {
                whole += length;
                if !matches!(kind, b'S' | b'Q') {
                    continue;
                }
                let rest = self.said.split_off(std::mem::take(&mut whole));
                let statement = std::mem::replace(&mut self.said, rest);
                match shared.count() {
                    None => self.tell(&statement).await?,
                    Some(loss) => return self.lose(loss, &statement, shared).await,
                }
            }
        }
    }

    /// The client's first message has no kind, and no statement is meant by it.
    async fn introduce(&mut self) -> std::io::Result<()> {
        let length = self.client.read_u32().await?;
        let mut rest = vec![0; length as usize - 4];
        self.client.read_exact(&mut rest).await?;
        self.server.write_all(&[&length.to_be_bytes()[..], &rest].concat()).await?;
        // The server is ready for statements once it has said so, and counts that as an end.
        self.under_way = 1;
        Ok(())
    }

    async fn tell(&mut self, statement: &[u8]) -> std::io::Result<()> {
        self.under_way += 1;
        self.server.write_all(statement).await
    }

    /// Notes which statements have ended.
    fn hear(&mut self, answer: &[u8]) {
        self.answers.extend_from_slice(answer);
        let mut over = 0;
        while let Some((kind, length)) = message(&self.answers[over..]) {
            over += length;
            self.under_way -= usize::from(kind == b'Z');
        }
        self.answers.drain(..over);
    }

    async fn lose(mut self, loss: Loss, statement: &[u8], shared: &Shared) -> std::io::Result<()> {
        if loss.is_after() {
            self.tell(statement).await?;
            let mut answer = [0; 8192];
            while self.under_way > 0 {
                let count = self.server.read(&mut answer).await?;
                assert!(count > 0, "the server ends in the middle of a statement");
                self.hear(&answer[..count]);
            }
        }
        if loss.kills() {
            shared.struck.notify_one();
            // It must not see its connection end before it dies.
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

/// The kind and the length of the message that the bytes begin with, where all of it is there.
fn message(bytes: &[u8]) -> Option<(u8, usize)> {
    let (kind, rest) = bytes.split_first()?;
    let length = u32::from_be_bytes(*rest.first_chunk()?) as usize + 1;
    (bytes.len() >= length).then_some((*kind, length))
}
