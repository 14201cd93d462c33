//! Opening and migrating, alone and several at once.

use store::{Error, Store};
use tokio::task::JoinSet;

use crate::{
    databases::{Database, run as run_sql},
    samples::*,
};

async fn several_start_at_once(database: Database) {
    let error = database.store().await.ping().await.expect_err("an empty database is not ready");
    assert!(matches!(error, Error::NotMigrated { .. }), "{error:?}");
    assert!(!error.is_transient());

    let mut starts = JoinSet::new();
    for _ in 0..6 {
        let url = database.url.clone();
        starts.spawn(async move {
            let store = Store::open(&url).await?;
            store.migrate().await?;
            store.ping().await
        });
    }
    for started in starts.join_all().await {
        started.expect("starts");
    }
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_start_at_once_on_sqlite() {
    several_start_at_once(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_start_at_once_on_postgres() {
    if let Some(database) = Database::postgres().await {
        several_start_at_once(database).await;
    }
}

contract!(a_migration_never_changes_afterwards, async |database: &Database| {
    let store = database.store().await;
    store.ping().await.expect("migrated");
    run_sql(&database.url, "update schema_migration set digest = 'another'").await;
    for error in [store.ping().await.expect_err("ready"), store.migrate().await.expect_err("done")]
    {
        assert!(matches!(error, Error::MigrationChanged { .. }), "{error:?}");
    }
});

contract!(a_newer_schema_is_accepted, async |database: &Database| {
    run_sql(
        &database.url,
        "insert into schema_migration (version, name, digest) values (9999, 'next', 'x')",
    )
    .await;
    let store = database.store().await;
    store.migrate().await.expect("has nothing to do");
    store.ping().await.expect("works beside the next release");
});

contract!(creation_by_one_key_takes_turns, async |database: &Database| {
    let store = database.store().await;
    let mut deliveries = JoinSet::new();
    for number in 1..=8 {
        let store = store.clone();
        deliveries.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            tx.lock_key("pagerduty Q1").await.unwrap();
            if tx.incident_by_external("Q1").await.unwrap().is_none() {
                let mut incident = incident(number);
                incident.alert.external_id = "Q1".to_owned();
                tx.insert_incident(&incident).await.unwrap();
            }
            tx.commit().await.unwrap();
        });
    }
    deliveries.join_all().await;
    assert_eq!(store.incidents(10, None).await.unwrap().len(), 1);
});

#[tokio::test]
async fn sqlite_answers_only_what_is_on_disk() {
    let database = Database::sqlite();
    let store = database.store().await;
    store.migrate().await.unwrap();
    let folder = database.url.trim_start_matches("sqlite://");
    assert!(std::fs::exists(format!("{folder}-wal")).unwrap(), "the write-ahead log is off");
    insert_incidents(&store, 1).await;
    // A copy of the two files is what is left after a power failure.
    let copy = tempfile::tempdir().unwrap();
    for ending in ["", "-wal"] {
        let to = copy.path().join(format!("copy.db{ending}"));
        std::fs::copy(format!("{folder}{ending}"), to).unwrap();
    }
    let url = format!("sqlite://{}", copy.path().join("copy.db").display());
    let copy = Store::open(&url).await.unwrap();
    assert!(copy.incident(&incident_id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_postgres_host_that_is_down_is_passed_over() {
    let Some(database) = Database::postgres().await else { return };
    // Nobody listens on port 1.
    let (user, rest) = database.url.split_once('@').expect("the URL names a user");
    let store = Store::open(&format!("{user}@127.0.0.1:1,{rest}")).await.expect("finds the other");
    store.migrate().await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn without_a_postgres_primary_it_says_whom_it_asked() {
    let error = Store::open("postgres://bot:secret@127.0.0.1:1/db").await.err().expect("opened");
    assert!(error.is_transient());
    assert_eq!(error.to_string(), "could not find a PostgreSQL primary among 127.0.0.1:1");
}
