//! `authority.yaml` as it is written, and its checks.

use domain::{level::Level, plan::RollbackType};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Authority, Base, Conditions, Raise, RaiseRule};
use crate::{
    duration::DurationText,
    escalation::{LevelRule, known_level},
    people::PeopleBook,
    place::At,
    problem::Examined,
    runbook::TypeLayout,
    trigger::{Category, TriggerRule},
};

/// How often people are reminded of a hold where the file says nothing of it.
const HOLD_REMINDER_MS: u64 = 86_400_000;

/// What each rollback requires.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorityFile {
    /// How long approvals are good for, counted from the last one.
    approvals_valid: At<DurationText>,
    /// How far back earlier rollbacks of the same target count for `rollbacks_more_than`.
    count_rollbacks_within: At<DurationText>,
    /// How often people are reminded of the hold that a rollback leaves behind; 24 h when left out.
    hold_reminder: Option<At<DurationText>>,
    /// What each type requires before anything raises it. A type that is left out can be approved by nobody.
    rollbacks: RollbacksLayout,
    /// What raises it, applied in this order.
    raise: Vec<RaiseLayout>,
}

/// What each type requires.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RollbacksLayout {
    /// Type 1.
    blue_green: Option<BaseLayout>,
    /// Type 2.
    model_level: Option<BaseLayout>,
    /// Type 3.
    schema: Option<BaseLayout>,
    /// Type 4.
    full_environment: Option<BaseLayout>,
}

/// What one type requires.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BaseLayout {
    /// One entry for each approval: the level it must have. Each must come from another person.
    approvals: At<Vec<At<u8>>>,
    /// Why, a sentence that people read.
    reason: String,
}

/// A rule that raises what is required. It has exactly one of `to`, `by` and `besides`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RaiseLayout {
    /// A short id, unique in this file.
    id: At<String>,
    /// When it applies: all of the conditions must hold.
    when: At<WhenLayout>,
    /// The highest approval must have at least this level.
    to: Option<At<u8>>,
    /// The highest approval must have a level that is so many levels higher.
    by: Option<At<u8>>,
    /// One more approval of this level, unless one is required already.
    besides: Option<At<u8>>,
    /// Why, a sentence that people read; `{detail}` stands for what was found.
    reason: At<String>,
}

/// Conditions, all of which must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a condition of its own, switched on by name"
)]
struct WhenLayout {
    /// It is one of these types.
    #[serde(default)]
    types: Vec<TypeLayout>,
    /// It answers one of these triggers.
    #[serde(default)]
    triggers: Vec<At<String>>,
    /// Its trigger is in one of these categories.
    #[serde(default)]
    categories: Vec<Category>,
    /// A model that goes back or is rebuilt is marked critical, or somebody critical reads from it.
    #[serde(default)]
    critical_consumer: bool,
    /// More data than this could be lost.
    data_loss_above: Option<At<DurationText>>,
    /// Nobody knows how much data could be lost.
    #[serde(default)]
    data_loss_unknown: bool,
    /// Security is touched.
    #[serde(default)]
    security: bool,
    /// The target was rolled back more often than this within `count_rollbacks_within`.
    rollbacks_more_than: Option<u32>,
    /// A check before the proposal did not pass.
    #[serde(default)]
    finding_not_passed: bool,
}

/// What the authority file is checked against.
pub(crate) struct Known<'a> {
    pub(crate) levels: &'a [LevelRule],
    pub(crate) people: Option<&'a PeopleBook>,
    pub(crate) triggers: Option<&'a [TriggerRule]>,
}

impl AuthorityFile {
    /// The authority rules, checked; mistakes are noted.
    pub(crate) fn authority(&self, known: &Known<'_>, file: &mut Examined<'_>) -> Authority {
        let valid_ms = DurationText::read(&self.approvals_valid, file);
        if valid_ms == 0 && file.problems.is_empty() {
            let advice = "give people the time to run it, such as `4 h`";
            file.note(self.approvals_valid.place, "approvals would run out at once", advice);
        }
        let lately_ms = DurationText::read(&self.count_rollbacks_within, file);
        let remind_ms = self.remind_ms(file);
        let layouts = [
            (RollbackType::BlueGreen, &self.rollbacks.blue_green),
            (RollbackType::ModelLevel, &self.rollbacks.model_level),
            (RollbackType::Schema, &self.rollbacks.schema),
            (RollbackType::FullEnvironment, &self.rollbacks.full_environment),
        ];
        let mut bases = Vec::new();
        for (rollback_type, layout) in layouts {
            let Some(layout) = layout else { continue };
            let approvals = layout.levels(known, file);
            bases.push(Base { rollback_type, approvals, reason: layout.reason.clone() });
        }
        let mut raises: Vec<RaiseRule> = Vec::new();
        for layout in &self.raise {
            if raises.iter().any(|rule| rule.id == layout.id.value) {
                let message = format!("there are two rules `{}`", layout.id.value);
                file.note(layout.id.place, message, "give every rule an id of its own");
            }
            raises.extend(layout.rule(known, file));
        }
        Authority { valid_ms, lately_ms, remind_ms, bases, raises }
    }

