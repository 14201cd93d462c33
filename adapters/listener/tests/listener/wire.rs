//! A client that writes and reads raw bytes, so that it can misbehave.

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Ends a test that would hang; no test depends on its value.
const HANG: Duration = Duration::from_secs(30);

/// One connection, with the bytes that were received and not yet consumed.
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A response as far as the tests look at it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) closes: bool,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the listener accepts");
        Self { stream, received: Vec::new() }
    }

    pub(crate) fn local_addr(&self) -> SocketAddr {
        self.stream.local_addr().expect("a connected socket has an address")
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.expect("the connection is open");
    }

    pub(crate) async fn get(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
    }

    /// Sends the header of a POST that announces `length` bytes.
    pub(crate) async fn announce(&mut self, path: &str, length: usize) {
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n"
        ))
        .await;
    }

    /// Reads one response with a Content-Length.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.until("\r\n\r\n").await.to_lowercase();
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a number"));
        while self.received.len() < length {
            assert!(self.more().await > 0, "closed within a body: {head}");
        }
        let body = String::from_utf8(self.received.drain(..length).collect()).expect("text");
        Answer {
            status: head[9..12].parse().expect("a status code"),
            closes: head.contains("connection: close"),
            body,
        }
    }

    /// Reads up to and including `mark`.
    pub(crate) async fn until(&mut self, mark: &str) -> String {
        loop {
            let text = String::from_utf8_lossy(&self.received).into_owned();
            if let Some(at) = text.find(mark) {
                let end = at + mark.len();
                self.received.drain(..end);
                return text[..end].to_owned();
            }
            assert!(self.more().await > 0, "closed before {mark:?}, after {text:?}");
        }
    }

    /// Waits until the listener closes the connection; what it sent before.
    pub(crate) async fn rest_until_closed(mut self) -> String {
        while self.more().await > 0 {}
        String::from_utf8(self.received).expect("text")
    }

    /// Whether nothing arrived so far.
    pub(crate) fn is_silent(&self) -> bool {
        let nothing = self.stream.try_read(&mut [0; 4096]);
        self.received.is_empty()
            && nothing.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Sends one byte after the other until the listener has had enough.
    pub(crate) async fn drip_until_refused(mut self) {
        let drip = async {
            while self.is_silent() && self.stream.write_all(b"x").await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(HANG, drip).await.expect("neither bytes nor close");
    }

    async fn more(&mut self) -> usize {
        let mut buffer = [0; 4096];
        let read =
            timeout(HANG, self.stream.read(&mut buffer)).await.expect("neither bytes nor close");
        match read {
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                count
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("could not read: {error}"),
        }
    }
}
