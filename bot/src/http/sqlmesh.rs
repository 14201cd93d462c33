//! `POST /webhooks/sqlmesh/{secret}`: SQLMesh's own notifications, in the form of a Slack webhook.
//!
//! They carry no signature and are not believed: whatever the body says, the targets are looked at soon, and what that
//! look reads counts. 202 when that is noted, 404 for any other secret, as for an address that does not exist.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::Failure;
use crate::{
    engine::{Engine, Told},
    gate,
    metrics::Metrics,
};

/// What the handler uses.
#[derive(Clone)]
pub struct SqlmeshRoutes {
    /// Notes that a look is wanted.
    pub engine: Engine,
    /// The last part of the address; any of them is good.
    pub secrets: Arc<[SecretString]>,
    /// Counts what came.
    pub metrics: Arc<Metrics>,
}

/// What the address may say besides.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    environment: Option<String>,
    commit: Option<String>,
}

pub(super) fn router(routes: SqlmeshRoutes) -> Router {
    Router::new().route("/webhooks/sqlmesh/{secret}", post(notified)).with_state(routes)
}

async fn notified(
    State(routes): State<SqlmeshRoutes>,
    Path(secret): Path<String>,
    Query(asked): Query<Asked>,
    // Read to its end, so that the other side is not cut off; what it says does not matter.
    _body: Bytes,
) -> Result<Response, Failure> {
    if !routes.knows(&secret) {
        routes.metrics.notification("refused");
        return Ok(StatusCode::NOT_FOUND.into_response());
    }
    let policies = &routes.engine.policies;
    let targets: Vec<&str> = match &asked.environment {
        Some(environment) => gate::targets(policies, environment),
        None => policies.targets().iter().collect(),
    }
    .into_iter()
    .map(|rule| rule.id.as_str())
    .collect();
    if targets.is_empty() {
        routes.metrics.notification("refused");
        return Ok(
            (StatusCode::BAD_REQUEST, "No target has such an environment.\n").into_response()
        );
    }
    let told = match asked.commit {
        Some(commit) if is_commit(&commit) => Told::Deploying(commit),
        Some(_) => {
            routes.metrics.notification("refused");
            return Ok(
                (StatusCode::BAD_REQUEST, "`commit` is not a commit's id.\n").into_response()
            );
        }
        None => Told::Nothing,
    };
    routes.engine.note(&targets, &told).await?;
    routes.metrics.notification("noted");
    Ok((StatusCode::ACCEPTED, "Noted.\n").into_response())
}

/// Whether a text is the id of a commit, or the beginning of one.
pub fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl SqlmeshRoutes {
    fn knows(&self, secret: &str) -> bool {
        // Every secret is compared in full, so that the time says nothing of how much of one was right.
        self.secrets.iter().fold(false, |known, expected| {
            let expected = expected.expose_secret().as_bytes();
            let is_same = !expected.is_empty() && bool::from(expected.ct_eq(secret.as_bytes()));
            known | is_same
        })
    }
}
