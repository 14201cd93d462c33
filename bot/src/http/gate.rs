//! `GET /api/gate/{environment}`: whether an environment is held. 200 in both cases; 404 where there is no such one.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{Failure, page::PageRoutes};
use crate::gate;

pub(super) fn router(routes: PageRoutes) -> Router {
    Router::new().route("/api/gate/{environment}", get(one)).with_state(routes)
}

async fn one(
    State(routes): State<PageRoutes>,
    Path(environment): Path<String>,
) -> Result<Response, Failure> {
    let engine = &routes.engine;
    let gate = gate::ask(&engine.store, &engine.policies, &environment).await?;
    Ok(gate
        .map_or_else(|| StatusCode::NOT_FOUND.into_response(), |gate| Json(gate).into_response()))
}
