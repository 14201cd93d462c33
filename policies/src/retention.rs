//! `retention.yaml`: how long rollback points are kept, in four tiers, and which of them go.
//!
//! ```text
//! immediate   all of them          ├──┤
//! short_term  one of each day      ├───────┤
//! long_term   one of each week     ├───────────────┤
//! archive     one of each month    ├────────────────────────────────┤   time since it was made
//! ```

use std::collections::BTreeSet;

use domain::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{duration::DurationText, place::At, problem::Examined};

mod sorting;

const DAY_MS: i64 = 86_400_000;

/// How long rollback points are kept; left out as a whole: 24 h, 7 d, 30 d and 365 d.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionFile {
    /// For going back within a shift.
    immediate: TierLayout,
    /// For going back within a week.
    short_term: TierLayout,
    /// For what is noticed at the end of a month.
    long_term: TierLayout,
    /// For auditors.
    archive: TierLayout,
}

/// One tier.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TierLayout {
    /// How long, counted from when a point was made; longer than the tier before it.
    #[serde(rename = "for")]
    length: At<DurationText>,
    /// How many.
    keep: At<Density>,
}

/// How many points a tier keeps; later ones keep fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Density {
    /// Every point.
    All,
    /// The newest point of each day of UTC.
    NewestOfDay,
    /// The newest point of each week, which begins on Monday.
    NewestOfWeek,
    /// The newest point of each month.
    NewestOfMonth,
}

/// The four tiers, the shortest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// All of them, for a short time.
    Immediate,
    /// Fewer, for days.
    ShortTerm,
    /// Fewer still, for weeks.
    LongTerm,
    /// The fewest, for longest.
    Archive,
}

impl Tier {
    /// Its name, as in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::ShortTerm => "short_term",
            Self::LongTerm => "long_term",
            Self::Archive => "archive",
        }
    }
}

/// The checked file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    tiers: [TierRule; 4],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TierRule {
    tier: Tier,
    length_ms: i64,
    density: Density,
}

/// A rollback point, as far as keeping it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPoint {
    /// Its id.
    pub id: String,
    /// The id of its target.
    pub target: String,
    /// Its kind; points of different kinds do not stand in for each other.
    pub kind: String,
    /// The models whose tables it has; none where it is of the whole environment.
    pub covers: BTreeSet<String>,
    /// The moment that it is of.
    pub of: Timestamp,
    /// When it was made, which is later where it was made from a log afterwards.
    pub made: Timestamp,
    /// What its last verification said.
    pub trust: Trust,
}

/// What the last verification of a point said, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// It cannot be relied on.
    Failed,
    /// There was none.
    Untested,
    /// It can be relied on.
    Verified,
}

/// What becomes of a point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays, and why.
    Stays(Reason),
    /// Nothing keeps it any more.
    Goes,
}

/// Why a point stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A tier keeps it until this moment, whatever else is made by then.
    Tier(Tier, Timestamp),
    /// It is the newest of a day, week or month that is not over: a newer one takes its place.
    Meanwhile(Tier),
    /// It is the newest one of its kind that was verified.
    NewestVerified,
    /// An open proposal or a run under way names it.
    Named,
    /// It was not verified yet, and until this moment somebody may want to.
    Young(Timestamp),
}

impl Default for Retention {
    fn default() -> Self {
        let tier = |tier, days: i64, density| TierRule { tier, length_ms: days * DAY_MS, density };
        let tiers = [
            tier(Tier::Immediate, 1, Density::All),
            tier(Tier::ShortTerm, 7, Density::NewestOfDay),
            tier(Tier::LongTerm, 30, Density::NewestOfWeek),
            tier(Tier::Archive, 365, Density::NewestOfMonth),
        ];
        Self { tiers }
    }
}

impl RetentionFile {
    /// The tiers, checked; mistakes are noted.
    pub(crate) fn retention(&self, file: &mut Examined<'_>) -> Retention {
        let layouts = [
            (Tier::Immediate, &self.immediate),
            (Tier::ShortTerm, &self.short_term),
            (Tier::LongTerm, &self.long_term),
            (Tier::Archive, &self.archive),
        ];
        let tiers = layouts.map(|(tier, layout)| {
            let before = file.problems.len();
            let length = DurationText::read(&layout.length, file);
            if length == 0 && file.problems.len() == before {
                let message = format!("{} would keep nothing", tier.name());
                file.note(layout.length.place, message, "give it a length of time, such as `7 d`");
            }
            let length_ms = i64::try_from(length).unwrap_or(i64::MAX);
            TierRule { tier, length_ms, density: layout.keep.value }
        });
        if file.problems.is_empty() {
            for (index, pair) in tiers.windows(2).enumerate() {
                Self::check_pair(pair, layouts[index + 1].1, file);
            }
        }
        Retention { tiers }
    }

    fn check_pair(pair: &[TierRule], layout: &TierLayout, file: &mut Examined<'_>) {
        let (shorter, longer) = (pair[0], pair[1]);
        let (short, long) = (shorter.tier.name(), longer.tier.name());
        if longer.length_ms < shorter.length_ms {
            let message = format!("{long} is shorter than {short}, which comes before it");
            let advice = "list the tiers with rising lengths, or make both equally long";
            file.note(layout.length.place, message, advice);
        }
        if longer.density < shorter.density {
            let message =
                format!("{long} keeps more than {short}, so {short} would decide nothing");
            let advice = "use the same or one that keeps fewer: `all`, `newest_of_day`, `newest_of_week`, `newest_of_month`";
            file.note(layout.keep.place, message, advice);
        }
    }
}
