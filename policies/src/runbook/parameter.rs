//! Parameters of runbooks: their types, and the allow-list pattern that each value must match.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::target::is_model_name;

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParameterType {
    /// Names of models: letters, digits, `_` and `.`.
    ModelList,
    /// `model=identifier` for each model: the version that it shall have.
    VersionMap,
    /// One fingerprint of a target's state: letters, digits, `:`, `_` and `-`.
    Fingerprint,
    /// One JSON object or array, at most 64 KiB.
    Json,
    /// One absolute path: letters, digits, spaces and `_ . , : @ + -` between slashes, and no `..`.
    Path,
    /// One short text: letters, digits, spaces and `_ . , : / @ + -`, not beginning with `-`.
    Text,
    /// One number that is not negative, such as `250` or `0.5`.
    Number,
    /// One name of a host or its address: letters, digits, `.`, `:`, `_` and `-`.
    Host,
}

/// A declared parameter.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) kind: ParameterType,
    pub(crate) flag: Option<String>,
    pub(crate) is_optional: bool,
}

/// Values that a runbook does not take.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParameterError {
    /// A declared parameter got no value.
    #[error("the runbook's parameter `{name}` got no value")]
    Missing {
        /// The parameter.
        name: String,
    },
    /// A parameter that holds one value got several.
    #[error("the runbook's parameter `{name}` takes one value, but got {count}")]
    TooMany {
        /// The parameter.
        name: String,
        /// How many it got.
        count: usize,
    },
    /// A value does not match the pattern of its type.
    #[error("`{value}` is not a value that the runbook's parameter `{name}` ({}) takes", kind.name())]
    NotAllowed {
        /// The parameter.
        name: String,
        /// Its type.
        kind: ParameterType,
        /// The value, shortened.
        value: String,
    },
}

impl ParameterType {
    /// The name as runbooks write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ModelList => "model_list",
            Self::VersionMap => "version_map",
            Self::Fingerprint => "fingerprint",
            Self::Json => "json",
            Self::Path => "path",
            Self::Text => "text",
            Self::Number => "number",
            Self::Host => "host",
        }
    }

    /// Whether it can hold several values.
    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::ModelList | Self::VersionMap)
    }

    fn allows(self, value: &str) -> bool {
        let only = |longest: usize, extra: &str| {
            value.len() <= longest
                && value.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_')
                && value
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || extra.contains(letter))
        };
        match self {
            Self::ModelList => is_model_name(value),
            Self::VersionMap => value.split_once('=').is_some_and(|(model, identifier)| {
                is_model_name(model)
                    && (1..=64).contains(&identifier.len())
                    && identifier
                        .chars()
                        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            }),
            Self::Fingerprint => only(128, ":_-"),
            Self::Json => {
                value.len() <= 64 * 1024
                    && value.starts_with(['{', '['])
                    && serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok()
            }
            Self::Path => {
                value.len() <= 1024
                    && value.starts_with('/')
                    && value.split('/').all(|part| part != "..")
                    && value.chars().all(|letter| {
                        letter.is_ascii_alphanumeric() || " _.,:/@+-".contains(letter)
                    })
            }
            Self::Text => only(200, " _.,:/@+-"),
            // A minus before it could become the beginning of a comment.
            Self::Number => {
                let (whole, part) = value.split_once('.').unwrap_or((value, "0"));
                let digits = |text: &str| {
                    (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
                };
                digits(whole) && digits(part)
            }
            Self::Host => only(253, "._:-"),
        }
    }
}

impl Parameter {
    pub(crate) fn check(&self, name: &str, values: &[String]) -> Result<(), ParameterError> {
        if values.is_empty() && !self.is_optional {
            return Err(ParameterError::Missing { name: name.to_owned() });
        }
        if values.len() > 1 && !self.kind.is_list() {
            return Err(ParameterError::TooMany { name: name.to_owned(), count: values.len() });
        }
        match values.iter().find(|value| !self.kind.allows(value)) {
            None => Ok(()),
            Some(value) => Err(ParameterError::NotAllowed {
                name: name.to_owned(),
                kind: self.kind,
                value: value.chars().take(80).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_takes_what_its_pattern_allows_and_nothing_else() {
        use ParameterType::{Fingerprint, Host, Json, ModelList, Number, Path, Text, VersionMap};
        for (kind, value, allowed) in [
            (ModelList, "marts.daily_revenue", true),
            (ModelList, "_a1", true),
            (ModelList, "", false),
            (ModelList, "--all", false),
            (ModelList, "marts.x; drop table y", false),
            (ModelList, "marts.x\n", false),
            (VersionMap, "marts.daily_revenue=3112873913", true),
            (VersionMap, "marts.daily_revenue=", false),
            (VersionMap, "marts.daily_revenue", false),
            (VersionMap, "marts.daily_revenue=1=2", false),
            (VersionMap, "--environment=1", false),
            (Fingerprint, "sha256:9f86d081", true),
            (Fingerprint, "-f", false),
            (Fingerprint, "9f86 d081", false),
            (Json, r#"{"marts.x": {"rows": 3}}"#, true),
            (Json, r#"{"marts.x": "#, false),
            (Json, "-1", false),
            (Path, "/var/lib/countersign/points", true),
            (Path, "points", false),
            (Path, "/var/lib/../etc", false),
            (Path, "/var/lib/$HOME", false),
            (Text, "before the release of 14:00", true),
            (Text, "$(reboot)", false),
            (Text, "-rf", false),
            (Number, "250", true),
            (Number, "0.5", true),
            (Number, "-1", false),
            (Number, "1e9", false),
            (Number, ".5", false),
            (Host, "db-blue.example.com", true),
            (Host, "2001:db8::1", true),
            (Host, "a/b", false),
        ] {
            assert_eq!(kind.allows(value), allowed, "{kind:?} and {value:?}");
        }
    }
}
