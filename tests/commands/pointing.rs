//! Rollback points from outside: until when they are kept, and pruning them by hand.

use chrono::TimeDelta;
use countersign::clock::SystemClock;
use domain::port::Clock as _;
use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    installation::{Installation, Warehouse},
    redacted::redacted,
};

fn keep(installation: &Installation, id: &str, hours: i64) {
    let (points, at) = (installation.path("points"), SystemClock.now() - TimeDelta::hours(hours));
    installation.warehouse.keep_point(&points, id, "full", at);
    Warehouse::verified(&points, id);
}

#[tokio::test]
async fn points_with_their_tiers_and_pruning() {
    let installation = Installation::fresh().await;
    assert_snapshot!(installation.run(&["point", "list"]).await, @"
    There is no rollback point in points. `countersign point create` makes one.
    [exit 0]
    ");
    let prune = ["point", "prune", "--environment", "prod"];
    assert_snapshot!(installation.run(&prune).await, @"
    Nothing is to be removed. 0 points of warehouse stay.
    [exit 0]
    ");
    keep(&installation, "pt_now", 1);
    keep(&installation, "pt_old", 9_000);
    keep(&installation, "pt_older", 9_001);
    assert_snapshot!(redacted(&installation.run(&["point", "list"]).await, &[]), @"
    pt_now  [date] [time] UTC  full      verified  immediate until [date] [time] UTC  before the release
    pt_old  [date] [time] UTC  full      verified  goes when points are pruned  before the release
    pt_older  [date] [time] UTC  full      verified  goes when points are pruned  before the release
    [exit 0]
    ");

    let listed = installation.run(&["point", "list", "--json"]).await.expect_code(0);
    let rows: Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!((&rows[0]["tier"], &rows[0]["kept"]), (&"immediate".into(), &true.into()));
    assert!(rows[0]["kept_until"].is_string(), "{rows}");
    assert_eq!((&rows[1]["tier"], &rows[1]["kept"]), (&Value::Null, &false.into()));

    let dry = [&prune[..], &["--dry-run"]].concat();
    assert_snapshot!(redacted(&installation.run(&dry).await, &[]), @"
    Would remove pt_older: full, of [date] [time] UTC; no tier keeps it any more.
    Would remove pt_old: full, of [date] [time] UTC; no tier keeps it any more.
    1 point of warehouse stays.
    [exit 0]
    ");
    assert!(installation.path("points/pt_old").exists());
    let ended = installation.run(&[&prune[..], &["--json"]].concat()).await.expect_code(0);
    let answer: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!((&answer["removed"][0]["id"], &answer["staying"]), (&"pt_older".into(), &1.into()));
    assert!(!installation.path("points/pt_old").exists());
    assert_snapshot!(installation.run(&prune).await, @"
    Nothing is to be removed. 1 point of warehouse stays.
    [exit 0]
    ");
}

#[tokio::test]
async fn a_removal_that_fails_is_gone_on_with() {
    let installation = Installation::fresh().await;
    keep(&installation, "pt_now", 1);
    keep(&installation, "pt_old", 9_000);
    installation.warehouse.fault("drop-point", &["half"]);
    let prune = ["point", "prune", "--environment", "prod"];
    assert_snapshot!(installation.run(&prune).await, @"
    error: remove rollback point pt_old; the next prune goes on: the warehouse does not let its tables go
    [exit 1]
    ");
    assert_snapshot!(installation.run(&prune).await, @"
    Removed pt_old: its removal was interrupted.
    1 point of warehouse stays.
    [exit 0]
    ");
}
