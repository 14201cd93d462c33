//! Rollbacks from a rollback point: of the whole environment (type 4) through both gates, and of models that were
//! changed in place (type 3).

use chrono::TimeDelta;
use domain::{plan::RollbackType, port::Clock as _, proposal::Proposal};
use serde_json::json;

use crate::{
    crash::killed_at_work,
    story,
    world::{CUSTOMERS, ORDERS, World},
};

/// The headline of the trigger that suggests types 1, 2 and 4, in this order.
const OUTAGE: &str = "The data warehouse is down";

/// Nobody can read the warehouse any more; a point of an hour ago is there.
pub(crate) async fn destroyed(w: &mut World) {
    w.warehouse.keep_point(
        &w.config.points,
        "pt_good",
        "full",
        w.clock.now() - TimeDelta::hours(1),
    );
    w.warehouse.destroy();
    w.alert_with(OUTAGE, &json!({})).await;
}

pub(crate) async fn proposal(w: &World) -> Proposal {
    let incident = w.incident().await;
    let found = w.bot.engine.store.proposals_of(&incident).await.expect("proposals").pop();
    found.expect("a proposal").value
}

/// The three people whom a loss of data asks for.
pub(crate) async fn approved(w: &mut World) {
    for person in ["ben", "mia", "cleo"] {
        w.approve(person).await;
        w.expect_whisper(person, "is signed");
    }
}

/// What stands beside the live environment, without the tag of the proposal.
pub(crate) fn beside(w: &World) -> Vec<String> {
    let named = |name: &String| name.split("_pt_").next().unwrap_or_default().to_owned();
    w.warehouse.beside().iter().map(named).collect()
}

story!(
    /// From the alert to the exchange: three signatures, everything restored beside, and one more yes.
    a_destroyed_warehouse_comes_back, async |w| {
    destroyed(w).await;
    let opening = proposal(w).await.opening;
    assert_eq!(opening.rollback_type, RollbackType::FullEnvironment, "{}", opening.because);
    assert_eq!(opening.models, [CUSTOMERS, ORDERS]);
    insta::assert_snapshot!(opening.because, @"It is `critical_service_failure` (a critical service does not answer): the headline contains “is down”. A blue-green rollback (type 1) is not possible: SQLMesh's state or the warehouse cannot be read: The DuckDB file warehouse.duckdb does not exist. A model-level rollback (type 2) is not possible: SQLMesh's state or the warehouse cannot be read: The DuckDB file warehouse.duckdb does not exist.");
    let shown: Vec<_> = opening.findings.iter().map(|found| format!("{:?}: {}", found.outcome, found.detail)).collect();
    insta::assert_snapshot!(shown.join("\n"), @"
    Pass: The copy of pt_good was read to its end.
    Inconclusive: SQLMesh's state or the warehouse cannot be read now: The DuckDB file warehouse.duckdb does not exist.
    Inconclusive: What was written since 2026-11-23 02:00 UTC is not in the rollback point (1 h); the broken databases keep it.
    Pass: No other incident's rollback is under way on warehouse.
    ");
    w.expect_thread(&["Alert from", "Proposed: full environment rollback (type 4)", "Telling"]);
    approved(w).await;
    w.expect_thread(&[
        "1 of 3", "2 of 3", "approved", "The rollback starts", "Step 1 of 6", "Step 2 of 6", "Step 3 of 6",
        "The rollback waits at *Ask before the exchange*: *Swap the restored environment in?*",
    ]);
    w.expect_card("Waiting for an answer");
    assert_eq!((beside(w), w.warehouse.is_readable()), (vec!["warehouse_restore".to_owned()], false));
    w.click(&w.card(), "confirm", "ana").await;
    w.expect_whisper("ana", "This needs level 2");
    w.restart().await;
    w.advance(TimeDelta::minutes(5)).await;
    assert_eq!(w.warehouse.calls("swap"), 0);
    w.click(&w.card(), "confirm", "tess").await;
    w.expect_whisper("tess", "the rollback goes on");
    w.expect_thread(&["confirmed at level 2", "Step 5 of 6", "Step 6 of 6", "Rolled back: every step is done and every check passed", "is held"]);
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.version(ORDERS), w.warehouse.is_readable()), ("11".to_owned(), true));
    assert_eq!(beside(w), ["warehouse_broken"]);
});

