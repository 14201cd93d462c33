//! The schema's history: the texts in `migrations/`, embedded, applied in order by one transaction.
//!
//! An applied text is remembered by its digest and must never change. Rows of newer releases are fine: a
//! migration works with the release before it.

use domain::digest::Digest;
use sqlx::AnyConnection;

use crate::{Error, Tx, error::tried, rows, sql::connection as sql};

struct Migration {
    version: i64,
    name: &'static str,
    text: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_initial",
        text: include_str!("../../../migrations/0001_initial.sql"),
    },
    Migration {
        version: 2,
        name: "0002_releases_and_holds",
        text: include_str!("../../../migrations/0002_releases_and_holds.sql"),
    },
    Migration {
        version: 4,
        name: "0004_held_targets",
        text: include_str!("../../../migrations/0004_held_targets.sql"),
    },
    Migration {
        version: 8,
        name: "0008_watched_metrics",
        text: include_str!("../../../migrations/0008_watched_metrics.sql"),
    },
    Migration {
        version: 31,
        name: "0031_pins",
        text: include_str!("../../../migrations/0031_pins.sql"),
    },
    Migration {
        version: 40,
        name: "0040_people",
        text: include_str!("../../../migrations/0040_people.sql"),
    },
    Migration {
        version: 43,
        name: "0043_urgency_and_tracks",
        text: include_str!("../../../migrations/0043_urgency_and_tracks.sql"),
    },
    Migration {
        version: 47,
        name: "0047_waiting_errands",
        text: include_str!("../../../migrations/0047_waiting_errands.sql"),
    },
];

const TASK: &str = "migrate the database";

/// Applies what is missing.
pub(crate) async fn apply(mut tx: Tx) -> Result<(), Error> {
    // `create table if not exists` is no protection by itself: two that start at once would both create it.
    tx.lock_key("countersign migrations").await?;
    rows::change(tx.connection(), TASK, sqlx::query(sql::CREATE_MIGRATION_TABLE)).await?;
    for migration in MIGRATIONS {
        if applied(tx.connection(), migration).await? {
            continue;
        }
        sqlx::raw_sql(migration.text).execute(tx.connection()).await.map_err(tried(TASK))?;
        let digest = Digest::of(migration.text);
        let insert = sqlx::query(sql::INSERT_MIGRATION)
            .bind(migration.version)
            .bind(migration.name)
            .bind(digest.as_str());
        rows::change(tx.connection(), TASK, insert).await?;
        tracing::info!("applied migration {}", migration.name);
    }
    tx.commit().await
}

/// Checks that nothing is missing.
pub(crate) async fn check(connection: &mut AnyConnection) -> Result<(), Error> {
    for migration in MIGRATIONS {
        match applied(connection, migration).await {
            Ok(true) => {}
            // The table itself is missing; the databases have no common word for that.
            Ok(false) | Err(Error::Query { .. }) => {
                return Err(Error::NotMigrated { name: migration.name });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn applied(connection: &mut AnyConnection, migration: &Migration) -> Result<bool, Error> {
    let query = sqlx::query(sql::MIGRATION).bind(migration.version);
    let Some(row) = rows::optional(connection, "read the applied migrations", query).await? else {
        return Ok(false);
    };
    if row.text("digest")? == Digest::of(migration.text).as_str() {
        Ok(true)
    } else {
        Err(Error::MigrationChanged { name: migration.name })
    }
}
