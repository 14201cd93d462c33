//! Which points stay and which go: a question about all points of all targets together, at one moment.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta};
use domain::Timestamp;

use super::{DAY_MS, Density, Fate, Reason, Retention, StoredPoint, TierRule, Trust};

/// What stands in for a model where a point is of the whole environment.
const EVERYTHING: &str = "";

/// What points can stand in for each other in: a target, a kind, a model.
type Field<'p> = (&'p str, &'p str, &'p str);

impl Retention {
    /// The fate of each point, in their order. `named` are the ids that open proposals and runs under way name.
    ///
    /// Nothing that stays depends on what goes: with the points that go away removed, the answer is the same.
    pub fn sort(
        &self,
        points: &[StoredPoint],
        named: &BTreeSet<String>,
        now: Timestamp,
    ) -> Vec<Fate> {
        let newest = newest_verified(points);
        let best = self.tiers.map(|rule| best_of_periods(points, rule.density));
        let fate = |point: &StoredPoint| {
            let keepers = self.tiers.iter().zip(&best).filter(|(rule, best)| {
                age_ms(point, now) < rule.length_ms && is_among(point, best, rule.density)
            });
            let (mut until, mut meanwhile) = (None, None);
            for (rule, _) in keepers {
                if is_over(point, rule.density, now) {
                    until = until.max(Some((rule.end(point), std::cmp::Reverse(rule.tier))));
                } else {
                    meanwhile = meanwhile.or(Some(rule.tier));
                }
            }
            let young = point.made + TimeDelta::milliseconds(DAY_MS);
            let reason = match (until, meanwhile) {
                (Some((end, std::cmp::Reverse(tier))), _) => Reason::Tier(tier, end),
                (None, Some(tier)) => Reason::Meanwhile(tier),
                (None, None) if named.contains(&point.id) => Reason::Named,
                (None, None) if is_newest(point, &newest) => Reason::NewestVerified,
                (None, None) if point.trust != Trust::Verified && now < young => {
                    Reason::Young(young)
                }
                (None, None) => return Fate::Goes,
            };
            Fate::Stays(reason)
        };
        points.iter().map(fate).collect()
    }
}

impl TierRule {
    fn end(&self, point: &StoredPoint) -> Timestamp {
        let length = TimeDelta::milliseconds(self.length_ms);
        point.made.checked_add_signed(length).unwrap_or(DateTime::<chrono::Utc>::MAX_UTC)
    }
}

/// How long ago it was made; one that comes from the future, because clocks differ, is new.
fn age_ms(point: &StoredPoint, now: Timestamp) -> i64 {
    (now - point.made).num_milliseconds()
}

/// For each field its newest verified point.
fn newest_verified(points: &[StoredPoint]) -> BTreeMap<Field<'_>, &str> {
    let mut newest: BTreeMap<Field<'_>, &StoredPoint> = BTreeMap::new();
    for point in points.iter().filter(|point| point.trust == Trust::Verified) {
        for field in fields(point) {
            let known = newest.entry(field).or_insert(point);
            if (known.of, &known.id) < (point.of, &point.id) {
                *known = point;
            }
        }
    }
    newest.into_iter().map(|(field, point)| (field, point.id.as_str())).collect()
}

fn is_newest(point: &StoredPoint, newest: &BTreeMap<Field<'_>, &str>) -> bool {
    fields(point).any(|field| newest.get(&field) == Some(&point.id.as_str()))
}

/// For each period and field its best point: rather a verified one, then the newest.
fn best_of_periods(
    points: &[StoredPoint],
    density: Density,
) -> BTreeMap<(NaiveDate, Field<'_>), &StoredPoint> {
    let mut best: BTreeMap<(NaiveDate, Field<'_>), &StoredPoint> = BTreeMap::new();
    for point in points {
        for field in fields(point) {
            let known = best.entry((begin(point, density), field)).or_insert(point);
            if rank(known) < rank(point) {
                *known = point;
            }
        }
    }
    best
}

fn rank(point: &StoredPoint) -> (Trust, Timestamp, Timestamp, &str) {
    (point.trust, point.of, point.made, &point.id)
}

fn is_among(
    point: &StoredPoint,
    best: &BTreeMap<(NaiveDate, Field<'_>), &StoredPoint>,
    density: Density,
) -> bool {
    let period = begin(point, density);
    density == Density::All
        || fields(point)
            .any(|field| best.get(&(period, field)).is_some_and(|best| best.id == point.id))
}

/// The first day of the period in which it was made.
fn begin(point: &StoredPoint, density: Density) -> NaiveDate {
    let day = point.made.date_naive();
    match density {
        Density::All | Density::NewestOfDay => day,
        Density::NewestOfWeek => day.week(chrono::Weekday::Mon).first_day(),
        Density::NewestOfMonth => day.with_day(1).unwrap_or(day),
    }
}

/// Whether no newer point can take its place any more.
fn is_over(point: &StoredPoint, density: Density, now: Timestamp) -> bool {
    let first = begin(point, density);
    let next = match density {
        Density::All => return true,
        Density::NewestOfDay => first.succ_opt(),
        Density::NewestOfWeek => first.checked_add_signed(TimeDelta::days(7)),
        Density::NewestOfMonth => first.checked_add_months(Months::new(1)),
    };
    next.is_some_and(|next| now.date_naive() >= next)
}

fn fields(point: &StoredPoint) -> impl Iterator<Item = Field<'_>> {
    let (target, kind) = (point.target.as_str(), point.kind.as_str());
    let whole = point.covers.is_empty().then_some(EVERYTHING);
    let models = point.covers.iter().map(String::as_str).chain(whole);
    models.map(move |model| (target, kind, model))
}
