//! Every SQL text must be one that both databases understand. The texts are read from the source, so that none can
//! be left out; those that end in `_SQLITE` or `_POSTGRES` are prepared on that database only.

#[path = "contract/databases.rs"]
mod databases;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _, SqlSafeStr as _};

use databases::Database;

const SOURCES: &[(&str, &str)] = &[
    ("connection", include_str!("../src/sql/connection.rs")),
    ("errand", include_str!("../src/sql/errand.rs")),
    ("handover", include_str!("../src/sql/handover.rs")),
    ("hold", include_str!("../src/sql/hold.rs")),
    ("incident", include_str!("../src/sql/incident.rs")),
    ("job", include_str!("../src/sql/job.rs")),
    ("journal", include_str!("../src/sql/journal.rs")),
    ("lease", include_str!("../src/sql/lease.rs")),
    ("member", include_str!("../src/sql/member.rs")),
    ("metrics", include_str!("../src/sql/metrics.rs")),
    ("output", include_str!("../src/sql/output.rs")),
    ("pin", include_str!("../src/sql/pin.rs")),
    ("proposal", include_str!("../src/sql/proposal.rs")),
    ("release", include_str!("../src/sql/release.rs")),
    ("run", include_str!("../src/sql/run.rs")),
    ("thread", include_str!("../src/sql/thread.rs")),
    ("timer", include_str!("../src/sql/timer.rs")),
];

#[tokio::test]
async fn sqlite_understands_every_statement() {
    check(Database::sqlite(), "_POSTGRES").await;
}

#[tokio::test]
async fn postgres_understands_every_statement() {
    if let Some(database) = Database::postgres().await {
        check(database, "_SQLITE").await;
    }
}

#[test]
fn every_file_of_statements_is_read() {
    let table = include_str!("../src/sql.rs");
    let modules: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("pub(crate) mod ")?.strip_suffix(';'))
        .collect();
    let read: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
    assert_eq!(modules, read);
}

async fn check(database: Database, not_this: &str) {
    let store = database.store().await;
    store.migrate().await.expect("migrates");
    let mut connection = AnyConnection::connect(&database.url).await.expect("connects");
    let mut problems = Vec::new();
    for (name, text) in statements().filter(|(name, _)| !name.ends_with(not_this)) {
        let sql = AssertSqlSafe(text).into_sql_str();
        if let Err(error) = connection.prepare(sql).await {
            problems.push(format!("{name}: {error}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    connection.close().await.expect("closes");
    store.close().await;
    database.remove().await;
}

/// Name and text of each constant; one that holds a list gives each of its texts.
fn statements() -> impl Iterator<Item = (&'static str, &'static str)> {
    let statements: Vec<_> = SOURCES
        .iter()
        .flat_map(|(_, source)| source.split("pub(crate) const ").skip(1))
        .flat_map(|item| {
            let (name, value) = item.split_once(':').expect("a constant has a type");
            let value = value.split(";\n").next().expect("a constant has a value");
            let texts = value.split('"').skip(1).step_by(2);
            texts.map(move |text| (name, text)).collect::<Vec<_>>()
        })
        .collect();
    assert!(statements.len() > 60, "only {} statements were found", statements.len());
    statements.into_iter()
}
