//! `triggers.yaml`: what may start a proposal, and how an alert is recognised as one of them.
//!
//! Automatic means that the proposal is made without a person; it is still decided by people. Manual means that a
//! person proposes and names the trigger.

use std::collections::BTreeMap;

use domain::{alert::Alert, plan::RollbackType};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{duration::DurationText, place::At, problem::Examined, runbook::TypeLayout};

/// What may start a proposal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriggersFile {
    /// Every trigger. An alert is the first automatic one, in this order, that it matches.
    triggers: At<Vec<TriggerLayout>>,
}

/// One trigger.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TriggerLayout {
    /// A stable id: people type it, alerts may name it in the detail `trigger`.
    id: At<String>,
    /// Whether the proposal is made without a person.
    kind: Kind,
    /// What it is about; conditions of authority.yaml may name it.
    category: Category,
    /// When it holds, in words, such as `error rate above 1 % for 5 min`.
    when: String,
    /// Patterns for the alert's headline, without case, at the borders of words; `*` stands for anything.
    #[serde(default)]
    titles: Vec<At<String>>,
    /// Patterns for single details of the alert, by their key.
    #[serde(default)]
    details: BTreeMap<String, Vec<At<String>>>,
    /// Which rollback it suggests; the first that the target offers is proposed.
    suggests: At<Vec<TypeLayout>>,
    /// How Prometheus tells that it holds.
    prometheus: Option<PrometheusLayout>,
}

/// An alerting rule for Prometheus.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PrometheusLayout {
    /// The expression in `PromQL`.
    expression: At<String>,
    /// How long it must hold.
    #[serde(rename = "for")]
    lasting: Option<At<DurationText>>,
}

/// Whether a trigger needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The proposal is made without a person.
    Automatic,
    /// A person proposes.
    Manual,
}

/// What a trigger is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The service does not do its work, or does harm.
    Critical,
    /// It does its work badly.
    Performance,
    /// Revenue, customers or compliance are touched.
    Business,
    /// Something technical that a person has noticed.
    Technical,
}

/// One trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerRule {
    /// The stable id.
    pub id: String,
    /// Whether it needs a person.
    pub kind: Kind,
    /// What it is about.
    pub category: Category,
    /// When it holds, in words.
    pub when: String,
    /// Which rollback it suggests, best first.
    pub suggests: Vec<RollbackType>,
    /// `PromQL` that tells when it holds, and for how long it must, in milliseconds.
    pub prometheus: Option<(String, u64)>,
    pub(crate) titles: Vec<String>,
    pub(crate) details: BTreeMap<String, Vec<String>>,
}

impl TriggerRule {
    /// What of the alert matches, in words, such as ``the headline contains `row count` ``.
    pub(crate) fn matches(&self, alert: &Alert) -> Option<String> {
        let title = self.titles.iter().find(|pattern| fits(pattern, &alert.title));
        if let Some(pattern) = title {
            return Some(format!("the headline contains “{pattern}”"));
        }
        self.details.iter().find_map(|(key, patterns)| {
            let value = alert.details.get(key)?;
            let pattern = patterns.iter().find(|pattern| fits(pattern, value))?;
            Some(format!("the alert's detail `{key}` contains “{pattern}”"))
        })
    }
}

/// Whether `pattern` occurs in `text`: without case, beginning and ending at borders of words, `*` for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let is_word = |letter: Option<&char>| letter.is_some_and(|letter| letter.is_alphanumeric());
    (0..text.len()).any(|start| {
        let inside = start > 0 && is_word(text.get(start - 1)) && is_word(pattern.first());
        !inside
            && end_of_match(&pattern, &text, start)
                .is_some_and(|end| !(is_word(pattern.last()) && is_word(text.get(end))))
    })
}

/// Where the first match of all pieces of `pattern` ends, when the first piece begins at `start`.
fn end_of_match(pattern: &[char], text: &[char], start: usize) -> Option<usize> {
    let mut end = start;
    for (index, piece) in pattern.split(|letter| *letter == '*').enumerate() {
        let last = text.len().checked_sub(piece.len())?;
        let reach = if index == 0 { start } else { last };
        end = (end..=reach.min(last)).find(|at| text[*at..].starts_with(piece))? + piece.len();
    }
    Some(end)
}

impl TriggersFile {
    /// The triggers, checked; mistakes are noted.
    pub(crate) fn triggers(&self, file: &mut Examined<'_>) -> Vec<TriggerRule> {
        let mut triggers: Vec<TriggerRule> = Vec::new();
        if self.triggers.value.is_empty() {
            file.note(
                self.triggers.place,
                "nothing ever starts a proposal",
                "list at least one trigger",
            );
        }
        for layout in &self.triggers.value {
            let id = &layout.id.value;
            if triggers.iter().any(|trigger| trigger.id == *id) {
                let advice = "give every trigger an id of its own";
                file.note(layout.id.place, format!("there are two triggers `{id}`"), advice);
            }
            layout.check(file);
            let texts = |list: &[At<String>]| list.iter().map(|text| text.value.clone()).collect();
            let prometheus = layout.prometheus.as_ref().map(|rule| {
                let lasting = rule.lasting.as_ref().map_or(0, |at| DurationText::read(at, file));
                (rule.expression.value.clone(), lasting)
            });
            triggers.push(TriggerRule {
                id: id.clone(),
                kind: layout.kind,
                category: layout.category,
                when: layout.when.clone(),
                suggests: layout.suggests.value.iter().map(|kind| (*kind).into()).collect(),
                prometheus,
                titles: texts(&layout.titles),
                details: layout
                    .details
                    .iter()
                    .map(|(key, list)| (key.clone(), texts(list)))
                    .collect(),
            });
        }
        triggers
    }
}

impl TriggerLayout {
    fn check(&self, file: &mut Examined<'_>) {
        let id = &self.id.value;
        if id.is_empty() || !id.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '_'))
        {
            let advice = "use lower case letters, digits and `_`";
            file.note(self.id.place, format!("`{id}` is not an id"), advice);
        }
        if self.suggests.value.is_empty() {
            let advice = "name the rollback types that help, best first";
            file.note(self.suggests.place, "this trigger suggests no rollback", advice);
        }
        for pattern in self.titles.iter().chain(self.details.values().flatten()) {
            if pattern.value.chars().filter(|letter| letter.is_alphanumeric()).count() < 3 {
                let message = format!("the pattern “{}” matches nearly everything", pattern.value);
                file.note(pattern.place, message, "write at least three letters or digits");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_keep_to_words_and_know_the_star() {
        for (pattern, text, fit) in [
            ("row count", "orders_daily: Row Count dropped 40 %", true),
            ("sla", "Slack is down", false),
            ("sla", "SLA breach", true),
            ("sla", "the sla", true),
            ("corrupt*", "corrupted rows", true),
            ("corrupt", "corrupted rows", false),
            ("row count*dropped", "row count of orders dropped", true),
            ("row count*dropped", "dropped the row count", false),
            ("*quality", "dataquality", true),
            ("a*a*a", "aa", false),
            ("über", "ÜBER", true),
        ] {
            assert_eq!(fits(pattern, text), fit, "`{pattern}` in `{text}`");
        }
    }
}
