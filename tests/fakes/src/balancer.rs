//! A load balancer with one pool: `GET /pool` says which colour is active, `PUT /pool` changes it. Callers need its
//! token, and what it answers is the state after the call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};

use crate::{
    faults::{Fault, Faults},
    server::{Server, bare, hang, lost},
};

#[derive(Debug)]
struct Pool {
    token: String,
    active: String,
    faults: Faults,
    calls: Vec<String>,
}

/// A load balancer on 127.0.0.1.
#[derive(Debug)]
pub struct FakeBalancer {
    pool: Arc<Mutex<Pool>>,
    server: Server,
}

impl FakeBalancer {
    /// Starts one whose green side is active and which listens to callers with this token.
    pub async fn start(token: &str) -> Self {
        let pool = Pool {
            token: token.to_owned(),
            active: "green".to_owned(),
            faults: Faults::default(),
            calls: Vec::new(),
        };
        let pool = Arc::new(Mutex::new(pool));
        let router = Router::new().route("/pool", any(call)).with_state(Arc::clone(&pool));
        Self { pool, server: Server::start(router).await }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The colour that gets the traffic.
    pub fn active(&self) -> String {
        lock(&self.pool).active.clone()
    }

    /// The methods of all calls that got through.
    pub fn calls(&self) -> Vec<String> {
        lock(&self.pool).calls.clone()
    }

    /// The next call of a method is carried out, and its answer is lost.
    pub fn lose_reply_of_next(&self, method: &str) {
        lock(&self.pool).faults.add(method, Fault::LoseReply);
    }

    /// The next call of a method is answered with this status, and nothing is done.
    pub fn fail_next_with_status(&self, method: &str, status: u16) {
        lock(&self.pool).faults.add(method, Fault::Status(status));
    }

    /// The next call of a method is never answered, and nothing is done.
    pub fn hang_next(&self, method: &str) {
        lock(&self.pool).faults.add(method, Fault::Hang);
    }
}

async fn call(
    State(pool): State<Arc<Mutex<Pool>>>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fault = {
        let mut pool = lock(&pool);
        pool.calls.push(method.to_string());
        pool.faults.take(method.as_str())
    };
    match fault {
        Some(Fault::Hang) => return hang().await,
        Some(Fault::Status(status)) => return bare(status),
        _ => {}
    }
    let answer = act(&mut lock(&pool), &method, &headers, &body);
    if fault == Some(Fault::LoseReply) { lost() } else { answer }
}

fn act(pool: &mut Pool, method: &Method, headers: &HeaderMap, body: &[u8]) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|token| token.to_str().ok());
    if token != Some(pool.token.as_str()) {
        return (StatusCode::UNAUTHORIZED, r#"{"error": "unauthorized"}"#).into_response();
    }
    if *method == Method::PUT {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        match body["active"].as_str() {
            Some(colour @ ("blue" | "green")) => colour.clone_into(&mut pool.active),
            _ => return (StatusCode::UNPROCESSABLE_ENTITY, "no such colour").into_response(),
        }
    }
    let answer = json!({"active": pool.active, "members": 3});
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

fn lock(pool: &Mutex<Pool>) -> MutexGuard<'_, Pool> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}
