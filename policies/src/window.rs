//! Maintenance windows: days and hours of a time zone, and when the next one opens. Pure: `now` comes in.

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Weekday,
};
use chrono_tz::Tz;
use domain::{Timestamp, window::Window};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{duration::DurationText, place::At, problem::Examined, suggest};

/// So many days are looked through: a window that opens on one day of the week is among them.
const DAYS_AHEAD: u64 = 8;
/// The longest time that clocks leave out.
const LONGEST_GAP_MIN: i64 = 180;

/// When planned rollbacks may begin.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowLayout {
    /// The IANA time zone of its hours, such as `Europe/Berlin`.
    time_zone: At<String>,
    /// The days on which it opens; every day when left out.
    #[serde(default)]
    days: Vec<DayLayout>,
    /// When it opens, as `HH:MM`.
    from: At<String>,
    /// When it closes, as `HH:MM`; on the next day where that is not later than `from`.
    to: At<String>,
    /// How long before the opening people are told.
    #[serde(default)]
    notices: Vec<At<DurationText>>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum DayLayout {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// When planned rollbacks of a target may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowRule {
    /// The time zone of its hours.
    pub time_zone: Tz,
    /// The days on which it opens.
    pub days: Vec<Weekday>,
    /// When it opens.
    pub from: NaiveTime,
    /// When it closes; on the next day where that is not later than `from`.
    pub to: NaiveTime,
    /// How long before the opening people are told, in milliseconds, longest first.
    pub notices_ms: Vec<u64>,
}

impl WindowRule {
    /// The window that is open at `now`, else the next one. Windows that clocks leave out do not exist.
    pub fn next(&self, now: Timestamp) -> Option<Window> {
        let today = now.with_timezone(&self.time_zone).date_naive();
        // One that opened yesterday may still be open.
        let first = today.pred_opt()?;
        let days = first.iter_days().take(usize::try_from(DAYS_AHEAD + 2).ok()?);
        days.filter_map(|day| self.on(day)).find(|window| window.closes > now)
    }

    /// The rest of a window from a chosen moment on; `None` where that is in none.
    pub fn at(&self, chosen: Timestamp) -> Option<Window> {
        let window = self.next(chosen).filter(|window| window.contains(chosen))?;
        Some(Window { opens: chosen, ..window })
    }

    /// A moment as people type it: with its offset, or as `YYYY-MM-DD HH:MM` of the window's time zone.
    pub fn moment(&self, text: &str) -> Option<Timestamp> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text.trim()) {
            return Some(moment.to_utc());
        }
        let local = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M").ok()?;
        self.time_zone.from_local_datetime(&local).earliest().map(|moment| moment.to_utc())
    }

    fn on(&self, day: NaiveDate) -> Option<Window> {
        if !self.days.contains(&day.weekday()) {
            return None;
        }
        let until = if self.to > self.from { day } else { day.succ_opt()? };
        let (opens, closes) = (self.utc(day, self.from)?, self.utc(until, self.to)?);
        let notices_ms = self.notices_ms.clone();
        (opens < closes).then_some(Window { opens, closes, notices_ms })
    }

    /// An hour that comes twice is the first one; one that clocks leave out is the moment after it.
    fn utc(&self, day: NaiveDate, time: NaiveTime) -> Option<Timestamp> {
        let local = day.and_time(time);
        let moments = (0..=LONGEST_GAP_MIN).filter_map(|minutes| {
            let local = local.checked_add_signed(TimeDelta::minutes(minutes))?;
            self.time_zone.from_local_datetime(&local).earliest()
        });
        moments.map(|moment| moment.to_utc()).next()
    }
}

