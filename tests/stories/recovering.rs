//! What no rollback point has: values that SQLMesh computes again (type 3), and the moment right before the release out of
//! PostgreSQL's archive (type 4).

use std::{fs, path::PathBuf, time::SystemTime};

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use domain::{plan::RollbackType, port::Clock as _};
use serde_json::json;

use crate::{
    crash::killed_at_work,
    restoring::{CHANGED, approved, beside, proposal},
    story,
    world::{CUSTOMERS, ORDERS, World},
};

/// The findings of the proposal, a line each.
async fn findings(w: &World) -> String {
    let found = proposal(w).await.opening.findings;
    let line = |found: &domain::plan::Finding| format!("{:?}: {}", found.outcome, found.detail);
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The release dropped a column of a model in place; no point has its values, and its owners say how far its sources go.
async fn dropped_without_a_point(w: &mut World, forgotten: bool) {
    let models = "    models:\n";
    let told = "    models:\n      - name: marts.order_analytics\n        source_history: all\n      - name: marts.segment_summary_of_old\n";
    w.edit_policy("targets.yaml", models, told).await;
    w.warehouse.change_in_place(ORDERS);
    if forgotten {
        w.warehouse.forget_sources(ORDERS);
    }
    w.alert_with(CHANGED, &json!({"models": ORDERS})).await;
}

async fn two_of_level_2_sign(w: &mut World) {
    for person in ["ben", "tess"] {
        w.approve(person).await;
        w.expect_whisper(person, "is signed");
    }
}

story!(
    /// No point has the values, but the sources do: the step that would verify a point is left out.
    values_are_computed_again_where_no_point_has_them, async |w| {
    dropped_without_a_point(w, false).await;
    let opening = proposal(w).await.opening;
    assert_eq!(opening.rollback_type, RollbackType::Schema, "{}", opening.because);
    insta::assert_snapshot!(findings(w).await, @"
    Pass: Version 11 of marts.order_analytics is in the state.
    Pass: Computed again as a whole, marts.order_analytics has 1000 rows where there are 1000 now: 1000 with loyalty_points.
    Pass: No other incident's rollback is under way on warehouse.
    ");
    w.expect_thread(&["Alert from", "Proposed: schema rollback (type 3) of `marts.order_analytics`", "Telling"]);
    two_of_level_2_sign(w).await;
    w.expect_thread(&["1 of 2", "approved", "The rollback starts", "Step 1 of 4", "Step 2 of 4", "Step 3 of 4", "Step 4 of 4", "Rolled back: every step is done and every check passed", "is held"]);
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.version(ORDERS), w.warehouse.empty()), ("11".to_owned(), vec![]));
    assert_eq!(w.warehouse.calls("verify-point"), 0);
});

story!(
    /// Killed between the definitions and the values: the next life goes on with the same.
    computing_again_is_finished_after_a_crash, async |w| {
    w.clock.follow_the_system();
    dropped_without_a_point(w, false).await;
    w.warehouse.fault("restore-schema", &["late"]);
    w.approve("ben").await;
    w.press(&w.card(), "approve", "tess").await;
    killed_at_work(w).await;
    w.slack.take_ephemerals("U0BEN");
    w.slack.take_ephemerals("U0TESS");
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.calls("restore-schema"), w.warehouse.empty()), (1, vec![]));
    w.read_on();
});

story!(
    /// Its owners are wrong: the sources have lost most of it, which is seen before anybody is asked.
    sources_that_have_forgotten_are_no_way_back, async |w| {
    dropped_without_a_point(w, true).await;
    let shown = w.thread_so_far();
    let told = shown.lines().find(|line| line.contains("No rollback is proposed")).unwrap_or(&shown);
    insta::assert_snapshot!(told, @"  > No rollback is proposed: A model-level rollback (type 2) is not possible: marts.order_analytics was changed in place: there is no old table to go back to. A schema rollback (type 3) is not possible: Computed again as a whole, marts.order_analytics would have 12 rows where there are 1000 now: its sources do not have all of its history. A full environment rollback (type 4) is not possible: there is no rollback point of the whole environment from before the alert that can be relied on.");
    w.read_on();
});

/// When the bad release began to be what people read.
fn released() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 3, 0, 0).single().expect("a moment")
}

/// PostgreSQL puts its log away until so long after the release, and a base backup is of the day before it.
async fn archived(w: &mut World, log_until: TimeDelta) {
    let folder = w.config.points.with_file_name("archive");
    let write = |path: PathBuf, at: DateTime<Utc>| {
        fs::create_dir_all(path.parent().expect("a folder")).expect("makes a folder");
        let file = fs::File::create(path).expect("makes a file");
        file.set_modified(SystemTime::from(at)).expect("sets its time");
    };
    write(folder.join("bases/sunday/backup_manifest"), released() - TimeDelta::days(1));
    write(folder.join("wal/000000010000000000000002"), released() + log_until);
    let archive = format!(
        "gateway: local\n    archive: {{ base_backups: '{0}/bases', wal: '{0}/wal' }}",
        folder.display()
    );
    w.edit_policy("targets.yaml", "gateway: local", &archive).await;
}

