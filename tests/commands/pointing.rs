//! Rollback points from outside: until when they are kept, and pruning them by hand.

use chrono::{TimeDelta, TimeZone as _};
use countersign::clock::SystemClock;
use domain::port::Clock as _;
use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    installation::{Installation, Warehouse, policies::edit},
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
    let retention = installation.path("rules/retention.yaml");
    // With tiers of one length it does not matter whether a day, a week or a month has just ended.
    for length in ["7 d", "30 d", "365 d"] {
        edit(&retention, &format!("for: {length},"), "for: 24 h,");
    }
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

/// A base backup of eleven o'clock and a log that goes until noon.
fn archive(installation: &Installation) {
    let (base, log) = (installation.path("bases/monday"), installation.path("wal"));
    for (folder, name, hour) in
        [(&base, "backup_manifest", 11), (&log, "0000000100000000000000AA", 12)]
    {
        std::fs::create_dir_all(folder).expect("makes a folder");
        let file = std::fs::File::create(folder.join(name)).expect("writes a file");
        let at = chrono::Utc.with_ymd_and_hms(2026, 11, 20, hour, 0, 0).single().expect("a time");
        file.set_modified(at.into()).expect("sets its time");
    }
    let places = "gateway: local\n    archive: { base_backups: bases, wal: wal }";
    edit(&installation.path("rules/targets.yaml"), "gateway: local", places);
}

#[tokio::test]
async fn moments_that_an_archive_reaches() {
    let installation = Installation::fresh().await;
    let ask = async |command: &'static str, time: &str| {
        let at = format!("2026-11-20T{time}:00Z");
        let asked = ["point", command, "--environment", "prod", "--at", &at];
        let folder = installation.path("").display().to_string();
        installation.run(&asked).await.to_string().replace(&folder, "/here/")
    };
    assert_snapshot!(ask("create", "11:30").await, @"
    error: targets.yaml names no `archive` of warehouse, from which PostgreSQL could be recovered
    [exit 2]
    ");
    archive(&installation);
    assert_snapshot!(ask("can-restore", "11:30").await, @"
    Yes, to that very moment: PostgreSQL's archive leads to 2026-11-20 11:30 UTC without any loss, from the base backup /here/bases/monday of 2026-11-20 11:00 UTC. `countersign point create --environment warehouse --at 2026-11-20T11:30:00.000Z` makes a rollback point of it, for a type 4.
    From the points alone: No: no verified rollback point is of 2026-11-20 11:30 UTC or before it.
    [exit 0]
    ");
    assert_snapshot!(ask("can-restore", "12:45").await, @"
    PostgreSQL's archive ends at 2026-11-20 12:00 UTC: what was written in the 45 min after it is not there, or not yet. `countersign point create --environment warehouse --at 2026-11-20T12:00:00.000Z` makes a rollback point of its end.
    No: no verified rollback point is of 2026-11-20 12:45 UTC or before it.
    [exit 3]
    ");
    assert_snapshot!(ask("create", "12:45").await, @"
    PostgreSQL's archive ends at 2026-11-20 12:00 UTC: what was written in the 45 min after it is not there, or not yet. `countersign point create --environment warehouse --at 2026-11-20T12:00:00.000Z` makes a rollback point of its end.
    [exit 3]
    ");
    assert_snapshot!(ask("create", "10:59").await, @"
    PostgreSQL's archive has no base backup that was finished by 2026-11-20 10:59 UTC and whose log is there.
    [exit 3]
    ");
    let tables = [
        "point",
        "create",
        "--environment",
        "prod",
        "--kind",
        "tables",
        "--at",
        "2026-11-20T11:30:00Z",
    ];
    assert_snapshot!(installation.run(&tables).await, @"
    error: a point of the past is `full`, not `tables`
    [exit 2]
    ");
    let json =
        ["point", "can-restore", "--environment", "prod", "--at", "2026-11-20T11:30:00Z", "--json"];
    let answer: Value =
        serde_json::from_str(&installation.run(&json).await.expect_code(0).stdout).expect("JSON");
    assert_eq!(
        (&answer["possible"], &answer["archive"]["data_loss_ms"]),
        (&true.into(), &0.into())
    );
}