story!(
    /// A no at the second gate: nobody ever saw what was restored, and it is removed.
    a_no_at_the_second_gate_changes_nothing, async |w| {
    destroyed(w).await;
    approved(w).await;
    w.expect_card("Waiting for an answer");
    w.press_and_say_why("cancel", "ben", "the disk is back").await;
    w.expect_whisper("ben", "The rollback is cancelled");
    w.expect_card("Cancelled, taken back");
    assert_eq!((w.warehouse.calls("swap"), w.warehouse.is_readable()), (0, false));
    assert_eq!((w.warehouse.calls("drop-beside"), beside(w).len()), (1, 0));
    w.read_on();
});

story!(
    /// The executor died after the exchange and before anybody heard of it: the next life finds out that it is done.
    an_exchange_that_nobody_heard_of_is_found_out, async |w| {
    w.clock.follow_the_system();
    destroyed(w).await;
    approved(w).await;
    w.read_on();
    w.warehouse.fault("swap", &["late"]);
    w.press(&w.card(), "confirm", "tess").await;
    killed_at_work(w).await;
    w.expect_whisper("tess", "the rollback goes on");
    w.expect_thread(&["confirmed at level 2", "the executor was interrupted", "it is done", "Step 5 of 6", "Step 6 of 6", "Rolled back", "is held"]);
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.calls("swap"), w.warehouse.is_readable()), (1, true));
});

story!(
    /// A cancel ends the exchange under way; it had taken effect, and that is taken back.
    a_cancelled_exchange_is_taken_back, async |w| {
    destroyed(w).await;
    approved(w).await;
    w.warehouse.fault("swap", &["late"]);
    w.press(&w.card(), "confirm", "tess").await;
    w.meanwhile(async |w| {
        w.press_why(&w.card(), "cancel", "tess", "this is the wrong point").await;
    })
    .await;
    w.slack.take_ephemerals("U0TESS");
    w.expect_card("Cancelled, taken back");
    assert_eq!((w.warehouse.calls("unswap"), w.warehouse.is_readable()), (1, false));
    assert!(beside(w).is_empty(), "{:?}", beside(w));
    w.read_on();
});

story!(
    /// The exchange fails for good, and is taken back: what was live is live again.
    an_exchange_that_fails_is_taken_back, async |w| {
    destroyed(w).await;
    approved(w).await;
    w.warehouse.fault("swap", &["fail", "fail", "fail"]);
    w.click(&w.card(), "confirm", "tess").await;
    w.expect_whisper("tess", "the rollback goes on");
    w.expect_card("Failed, taken back");
    assert_eq!((w.warehouse.calls("unswap"), w.warehouse.is_readable()), (1, false));
    assert!(beside(w).is_empty(), "{:?}", beside(w));
    w.read_on();
});

story!(
    /// The restored environment is not what the point holds: a person looks, and it is not taken away by itself.
    a_restored_environment_that_is_not_right_stops_the_run, async |w| {
    destroyed(w).await;
    approved(w).await;
    w.warehouse.fault("verify-live", &["fail", "fail"]);
    w.click(&w.card(), "confirm", "tess").await;
    w.expect_whisper("tess", "the rollback goes on");
    w.expect_card("Stuck: needs a person");
    assert_eq!((w.warehouse.calls("unswap"), w.warehouse.is_readable()), (0, true));
    w.press_and_say_why("skip", "cleo", "every dashboard is right again").await;
    w.expect_whisper("cleo", "signed it off");
    w.expect_card("Rolled back, signed off");
    w.read_on();
});

story!(
    /// No point can be relied on: the thread says of each why.
    without_a_point_that_can_be_relied_on_nothing_is_proposed, async |w| {
    let hours = |hours| w.clock.now() - TimeDelta::hours(hours);
    w.warehouse.keep_point(&w.config.points, "pt_cut_off", "full", hours(2));
    w.warehouse.keep_point(&w.config.points, "pt_late", "full", hours(-1));
    std::fs::write(w.config.points.join("pt_cut_off/copy.json"), "{").expect("cuts it off");
    w.warehouse.destroy();
    w.alert_with(OUTAGE, &json!({})).await;
    let shown = w.thread_so_far();
    let told = shown.lines().find(|line| line.contains("No rollback is proposed")).unwrap_or(&shown);
    insta::assert_snapshot!(told, @"  > No rollback is proposed: A blue-green rollback (type 1) is not possible: SQLMesh's state or the warehouse cannot be read: The DuckDB file warehouse.duckdb does not exist. A model-level rollback (type 2) is not possible: SQLMesh's state or the warehouse cannot be read: The DuckDB file warehouse.duckdb does not exist. A full environment rollback (type 4) is not possible: there is no rollback point of the whole environment from before the alert that can be relied on. pt_cut_off cannot be relied on: The copy of pt_cut_off cannot be read to its end.");
    w.read_on();
});

