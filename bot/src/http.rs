//! The HTTP server's routes. Each group of handlers gets the few things that it uses.

pub mod api;
pub mod gate;
pub mod health;
pub mod page;
pub mod pagerduty;
pub mod session;
pub mod slack;
pub mod sqlmesh;

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::reception::Reception;

/// PagerDuty never sends more.
const WEBHOOK_LIMIT: usize = 256 * 1024;
/// A click or a form is small.
const FORM_LIMIT: usize = 64 * 1024;

/// What the server offers.
pub struct Routes {
    /// PagerDuty's webhook.
    pub pagerduty: pagerduty::PagerdutyRoutes,
    /// SQLMesh's notifications.
    pub sqlmesh: sqlmesh::SqlmeshRoutes,
    /// Slack's endpoints, where Slack is configured.
    pub slack: Option<Reception>,
    /// The page and `/api`; `None` where everybody could reach them and nobody has to prove who they are.
    pub page: Option<page::PageRoutes>,
    /// Health and metrics.
    pub health: health::HealthRoutes,
}

impl Routes {
    /// All of them as one router.
    pub fn into_router(self) -> Router {
        let webhooks = pagerduty::router(self.pagerduty).merge(sqlmesh::router(self.sqlmesh));
        let webhook = listener::limit_body(webhooks, WEBHOOK_LIMIT);
        let mut forms = health::router(self.health, self.page.is_some());
        if let Some(slack) = self.slack {
            forms = forms.merge(slack::router(slack));
        }
        if let Some(page) = self.page {
            forms = forms.merge(gate::router(page.clone()));
            forms = forms.merge(api::router(page.clone())).merge(page::router(page));
        }
        webhook.merge(listener::limit_body(forms, FORM_LIMIT))
    }
}

/// A failure of ours, logged once, here; the other side only learns that it may try again.
pub struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        tracing::error!("a request failed: {:#}", self.0);
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "Countersign cannot do this right now. Please try again in a moment.\n",
        )
            .into_response()
    }
}
