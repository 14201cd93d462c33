//! Releases: which one a rollback goes back to.

use std::collections::BTreeSet;

use domain::release::{
    Difference, Extent, Learnt, ModelVersion, Release, Snapshot, Snapshots, Verdict, live_among,
    way_back,
};

use crate::world::{minute, version};

fn snapshots(versions: &[(&str, &str)]) -> Snapshots {
    let snapshot = |identifier: &str| Snapshot {
        identifier: identifier.to_owned(),
        version: format!("of {identifier}"),
    };
    versions.iter().map(|(model, version)| ((*model).to_owned(), snapshot(version))).collect()
}

fn release(place: u64, verdict: Verdict, versions: &[(&str, &str)]) -> Release {
    Release {
        target: "warehouse".to_owned(),
        place,
        plan_id: format!("plan {place}"),
        fingerprint: format!("state {place}"),
        finalized_at: Some(minute(i64::try_from(place).unwrap())),
        seen_at: minute(60),
        snapshots: snapshots(versions),
        commit: None,
        learnt: Learnt::Poll,
        verdict,
        run: None,
        baseline: None,
    }
}

/// Newest first: two bad ones, a good one, and an old one.
fn ledger() -> Vec<Release> {
    vec![
        release(4, Verdict::Bad, &[("a", "4"), ("b", "4")]),
        release(3, Verdict::Unknown, &[("a", "4"), ("b", "3")]),
        release(2, Verdict::Good, &[("a", "2"), ("b", "2"), ("gone", "1")]),
        release(1, Verdict::Unknown, &[("a", "1"), ("b", "2")]),
    ]
}

/// The release that the meant models go back to, and how.
fn found(now: &[(&str, &str)], bad: &[ModelVersion], meant: &[&str]) -> String {
    found_of(Extent::Meant, now, bad, meant)
}

fn found_of(extent: Extent, now: &[(&str, &str)], bad: &[ModelVersion], meant: &[&str]) -> String {
    let bad: BTreeSet<ModelVersion> = bad.iter().cloned().collect();
    let is_meant = |model: &str| meant.is_empty() || meant.contains(&model);
    let ledger = ledger();
    let Some(way) = way_back(&ledger, &snapshots(now), &bad, extent, is_meant) else {
        return "none".to_owned();
    };
    let side = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".to_owned());
    let goes_back = |found: &&Difference| {
        extent == Extent::Whole
            || (is_meant(&found.model) && found.now.is_some() && found.then.is_some())
    };
    let models: Vec<_> = way
        .differences
        .iter()
        .filter(goes_back)
        .map(|found| format!("{} {}→{}", found.model, side(&found.now), side(&found.then)))
        .collect();
    format!("release {}: {}", way.release.place, models.join(", "))
}

#[test]
fn the_newest_that_is_not_bad() {
    let now = [("a", "5"), ("b", "5"), ("new", "1")];
    let bad = [version("a", "4")];
    let table = [
        // Nothing is known to be bad but a whole release.
        (found(&now, &[], &[]), "release 3: a 5→4, b 5→3"),
        (found(&now, &[], &["a"]), "release 3: a 5→4"),
        // A version that was rolled back from is in release 3 as well.
        (found(&now, &bad, &[]), "release 2: a 5→2, b 5→2"),
        // But not for whoever means another model.
        (found(&now, &bad, &["b"]), "release 3: b 5→3"),
        // What stands there already is no way back.
        (found(&[("a", "2"), ("b", "2")], &bad, &[]), "release 1: a 2→1"),
        (found(&[("a", "2"), ("b", "2")], &bad, &["b"]), "release 3: b 2→3"),
        (found(&now, &[], &["new"]), "none"),
        (found(&now, &[], &["gone"]), "none"),
        (found(&[("a", "1")], &[version("a", "2"), version("a", "4")], &[]), "none"),
    ];
    for (found, expected) in table {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_whole_release_goes_back_with_what_was_added_and_removed() {
    let now = [("a", "5"), ("b", "5"), ("new", "1")];
    let bad = [version("a", "4")];
    let whole = |now: &[(&str, &str)], bad: &[ModelVersion], meant: &[&str]| {
        found_of(Extent::Whole, now, bad, meant)
    };
    let table = [
        (whole(&now, &[], &[]), "release 3: a 5→4, b 5→3, new 1→-"),
        (whole(&now, &[], &["new"]), "release 3: a 5→4, b 5→3, new 1→-"),
        (whole(&now, &[], &["gone"]), "release 2: a 5→2, b 5→2, gone -→1, new 1→-"),
        // It would bring a version that was rolled back from, whatever the alert names.
        (whole(&now, &bad, &["b"]), "release 2: a 5→2, b 5→2, gone -→1, new 1→-"),
        (whole(&now, &[version("gone", "1")], &["gone"]), "none"),
        // One that is live already is not brought.
        (whole(&[("a", "4"), ("b", "5")], &bad, &[]), "release 3: b 5→3"),
        (whole(&now, &[], &["other"]), "none"),
    ];
    for (found, expected) in table {
        assert_eq!(found, expected);
    }
}

#[test]
fn what_is_live_of_what_is_bad() {
    let now = snapshots(&[("a", "4"), ("b", "2")]);
    let bad = [version("a", "4"), version("b", "3"), version("c", "1")];
    assert_eq!(live_among(&bad, &now), [version("a", "4")]);
}

#[test]
fn a_version_is_read_as_it_is_written() {
    let version = version("marts.a", "22");
    assert_eq!(ModelVersion::read(&version.to_string()), Some(version));
    for wrong in ["", "a", "=1", "a="] {
        assert_eq!(ModelVersion::read(wrong), None, "{wrong}");
    }
}

#[test]
fn a_release_has_a_name_for_people() {
    let mut release = release(1, Verdict::Unknown, &[]);
    let plain = release.name();
    release.commit = Some("0f5e1e1c8b0f4c3e9d55".to_owned());
    insta::assert_snapshot!(format!("{plain}\n{}", release.name()), @"
    the release of 2026-11-23 03:01 UTC (SQLMesh plan `plan 1`)
    the release of 2026-11-23 03:01 UTC (commit `0f5e1e1c8b0f`)
    ");
}
