//! What the store promises, tried on SQLite and on PostgreSQL: each body is two tests.

#![expect(clippy::unwrap_used, reason = "these are tests, their shared parts too")]

/// Turns one body, `async |database: &Database|`, into a test on each database.
macro_rules! contract {
    ($name:ident, $body:expr) => {
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let database = $crate::databases::Database::sqlite();
                database.store().await.migrate().await.expect("migrates");
                ($body)(&database).await;
                database.remove().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let Some(database) = $crate::databases::Database::postgres().await else { return };
                database.store().await.migrate().await.expect("migrates");
                ($body)(&database).await;
                database.remove().await;
            }
        }
    };
}

mod databases;
mod samples;

mod cards;
mod holds;
mod incidents;
mod jobs;
mod journal;
mod opening;
mod people;
mod pins;
mod proposals;
mod releases;
mod runs;
mod takeover;
