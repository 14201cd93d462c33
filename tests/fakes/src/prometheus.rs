//! A Prometheus that answers instant queries by its own rules: values are texts, an unknown series is an empty vector,
//! and a query that cannot be parsed is refused with its error in JSON.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use crate::server::Server;

#[derive(Debug, Default)]
struct Series {
    values: HashMap<String, Vec<String>>,
    asked: Vec<String>,
}

/// A Prometheus on 127.0.0.1.
#[derive(Debug)]
pub struct FakePrometheus {
    series: Arc<Mutex<Series>>,
    server: Server,
}

impl FakePrometheus {
    /// Starts one without data.
    pub async fn start() -> Self {
        let series = Arc::new(Mutex::new(Series::default()));
        let router =
            Router::new().route("/api/v1/query", get(query)).with_state(Arc::clone(&series));
        Self { series, server: Server::start(router).await }
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The values that a query finds from now on, one for each series.
    pub fn set(&self, query: &str, values: &[&str]) {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        lock(&self.series).values.insert(query.to_owned(), values);
    }

    /// The queries so far.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.series).asked.clone()
    }
}

async fn query(
    State(series): State<Arc<Mutex<Series>>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    let mut series = lock(&series);
    let query = asked.get("query").cloned().unwrap_or_default();
    series.asked.push(query.clone());
    if query.matches('(').count() != query.matches(')').count() {
        let error = json!({"status": "error", "errorType": "bad_data", "error": "1:1: parse error: unclosed left parenthesis"});
        return answer(StatusCode::BAD_REQUEST, &error);
    }
    let values = series.values.get(&query).cloned().unwrap_or_default();
    let result: Vec<Value> = values
        .iter()
        .map(|value| json!({"metric": {}, "value": [1_700_000_000.0, value]}))
        .collect();
    let data = json!({"resultType": "vector", "result": result});
    answer(StatusCode::OK, &json!({"status": "success", "data": data}))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn lock(series: &Mutex<Series>) -> MutexGuard<'_, Series> {
    series.lock().unwrap_or_else(PoisonError::into_inner)
}
