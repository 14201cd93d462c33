//! Slack's three endpoints: verified from the raw bytes, then taken in. Slack waits three seconds for each answer.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use slack::{Door, SignedHeaders};

use super::Failure;
use crate::reception::{Ack, Reception};

pub(super) fn router(reception: Reception) -> Router {
    Router::new()
        .route("/slack/interactions", post(interactions))
        .route("/slack/commands", post(commands))
        .route("/slack/events", post(events))
        .with_state(reception)
}

async fn interactions(
    State(reception): State<Reception>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    take(&reception, Door::Interactions, &headers, &body).await
}

async fn commands(
    State(reception): State<Reception>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    take(&reception, Door::Commands, &headers, &body).await
}

async fn events(
    State(reception): State<Reception>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    take(&reception, Door::Events, &headers, &body).await
}

async fn take(
    reception: &Reception,
    door: Door,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Failure> {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = SignedHeaders {
        timestamp: header("x-slack-request-timestamp"),
        signature: header("x-slack-signature"),
    };
    let signed = match reception.slack.verify(signed, body, reception.engine.clock.now()) {
        Ok(signed) => signed,
        Err(error) => {
            reception.metrics.click("refused");
            tracing::warn!("a request from Slack was refused: {error}");
            return Ok(StatusCode::UNAUTHORIZED.into_response());
        }
    };
    Ok(match reception.take(reception.slack.parse(door, &signed)?).await? {
        Ack::Taken => StatusCode::OK.into_response(),
        Ack::Saying(answer) => Json(answer).into_response(),
    })
}
