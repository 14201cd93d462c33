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
use domain::{card::Button, digest::Digest, id::ProposalId, person::Identity, words::Words};
use slack::{AskWhy, Interaction, SignedHeaders, Slack};

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
        Interaction::Click { button, proposal, plan, stop, trigger_id, .. }
            if button.asks_why() =>
        {
            let people = routes.engine.policies.people();
            let ask = AskWhy { button, proposal: &proposal, plan: &plan, stop };
            let words = about_to(button, &plan);
            let opening = routes.slack.open_reason_modal(&trigger_id, ask, &words, people);
            match tokio::time::timeout(MODAL, opening).await {
                Ok(Ok(())) => routes.metrics.click("modal"),
                // The person sees that nothing opens, and presses again.
                Ok(Err(error)) => {
                    tracing::warn!("the dialog for a reason did not open: {error}");
                }
                Err(_) => tracing::warn!("the dialog for a reason did not open in time"),
            }
        }
        Interaction::Click { identity, button, proposal, plan, stop, .. } => {
            let wish = Wish::of(button, stop, String::new());
            take(&routes, identity, (proposal, plan), wish).await?;
        }
        Interaction::Submitted { identity, button, proposal, plan, stop, reason } => {
            let wish = Wish::of(button, stop, reason);
            take(&routes, identity, (proposal, plan), wish).await?;
        }
        Interaction::Other(kind) => {
            routes.metrics.click("other");
            tracing::debug!("an interaction of kind {kind} changes nothing");
        }
    }
    Ok(StatusCode::OK.into_response())
}

async fn take(
    routes: &SlackRoutes,
    identity: Identity,
    (proposal, plan): (ProposalId, Digest),
    wish: Option<Wish>,
) -> Result<(), Failure> {
    let Some(wish) = wish else {
        routes.metrics.click("other");
        tracing::warn!("a click on {proposal} does not say which stop of its run it answers");
        return Ok(());
    };
    routes.engine.decide(&Decide { identity, proposal, plan, wish }).await?;
    routes.metrics.click("decided");
    Ok(())
}

/// What a button with a reason is about to do.
fn about_to(button: Button, plan: &Digest) -> Words {
    let (begin, end) = match button {
        Button::GiveUp => (
            "You are about to end the stuck rollback of plan ",
            ". Everything stays as it stands now.",
        ),
        Button::Cancel => (
            "You are about to cancel the rollback of plan ",
            ". A step under way is ended, what it did is found out, and what was done is taken back in reverse.",
        ),
        Button::Skip => (
            "You are about to sign off a step of plan ",
            ". It counts as settled (done, taken back, or not needed), the rollback goes on behind it, and the card says that you signed it off.",
        ),
        Button::Retry | Button::RetryBlind => (
            "You are about to repeat a step of plan ",
            ". Nothing can tell what it has done so far: you sign that it may be done again.",
        ),
        Button::LiftHold => (
            "After this, what the rollback of plan ",
            " went back from may come again, and CI is let through.",
        ),
        Button::Reject => ("You are about to reject plan ", "."),
        // None of these asks why today; whichever will must not be told that it rejects.
        Button::Approve
        | Button::Escalate
        | Button::Pause
        | Button::Resume
        | Button::Confirm
        | Button::Keep => ("This is about plan ", "."),
    };
    Words::plain(begin).code(plan.short()).text(end)
}
