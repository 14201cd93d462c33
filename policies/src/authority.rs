//! `authority.yaml`: what each rollback requires, and what raises it.

use domain::{
    level::Level,
    plan::{Finding, Outcome, RollbackType},
};

use crate::{target::TargetRule, trigger::Category};

mod layout;

pub(crate) use layout::{AuthorityFile, Known};

/// What a requirement is worked out from.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Which of the four.
    pub rollback_type: RollbackType,
    /// Where it acts.
    pub target: &'a TargetRule,
    /// The models that go back.
    pub models: &'a [String],
    /// Models that are rebuilt besides.
    pub downstream: &'a [String],
    /// The id of the trigger.
    pub trigger: &'a str,
    /// What the checks before it found.
    pub findings: &'a [Finding],
    /// How many rollbacks the target has seen within [`Policies::lately_ms`](crate::Policies::lately_ms).
    pub rollbacks_lately: i64,
    /// How much data could be lost, as a length of time in milliseconds; `None` where nobody knows.
    pub data_loss_ms: Option<u64>,
    /// Whether security is touched.
    pub security: bool,
    /// How long until its maintenance window opens, in milliseconds; `None` where it shall begin as soon as it is approved.
    pub opens_in_ms: Option<u64>,
}

/// The authority file, checked.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub(crate) valid_ms: u64,
    pub(crate) lately_ms: u64,
    pub(crate) remind_ms: u64,
    pub(crate) bases: Vec<Base>,
    pub(crate) raises: Vec<RaiseRule>,
}

/// What one type requires before anything raises it.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) rollback_type: RollbackType,
    pub(crate) approvals: Vec<Level>,
    pub(crate) reason: String,
}

/// A rule that raises what is required.
#[derive(Clone, Debug)]
pub struct RaiseRule {
    /// The id.
    pub id: String,
    /// When it applies.
    pub when: Conditions,
    pub(crate) raise: Raise,
    pub(crate) reason: String,
}

/// How a rule raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raise {
    To(Level),
    By(u8),
    Besides(Level),
}

/// Conditions, all of which must hold; an empty list or `None` asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a condition of its own, switched on by name"
)]
pub struct Conditions {
    types: Vec<RollbackType>,
    triggers: Vec<String>,
    categories: Vec<Category>,
    critical_consumer: bool,
    data_loss_above_ms: Option<u64>,
    data_loss_unknown: bool,
    security: bool,
    rollbacks_more_than: Option<u32>,
    finding_not_passed: bool,
}

impl Conditions {
    /// What was found, in words, when all of them hold (empty where there is nothing to add); else `None`.
    pub(crate) fn hold(&self, ask: &Ask<'_>, category: Option<Category>) -> Option<String> {
        let mut found = Vec::new();
        let mut all = vec![
            self.types.is_empty() || self.types.contains(&ask.rollback_type),
            self.triggers.is_empty() || self.triggers.iter().any(|trigger| trigger == ask.trigger),
            self.categories.is_empty()
                || category.is_some_and(|category| self.categories.contains(&category)),
            !self.security || ask.security,
            !self.data_loss_unknown || ask.data_loss_ms.is_none(),
        ];
        if let Some(limit) = self.data_loss_above_ms {
            all.push(ask.data_loss_ms.is_some_and(|loss| loss > limit));
            found.extend(ask.data_loss_ms.map(domain::notice::duration));
        }
        if let Some(limit) = self.rollbacks_more_than {
            all.push(ask.rollbacks_lately > i64::from(limit));
            found.push(ask.rollbacks_lately.to_string());
        }
        if self.critical_consumer {
            let critical = critical_consumers(ask);
            all.push(!critical.is_empty());
            found.extend(critical);
        }
        if self.finding_not_passed {
            let not_passed = ask.findings.iter().filter(|finding| finding.outcome != Outcome::Pass);
            let checks: Vec<String> = not_passed.map(|finding| finding.check.clone()).collect();
            all.push(!checks.is_empty());
            found.extend(checks);
        }
        all.iter().all(|holds| *holds).then(|| found.join(", "))
    }
}

/// The models of a proposal on which the business depends, each with who reads from it.
fn critical_consumers(ask: &Ask<'_>) -> Vec<String> {
    let mut critical: Vec<String> = Vec::new();
    for rule in ask.models.iter().chain(ask.downstream).filter_map(|model| ask.target.model(model))
    {
        let consumers = rule.consumers.iter().filter(|consumer| consumer.critical);
        let readers: Vec<&str> = consumers.map(|consumer| consumer.name.as_str()).collect();
        let words = match &readers[..] {
            [] if rule.critical => rule.name.clone(),
            [] => continue,
            readers => format!("{} (read by {})", rule.name, readers.join(" and ")),
        };
        if !critical.contains(&words) {
            critical.push(words);
        }
    }
    critical
}
