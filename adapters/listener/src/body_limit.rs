//! Refuses request bodies that are too large, before anything else happens to them.
//!
//! Owns the one way to bound a route's bodies. A body that declares its length is refused unread, with
//! 413; one that does not declare it fails on the first byte past the limit.

use axum::{Router, extract::DefaultBodyLimit};
use tower_http::limit::RequestBodyLimitLayer;

/// Bounds the request bodies of all routes in `router` to `max_bytes`, whatever extractor reads them.
///
/// It replaces axum's own default of 2 MB, so that a larger limit is possible as well. Layers added
/// afterwards run before it, layers added earlier run behind it.
pub fn limit_body<S>(router: Router<S>, max_bytes: usize) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    router.layer(DefaultBodyLimit::disable()).layer(RequestBodyLimitLayer::new(max_bytes))
}
