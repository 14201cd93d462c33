//! `POST /webhooks/pagerduty`: 202 once the event is durable, 401 for a wrong signature, 503 when it could not be
//! kept. Any other 4xx would make PagerDuty drop the event, and after three disable the subscription.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use domain::digest::Digest;
use pagerduty::{EventType, Webhook, WebhookSecrets};

use super::Failure;
use crate::{
    engine::{Engine, Intake, Received},
    metrics::Metrics,
};

/// What the handler uses.
#[derive(Clone)]
pub struct PagerdutyRoutes {
    /// Takes the events in.
    pub engine: Engine,
    /// Verify the signature.
    pub secrets: Arc<WebhookSecrets>,
    /// Counts what came.
    pub metrics: Arc<Metrics>,
}

pub(super) fn router(routes: PagerdutyRoutes) -> Router {
    Router::new().route("/webhooks/pagerduty", post(webhook)).with_state(routes)
}

async fn webhook(
    State(routes): State<PagerdutyRoutes>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let signature = headers
        .get("x-pagerduty-signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if let Err(error) = routes.secrets.verify(signature, &body) {
        routes.metrics.webhook("refused");
        tracing::warn!(
            "a webhook was refused: {error}. If PagerDuty sent it, the secret in `pagerduty.webhook_secrets` is not its own"
        );
        return Ok((StatusCode::UNAUTHORIZED, "The signature does not match.\n").into_response());
    }
    let text = String::from_utf8_lossy(&body);
    let webhook = pagerduty::parse(&body).unwrap_or_else(|error| {
        // Authentic, but not understood: kept whole and counted, since a refusal would cost the subscription.
        tracing::warn!("an authentic webhook could not be read and is only kept: {error}");
        unread(&body)
    });
    let received = routes.engine.receive(Intake { webhook: &webhook, body: &text }).await?;
    match &received {
        Received::Repeated => routes.metrics.webhook("repeated"),
        Received::Kept => routes.metrics.webhook("kept"),
        Received::Incident(id) => {
            routes.metrics.webhook("accepted");
            tracing::info!(incident.id = %id, "PagerDuty says {} of {id}", webhook.event_type.as_str());
        }
    }
    Ok((StatusCode::ACCEPTED, "Kept.\n").into_response())
}

fn unread(body: &[u8]) -> Webhook {
    let event_id = Digest::of(body).to_string();
    Webhook {
        event_id,
        event_type: EventType::Other("unreadable".to_owned()),
        occurred_at: None,
        incident: None,
    }
}
