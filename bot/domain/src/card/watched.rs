//! Metrics beside the progress of a run. They decide nothing and are no part of the record.

use serde::{Deserialize, Serialize};

use crate::plan::Outcome;

/// A number with more letters than this is shown with fewer digits.
const LONGEST: usize = 8;
/// So many digits that mean something are kept of a longer one.
const DIGITS: i32 = 4;

/// A metric as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Area and name, such as `System: error rate`.
    pub title: String,
    /// What its values are in, such as `ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The first value of this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
    /// What is known of it now.
    pub now: Reading,
}

/// What is known of a metric at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reading", rename_all = "snake_case")]
pub enum Reading {
    /// A value, and whether it is good.
    Value {
        /// The value.
        value: String,
        /// Whether it is as it should be.
        outcome: Outcome,
    },
    /// Nobody could tell.
    Unknown,
    /// A step is at work in the database, and the question would be in its way.
    AtWork,
}

impl Watched {
    /// Whether it is as it should be, where somebody could tell.
    pub fn outcome(&self) -> Outcome {
        match &self.now {
            Reading::Value { outcome, .. } => *outcome,
            Reading::Unknown | Reading::AtWork => Outcome::Inconclusive,
        }
    }

    /// All of it in a line.
    pub fn line(&self) -> String {
        let with_unit = |value: &str| match &self.unit {
            Some(unit) => format!("{} {unit}", shown(value)),
            None => shown(value),
        };
        let title = &self.title;
        let was = self.began.as_deref().map(|began| format!(" · was {}", with_unit(began)));
        let was = was.unwrap_or_default();
        match &self.now {
            Reading::Value { value, outcome } => {
                let word = match outcome {
                    Outcome::Pass => "good",
                    Outcome::Fail => "not good",
                    Outcome::Inconclusive => "cannot be compared",
                };
                format!("{title} {}{was} · {word}", with_unit(value))
            }
            Reading::Unknown => format!("{title} cannot be told{was}"),
            Reading::AtWork => {
                format!("{title} is not asked while a step works in the database{was}")
            }
        }
    }
}

/// A value, a long number with few digits.
fn shown(value: &str) -> String {
    let number = value.parse::<f64>().ok().filter(|number| number.is_finite() && *number != 0.0);
    match number {
        Some(number) if value.len() > LONGEST && value.contains(['.', 'e']) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a finite number has at most 309 digits"
            )]
            let whole = number.abs().log10().floor() as i32;
            let decimals = usize::try_from((DIGITS - 1 - whole).clamp(0, 12)).unwrap_or_default();
            let text = format!("{number:.decimals$}");
            if text.contains('.') {
                text.trim_end_matches('0').trim_end_matches('.').to_owned()
            } else {
                text
            }
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(now: Reading, began: Option<&str>, expected: &str) {
        let title = "System: error rate".to_owned();
        let unit = Some("%".to_owned());
        let watched = Watched { title, unit, began: began.map(str::to_owned), now };
        assert_eq!(watched.line(), expected);
    }

    #[test]
    fn a_metric_is_told_in_a_line() {
        let value = |value: &str, outcome| Reading::Value { value: value.to_owned(), outcome };
        let (pass, fail) = (Outcome::Pass, Outcome::Fail);
        check(value("0.4", pass), Some("3.1"), "System: error rate 0.4 % · was 3.1 % · good");
        check(value("3.1", fail), Some("3.1"), "System: error rate 3.1 % · was 3.1 % · not good");
        check(
            value("n/a", Outcome::Inconclusive),
            None,
            "System: error rate n/a % · cannot be compared",
        );
        check(Reading::Unknown, Some("3.1"), "System: error rate cannot be told · was 3.1 %");
        check(
            Reading::AtWork,
            None,
            "System: error rate is not asked while a step works in the database",
        );
    }

    #[test]
    fn a_long_number_has_few_digits() {
        for (value, expected) in [
            ("0.0039999999999", "0.004"),
            ("0.00000123456789", "0.000001235"),
            ("1234567.875", "1234568"),
            ("1.5e-7", "1.5e-7"),
            ("12345678901", "12345678901"),
            ("a word of many letters", "a word of many letters"),
            ("0.000000000", "0.000000000"),
        ] {
            assert_eq!(shown(value), expected);
        }
    }
}
