//! Lengths of time as people write them: `15 min`, `90s`, `1 h`, `2 d`, `250 ms`. One number, one unit.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::{place::At, problem::Examined};

/// A length of time as it stands in a file; [`DurationText::read`] says what it means.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct DurationText(String);

impl From<&str> for DurationText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl DurationText {
    /// The length in milliseconds, or `None` where the text is not one.
    pub(crate) fn milliseconds(&self) -> Option<u64> {
        let text = self.0.trim();
        let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, unit) = text.split_at(digits);
        let unit: u64 = match unit.trim() {
            "ms" => 1,
            "s" => 1000,
            "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        // What is longer than a century is a slip of the finger.
        number
            .parse::<u64>()
            .ok()?
            .checked_mul(unit)
            .filter(|length| *length <= 100 * 366 * 86_400_000)
    }

    /// The length in milliseconds; a mistake is noted and counts as nothing.
    pub(crate) fn read(at: &At<Self>, file: &mut Examined<'_>) -> u64 {
        at.value.milliseconds().unwrap_or_else(|| {
            file.note(
                at.place,
                format!("`{}` is not a length of time", at.value.0),
                "write a whole number and a unit: `250 ms`, `90 s`, `15 min`, `4 h` or `2 d`",
            );
            0
        })
    }
}

impl JsonSchema for DurationText {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+ ?(ms|s|min|h|d)$",
            "description": "A length of time: a whole number and a unit, such as `90 s`, `15 min`, `4 h`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_number_and_one_unit() {
        for (text, milliseconds) in [
            ("250 ms", Some(250)),
            ("90s", Some(90_000)),
            ("15 min", Some(900_000)),
            ("1 h", Some(3_600_000)),
            ("2 d", Some(172_800_000)),
            ("0 min", Some(0)),
            ("15", None),
            ("min", None),
            ("-1 h", None),
            ("1.5 h", None),
            ("1 h 30 min", None),
            ("15 m", None),
            ("", None),
            ("99999999999999999999 ms", None),
            ("18446744073709551615 d", None),
        ] {
            assert_eq!(DurationText(text.to_owned()).milliseconds(), milliseconds, "{text}");
        }
    }
}