impl WindowLayout {
    pub(crate) fn rule(&self, file: &mut Examined<'_>) -> WindowRule {
        let time_zone = self.time_zone.value.parse().unwrap_or_else(|_| {
            let zones: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
            let name = &self.time_zone.value;
            let advice = suggest::nearest(name, &zones).map_or_else(
                || "use an IANA name, such as `Europe/Berlin`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            file.note(self.time_zone.place, format!("there is no time zone `{name}`"), advice);
            Tz::UTC
        });
        let (from, to) = (time(&self.from, file), time(&self.to, file));
        if from == to {
            file.note(
                self.to.place,
                "the window would be open for a whole day",
                "write another time; a rollback that may begin at any moment needs no window",
            );
        }
        let mut notices_ms: Vec<u64> =
            self.notices.iter().map(|length| DurationText::read(length, file)).collect();
        notices_ms.sort_unstable_by(|one, other| other.cmp(one));
        notices_ms.dedup();
        let all = [
            DayLayout::Mon,
            DayLayout::Tue,
            DayLayout::Wed,
            DayLayout::Thu,
            DayLayout::Fri,
            DayLayout::Sat,
            DayLayout::Sun,
        ];
        let days = if self.days.is_empty() { &all[..] } else { &self.days };
        let days = days.iter().map(|day| Weekday::from(*day)).collect();
        WindowRule { time_zone, days, from, to, notices_ms }
    }
}

fn time(at: &At<String>, file: &mut Examined<'_>) -> NaiveTime {
    NaiveTime::parse_from_str(&at.value, "%H:%M").unwrap_or_else(|_| {
        let message = format!("`{}` is not a time of the day", at.value);
        file.note(at.place, message, "write hours and minutes, in quotes: `\"02:30\"`");
        NaiveTime::MIN
    })
}

impl From<DayLayout> for Weekday {
    fn from(day: DayLayout) -> Self {
        match day {
            DayLayout::Mon => Self::Mon,
            DayLayout::Tue => Self::Tue,
            DayLayout::Wed => Self::Wed,
            DayLayout::Thu => Self::Thu,
            DayLayout::Fri => Self::Fri,
            DayLayout::Sat => Self::Sat,
            DayLayout::Sun => Self::Sun,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(days: &[Weekday], from: &str, to: &str) -> WindowRule {
        let time = |text: &str| NaiveTime::parse_from_str(text, "%H:%M").expect("a time");
        let (from, to) = (time(from), time(to));
        WindowRule {
            time_zone: Tz::Europe__Berlin,
            days: days.to_vec(),
            from,
            to,
            notices_ms: vec![],
        }
    }

    fn at(text: &str) -> Timestamp {
        DateTime::parse_from_rfc3339(text).expect("a moment").to_utc()
    }

    const DAILY: [Weekday; 7] = [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
        Weekday::Sat,
        Weekday::Sun,
    ];

    #[track_caller]
    fn opens(rule: &WindowRule, now: &str, expected: (&str, &str)) {
        let window = rule.next(at(now)).expect("there is a next one");
        assert_eq!((window.opens, window.closes), (at(expected.0), at(expected.1)), "after {now}");
    }

    #[test]
    fn the_next_window_of_a_week() {
        let sundays = rule(&[Weekday::Sun], "02:00", "05:00");
        opens(&sundays, "2026-11-23T12:00:00Z", ("2026-11-29T01:00:00Z", "2026-11-29T04:00:00Z"));
        // Open at this moment, and closed at this one.
        opens(&sundays, "2026-11-29T03:59:59Z", ("2026-11-29T01:00:00Z", "2026-11-29T04:00:00Z"));
        opens(&sundays, "2026-11-29T04:00:00Z", ("2026-12-06T01:00:00Z", "2026-12-06T04:00:00Z"));
        let nights = rule(&[Weekday::Sat], "23:00", "01:30");
        opens(&nights, "2026-11-28T23:30:00Z", ("2026-11-28T22:00:00Z", "2026-11-29T00:30:00Z"));
    }

    #[test]
    fn clocks_that_are_put_forward_and_back() {
        let nights = rule(&DAILY, "02:30", "05:00");
        // On 29 March 2026, 02:00 is followed by 03:00.
        opens(&nights, "2026-03-28T12:00:00Z", ("2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"));
        // On 25 October 2026, 02:30 comes twice: the first one opens.
        opens(&nights, "2026-10-24T12:00:00Z", ("2026-10-25T00:30:00Z", "2026-10-25T04:00:00Z"));
        // A window that the clocks leave out is not there on that day.
        let left_out = rule(&DAILY, "02:10", "02:50");
        opens(&left_out, "2026-03-28T12:00:00Z", ("2026-03-30T00:10:00Z", "2026-03-30T00:50:00Z"));
    }

    #[test]
    fn a_chosen_moment_has_to_be_inside() {
        let nights = rule(&DAILY, "02:00", "05:00");
        let chosen = nights.moment("2026-11-24 03:15").expect("a moment");
        assert_eq!(chosen, at("2026-11-24T02:15:00Z"));
        let window = nights.at(chosen).expect("it is inside");
        assert_eq!((window.opens, window.closes), (chosen, at("2026-11-24T04:00:00Z")));
        assert_eq!(nights.at(at("2026-11-24T04:00:00Z")), None);
        assert_eq!(nights.moment("2026-11-24T03:15:00+01:00"), Some(at("2026-11-24T02:15:00Z")));
        assert_eq!(nights.moment("tomorrow"), None);
    }

    proptest! {
        /// Whatever the moment: the next window is not over, nothing between is left out, and asking again inside it
        /// or before it gives the same one.
        #[test]
        fn the_next_window_is_the_next_one(seconds in 1_767_225_600_i64..1_830_297_600, from in 0_u32..1440, length in 1_u32..1440) {
            let time = |minutes: u32| NaiveTime::from_hms_opt(minutes / 60 % 24, minutes % 60, 0).expect("a time");
            let rule = WindowRule { from: time(from), to: time(from + length), ..rule(&DAILY, "00:00", "01:00") };
            let now = DateTime::from_timestamp(seconds, 0).expect("a moment");
            let window = rule.next(now).expect("there is one each day");
            prop_assert!(window.opens < window.closes && window.closes > now);
            prop_assert!(window.opens - now <= TimeDelta::hours(49));
            let last = window.closes - TimeDelta::seconds(1);
            for again in [window.opens, last] {
                let found = rule.next(again).expect("it is there");
                prop_assert_eq!(found.contains(again), true);
                prop_assert!(found.opens <= window.opens);
            }
        }
    }
}
