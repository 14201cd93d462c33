//! A name server that knows canonical names alone and forgets nothing: it asks its zone at every question.

use std::{net::SocketAddr, pin::Pin};

use tokio::{net::UdpSocket, task::JoinSet};

const CNAME: u16 = 5;
const NO_SUCH_NAME: u8 = 3;

/// Where a name leads in the zone at this moment.
pub type Zone =
    Box<dyn Fn(String) -> Pin<Box<dyn Future<Output = Option<String>> + Send>> + Send + Sync>;

/// A name server on 127.0.0.1; dropping it ends it.
#[derive(Debug)]
pub struct FakeNameServer {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl FakeNameServer {
    /// Starts the server of `zone`.
    pub async fn start(zone: Zone) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let address = socket.local_addr().expect("a bound socket has an address");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let mut packet = [0; 512];
                let (count, from) = socket.recv_from(&mut packet).await.expect("a question");
                let Some(question) = Question::read(&packet[..count]) else { continue };
                let leads_to = zone(question.name.clone()).await;
                let answer = question.answered(leads_to.as_deref());
                socket.send_to(&answer, from).await.expect("the answer is sent");
            }
        });
        Self { address, _tasks: tasks }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

/// The first question of a message, and the bytes that an answer repeats.
struct Question {
    id: [u8; 2],
    bytes: Vec<u8>,
    name: String,
    kind: u16,
}

impl Question {
    fn read(packet: &[u8]) -> Option<Self> {
        let (header, rest) = packet.split_at_checked(12)?;
        let mut labels = Vec::new();
        let mut end = 0;
        loop {
            let length = usize::from(*rest.get(end)?);
            let label = rest.get(end + 1..=end + length)?;
            end += 1 + length;
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(label).to_lowercase());
        }
        let kind = u16::from_be_bytes([*rest.get(end)?, *rest.get(end + 1)?]);
        let bytes = rest.get(..end + 4)?.to_vec();
        Some(Self { id: [header[0], header[1]], bytes, name: labels.join("."), kind })
    }

    fn answered(&self, leads_to: Option<&str>) -> Vec<u8> {
        let leads_to = leads_to.filter(|_| self.kind == CNAME);
        let code = if leads_to.is_some() { 0 } else { NO_SUCH_NAME };
        let mut message = self.id.to_vec();
        // An answer with authority; one question, and as many answers as there are.
        message.extend([0x84, code, 0, 1, 0, u8::from(leads_to.is_some()), 0, 0, 0, 0]);
        message.extend(&self.bytes);
        if let Some(name) = leads_to {
            let mut data = Vec::new();
            for label in name.trim_end_matches('.').split('.') {
                data.push(u8::try_from(label.len()).expect("a label is short"));
                data.extend(label.as_bytes());
            }
            data.push(0);
            // The name of the question, its kind and class, a minute to live.
            message.extend([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60]);
            message.extend(u16::try_from(data.len()).expect("a name is short").to_be_bytes());
            message.extend(data);
        }
        message
    }
}
