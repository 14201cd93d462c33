//! `/healthz` (alive), `/readyz` (database and workers, with the reason when not; what is wrong with a chat is a warning),
//! `/metrics` (Prometheus).

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use domain::port::Clock;
use store::Store;

use super::Failure;
use crate::{
    metrics::Metrics,
    socket::Lines,
    worker::{
        Pulse,
        chat::{Kind, Line, Trouble},
    },
};

/// A worker that has not looked into the store for so long does not turn.
const STALE_MS: i64 = 30_000;

/// What the handlers use.
#[derive(Clone)]
pub struct HealthRoutes {
    /// Asked whether it answers.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The workers of this process and when they last turned.
    pub pulses: Arc<[Arc<Pulse>]>,
    /// The connections to Slack, where they are kept in this process.
    pub lines: Option<Arc<Lines>>,
    /// The chats that this process talks to.
    pub chats: Arc<[Arc<Line>]>,
    /// The counters.
    pub metrics: Arc<Metrics>,
}

pub(super) fn router(routes: HealthRoutes, with_metrics: bool) -> Router {
    let router =
        Router::new().route("/healthz", get(async || "alive\n")).route("/readyz", get(ready));
    let router = if with_metrics { router.route("/metrics", get(metrics)) } else { router };
    router.with_state(routes)
}

async fn ready(State(routes): State<HealthRoutes>) -> Response {
    let mut lines = problems(&routes).await;
    let status = if lines.is_empty() {
        lines.push("ready".to_owned());
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    lines.extend(warnings(&routes).await);
    (status, format!("{}\n", lines.join("\n"))).into_response()
}

async fn problems(routes: &HealthRoutes) -> Vec<String> {
    if let Err(error) = routes.store.ping().await {
        return vec![format!("the database does not answer: {error}")];
    }
    let now = routes.clock.now();
    let stale = |pulse: &Arc<Pulse>| match pulse.age_ms(now) {
        None => Some(format!("the {} worker has not started", pulse.name)),
        Some(age) if age > STALE_MS && !pulse.may_take_long => {
            Some(format!("the {} worker has not turned for {} s", pulse.name, age / 1000))
        }
        Some(_) => None,
    };
    let unheard = routes.lines.iter().filter_map(|lines| lines.problem(now));
    routes.pulses.iter().filter_map(stale).chain(unheard).collect()
}

/// What is wrong with the chats. They keep nobody out: alerts, commands and the page work without them, and a process that
/// nobody sends requests to could take neither the alerts nor the clicks.
async fn warnings(routes: &HealthRoutes) -> Vec<String> {
    let now = routes.clock.now();
    let line = |line: &Arc<Line>| {
        let Trouble { kind, problem, since, .. } = line.trouble()?;
        let minutes = (now - since).num_minutes();
        let what = match kind {
            Kind::Outage => "is out of order",
            Kind::Refusal => "refuses everything",
        };
        let chat = line.chat().as_str();
        Some(format!(
            "warning: {chat} {what} for {minutes} min, what is to be said waits: {problem}"
        ))
    };
    let mut said: Vec<String> = routes.chats.iter().filter_map(line).collect();
    if said.is_empty()
        && let Ok(counts) = routes.store.counts(now).await
    {
        let refused = counts.refused.iter();
        said.extend(refused.map(|(problem, many)| format!("warning: {many} wait: {problem}")));
    }
    said
}

async fn metrics(State(routes): State<HealthRoutes>) -> Result<Response, Failure> {
    let now = routes.clock.now();
    let counts = routes.store.counts(now).await?;
    let is_down = |line: &Arc<Line>| {
        let down = line.trouble().map(|trouble| trouble.kind);
        (line.chat().as_str().to_owned(), down)
    };
    let chats = routes.chats.iter().map(is_down).collect();
    let text = routes.metrics.text(&counts, &chats, now)?;
    Ok((
        [(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")],
        text,
    )
        .into_response())
}
