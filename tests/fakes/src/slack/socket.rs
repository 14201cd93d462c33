//! Socket Mode: the bot opens connections with the app's token, takes envelopes and acknowledges them.
//!
//! An event that nobody acknowledged before its connection closed goes out on another, as often as it takes; a click
//! or a command is lost then, as with Slack, and the person presses again.

mod link;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::{APP, FakeSlack, signing, state::State};
use crate::SignedRequest;

pub(super) use link::link;

/// How long a test waits for what the bot should do at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the bot answered to an envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct Acknowledged {
    /// The envelope's id.
    pub envelope_id: String,
    /// What it said, where it said something.
    pub payload: Option<Value>,
    /// The number of the connection that it came by, counted from 1.
    pub connection: u32,
}

/// Everything about the app's connections.
#[derive(Debug)]
pub(super) struct Socket {
    tickets: BTreeSet<String>,
    connections: Vec<Connection>,
    opened: u32,
    count: watch::Sender<usize>,
    envelopes: BTreeMap<String, Envelope>,
    /// What waits for a connection, oldest first.
    waiting: VecDeque<String>,
}

#[derive(Debug)]
struct Connection {
    number: u32,
    frames: mpsc::UnboundedSender<Frame>,
    /// Whether it was told to go: nothing new goes out on it.
    is_leaving: bool,
}

#[derive(Debug)]
enum Frame {
    Text(String),
    Ping,
    HangUp,
}

#[derive(Debug)]
struct Envelope {
    body: Value,
    connection: Option<u32>,
    acknowledged: Option<Acknowledged>,
    waiter: Option<oneshot::Sender<Acknowledged>>,
}

impl Default for Socket {
    fn default() -> Self {
        Self {
            tickets: BTreeSet::new(),
            connections: Vec::new(),
            opened: 0,
            count: watch::Sender::new(0),
            envelopes: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }
}

impl FakeSlack {
    /// Sends by Socket Mode what would have come to an endpoint, and waits for the acknowledgement. `None`: there was
    /// none in ten seconds, or the connection closed before.
    pub async fn deliver(&self, request: &SignedRequest) -> Option<Acknowledged> {
        let (sender, receiver) = oneshot::channel();
        let envelope = self.envelope(request);
        self.lock().send_envelope(envelope, Some(sender));
        tokio::time::timeout(PATIENCE, receiver).await.ok()?.ok()
    }

    /// Sends an envelope by Socket Mode and does not wait; gives its id.
    pub fn push(&self, envelope: Value) -> String {
        self.lock().send_envelope(envelope, None)
    }

    /// The envelope that carries what would have come to an endpoint.
    pub fn envelope(&self, request: &SignedRequest) -> Value {
        let (kind, payload) = content(request);
        let number = self.lock().next_number();
        // Slack takes an answer only where it shows one.
        let takes_answer = kind == "slash_commands"
            || matches!(payload["type"].as_str(), Some("view_submission" | "block_suggestion"));
        let mut envelope = json!({
            "envelope_id": format!("00000000-0000-4000-8000-{number:012}"), "type": kind,
            "accepts_response_payload": takes_answer, "payload": payload,
        });
        if kind == "events_api" {
            envelope["retry_attempt"] = json!(0);
            envelope["retry_reason"] = json!("");
        }
        envelope
    }

    /// What the bot answered to an envelope, if it has.
    pub fn acknowledged(&self, envelope_id: &str) -> Option<Acknowledged> {
        self.lock().socket.envelopes.get(envelope_id)?.acknowledged.clone()
    }

    /// How many connections stand.
    pub fn connections(&self) -> usize {
        self.lock().socket.connections.len()
    }

    /// Waits until so many connections stand, no more and no less; `false` if that is not so in ten seconds.
    pub async fn connected(&self, connections: usize) -> bool {
        let mut count = self.lock().socket.count.subscribe();
        let reached = count.wait_for(|count| *count == connections);
        tokio::time::timeout(PATIENCE, reached).await.is_ok_and(|reached| reached.is_ok())
    }

    /// Slack tells that a connection will not last: `warning`, `refresh_requested` (the oldest that was not told yet,
    /// which stands until one of both sides hangs up), or `link_disabled` (all of them, and they close).
    pub fn disconnect(&self, reason: &str) {
        let mut state = self.lock();
        let is_off = reason == "link_disabled";
        let told = json!({
            "type": "disconnect", "reason": reason,
            "debug_info": {"host": "applink-fake"},
        });
        let staying = state.socket.connections.iter_mut().filter(|known| !known.is_leaving);
        for connection in staying.take(if is_off { usize::MAX } else { 1 }) {
            connection.is_leaving = reason != "warning";
            connection.send(Frame::Text(told.to_string()));
            if is_off {
                connection.send(Frame::HangUp);
            }
        }
    }

    /// The oldest connection breaks.
    pub fn hang_up(&self) {
        if let Some(connection) = self.lock().socket.connections.first() {
            connection.send(Frame::HangUp);
        }
    }

    /// Every connection breaks.
    pub fn hang_up_all(&self) {
        for connection in &self.lock().socket.connections {
            connection.send(Frame::HangUp);
        }
    }

    /// Slack asks every connection whether it is alive.
    pub fn ping(&self) {
        for connection in &self.lock().socket.connections {
            connection.send(Frame::Ping);
        }
    }

