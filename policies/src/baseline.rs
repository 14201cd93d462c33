//! `within 5 % of before`, `>= 95 % of before`: what an answer shall be, told by what it was when the proposal was made.
//!
//! It stands in no plan: it is measured first, and what people sign are the numbers that follow from it.

use domain::plan::Comparison;

/// The word for what was measured when the proposal was made.
const BEFORE: &str = "before";
/// The relations that it can stand behind, longer signs first.
const SIGNS: [&str; 5] = ["<=", ">=", "<", ">", "="];
/// More than this is a slip of the finger.
const MOST_PERCENT: f64 = 10_000.0;

/// What an answer shall be compared with what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline(Form);

#[derive(Clone, Debug, PartialEq)]
enum Form {
    /// At most so many percent away from it, in either direction.
    Within { percent: f64 },
    /// This relation to so many percent of it.
    Share { sign: &'static str, percent: f64 },
}

impl Baseline {
    /// Whether a text speaks of what was before, so that it is no plain value.
    pub(crate) fn is_meant(text: &str) -> bool {
        text.trim().strip_suffix(BEFORE).is_some_and(|rest| {
            let rest = rest.trim_end();
            rest.ends_with("of") || SIGNS.contains(&rest)
        })
    }

    /// Reads `within 5 % of before`, `>= 95 % of before` or `>= before`; `None` where it is none of them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let rest = text.trim().strip_suffix(BEFORE)?.trim_end();
        if let Some(share) = rest.strip_prefix("within") {
            return Some(Self(Form::Within { percent: percent(share)? }));
        }
        let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
        let share = &rest[sign.len()..];
        let percent = if share.trim().is_empty() { 100.0 } else { percent(share)? };
        Some(Self(Form::Share { sign, percent }))
    }

    /// The numbers that follow from what was measured; `None` where that is no number.
    pub fn from_measured(&self, before: &str) -> Option<Comparison> {
        let before = before.trim();
        let number: f64 = before.parse().ok().filter(|number: &f64| number.is_finite())?;
        let text = match self.0 {
            // A large number keeps all of its digits.
            Form::Share { sign, percent: 100.0 } => format!("{sign} {before}"),
            Form::Share { sign, percent } => format!("{sign} {}", shown(number * percent / 100.0)),
            Form::Within { percent } => {
                let distance = number.abs() * percent / 100.0;
                format!(">= {} and <= {}", shown(number - distance), shown(number + distance))
            }
        };
        text.parse().ok()
    }
}

/// ` 95 % of` as a number.
fn percent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix("of")?.trim_end().strip_suffix('%')?.trim();
    let is_plain = number.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    let percent: f64 = number.parse().ok().filter(|_| is_plain)?;
    (percent <= MOST_PERCENT).then_some(percent)
}

/// A number without the digits that computing with it has left behind.
fn shown(number: f64) -> String {
    let text = format!("{number:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_from_what_was_measured() {
        for (text, before, expected) in [
            ("within 5 % of before", "1000", ">= 950 and <= 1050"),
            ("within 5% of before", "1043", ">= 990.85 and <= 1095.15"),
            ("within 0 % of before", "7", ">= 7 and <= 7"),
            ("within 10 % of before", "-100", ">= -110 and <= -90"),
            ("within 10 % of before", "0", ">= 0 and <= 0"),
            (">= 95 % of before", "1043", ">= 990.85"),
            ("< 200 % of before", "0.35", "< 0.7"),
            (">= before", "9007199254740993", ">= 9007199254740993"),
            ("= before", " 12.50 ", "= 12.50"),
        ] {
            assert!(Baseline::is_meant(text), "{text}");
            let found = Baseline::parse(text).unwrap_or_else(|| panic!("{text} cannot be read"));
            let comparison = found.from_measured(before).map(|comparison| comparison.to_string());
            assert_eq!(comparison.as_deref(), Some(expected), "{text}, {before}");
        }
    }

    #[test]
    fn what_is_no_number_gives_nothing_to_compare_with() {
        let within = Baseline::parse("within 5 % of before").unwrap();
        for before in ["", "active", "NaN", "inf"] {
            assert_eq!(within.from_measured(before), None, "{before:?}");
        }
    }

    #[test]
    fn other_texts_are_no_baselines() {
        for text in
            ["within five % of before", "within 5 of before", ">= -5 % of before", "!= before"]
        {
            assert_eq!(Baseline::parse(text), None, "{text}");
        }
        for text in ["5", "= as before", "the day before", "before"] {
            assert!(!Baseline::is_meant(text), "{text}");
        }
    }
}
