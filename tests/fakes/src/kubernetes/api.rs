//! The paths of the API server: what it has, and its config maps.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::{Cluster, Mishap, NAMESPACE, lock, openapi, patch};
use crate::server::{hang, lost};

type Shared = Arc<Mutex<Cluster>>;

/// The whole API.
pub(super) fn router(cluster: Shared) -> Router {
    let config_map = "/api/v1/namespaces/{namespace}/configmaps/{name}";
    Router::new()
        .route("/api", get(async || Json(versions())))
        .route("/apis", get(async || Json(groups())))
        .route("/api/v1", get(async || Json(resources())))
        .route("/api/v1/namespaces/{name}", get(namespace))
        .route("/openapi/v2", get(async || openapi::document()))
        .route(config_map, get(config_map_call).patch(config_map_call))
        .fallback(async || {
            status(404, "NotFound", "the server could not find the requested resource")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&cluster), authenticate))
        .with_state(cluster)
}

async fn authenticate(
    State(cluster): State<Shared>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let said = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let expected = format!("Bearer {}", lock(&cluster).token);
    if said == Some(expected.as_str()) {
        next.run(request).await
    } else {
        status(401, "Unauthorized", "Unauthorized")
    }
}

/// kubectl asks for it when it does not find an object.
async fn namespace(Path(name): Path<String>) -> Response {
    if name != NAMESPACE {
        return status(404, "NotFound", &format!("namespaces \"{name}\" not found"));
    }
    let found = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    Json(found).into_response()
}

async fn config_map_call(
    State(cluster): State<Shared>,
    Path((namespace, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_dry = query.unwrap_or_default().split('&').any(|pair| pair == "dryRun=All");
    let is_read = method == Method::GET;
    let mishap = {
        let mut cluster = lock(&cluster);
        cluster.calls.push(if is_dry { format!("{method} dry run") } else { method.to_string() });
        let mishap = if is_read || is_dry { None } else { cluster.next_patch.take() };
        cluster.silent += usize::from(mishap == Some(Mishap::Hang));
        mishap
    };
    if mishap == Some(Mishap::Hang) {
        return hang().await;
    }
    let answer = {
        let mut cluster = lock(&cluster);
        let object = Object { namespace: &namespace, name: &name };
        let answer = if is_read {
            read(&cluster, object)
        } else {
            change(&mut cluster, object, &headers, &body, is_dry)
        };
        cluster.silent += usize::from(mishap == Some(Mishap::DoAndHang));
        if mishap == Some(Mishap::LoseReplyAndRevoke) {
            "another".clone_into(&mut cluster.token);
        }
        answer
    };
    match mishap {
        Some(Mishap::DoAndHang) => hang().await,
        Some(Mishap::LoseReplyAndRevoke) => lost(),
        _ => answer,
    }
}

/// What a path names.
#[derive(Clone, Copy)]
struct Object<'a> {
    namespace: &'a str,
    name: &'a str,
}

impl Object<'_> {
    fn find(self, cluster: &Cluster) -> Option<Value> {
        cluster.config_maps.get(self.name).filter(|_| self.namespace == NAMESPACE).cloned()
    }

    fn is_missing(self) -> Response {
        status(404, "NotFound", &format!("configmaps \"{}\" not found", self.name))
    }
}

fn read(cluster: &Cluster, object: Object<'_>) -> Response {
    object.find(cluster).map_or_else(|| object.is_missing(), |found| Json(found).into_response())
}

fn change(
    cluster: &mut Cluster,
    object: Object<'_>,
    headers: &HeaderMap,
    body: &[u8],
    is_dry: bool,
) -> Response {
    let Some(config_map) = object.find(cluster) else { return object.is_missing() };
    let name = object.name;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    // A config map has maps of texts alone, for which a strategic merge is a merge.
    let merges = ["application/merge-patch+json", "application/strategic-merge-patch+json"];
    if !kind.is_some_and(|kind| merges.contains(&kind)) {
        let message = format!("the body of the request was in an unknown format: {kind:?}");
        return status(415, "UnsupportedMediaType", &message);
    }
    let Ok(change) = serde_json::from_slice::<Value>(body) else {
        return status(400, "BadRequest", "the patch is no JSON");
    };
    let wanted = change["metadata"]["resourceVersion"].as_str();
    if wanted.is_some_and(|wanted| config_map["metadata"]["resourceVersion"] != wanted) {
        let message = format!(
            "Operation cannot be fulfilled on configmaps \"{name}\": the object has been modified; please apply your changes to the latest version and try again"
        );
        return status(409, "Conflict", &message);
    }
    let mut changed = config_map.clone();
    patch::merge(&mut changed, &change);
    omit_empty(&mut changed);
    if !is_dry && changed != config_map {
        cluster.version += 1;
        changed["metadata"]["resourceVersion"] = json!(cluster.version.to_string());
        cluster.config_maps.insert(name.to_owned(), changed.clone());
    }
    Json(changed).into_response()
}

/// The server keeps no empty maps: kubectl would show them as a difference.
fn omit_empty(config_map: &mut Value) {
    let is_empty = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
    if let Some(metadata) = config_map["metadata"].as_object_mut() {
        metadata.retain(|_, value| !is_empty(value));
    }
}

fn status(code: u16, reason: &str, message: &str) -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    });
    let code = StatusCode::from_u16(code).expect("the server's own codes exist");
    (code, Json(status)).into_response()
}

fn versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

fn groups() -> Value {
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})
}

fn resources() -> Value {
    let verbs = ["create", "delete", "get", "list", "patch", "update"];
    json!({
        "kind": "APIResourceList",
        "groupVersion": "v1",
        "resources": [
            {"name": "configmaps", "singularName": "", "namespaced": true, "kind": "ConfigMap", "verbs": verbs, "shortNames": ["cm"]},
            {"name": "namespaces", "singularName": "", "namespaced": false, "kind": "Namespace", "verbs": verbs, "shortNames": ["ns"]},
        ],
    })
}
