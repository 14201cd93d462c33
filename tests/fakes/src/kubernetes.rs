//! A Kubernetes API server with one namespace of config maps, as kubectl meets it: TLS, a bearer token, discovery, and
//! an object that knows its `resourceVersion`.
//!
//! Merge patches change it, a server-side dry run shows what they would change, and what is wrong is answered with the
//! server's own `Status`: 401, 404, 409. Built like a server before 1.24: it describes itself by `OpenAPI` v2 alone.

mod api;
mod openapi;
mod patch;
mod tls;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

/// The namespace that exists.
pub const NAMESPACE: &str = "shop";

/// What befalls a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    Hang,
    DoAndHang,
    LoseReplyAndRevoke,
}

/// What the server holds.
#[derive(Debug)]
struct Cluster {
    token: String,
    config_maps: BTreeMap<String, Value>,
    version: u64,
    next_patch: Option<Mishap>,
    calls: Vec<String>,
    /// Requests that are never answered.
    silent: usize,
}

/// An API server on 127.0.0.1.
#[derive(Debug)]
pub struct FakeKubernetes {
    cluster: Arc<Mutex<Cluster>>,
    server: tls::TlsServer,
}

impl FakeKubernetes {
    /// Starts one that listens to callers with this token. `folder` gets its certificate, which `openssl` makes.
    pub async fn start(token: &str, folder: &Path) -> Self {
        let cluster = Cluster {
            token: token.to_owned(),
            config_maps: BTreeMap::new(),
            version: 100,
            next_patch: None,
            calls: Vec::new(),
            silent: 0,
        };
        let cluster = Arc::new(Mutex::new(cluster));
        let router = api::router(Arc::clone(&cluster));
        Self { cluster, server: tls::TlsServer::start(router, folder).await }
    }

    /// Writes a kubeconfig with this token.
    pub fn write_config(&self, file: &Path, token: &str) {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": {
                "server": self.server.url(), "certificate-authority": self.server.certificate(),
            }}],
            "users": [{"name": "bot", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "bot"}}],
        });
        std::fs::write(file, config.to_string()).expect("writes the kubeconfig");
    }

    /// Somebody creates a config map.
    pub fn create(&self, name: &str, data: &Value) {
        let mut cluster = lock(&self.cluster);
        cluster.version += 1;
        let config_map = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "uid": format!("uid-of-{name}"),
                "resourceVersion": cluster.version.to_string(),
                "creationTimestamp": "2026-11-20T08:00:00Z",
            },
            "data": data,
        });
        cluster.config_maps.insert(name.to_owned(), config_map);
    }

    /// A value of a config map; `None` where there is none.
    pub fn value(&self, name: &str, key: &str) -> Option<String> {
        lock(&self.cluster).config_maps.get(name)?["data"][key].as_str().map(str::to_owned)
    }

    /// The calls about objects, in order, such as `PATCH` or `PATCH dry run`.
    pub fn calls(&self) -> Vec<String> {
        lock(&self.cluster).calls.clone()
    }

    /// How many requests got no answer and never will.
    pub fn silent(&self) -> usize {
        lock(&self.cluster).silent
    }

    /// The next real patch is never answered, and nothing is done.
    pub fn hang_next_patch(&self) {
        lock(&self.cluster).next_patch = Some(Mishap::Hang);
    }

    /// The next real patch is carried out, and never answered.
    pub fn hang_after_next_patch(&self) {
        lock(&self.cluster).next_patch = Some(Mishap::DoAndHang);
    }

    /// The next real patch is carried out, its answer is lost, and from then on the token is not good any more.
    pub fn lose_reply_of_next_patch_and_revoke_the_token(&self) {
        lock(&self.cluster).next_patch = Some(Mishap::LoseReplyAndRevoke);
    }
}

fn lock(cluster: &Mutex<Cluster>) -> MutexGuard<'_, Cluster> {
    cluster.lock().unwrap_or_else(PoisonError::into_inner)
}
