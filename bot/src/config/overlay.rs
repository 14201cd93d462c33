//! Reads the file, lays the environment over it, and follows `env:` and `file:`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use super::{Config, ConfigError};

/// What every step's process inherits; nothing else gets through.
const INHERITED: [&str; 5] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"];
/// Names of the environment that override a key start with this.
const PREFIX: &str = "COUNTERSIGN__";

/// The variables that a step's process inherits: the usual ones and those that the configuration names.
#[expect(clippy::disallowed_methods, reason = "the one door to the environment")]
pub fn inherited(named: &[String]) -> BTreeMap<String, String> {
    let names = INHERITED.into_iter().chain(named.iter().map(String::as_str));
    names.filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?))).collect()
}

/// Loads the configuration. Without `path`, `countersign.yaml` is read where it exists, and the defaults hold
/// where it does not. Relative paths within are meant from the file's folder.
pub fn load(path: Option<&Path>) -> Result<Config, ConfigError> {
    let default = PathBuf::from("countersign.yaml");
    let (file, text) = match path {
        Some(path) => (path.to_owned(), read(path)?),
        None if default.exists() => (default.clone(), read(&default)?),
        None => (default, String::new()),
    };
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    let mut config = build(&file, &text, &environment)?;
    let folder = file.parent().map(Path::to_owned).unwrap_or_default();
    for path in [&mut config.policies, &mut config.keys, &mut config.work, &mut config.points] {
        *path = folder.join(&*path);
    }
    if let Some(relative) =
        config.database_url.strip_prefix("sqlite://").filter(|path| !path.starts_with('/'))
    {
        config.database_url = format!("sqlite://{}", folder.join(relative).display());
    }
    Ok(config)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

fn build(
    file: &Path,
    text: &str,
    environment: &BTreeMap<String, String>,
) -> Result<Config, ConfigError> {
    let mut value: Value = if text.trim().is_empty() {
        Value::Object(Map::new())
    } else {
        policies::document(&file.display().to_string(), text)?
    };
    lay_over(&mut value, environment);
    follow(&mut value, "", file.parent().unwrap_or(Path::new("")), environment)?;
    serde_json::from_value(value).map_err(|error| {
        // The value has lost its place; the text, read by the same layout, shows line and caret.
        match policies::document::<Config>(&file.display().to_string(), text) {
            Err(problems) => ConfigError::Layout(problems),
            Ok(_) => {
                ConfigError::Parse { path: file.to_owned(), problem: advice(&error.to_string()) }
            }
        }
    })
}

fn advice(problem: &str) -> String {
    format!(
        "{problem}\n  help: the keys are described by `countersign check --schema` and docs/configuration.md"
    )
}

/// `COUNTERSIGN__WEB__DEMO_PERSONAS=true` sets `web.demo_personas`.
fn lay_over(value: &mut Value, environment: &BTreeMap<String, String>) {
    for (name, text) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        let parsed = serde_json::from_str(text).ok().filter(|value: &Value| !value.is_null());
        set(value, &keys, parsed.unwrap_or_else(|| Value::String(text.clone())));
    }
}

fn set(value: &mut Value, keys: &[String], new: Value) {
    let Some((key, rest)) = keys.split_first() else {
        *value = new;
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    let object = value.as_object_mut().expect("made an object just above");
    set(object.entry(key.clone()).or_insert(Value::Null), rest, new);
}

/// Replaces `env:NAME` and `file:PATH` by what they stand for.
fn follow(
    value: &mut Value,
    key: &str,
    folder: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<(), ConfigError> {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                follow(value, &key, folder, environment)?;
            }
        }
        Value::Array(array) => {
            for value in array {
                follow(value, key, folder, environment)?;
            }
        }
        Value::String(text) => {
            let wrong = |problem: String| ConfigError::Reference {
                key: key.to_owned(),
                value: text.clone(),
                problem,
            };
            let found = if let Some(name) = text.strip_prefix("env:") {
                let found = environment.get(name);
                Some(found.cloned().ok_or_else(|| {
                    wrong(format!("the environment has no {name}; set it, or write the value"))
                })?)
            } else if let Some(path) = text.strip_prefix("file:") {
                let path = folder.join(path);
                let found = fs::read_to_string(&path).map(|text| text.trim_end().to_owned());
                Some(found.map_err(|error| {
                    wrong(format!("{} cannot be read: {error}", path.display()))
                })?)
            } else {
                None
            };
            if let Some(found) = found {
                *text = found;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[track_caller]
    fn config(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let environment = environment
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        build(Path::new("countersign.yaml"), text, &environment).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config = config("", &[]).expect("the default");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(config.slack.is_none());
    }

    #[test]
    fn the_environment_fills_in_and_overrides() {
        let text =
            "pagerduty: { webhook_secrets: [env:PD_SECRET] }\nweb: { demo_personas: false }\n";
        let environment = [
            ("PD_SECRET", "quiet"),
            ("COUNTERSIGN__WEB__DEMO_PERSONAS", "true"),
            ("COUNTERSIGN__PUBLIC_URL", "https://c.example"),
        ];
        let config = config(text, &environment).expect("a configuration");
        assert_eq!(config.pagerduty.webhook_secrets[0].expose_secret(), "quiet");
        assert!(config.web.demo_personas);
        assert_eq!(config.public_url, "https://c.example");
    }

    #[test]
    fn mistakes_say_what_to_do() {
        let missing = config("pagerduty: { webhook_secrets: [env:PD_SECRET] }", &[])
            .expect_err("no such variable");
        insta::assert_snapshot!(missing, @"`pagerduty.webhook_secrets` is `env:PD_SECRET`, but the environment has no PD_SECRET; set it, or write the value");
        let empty =
            config("pagerduty: { webhook_secrets: ['env:PD_SECRET'] }", &[("PD_SECRET", " ")])
                .expect_err("an empty secret");
        assert!(empty.contains("a secret must not be empty"), "{empty}");
        let typo = config("pagerdutty: {}", &[]).expect_err("a typo");
        assert!(typo.contains("pagerdutty") && typo.contains("help:"), "{typo}");
    }
}
