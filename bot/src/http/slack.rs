//! `POST /slack/interactions`: verified from the raw bytes, decided in one transaction, acknowledged within Slack's
//! three seconds. What the person is told comes by the outbox, after the commit.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use domain::{card::Button, words::Words};
use slack::{Interaction, SignedHeaders, Slack};

use super::Failure;
use crate::{
    engine::{Decide, Engine, Wish},
    metrics::Metrics,
};

/// Slack wants its answer within three seconds, and a trigger lives no longer.
const MODAL: Duration = Duration::from_millis(2500);

/// What the handler uses.
#[derive(Clone)]
pub struct SlackRoutes {
    /// Takes decisions.
    pub engine: Engine,
    /// Verifies and reads what Slack sends, and opens modals.
    pub slack: Arc<Slack>,
    /// Counts what came.
    pub metrics: Arc<Metrics>,
}

pub(super) fn router(routes: SlackRoutes) -> Router {
    Router::new().route("/slack/interactions", post(interactions)).with_state(routes)
}

async fn interactions(
    State(routes): State<SlackRoutes>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = SignedHeaders {
        timestamp: header("x-slack-request-timestamp"),
        signature: header("x-slack-signature"),
    };
    let signed = match routes.slack.verify(signed, &body, routes.engine.clock.now()) {
        Ok(signed) => signed,
        Err(error) => {
            routes.metrics.click("refused");
            tracing::warn!("a click from Slack was refused: {error}");
            return Ok(StatusCode::UNAUTHORIZED.into_response());
        }
    };
    match routes.slack.parse(&signed)? {
        Interaction::Click {
            button: button @ (Button::Reject | Button::GiveUp),
            proposal,
            plan,
            trigger_id,
            ..
        } => {
            let people = routes.engine.policies.people();
            let words = if button == Button::Reject {
                Words::plain("You are about to reject plan ").code(plan.short()).text(".")
            } else {
                Words::plain("You are about to end the stuck rollback of plan ")
                    .code(plan.short())
                    .text(". Everything stays as it stands now.")
            };
            let opening =
                routes.slack.open_reject_modal(&trigger_id, &proposal, &plan, &words, people);
            match tokio::time::timeout(MODAL, opening).await {
                Ok(Ok(())) => routes.metrics.click("modal"),
                // The person sees that nothing opens, and presses again.
                Ok(Err(error)) => {
                    tracing::warn!("the dialog for a rejection did not open: {error}");
                }
                Err(_) => tracing::warn!("the dialog for a rejection did not open in time"),
            }
        }
        Interaction::Click { button: Button::LiftHold, proposal, plan, trigger_id, .. } => {
            let people = routes.engine.policies.people();
            let words = Words::plain("After this, what the rollback of plan ")
                .code(plan.short())
                .text(" went back from may come again, and CI is let through.");
            let opening =
                routes.slack.open_lift_modal(&trigger_id, &proposal, &plan, &words, people);
            match tokio::time::timeout(MODAL, opening).await {
                Ok(Ok(())) => routes.metrics.click("modal"),
                // The person sees that nothing opens, and presses again.
                Ok(Err(error)) => tracing::warn!("the dialog of a hold did not open: {error}"),
                Err(_) => tracing::warn!("the dialog of a hold did not open in time"),
            }
        }
        Interaction::Lifted { identity, proposal, plan, reason } => {
            let wish = Wish::LiftHold { reason };
            routes.engine.decide(&Decide { identity, proposal, plan, wish }).await?;
            routes.metrics.click("decided");
        }
        Interaction::Click { identity, button, proposal, plan, .. } => {
            let wish = if button == Button::Approve {
                Wish::Approve { reason: None }
            } else {
                Wish::Escalate
            };
            routes.engine.decide(&Decide { identity, proposal, plan, wish }).await?;
            routes.metrics.click("decided");
        }
        Interaction::Submitted { identity, proposal, plan, reason } => {
            routes
                .engine
                .decide(&Decide { identity, proposal, plan, wish: Wish::Reject { reason } })
                .await?;
            routes.metrics.click("decided");
        }
        Interaction::Other(kind) => {
            routes.metrics.click("other");
            tracing::debug!("an interaction of kind {kind} changes nothing");
        }
    }
    Ok(StatusCode::OK.into_response())
}
