//! `GET /api/incidents[/{id}]`: what the page shows, as JSON.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::id::IncidentId;

use super::{Failure, page::PageRoutes};
use crate::report;

/// How many incidents are listed at once.
const LISTED: u32 = 200;

pub(super) fn router(routes: PageRoutes) -> Router {
    Router::new()
        .route("/api/incidents", get(list))
        .route("/api/incidents/{id}", get(one))
        .with_state(routes)
}

async fn list(State(routes): State<PageRoutes>) -> Result<Response, Failure> {
    Ok(Json(report::list(&routes.engine.store, LISTED).await?).into_response())
}

async fn one(
    State(routes): State<PageRoutes>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let Ok(id) = id.parse::<IncidentId>() else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let report = report::incident(&routes.engine.store, Some(&routes.engine.policies), &id).await?;
    Ok(report.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |report| Json(report).into_response(),
    ))
}