    fn remind_ms(&self, file: &mut Examined<'_>) -> u64 {
        let Some(at) = &self.hold_reminder else { return HOLD_REMINDER_MS };
        let remind_ms = DurationText::read(at, file);
        // A reminder each minute would drown the thread that it is meant to help.
        if remind_ms < 60_000 && file.problems.is_empty() {
            let advice = "give people an interval, such as `24 h`";
            file.note(at.place, "people would be reminded without pause", advice);
        }
        remind_ms
    }
}

impl BaseLayout {
    fn levels(&self, known: &Known<'_>, file: &mut Examined<'_>) -> Vec<Level> {
        if self.approvals.value.is_empty() {
            let advice = "name a level for each approval, such as `[2, 2]`, or leave the type out";
            file.note(self.approvals.place, "an empty list means that nobody can approve", advice);
        }
        let levels: Vec<Level> =
            self.approvals.value.iter().filter_map(|at| held_level(at, known, file)).collect();
        if let Some(book) = known.people
            && levels.len() == self.approvals.value.len()
        {
            // Levels are nested, so it is enough to count from the top.
            let short = levels.iter().copied().find(|level| {
                let needed = levels.iter().filter(|other| *other >= level).count();
                let held = book.deciders().filter(|person| person.level >= Some(*level)).count();
                held > 0 && held < needed
            });
            if let Some(level) = short {
                let message =
                    format!("fewer people hold {level} or higher than approvals are needed");
                file.note(
                    self.approvals.place,
                    message,
                    "one person counts once: ask for fewer, or add people",
                );
            }
        }
        levels
    }
}

impl RaiseLayout {
    fn rule(&self, known: &Known<'_>, file: &mut Examined<'_>) -> Option<RaiseRule> {
        if let (Some(triggers), when) = (known.triggers, &self.when.value) {
            let ids: Vec<&str> = triggers.iter().map(|trigger| trigger.id.as_str()).collect();
            for named in when.triggers.iter().filter(|named| !ids.contains(&named.value.as_str())) {
                file.unknown(named.place, "trigger", &named.value, &ids);
            }
        }
        let when = self.when.value.conditions(file);
        if when == Conditions::default() {
            let advice = "name a condition, or raise the type's own `approvals`";
            file.note(self.when.place, "this rule would always apply", advice);
        }
        if let Some(rest) = self.reason.value.replace("{detail}", "").find(['{', '}']) {
            let place = self.reason.place;
            let message = format!(
                "the reason has a brace at letter {}, but only `{{detail}}` is filled in",
                rest + 1
            );
            file.note(place, message, "remove the brace, or write `{detail}`");
        }
        let raise = match (&self.to, &self.by, &self.besides) {
            (Some(level), None, None) => Raise::To(held_level(level, known, file)?),
            (None, None, Some(level)) => Raise::Besides(held_level(level, known, file)?),
            (None, Some(by), None) if by.value > 0 => Raise::By(by.value),
            _ => {
                let advice = "write `to: 3`, `by: 1` or `besides: 4`";
                file.note(self.id.place, "a rule raises in exactly one way", advice);
                return None;
            }
        };
        let (id, reason) = (self.id.value.clone(), self.reason.value.clone());
        Some(RaiseRule { id, when, raise, reason })
    }
}

impl WhenLayout {
    fn conditions(&self, file: &mut Examined<'_>) -> Conditions {
        let above = self.data_loss_above.as_ref();
        Conditions {
            types: self.types.iter().map(|layout| (*layout).into()).collect(),
            triggers: self.triggers.iter().map(|trigger| trigger.value.clone()).collect(),
            categories: self.categories.clone(),
            critical_consumer: self.critical_consumer,
            data_loss_above_ms: above.map(|at| DurationText::read(at, file)),
            data_loss_unknown: self.data_loss_unknown,
            security: self.security,
            rollbacks_more_than: self.rollbacks_more_than,
            finding_not_passed: self.finding_not_passed,
        }
    }
}

/// A level that the matrix has and somebody holds; any other is noted.
fn held_level(at: &At<u8>, known: &Known<'_>, file: &mut Examined<'_>) -> Option<Level> {
    let level = known_level(at, known.levels, file)?;
    let is_held = |book: &PeopleBook| book.deciders().any(|person| person.level >= Some(level));
    if known.people.is_some_and(|book| !is_held(book)) {
        file.note(
            at.place,
            format!("nobody in people.yaml holds {level} or higher"),
            format!(
                "give somebody in people.yaml `level: {}`, or ask for a lower one",
                level.number()
            ),
        );
    }
    Some(level)
}
