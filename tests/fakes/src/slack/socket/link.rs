//! One WebSocket of Socket Mode.

use std::sync::{Arc, Mutex};

use axum::{
    extract::{
        Query, State as Shared, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Frame, State};
use crate::slack::lock;

/// Where `apps.connections.open` leads: a ticket opens one connection.
pub(in crate::slack) async fn link(
    Shared(shared): Shared<Arc<Mutex<State>>>,
    Query(query): Query<Value>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let ticket = query["ticket"].as_str().unwrap_or_default().to_owned();
    let (is_down, is_good) = {
        let mut state = lock(&shared);
        (state.faults.is_down, state.socket.tickets.remove(&ticket))
    };
    if is_down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !is_good {
        return StatusCode::FORBIDDEN.into_response();
    }
    upgrade.on_upgrade(move |socket| serve(shared, socket))
}

async fn serve(shared: Arc<Mutex<State>>, mut socket: WebSocket) {
    let (sender, mut frames) = mpsc::unbounded_channel();
    let number = lock(&shared).connect(sender);
    loop {
        let frame = tokio::select! {
            frame = frames.recv() => frame,
            said = socket.recv() => match said {
                Some(Ok(Message::Text(text))) => {
                    let said = serde_json::from_str(&text).unwrap_or_default();
                    lock(&shared).heard(number, &said);
                    continue;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => continue,
            },
        };
        let sent = match frame {
            Some(Frame::Text(text)) => socket.send(Message::Text(text.into())).await,
            Some(Frame::Ping) => socket.send(Message::Ping("fake".into())).await,
            Some(Frame::HangUp) | None => break,
        };
        if sent.is_err() {
            break;
        }
    }
    lock(&shared).disconnected(number);
}
