//! The bot's end of a WebSocket, as far as these tests need it: short texts, and no fragments.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

pub(crate) struct Wire {
    stream: TcpStream,
}

impl Wire {
    pub(crate) async fn open(url: &str) -> Self {
        let rest = url.strip_prefix("ws://").expect("a plain address");
        let (host, path) = rest.split_once('/').expect("a path");
        let mut stream = TcpStream::connect(host).await.expect("a connection");
        let request = format!(
            "GET /{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("an answer"));
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self { stream }
    }

    /// The next text; `None` when the other side is gone.
    pub(crate) async fn read(&mut self) -> Option<Value> {
        loop {
            let kind = self.stream.read_u8().await.ok()?;
            let length = match self.stream.read_u8().await.ok()? {
                126 => usize::from(self.stream.read_u16().await.ok()?),
                127 => usize::try_from(self.stream.read_u64().await.ok()?).expect("a short text"),
                length => usize::from(length),
            };
            let mut text = vec![0; length];
            self.stream.read_exact(&mut text).await.ok()?;
            match kind {
                TEXT => return Some(serde_json::from_slice(&text).expect("JSON")),
                PING => {}
                _ => return None,
            }
        }
    }

    pub(crate) async fn write(&mut self, value: &Value) {
        let text = value.to_string();
        // What a client sends is masked; a mask of zeros leaves the text as it is.
        let length = u16::try_from(text.len()).expect("a short text").to_be_bytes();
        let mut frame = vec![TEXT, 0xfe, length[0], length[1], 0, 0, 0, 0];
        if text.len() < 126 {
            frame = vec![TEXT, 0x80 | length[1], 0, 0, 0, 0];
        }
        frame.extend(text.as_bytes());
        self.stream.write_all(&frame).await.expect("somebody listens");
    }
}
