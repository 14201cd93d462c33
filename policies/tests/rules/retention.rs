//! Which rollback points stay: tables for the four tiers, properties for what must never happen.

use std::collections::BTreeSet;

use chrono::{TimeDelta, TimeZone as _, Utc};
use domain::Timestamp;
use policies::{Fate, Policies, Reason, Retention, StoredPoint, Trust};
use proptest::prelude::*;

use crate::{changed, defaults, files};

/// Noon of the last Wednesday of a November.
fn now() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 25, 12, 0, 0).unwrap()
}

/// A verified point of the whole environment, made so many hours ago; its id says when.
fn point(hours: i64) -> StoredPoint {
    let made = now() - TimeDelta::hours(hours);
    StoredPoint {
        id: format!("pt_{hours}"),
        target: "warehouse".to_owned(),
        kind: "full".to_owned(),
        covers: BTreeSet::new(),
        of: made,
        made,
        trust: Trust::Verified,
    }
}

fn of_models(hours: i64, models: &[&str]) -> StoredPoint {
    let covers = models.iter().map(|model| (*model).to_owned()).collect();
    StoredPoint { kind: "tables".to_owned(), covers, ..point(hours) }
}

fn sorted(points: &[StoredPoint]) -> Vec<String> {
    let fates = Retention::default().sort(points, &BTreeSet::new(), now());
    points.iter().zip(&fates).map(|(point, fate)| line(point, fate)).collect()
}

fn line(point: &StoredPoint, fate: &Fate) -> String {
    let why = match fate {
        Fate::Goes => "goes".to_owned(),
        Fate::Stays(Reason::Tier(tier, until)) => format!("{} until {until}", tier.name()),
        Fate::Stays(Reason::Meanwhile(tier)) => format!("{} meanwhile", tier.name()),
        Fate::Stays(Reason::NewestVerified) => "the newest".to_owned(),
        Fate::Stays(Reason::Named) => "named".to_owned(),
        Fate::Stays(Reason::Young(until)) => format!("young until {until}"),
    };
    format!("{} {why}", point.id)
}

