//! A database of its own for each test: a file for SQLite, a schema for PostgreSQL. The stories use it too.
//!
//! PostgreSQL is named by `COUNTERSIGN_TEST_POSTGRES`, such as `postgres://postgres@127.0.0.1:5432/postgres`; with
//! `skip` its half is left out, without the variable it fails. A test that fails leaves its schema for inspection.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use store::Store;
use tempfile::TempDir;

const VARIABLE: &str = "COUNTERSIGN_TEST_POSTGRES";

/// An empty database, addressed by `url`.
pub(crate) struct Database {
    pub(crate) url: String,
    place: Place,
}

enum Place {
    File { _folder: TempDir },
    Schema { server: String, name: String },
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("store.db").display());
        Self { url, place: Place::File { _folder: folder } }
    }

    /// `None` where PostgreSQL is to be left out.
    pub(crate) async fn postgres() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = server()?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("store_test_{}_{number}", std::process::id());
        // A process of the same id may have failed here before.
        run(&server, &format!("drop schema if exists {name} cascade")).await;
        run(&server, &format!("create schema {name}")).await;
        let separator = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{separator}options=-c%20search_path%3D{name}");
        Some(Self { url, place: Place::Schema { server, name } })
    }

    /// A store of its own connections, as another process would have.
    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.url).await.expect("opens the database")
    }

    pub(crate) async fn remove(self) {
        if let Place::Schema { server, name } = self.place {
            run(&server, &format!("drop schema {name} cascade")).await;
        }
    }
}

/// The URL of the PostgreSQL server; `None` where it is to be left out.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
pub(crate) fn server() -> Option<String> {
    let server = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("set {VARIABLE} to the URL of a PostgreSQL server, or to `skip`")
    });
    (server != "skip").then_some(server)
}

/// Runs a statement behind the store's back.
pub(crate) async fn run(url: &str, statement: &str) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.expect("reaches the database");
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.expect("closes the connection");
}
