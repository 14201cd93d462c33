//! A PagerDuty of our own: real HTTP on 127.0.0.1, its rules and error texts, and faults on demand.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use pagerduty::PagerDutyApi;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

pub(crate) const TOKEN: &str = "u+TestToken";

/// What the next call meets instead of an answer.
pub(crate) enum Fault {
    Answer(Box<Response>),
    Hang,
}

#[derive(Default)]
struct Account {
    incidents: Vec<Value>,
    alerts: HashMap<String, Vec<Value>>,
    fault: Option<Fault>,
    calls: Vec<String>,
    senders: Vec<Option<String>>,
}

/// The running fake.
pub(crate) struct FakePagerDuty {
    address: SocketAddr,
    account: Arc<Mutex<Account>>,
    _serving: JoinSet<()>,
}

impl FakePagerDuty {
    pub(crate) async fn start() -> Self {
        let account = Arc::new(Mutex::new(Account::default()));
        let router = Router::new()
            .route("/pd/incidents", get(incidents))
            .route("/pd/incidents/{id}/alerts", get(alerts))
            .with_state(Arc::clone(&account));
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("a bound address");
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(socket, router).await.expect("it serves") });
        Self { address, account, _serving: serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/pd", self.address)
    }

    pub(crate) fn client(&self) -> PagerDutyApi {
        self.client_with_token(TOKEN)
    }

    pub(crate) fn client_with_token(&self, token: &str) -> PagerDutyApi {
        install_provider();
        PagerDutyApi::new(&self.url(), &SecretString::from(token), Some("bot@example.com"))
            .expect("valid settings")
    }

    pub(crate) fn add_incident(&self, incident: Value) {
        self.account().incidents.push(incident);
    }

    pub(crate) fn add_alert(&self, incident_id: &str, alert: Value) {
        self.account().alerts.entry(incident_id.to_owned()).or_default().push(alert);
    }

    /// The next call is answered like this.
    pub(crate) fn fail_next(&self, answer: impl IntoResponse) {
        self.account().fault = Some(Fault::Answer(Box::new(answer.into_response())));
    }

    /// The next call is never answered.
    pub(crate) fn hang_next(&self) {
        self.account().fault = Some(Fault::Hang);
    }

    /// The decoded queries of all calls so far.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.account().calls.clone()
    }

    /// The `From` header of all calls so far.
    pub(crate) fn senders(&self) -> Vec<Option<String>> {
        self.account().senders.clone()
    }

    fn account(&self) -> std::sync::MutexGuard<'_, Account> {
        self.account.lock().expect("no panic before")
    }
}

/// The HTTP client asks for a provider even where it only speaks plain HTTP.
pub(crate) fn install_provider() {
    // An error means that another test of this process was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

type Shared = State<Arc<Mutex<Account>>>;

async fn incidents(State(account): Shared, headers: HeaderMap, query: RawQuery) -> Response {
    let query = pairs(query);
    if let Some(refusal) = enter(&account, &headers, "incidents", &query).await {
        return refusal;
    }
    let wants = |name: &str, value: &str| query.iter().any(|(n, v)| n == name && v == value);
    let filters = |name: &str| query.iter().any(|(n, _)| n == name);
    let all = account.lock().expect("no panic before").incidents.clone();
    let chosen = all.into_iter().filter(|incident| {
        let status = incident["status"].as_str().unwrap_or_default();
        let service = incident["service"]["id"].as_str().unwrap_or_default();
        (!filters("statuses[]") || wants("statuses[]", status))
            && (!filters("service_ids[]") || wants("service_ids[]", service))
            && (wants("date_range", "all") || incident["older_than_a_month"] != true)
    });
    page("incidents", chosen.collect(), &query)
}

async fn alerts(
    State(account): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: RawQuery,
) -> Response {
    let query = pairs(query);
    if let Some(refusal) = enter(&account, &headers, "alerts", &query).await {
        return refusal;
    }
    let alerts = account.lock().expect("no panic before").alerts.get(&id).cloned();
    alerts.map_or_else(
        || error(StatusCode::NOT_FOUND, 2100, "Not Found"),
        |alerts| page("alerts", alerts, &query),
    )
}

/// Notes the call, then lets it in or answers in place of the route.
async fn enter(
    account: &Mutex<Account>,
    headers: &HeaderMap,
    route: &str,
    query: &[(String, String)],
) -> Option<Response> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let fault = {
        let mut account = account.lock().expect("no panic before");
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        account.calls.push(format!("{route}?{}", query.join("&")));
        account.senders.push(header("from").map(str::to_owned));
        account.fault.take()
    };
    match fault {
        Some(Fault::Answer(answer)) => return Some(*answer),
        Some(Fault::Hang) => std::future::pending().await,
        None => {}
    }
    if header("authorization") != Some(&format!("Token token={TOKEN}")) {
        return Some(error(StatusCode::UNAUTHORIZED, 2006, "Unauthorized"));
    }
    let accept = header("accept").unwrap_or_default();
    if !accept.contains("application/vnd.pagerduty+json;version=2") {
        return Some(error(StatusCode::NOT_ACCEPTABLE, 2001, "Unknown version"));
    }
    None
}

fn page(name: &str, all: Vec<Value>, query: &[(String, String)]) -> Response {
    let number = |name: &str, default: usize| {
        query
            .iter()
            .find(|(n, _)| n == name)
            .map_or(default, |(_, value)| value.parse().expect("a number"))
    };
    let (limit, offset) = (number("limit", 25).min(100), number("offset", 0));
    let more = offset + limit < all.len();
    let rows: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
    Json(json!({name: rows, "limit": limit, "offset": offset, "more": more, "total": null}))
        .into_response()
}

fn error(status: StatusCode, code: u32, message: &str) -> Response {
    (status, Json(json!({"error": {"message": message, "code": code}}))).into_response()
}

fn pairs(RawQuery(query): RawQuery) -> Vec<(String, String)> {
    let url = format!("http://fake/?{}", query.unwrap_or_default());
    let url = reqwest::Url::parse(&url).expect("a query that came over HTTP");
    url.query_pairs().into_owned().collect()
}
