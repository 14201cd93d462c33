//! Rollback points that no tier keeps any more go by themselves, and never in anybody's way.

use chrono::TimeDelta;
use domain::port::Clock as _;

use crate::{
    restoring::{approved, destroyed},
    story,
    world::{Warehouse, World},
};

/// Longer than the interval at which points are looked through.
const A_WHILE: TimeDelta = TimeDelta::minutes(61);

/// A verified point of the whole environment, made so many hours ago.
fn keep(w: &World, id: &str, hours: i64) {
    let at = w.clock.now() - TimeDelta::hours(hours);
    w.warehouse.keep_point(&w.config.points, id, "full", at);
    Warehouse::verified(&w.config.points, id);
}

/// The ids of the directories that are there.
fn there(w: &World) -> Vec<String> {
    let entries = std::fs::read_dir(&w.config.points).expect("the points");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("an entry").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

story!(
    /// At the start and every hour: what is not the newest of its day, week or month goes.
    points_go_when_no_tier_keeps_them, async |w| {
    keep(w, "pt_now", 1);
    keep(w, "pt_day", 50);
    keep(w, "pt_day_earlier", 51);
    keep(w, "pt_last_year", 9_000);
    w.drain().await;
    assert_eq!(there(w), ["pt_day", "pt_now"]);
    assert_eq!(w.warehouse.calls("drop-point"), 2);
    keep(w, "pt_day_earlier", 51);
    w.advance(TimeDelta::minutes(30)).await;
    assert_eq!(there(w).len(), 3);
    w.advance(TimeDelta::minutes(31)).await;
    assert_eq!(there(w), ["pt_day", "pt_now"]);
});

story!(
    /// A removal that failed half way, or whose process died, is finished the next time, and nobody is woken for it.
    an_interrupted_removal_is_finished, async |w| {
    keep(w, "pt_now", 1);
    keep(w, "pt_old", 9_000);
    w.warehouse.fault("drop-point", &["half", "fail"]);
    w.drain().await;
    assert_eq!(there(w), ["pt_now", "pt_old"]);
    assert!(!w.config.points.join("pt_old").join("manifest.json").exists());
    w.restart().await;
    w.drain().await;
    assert_eq!((there(w).len(), w.warehouse.calls("drop-point")), (2, 2));
    w.advance(A_WHILE).await;
    assert_eq!(there(w), ["pt_now"]);
});

story!(
    /// A point that somebody may be about to restore stays, and nothing is removed while a rollback holds the target.
    what_a_rollback_needs_stays, async |w| {
    destroyed(w).await;
    w.read_on();
    // The one that the proposal names is not the newest any more, and far too old.
    keep(w, "pt_later", -1);
    w.warehouse.keep_point(&w.config.points, "pt_good", "full", w.clock.now() - TimeDelta::hours(9_000));
    w.advance(A_WHILE).await;
    w.read_on();
    assert_eq!(there(w), ["pt_good", "pt_later"]);

    approved(w).await;
    w.expect_card("Waiting for an answer");
    keep(w, "pt_old", 9_001);
    w.advance(A_WHILE).await;
    assert_eq!((there(w).len(), w.warehouse.calls("drop-point")), (3, 0));
    w.press_and_say_why("cancel", "ben", "the disk is back").await;
    w.expect_whisper("ben", "The rollback is cancelled");
    w.read_on();
    w.advance(A_WHILE).await;
    assert_eq!(there(w), ["pt_later"]);
});
