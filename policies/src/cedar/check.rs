//! Reads `authority.cedar` and checks it against the schema, so that a typo is found at load and not at night.

use std::collections::BTreeMap;

use cedar_policy::{
    Effect, PolicyId, PolicySet, Schema, ValidationMode, Validator, ffi::DetailedError,
};

use super::Rules;
use crate::{place::Place, problem::Examined};

const SCHEMA: &str = include_str!("../../schemas/authority.cedarschema");

impl Rules {
    /// The rules, checked; mistakes are noted. `None` where they could not be read at all.
    pub(crate) fn read(file: &mut Examined<'_>) -> Option<Self> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA)
            .expect("the schema is part of the program and tested");
        let parsed: PolicySet = match file.text.parse() {
            Ok(parsed) => parsed,
            Err(errors) => {
                note(&DetailedError::from(&errors), file);
                return None;
            }
        };
        if parsed.templates().next().is_some() {
            let advice = "write the person or proposal out instead of `?principal` and `?resource`";
            file.note(Place::START, "rules with open places are never asked", advice);
        }
        let places = statements(file.text);
        let mut policies = PolicySet::new();
        let mut reasons = BTreeMap::new();
        let mut in_order: Vec<_> = parsed.policies().collect();
        in_order.sort_by_key(|policy| number(policy.id()));
        for policy in in_order {
            let place = number(policy.id()).and_then(|index| places.get(index)).copied();
            let place = place.unwrap_or(Place::START);
            let annotation = |key| policy.annotation(key).filter(|value| !value.trim().is_empty());
            let (Some(id), Some(reason)) = (annotation("id"), annotation("reason")) else {
                let missing = if annotation("id").is_none() { "id" } else { "reason" };
                let message = format!("this rule has no `@{missing}`");
                let advice = if missing == "id" {
                    "put `@id(\"a_short_name\")` above it: the journal names rules by it"
                } else {
                    "put `@reason(\"A sentence.\")` above it: people read it when they ask why"
                };
                file.note(place, message, advice);
                continue;
            };
            if policies.add(policy.new_id(PolicyId::new(id))).is_err() {
                let advice = "give every rule an id of its own";
                file.note(place, format!("there are two rules `{id}`"), advice);
            }
            reasons.insert(id.to_owned(), reason.to_owned());
        }
        let found = Validator::new(schema.clone()).validate(&policies, ValidationMode::Strict);
        for error in found.validation_errors() {
            note(&DetailedError::from(error), file);
        }
        for warning in found.validation_warnings() {
            note(&DetailedError::from(warning), file);
        }
        if !policies.policies().any(|policy| policy.effect() == Effect::Permit) {
            let advice = "add a `permit`, or take the default file";
            file.note(Place::START, "no rule allows anything, so nobody could ever decide", advice);
        }
        Some(Self { policies, schema, reasons })
    }
}

fn note(error: &DetailedError, file: &mut Examined<'_>) {
    let place = error
        .source_locations
        .first()
        .map_or(Place::START, |label| Place::of_bytes(file.text, label.loc.start, label.loc.end));
    // Cedar puts the id of the rule before its sentence; the place says the same.
    let message =
        error.message.split_once("`, ").filter(|_| error.message.starts_with("for policy"));
    let message = message.map_or(error.message.as_str(), |(_, rest)| rest);
    let advice = error
        .help
        .clone()
        .or_else(|| error.source_locations.iter().find_map(|label| label.label.clone()));
    let advice = advice.unwrap_or_else(|| {
        "schemas/authority.cedarschema lists what rules can speak of".to_owned()
    });
    file.note(place, message, advice);
    for related in &error.related {
        note(related, file);
    }
}

/// The number that Cedar gives to a rule when it reads the file: its place among the statements.
fn number(id: &PolicyId) -> Option<usize> {
    AsRef::<str>::as_ref(id).strip_prefix("policy")?.parse().ok()
}

/// Where each `permit` and `forbid` stands, in order.
fn statements(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for keyword in ["permit", "forbid"] {
            let at = code.trim_start();
            let opens = at
                .strip_prefix(keyword)
                .is_some_and(|rest| rest.trim_start().starts_with('(') || rest.trim().is_empty());
            if opens {
                let column = line.chars().take_while(|letter| letter.is_whitespace()).count() + 1;
                places.push(Place { line: index + 1, column, width: keyword.len() });
            }
        }
    }
    places
}
