//! Where Countersign keeps its records: a file of SQLite in the installation, or a database of PostgreSQL.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use reqwest::Url;

use crate::databases::{run, server};

/// The place.
pub(crate) enum Records {
    /// A file that goes with the installation's folder.
    File,
    /// A database of its own; a second one keeps how it was.
    Postgres { server: Url, name: String },
}

impl Records {
    /// A database of its own; `None` where PostgreSQL is to be left out.
    pub(crate) async fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = server()?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("deaths_{}_{number}", std::process::id());
        let records = Self::Postgres { server: server.parse().expect("a URL"), name };
        records.remove().await;
        records.server_runs("create database {name}").await;
        Some(records)
    }

    /// What the configuration says of it.
    pub(crate) fn url(&self) -> String {
        self.database().map_or_else(|| "sqlite://store.db".to_owned(), String::from)
    }

    /// The database on the server; `None` for a file.
    pub(crate) fn database(&self) -> Option<Url> {
        let Self::Postgres { server, name } = self else { return None };
        let mut url = server.clone();
        url.set_path(name);
        Some(url)
    }

    /// Keeps it as it is now. Nobody may use it.
    pub(crate) async fn keep(&self) {
        self.server_runs("drop database if exists {name}_kept").await;
        self.server_runs("create database {name}_kept template {name}").await;
    }

    /// Puts it back to how it was kept.
    pub(crate) async fn again(&self) {
        self.server_runs("drop database {name} with (force)").await;
        self.server_runs("create database {name} template {name}_kept").await;
    }

    /// What a dead executor held is free: thirty seconds have passed.
    pub(crate) async fn let_the_lease_run_out(&self, folder: &Path) {
        let url = match self.database() {
            Some(url) => url.into(),
            None => format!("sqlite://{}", folder.join("store.db").display()),
        };
        run(&url, "update lease set until_ms = 0").await;
    }

    /// There is nothing of it any more.
    pub(crate) async fn remove(&self) {
        self.server_runs("drop database if exists {name} with (force)").await;
        self.server_runs("drop database if exists {name}_kept with (force)").await;
    }

    async fn server_runs(&self, statement: &str) {
        if let Self::Postgres { server, name } = self {
            run(server.as_str(), &statement.replace("{name}", name)).await;
        }
    }
}