#[test]
fn a_point_comes_from_tier_to_tier() {
    let day = 24;
    // Today, yesterday thrice, Saturday, twice the Sunday before it, two days of October in a row, and two long ago.
    let hours = [
        1,
        20,
        day + 1,
        day + 3,
        4 * day,
        10 * day,
        10 * day + 1,
        26 * day,
        27 * day,
        40 * day,
        400 * day,
    ];
    let points: Vec<_> = hours.into_iter().map(point).collect();
    insta::assert_snapshot!(sorted(&points).join("\n"), @"
    pt_1 immediate until 2026-11-26 11:00:00 UTC
    pt_20 short_term until 2026-12-01 16:00:00 UTC
    pt_25 goes
    pt_27 goes
    pt_96 long_term until 2026-12-21 12:00:00 UTC
    pt_240 long_term until 2026-12-15 12:00:00 UTC
    pt_241 goes
    pt_624 archive until 2027-10-30 12:00:00 UTC
    pt_648 goes
    pt_960 goes
    pt_9600 goes
    ");
}

#[test]
fn the_file_and_the_defaults_are_the_same() {
    assert_eq!(*defaults().retention(), Retention::default());
    let mut without = files("rules");
    without.0.remove("retention.yaml");
    assert_eq!(*Policies::load(&without).unwrap().retention(), Retention::default());
    let longer = changed("retention.yaml", "for: 7 d", "for: 8 d");
    assert_ne!(*Policies::load(&longer).unwrap().retention(), Retention::default());
}

#[test]
fn a_verified_point_stands_for_its_day_before_a_newer_one_that_is_not() {
    let bad = StoredPoint { trust: Trust::Failed, ..point(40) };
    let untested = StoredPoint { trust: Trust::Untested, ..point(41) };
    insta::assert_snapshot!(sorted(&[point(2), bad, untested, point(42)]).join("\n"), @"
    pt_2 immediate until 2026-11-26 10:00:00 UTC
    pt_40 goes
    pt_41 goes
    pt_42 short_term until 2026-11-30 18:00:00 UTC
    ");
}

#[test]
fn points_of_tables_stand_in_for_each_other_model_by_model() {
    let points = [
        of_models(40, &["a"]),
        of_models(41, &["b"]),
        of_models(42, &["a", "b"]),
        of_models(43, &["a", "c"]),
    ];
    insta::assert_snapshot!(sorted(&points).join("\n"), @"
    pt_40 short_term until 2026-11-30 20:00:00 UTC
    pt_41 short_term until 2026-11-30 19:00:00 UTC
    pt_42 goes
    pt_43 short_term until 2026-11-30 17:00:00 UTC
    ");
}

#[test]
fn what_is_named_and_what_nobody_has_verified_yet_stay() {
    let old = point(9001);
    let named: BTreeSet<_> = [old.id.clone()].into();
    let points = [point(9000), old];
    let fates = Retention::default().sort(&points, &named, now());
    assert_eq!(fates, [Fate::Stays(Reason::NewestVerified), Fate::Stays(Reason::Named)]);

    let brief = changed("retention.yaml", "immediate: { for: 24 h", "immediate: { for: 1 h");
    let policies = Policies::load(&brief).unwrap();
    let points = [point(8), StoredPoint { trust: Trust::Untested, ..point(9) }, point(10)];
    let fates = policies.retention().sort(&points, &BTreeSet::new(), now());
    assert_eq!(fates[1], Fate::Stays(Reason::Young(now() + TimeDelta::hours(15))));
    assert_eq!(fates[2], Fate::Goes);
}

#[test]
fn what_was_made_of_an_older_moment_takes_nobodys_place() {
    let of = now() - TimeDelta::hours(70);
    let from_the_log = StoredPoint { id: "pt_log".to_owned(), of, ..point(30) };
    insta::assert_snapshot!(sorted(&[from_the_log, point(31)]).join("\n"), @"
    pt_log goes
    pt_31 short_term until 2026-12-01 05:00:00 UTC
    ");
}

prop_compose! {
    /// A point of some target and kind, made in the last fourteen months.
    fn any_point()(
        hours in 0_i64..10_000,
        target in 0..2,
        kind in prop::sample::select(vec!["full", "tables", "versions"]),
        models in prop::collection::btree_set(prop::sample::select(vec!["a", "b", "c"]), 1..3),
        trust in prop::sample::select(vec![Trust::Failed, Trust::Untested, Trust::Verified, Trust::Verified]),
        earlier in prop::sample::select(vec![0, 0, 0, 500]),
    ) -> StoredPoint {
        let of_tables = kind == "tables";
        let point = point(hours);
        StoredPoint {
            target: i32::to_string(&target),
            kind: kind.to_owned(),
            covers: models.into_iter().filter(|_| of_tables).map(str::to_owned).collect(),
            of: point.of - TimeDelta::hours(earlier),
            trust,
            ..point
        }
    }
}

prop_compose! {
    /// Points with ids of their own, some of which somebody names.
    fn any_points()(points in prop::collection::vec((any_point(), prop::bool::weighted(0.05)), 0..60))
        -> (Vec<StoredPoint>, BTreeSet<String>) {
        let numbered = |(number, (point, is_named)): (usize, (StoredPoint, bool))| {
            (StoredPoint { id: format!("pt_{number}"), ..point }, is_named)
        };
        let points: Vec<_> = points.into_iter().enumerate().map(numbered).collect();
        let named = points.iter().filter(|(_, named)| *named).map(|(point, _)| point.id.clone()).collect();
        (points.into_iter().map(|(point, _)| point).collect(), named)
    }
}

fn staying(points: &[StoredPoint], named: &BTreeSet<String>, at: Timestamp) -> Vec<StoredPoint> {
    let fates = Retention::default().sort(points, named, at);
    points
        .iter()
        .zip(fates)
        .filter(|(_, fate)| *fate != Fate::Goes)
        .map(|(point, _)| point.clone())
        .collect()
}

proptest! {
    #[test]
    fn pruning_twice_is_pruning_once((points, named) in any_points()) {
        let once = staying(&points, &named, now());
        prop_assert_eq!(&staying(&once, &named, now()), &once);
    }

    /// Whatever is made meanwhile: what a tier has promised it keeps.
    #[test]
    fn a_promise_is_kept(
        (points, named) in any_points(),
        later in 1_i64..10_000,
        newer in prop::collection::vec(any_point(), 0..20),
    ) {
        let at = now() + TimeDelta::hours(later);
        let fates = Retention::default().sort(&points, &named, now());
        let mut then = staying(&points, &named, now());
        then.extend(newer.into_iter().enumerate().map(|(number, point)| {
            let back = (now() - point.made).num_hours() % later;
            let (made, ago) = (at - TimeDelta::hours(back), point.made - point.of);
            StoredPoint { id: format!("pt_new_{number}"), made, of: made - ago, ..point }
        }));
        let stay: BTreeSet<_> =
            staying(&then, &named, at).into_iter().map(|point| point.id).collect();
        for (point, fate) in points.iter().zip(&fates) {
            if let Fate::Stays(Reason::Tier(_, until)) = fate {
                prop_assert!(*until <= at || stay.contains(&point.id), "{} at {at}", line(point, fate));
            }
        }
    }

    /// For everything that a target could be brought back to, the newest point that can be relied on stays.
    #[test]
    fn the_newest_verified_never_goes((points, named) in any_points(), later in 0_i64..100_000) {
        let stay = staying(&points, &named, now() + TimeDelta::hours(later));
        let models = |point: &StoredPoint| {
            let whole = point.covers.is_empty().then(String::new);
            point.covers.iter().cloned().chain(whole).collect::<Vec<_>>()
        };
        let newest = |points: &[StoredPoint], of: &StoredPoint, model: &String| {
            let is_like = |point: &&StoredPoint| {
                point.trust == Trust::Verified
                    && (&point.target, &point.kind) == (&of.target, &of.kind)
                    && models(point).contains(model)
            };
            points.iter().filter(is_like).map(|point| point.of).max()
        };
        for point in &points {
            for model in models(point) {
                prop_assert_eq!(newest(&stay, point, &model), newest(&points, point, &model));
            }
        }
    }

    #[test]
    fn what_is_named_or_new_never_goes((points, named) in any_points()) {
        let stay: BTreeSet<_> = staying(&points, &named, now()).into_iter().map(|point| point.id).collect();
        for point in &points {
            let is_new = now() - point.made < TimeDelta::hours(24);
            prop_assert!(stay.contains(&point.id) || !(is_new || named.contains(&point.id)), "{}", point.id);
        }
    }
}
