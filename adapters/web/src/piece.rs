//! Words and moments as the templates take them: plain data, never markup.
//!
//! No value of this crate is ever marked as safe HTML; whatever reaches a template is escaped there.

use chrono::{SecondsFormat, TimeDelta};
use domain::{
    Timestamp,
    person::People,
    words::{Span, Words},
};
use serde::Serialize;

/// One piece of a sentence.
#[derive(Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub(crate) enum Piece<'a> {
    /// Plain letters.
    Text(&'a str),
    /// Emphasised letters.
    Strong(&'a str),
    /// A name of the machine's world.
    Code(&'a str),
    /// A person's name.
    Person(&'a str),
    /// A moment.
    Time(Moment),
}

/// A moment: for machines, for readers, and for readers who want the day.
#[derive(Serialize)]
pub(crate) struct Moment {
    iso: String,
    clock: String,
    full: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self {
            iso: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            clock: at.format("%H:%M:%S UTC").to_string(),
            full: at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        }
    }
}

impl Moment {
    /// A moment that may be on another day than the reader's.
    fn with_day(at: Timestamp) -> Self {
        Self { clock: at.format("%-d %b %H:%M UTC").to_string(), ..at.into() }
    }
}

/// The pieces of a sentence; people by their names.
pub(crate) fn pieces<'a>(words: &'a Words, people: &'a People) -> Vec<Piece<'a>> {
    words
        .spans()
        .iter()
        .map(|span| match span {
            Span::Text(text) => Piece::Text(text),
            Span::Strong(text) => Piece::Strong(text),
            Span::Code(text) => Piece::Code(text),
            Span::Person(person) => Piece::Person(people.name(person)),
            Span::Time(at) => Piece::Time((*at).into()),
            Span::Day(at) => Piece::Time(Moment::with_day(*at)),
        })
        .collect()
}

/// The time that is left as a clock shows it: `4:07`, `1:02:03`, or `now` when nothing is left.
pub(crate) fn countdown(left: TimeDelta) -> String {
    // A started second counts as a whole one, so that zero is reached when the moment is.
    let seconds = (left + TimeDelta::milliseconds(999)).num_seconds();
    match seconds {
        ..=0 => "now".to_owned(),
        1..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_down_to_now() {
        for (left_ms, shown) in [
            (-5000, "now"),
            (0, "now"),
            (1, "0:01"),
            (59_000, "0:59"),
            (60_000, "1:00"),
            (899_001, "15:00"),
            (3_723_000, "1:02:03"),
        ] {
            assert_eq!(countdown(TimeDelta::milliseconds(left_ms)), shown, "{left_ms} ms");
        }
    }
}