/// Everything that a release can be taken back by is gone, except what the archive has.
async fn corrupted(w: &mut World) {
    w.warehouse.change_in_place(ORDERS);
    w.alert_with(CHANGED, &json!({"models": ORDERS})).await;
}

story!(
    /// There is no point at all: the run makes one of the moment before the release, and goes on as ever.
    the_moment_before_the_release_is_recovered_first, async |w| {
    archived(w, TimeDelta::hours(20)).await;
    corrupted(w).await;
    let opening = proposal(w).await.opening;
    assert_eq!(opening.rollback_type, RollbackType::FullEnvironment, "{}", opening.because);
    assert_eq!(opening.models, [CUSTOMERS, ORDERS]);
    insta::assert_snapshot!(findings(w).await, @"
    Pass: It goes back to 2026-11-22 02:49 UTC, right before the last release began: the first step recovers that moment out of PostgreSQL's archive.
    Pass: The base backup was finished before that moment.
    Pass: The recovery needs up to 80 MB, where 9000 MB are free.
    Pass: The recovery copies 40 MB: about 1 min on a plain disk.
    Inconclusive: What was written since 2026-11-22 02:49 UTC is not in the rollback point (1 d); the broken databases keep it.
    Pass: No other incident's rollback is under way on warehouse.
    ");
    w.expect_thread(&["Alert from", "Proposed: full environment rollback (type 4)", "Telling"]);
    approved(w).await;
    w.expect_thread(&["1 of 3", "2 of 3", "approved", "The rollback starts", "Step 1 of 7", "Step 2 of 7", "Step 3 of 7", "Step 4 of 7", "The rollback waits"]);
    w.expect_card("Waiting for an answer");
    w.click(&w.card(), "confirm", "tess").await;
    w.expect_whisper("tess", "the rollback goes on");
    w.expect_thread(&["confirmed at level 2", "Step 6 of 7", "Step 7 of 7", "Rolled back: every step is done and every check passed", "is held"]);
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.version(ORDERS), beside(w)), ("11".to_owned(), vec!["warehouse_broken".to_owned()]));
});

story!(
    /// A point that is of later than the release loses less.
    a_point_that_is_nearer_is_taken, async |w| {
    archived(w, TimeDelta::hours(20)).await;
    w.warehouse.keep_point(&w.config.points, "pt_full", "full", w.clock.now() - TimeDelta::hours(1));
    corrupted(w).await;
    let shown = findings(w).await;
    assert!(shown.contains("The copy of pt_full was read to its end."), "{shown}");
    assert_eq!(w.warehouse.calls("check-past"), 0);
    w.read_on();
});

story!(
    /// The executor dies when the moment is recovered and nobody has heard of it: it is found out, and not done twice.
    a_recovery_that_nobody_heard_of_is_found_out, async |w| {
    w.clock.follow_the_system();
    archived(w, TimeDelta::hours(20)).await;
    corrupted(w).await;
    w.warehouse.fault("save", &["late"]);
    for person in ["ben", "mia"] {
        w.approve(person).await;
    }
    w.press_approve("cleo").await;
    killed_at_work(w).await;
    w.expect_card("Waiting for an answer");
    assert_eq!(w.warehouse.calls("save"), 1);
    w.press_and_say_why("cancel", "ben", "the disk is back").await;
    w.expect_card("Cancelled, taken back");
    assert!(beside(w).is_empty(), "{:?}", beside(w));
    for person in ["U0BEN", "U0MIA", "U0CLEO"] {
        w.slack.take_ephemerals(person);
    }
    w.read_on();
});

story!(
    /// The log ends before the release began: there is no way to it, and the thread says why.
    an_archive_that_ends_too_early_is_no_way_back, async |w| {
    archived(w, TimeDelta::hours(-2)).await;
    corrupted(w).await;
    let shown = w.thread_so_far();
    let told = shown.lines().find(|line| line.contains("No rollback is proposed")).unwrap_or(&shown);
    insta::assert_snapshot!(told, @"  > No rollback is proposed: A model-level rollback (type 2) is not possible: marts.order_analytics was changed in place: there is no old table to go back to. A schema rollback (type 3) is not possible: no rollback point keeps marts.order_analytics as before the release, and one of now has lost the values as well. targets.yaml does not say that the sources still have them (`source_history`). A full environment rollback (type 4) is not possible: there is no rollback point of the whole environment from before the alert that can be relied on. PostgreSQL's archive does not lead to before the release: its log ends at 2026-11-22 01:00 UTC.");
    w.read_on();
});

story!(
    /// What a killed recovery left is removed when points are looked through, not only by the next recovery.
    what_a_killed_recovery_left_goes, async |w| {
    archived(w, TimeDelta::hours(20)).await;
    let left = w.config.points.join("recovering/pt_dead");
    fs::create_dir_all(&left).expect("leaves something");
    w.advance(TimeDelta::minutes(61)).await;
    assert!(!left.exists());
    assert_eq!(w.warehouse.calls("end-recoveries"), 1);
});
