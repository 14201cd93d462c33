//! A database of an earlier release keeps what it holds when the newer one prepares it.

#[path = "contract/databases.rs"]
mod databases;

use domain::digest::Digest;
use sqlx::{AnyConnection, Connection as _, Row as _};

use databases::{Database, run};

/// The schema before leases could belong to something else than a run.
const EARLIER: [(i64, &str, &str); 4] = [
    (1, "0001_initial", include_str!("../../../migrations/0001_initial.sql")),
    (2, "0002_releases_and_holds", include_str!("../../../migrations/0002_releases_and_holds.sql")),
    (4, "0004_held_targets", include_str!("../../../migrations/0004_held_targets.sql")),
    (8, "0008_watched_metrics", include_str!("../../../migrations/0008_watched_metrics.sql")),
];

const FILLED: &str = "
insert into incident (id, external_id, opened_ms, version, body) values ('inc', 'P1', 1, 1, '{}');
insert into proposal (id, incident, target, opened_ms, closed, version, body)
values ('pro', 'inc', 'warehouse', 1, 0, 1, '{}');
insert into run (id, incident, proposal, target, created_ms, at_rest, version, body)
values ('run', 'inc', 'pro', 'warehouse', 1, 0, 1, '{}');
insert into lease (target, run, owner, epoch, until_ms) values ('warehouse', 'run', 'me', 7, 99);";

#[tokio::test]
async fn leases_stay_on_sqlite() {
    leases_stay(Database::sqlite()).await;
}

#[tokio::test]
async fn leases_stay_on_postgres() {
    if let Some(database) = Database::postgres().await {
        leases_stay(database).await;
    }
}

async fn leases_stay(database: Database) {
    let store = database.store().await;
    let table = "create table schema_migration (version bigint not null primary key, name text not null, digest text not null);";
    run(&database.url, table).await;
    for (version, name, text) in EARLIER {
        let digest = Digest::of(text);
        let applied =
            format!("insert into schema_migration values ({version}, '{name}', '{digest}');");
        run(&database.url, &format!("{text}\n{applied}")).await;
    }
    run(&database.url, FILLED).await;
    store.migrate().await.expect("migrates a database that holds something");
    store.migrate().await.expect("and finds it migrated");

    let mut connection = AnyConnection::connect(&database.url).await.expect("connects");
    let lease = sqlx::query("select run, owner, epoch, until_ms from lease")
        .fetch_one(&mut connection)
        .await
        .expect("the lease is there");
    let (run_id, owner): (String, String) = (lease.get(0), lease.get(1));
    let (epoch, until_ms): (i64, i64) = (lease.get(2), lease.get(3));
    assert_eq!((run_id.as_str(), owner.as_str(), epoch, until_ms), ("run", "me", 7, 99));
    let without =
        "insert into lease (target, owner, epoch, until_ms) values ('other', 'me', 1, 1);";
    run(&database.url, without).await;
    let second = "insert into lease (target, owner, epoch, until_ms) values ('other', 'you', 2, 1)";
    let second = sqlx::query(second).execute(&mut connection).await;
    assert!(second.is_err(), "a target has one lease");
    connection.close().await.expect("closes");
    store.close().await;
    database.remove().await;
}