/// The headline of the trigger that suggests types 2, 3 and 4, in this order.
pub(crate) const CHANGED: &str = "Data corruption: the loyalty points of all customers are gone";

/// The release dropped a column of a model in place; a point of its table is there, made before the release.
async fn changed_in_place(w: &mut World) {
    w.warehouse.change_in_place(ORDERS);
    w.warehouse.keep_point(
        &w.config.points,
        "pt_before",
        "tables",
        w.clock.now() - TimeDelta::hours(1),
    );
    w.alert_with(CHANGED, &json!({"models": ORDERS})).await;
}

story!(
    /// Two of level 2 sign; the run makes a point of its own first, and values and definition are back at the end.
    a_dropped_column_comes_back_with_its_values, async |w| {
    changed_in_place(w).await;
    let opening = proposal(w).await.opening;
    assert_eq!((opening.rollback_type, opening.models), (RollbackType::Schema, vec![ORDERS.to_owned()]));
    insta::assert_snapshot!(opening.because, @"It is `data_corruption_detected` (data is corrupt): the headline contains “data corruption”. A model-level rollback (type 2) is not possible: marts.order_analytics was changed in place: there is no old table to go back to.");
    w.expect_thread(&["Alert from", "Proposed: schema rollback (type 3) of `marts.order_analytics`", "Telling"]);
    for person in ["ben", "tess"] {
        w.approve(person).await;
        w.expect_whisper(person, "is signed");
    }
    w.expect_thread(&["1 of 2", "approved", "The rollback starts", "Step 1 of 5", "Step 2 of 5", "Step 3 of 5", "Step 4 of 5", "Step 5 of 5", "Rolled back: every step is done and every check passed", "is held"]);
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.version(ORDERS), w.warehouse.empty()), ("11".to_owned(), vec![]));
    let points = std::fs::read_dir(&w.config.points).expect("points").count();
    assert_eq!((points, w.warehouse.calls("save")), (2, 1));
});

story!(
    /// The definition is back and the values are not yet: that is found out, and the same step again fills them.
    a_half_done_restore_is_finished, async |w| {
    changed_in_place(w).await;
    w.warehouse.fault("restore-schema", &["half"]);
    for person in ["ben", "tess"] {
        w.approve(person).await;
        w.expect_whisper(person, "is signed");
    }
    w.expect_card("Rolled back");
    assert_eq!((w.warehouse.calls("restore-schema"), w.warehouse.empty()), (2, vec![]));
    w.read_on();
});

story!(
    /// It fails for good: what the bad release had is there again, from the point that the run made.
    a_failed_restore_is_taken_back, async |w| {
    changed_in_place(w).await;
    w.warehouse.fault("restore-schema", &["half", "fail", "fail"]);
    for person in ["ben", "tess"] {
        w.approve(person).await;
        w.expect_whisper(person, "is signed");
    }
    w.expect_card("Failed, taken back");
    assert_eq!((w.warehouse.version(ORDERS), w.warehouse.empty()), ("22".to_owned(), vec![]));
    w.read_on();
});

story!(
    /// No point keeps the model's table as it was before the release: the next better rollback is of everything.
    without_a_point_of_its_table_the_whole_environment_goes_back, async |w| {
    w.warehouse.change_in_place(ORDERS);
    w.warehouse.keep_point(&w.config.points, "pt_full", "full", w.clock.now() - TimeDelta::hours(1));
    w.alert_with(CHANGED, &json!({"models": ORDERS})).await;
    let opening = proposal(w).await.opening;
    assert_eq!(opening.rollback_type, RollbackType::FullEnvironment);
    insta::assert_snapshot!(opening.because, @"It is `data_corruption_detected` (data is corrupt): the headline contains “data corruption”. A model-level rollback (type 2) is not possible: marts.order_analytics was changed in place: there is no old table to go back to. A schema rollback (type 3) is not possible: no rollback point keeps marts.order_analytics as before the release, and one of now has lost the values as well. targets.yaml does not say that the sources still have them (`source_history`).");
    w.read_on();
});
