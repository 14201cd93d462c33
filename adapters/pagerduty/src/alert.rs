//! The alerts behind an incident, which carry what a webhook does not: environment, models, rates.
//!
//! Owns the flattening of whatever the sender attached into names and texts. All of it is untrusted and of
//! any shape; nothing in it is an error.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::field::{elements, text};

/// One alert of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertDetails {
    /// PagerDuty's id of the alert, when it has one.
    pub id: Option<String>,
    /// The headline.
    pub summary: Option<String>,
    /// `critical`, `error`, `warning` or `info`.
    pub severity: Option<String>,
    /// What the sender attached. Objects inside objects become `outer.inner`, lists are joined by `, `,
    /// a text instead of an object is found under `details`.
    pub details: BTreeMap<String, String>,
}

impl AlertDetails {
    pub(crate) fn read(alert: &Value) -> Self {
        let body = &alert["body"];
        let mut details = BTreeMap::new();
        // Events API v2 puts the sender's own fields one level deeper; the plain place wins.
        flatten("", &body["cef_details"]["details"], &mut details);
        flatten("", &body["details"], &mut details);
        Self {
            id: text(&alert["id"]),
            summary: text(&alert["summary"]),
            severity: text(&alert["severity"]).or_else(|| text(&body["cef_details"]["severity"])),
            details,
        }
    }
}

/// Adds `value` under `name`, or its parts under names that begin with it. Depth is bounded by the parser.
fn flatten(name: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    if let Value::Object(fields) = value {
        for (field, inner) in fields {
            // PostgreSQL refuses NUL in names as well.
            let field = field.replace('\0', "\u{FFFD}");
            let path = if name.is_empty() { field } else { format!("{name}.{field}") };
            flatten(&path, inner, into);
        }
        return;
    }
    if let Some(text) = one_line(value) {
        let name = if name.is_empty() { "details" } else { name };
        into.insert(name.to_owned(), text);
    }
}

/// A value without names as text; `None` when there is nothing in it.
fn one_line(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(yes) => Some(yes.to_string()),
        Value::String(_) | Value::Number(_) => text(value),
        Value::Array(_) => {
            let texts: Vec<_> = elements(value).iter().filter_map(one_line).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        }
        // Inside a list: there is no name to put its fields under.
        Value::Object(fields) => (!fields.is_empty()).then(|| value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn expect_details(alert: &AlertDetails, expected: &[(&str, &str)]) {
        let found: Vec<_> =
            alert.details.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn details_of_any_shape_become_names_and_texts() {
        let alert = AlertDetails::read(&json!({
            "id": "PT4KHLK",
            "summary": "orders_daily: row count dropped 40 %",
            "severity": "critical",
            "body": {
                "type": "alert_body",
                "contexts": [{"type": "link", "href": "https://example.com"}],
                "details": {
                    "environment": "prod",
                    "models": ["orders_daily", "revenue"],
                    "error_rate": 0.4,
                    "automatic": true,
                    "rows": {"before": 1000, "after": 600, "nested": {"deep": "yes"}},
                    "checks": [{"name": "row_count"}, 7, null, ["a", "b"]],
                    "nothing": null,
                    "blank": "",
                    "empty": [],
                    "": "no name",
                    "nul\0": "a\0b",
                }
            }
        }));
        assert_eq!(alert.id.as_deref(), Some("PT4KHLK"));
        assert_eq!(alert.summary.as_deref(), Some("orders_daily: row count dropped 40 %"));
        assert_eq!(alert.severity.as_deref(), Some("critical"));
        expect_details(
            &alert,
            &[
                ("automatic", "true"),
                ("checks", r#"{"name":"row_count"}, 7, a, b"#),
                ("details", "no name"),
                ("environment", "prod"),
                ("error_rate", "0.4"),
                ("models", "orders_daily, revenue"),
                ("nul\u{FFFD}", "a\u{FFFD}b"),
                ("rows.after", "600"),
                ("rows.before", "1000"),
                ("rows.nested.deep", "yes"),
            ],
        );
    }

    #[test]
    fn fields_of_the_common_event_format_are_found_and_overruled() {
        let alert = AlertDetails::read(&json!({
            "body": {
                "cef_details": {
                    "severity": "warning",
                    "details": {"environment": "staging", "region": "eu"}
                },
                "details": {"environment": "prod"}
            }
        }));
        assert_eq!(alert.severity.as_deref(), Some("warning"));
        expect_details(&alert, &[("environment", "prod"), ("region", "eu")]);
    }

    #[test]
    fn odd_alerts_have_no_details_and_break_nothing() {
        let odd = [json!(null), json!(7), json!([]), json!({}), json!({"body": "text"})];
        for alert in odd {
            let read = AlertDetails::read(&alert);
            assert!(read.details.is_empty(), "{alert}: {read:?}");
        }
        let text = AlertDetails::read(&json!({"body": {"details": "disk full"}}));
        assert_eq!(text.details["details"], "disk full");
        let list = AlertDetails::read(&json!({"body": {"details": ["disk", "full"]}}));
        assert_eq!(list.details["details"], "disk, full");
    }
}
