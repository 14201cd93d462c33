//! How far back the sources of a model still go, as its owners say: nobody else can know it.

use chrono::TimeDelta;
use domain::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::{duration::DurationText, place::At, problem::Examined};

/// What is written where the sources go back to their beginning.
const ALL: &str = "all";
const DAY_MS: u64 = 86_400_000;

/// How far back the sources of a model go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceHistory {
    /// To their beginning: every row of the model can be computed again.
    All,
    /// So many milliseconds back from any moment on.
    Last(u64),
}

impl SourceHistory {
    /// The first day (UTC, `YYYYMMDD`) that the sources have whole at `now`; `all` where they go back to their beginning.
    pub fn since(self, now: Timestamp) -> String {
        let Self::Last(length_ms) = self else { return ALL.to_owned() };
        let length = i64::try_from(length_ms).ok().and_then(TimeDelta::try_milliseconds);
        let begin = length.and_then(|length| now.checked_sub_signed(length)).unwrap_or(now);
        // A day that has begun by then is not there from its first hour on.
        let midnight = begin.date_naive().and_time(chrono::NaiveTime::MIN);
        let next = begin.date_naive().succ_opt().unwrap_or(begin.date_naive());
        let day = if begin.naive_utc() == midnight { begin.date_naive() } else { next };
        day.format("%Y%m%d").to_string()
    }
}

/// `all`, or a length of time such as `90 d`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct HistoryText(String);

impl HistoryText {
    /// What it means; a mistake is noted.
    pub(crate) fn read(at: &At<Self>, file: &mut Examined<'_>) -> Option<SourceHistory> {
        let read = at.value.history();
        if read.is_none() {
            let message = format!("`{}` is no history of a day or more", at.value.0);
            file.note(at.place, message, "write `all`, or how far back it goes: `90 d`");
        }
        read
    }

    /// What it means; `None` where it is neither.
    pub(crate) fn history(&self) -> Option<SourceHistory> {
        if self.0 == ALL {
            return Some(SourceHistory::All);
        }
        let length = DurationText::from(self.0.as_str()).milliseconds()?;
        (length >= DAY_MS).then_some(SourceHistory::Last(length))
    }
}

impl JsonSchema for HistoryText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SourceHistory".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(all|[0-9]+ ?(h|d))$",
            "description": "`all`, or how far back it goes: at least a day, such as `90 d`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::*;

    #[test]
    fn only_days_that_are_there_as_a_whole_count() {
        let at = |hour| Utc.with_ymd_and_hms(2026, 11, 25, hour, 0, 0).unwrap();
        let ninety_days = SourceHistory::Last(90 * DAY_MS);
        assert_eq!(ninety_days.since(at(0)), "20260827");
        assert_eq!(ninety_days.since(at(3)), "20260828");
        assert_eq!(SourceHistory::All.since(at(3)), "all");
    }

    #[test]
    fn a_history_is_all_or_a_day_or_more() {
        for (text, expected) in [
            ("all", Some(SourceHistory::All)),
            ("90 d", Some(SourceHistory::Last(90 * DAY_MS))),
            ("24 h", Some(SourceHistory::Last(DAY_MS))),
            ("23 h", None),
            ("everything", None),
            ("", None),
        ] {
            assert_eq!(HistoryText(text.to_owned()).history(), expected, "{text}");
        }
    }
}
