//! Reads fields out of JSON that may have any shape.
//!
//! Owns the tolerance towards PagerDuty: a field that is missing, null or of another type than documented
//! is absent, never an error. It must never let a NUL through, which PostgreSQL refuses in text.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// A string or number as text; `None` when it is anything else or blank.
pub(crate) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.replace('\0', "\u{FFFD}"),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// A whole number that is not negative, also when written as a string.
pub(crate) fn whole_number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// An RFC 3339 time with any offset.
pub(crate) fn time(value: &Value) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?.trim()).ok()?;
    Some(time.with_timezone(&Utc))
}

/// The elements of an array; none of anything else.
pub(crate) fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_a_string_or_a_number() {
        let table = [
            (json!("orders"), Some("orders")),
            (json!(1000), Some("1000")),
            (json!(1.5), Some("1.5")),
            (json!("a\0b"), Some("a\u{FFFD}b")),
            (json!(""), None),
            (json!(" "), None),
            (json!(null), None),
            (json!(true), None),
            (json!(["orders"]), None),
            (json!({"summary": "orders"}), None),
        ];
        for (value, expected) in table {
            assert_eq!(text(&value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn numbers_may_be_written_as_text() {
        let table = [
            (json!(2), Some(2)),
            (json!("2"), Some(2)),
            (json!(u64::MAX), Some(u64::MAX)),
            (json!(-2), None),
            (json!(2.5), None),
            (json!("two"), None),
            (json!(null), None),
        ];
        for (value, expected) in table {
            assert_eq!(whole_number(&value), expected, "{value}");
        }
    }

    #[test]
    fn times_are_turned_to_utc() {
        let table = [
            (json!("2026-11-03T02:10:00.5Z"), Some("2026-11-03T02:10:00.500Z")),
            (json!("2026-11-03T04:10:00+02:00"), Some("2026-11-03T02:10:00.000Z")),
            (json!("2026-11-03"), None),
            (json!("yesterday"), None),
            (json!(1_793_671_800), None),
            (json!(null), None),
        ];
        for (value, expected) in table {
            let read = time(&value).map(|time| time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
            assert_eq!(read.as_deref(), expected, "{value}");
        }
    }
}