    /// Any text on the oldest connection.
    pub fn push_text(&self, text: &str) {
        if let Some(connection) = self.lock().socket.connections.first() {
            connection.send(Frame::Text(text.to_owned()));
        }
    }

    /// Events that nobody acknowledged go out again, as after Slack's time for that.
    pub fn redeliver(&self) {
        self.lock().redeliver(|_| true);
    }
}

impl Connection {
    fn send(&self, frame: Frame) {
        // Where nobody is left to hear, the connection is about to be taken off the list.
        let _gone = self.frames.send(frame);
    }
}

/// The kind of an envelope, and its payload.
fn content(request: &SignedRequest) -> (&'static str, Value) {
    if request.header("content-type").starts_with("application/json") {
        let payload = serde_json::from_slice(&request.body).expect("an event is JSON");
        return ("events_api", payload);
    }
    let form = signing::form(&request.body).expect("what people do comes as a form");
    match form["payload"].as_str() {
        Some(payload) => ("interactive", serde_json::from_str(payload).expect("a payload is JSON")),
        None => ("slash_commands", form),
    }
}

/// `apps.connections.open`.
pub(super) fn open(state: &mut State) -> Value {
    let ticket = format!("ticket-{}", state.next_number());
    let host = state.base_url.trim_start_matches("http://").to_owned();
    state.socket.tickets.insert(ticket.clone());
    json!({"url": format!("ws://{host}/link?ticket={ticket}&app_id={APP}")})
}

impl State {
    fn send_envelope(
        &mut self,
        body: Value,
        waiter: Option<oneshot::Sender<Acknowledged>>,
    ) -> String {
        let id = body["envelope_id"].as_str().unwrap_or_default().to_owned();
        let envelope = Envelope { body, connection: None, acknowledged: None, waiter };
        self.socket.envelopes.insert(id.clone(), envelope);
        self.socket.waiting.push_back(id.clone());
        self.socket.flush();
        id
    }

    /// A connection stands: it is greeted, and gets what has waited.
    fn connect(&mut self, frames: mpsc::UnboundedSender<Frame>) -> u32 {
        let socket = &mut self.socket;
        socket.opened += 1;
        let number = socket.opened;
        let connection = Connection { number, frames, is_leaving: false };
        connection.send(Frame::Text(
            json!({
                "type": "hello", "num_connections": socket.connections.len() + 1,
                "debug_info": {
                    "host": "applink-fake", "build_number": 1,
                    "approximate_connection_time": 18060,
                },
                "connection_info": {"app_id": APP},
            })
            .to_string(),
        ));
        socket.connections.push(connection);
        socket.count.send_replace(socket.connections.len());
        socket.flush();
        number
    }

    /// A connection is gone: its events go out on another, and nobody waits for the rest.
    fn disconnected(&mut self, number: u32) {
        self.socket.connections.retain(|connection| connection.number != number);
        self.socket.count.send_replace(self.socket.connections.len());
        self.redeliver(|connection| connection == number);
        for envelope in self.socket.envelopes.values_mut() {
            if envelope.connection == Some(number) && envelope.body["type"] != "events_api" {
                envelope.waiter = None;
            }
        }
    }

    fn redeliver(&mut self, from: impl Fn(u32) -> bool) {
        let socket = &mut self.socket;
        for (id, envelope) in &mut socket.envelopes {
            let was_sent = envelope.connection.is_some_and(&from);
            let is_open = was_sent && envelope.acknowledged.is_none();
            if is_open && envelope.body["type"] == "events_api" {
                let attempt = envelope.body["retry_attempt"].as_u64().unwrap_or_default() + 1;
                envelope.body["retry_attempt"] = json!(attempt);
                envelope.body["retry_reason"] = json!("timeout");
                envelope.connection = None;
                socket.waiting.push_back(id.clone());
            }
        }
        socket.flush();
    }

    /// A connection said something: the acknowledgement of an envelope, or nothing that counts.
    fn heard(&mut self, number: u32, said: &Value) {
        let id = said["envelope_id"].as_str().unwrap_or_default();
        let Some(envelope) = self.socket.envelopes.get_mut(id) else { return };
        if envelope.acknowledged.is_some() {
            return;
        }
        let payload = Some(said["payload"].clone()).filter(|payload| !payload.is_null());
        let acknowledged = Acknowledged { envelope_id: id.to_owned(), payload, connection: number };
        envelope.acknowledged = Some(acknowledged.clone());
        if let Some(waiter) = envelope.waiter.take() {
            // A test that has stopped waiting can still look at what was acknowledged.
            let _gone = waiter.send(acknowledged);
        }
    }
}

impl Socket {
    /// What waits goes out by turns on the connections that stay.
    fn flush(&mut self) {
        let staying: Vec<usize> =
            (0..self.connections.len()).filter(|at| !self.connections[*at].is_leaving).collect();
        if staying.is_empty() {
            return;
        }
        while let Some(id) = self.waiting.pop_front() {
            let turn = self.envelopes.values().filter(|known| known.connection.is_some()).count();
            let connection = &self.connections[staying[turn % staying.len()]];
            let envelope = self.envelopes.get_mut(&id).expect("what waits is known");
            envelope.connection = Some(connection.number);
            connection.send(Frame::Text(envelope.body.to_string()));
        }
    }
}
