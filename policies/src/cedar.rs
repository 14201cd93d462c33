//! `authority.cedar`: who may decide, asked of Cedar.
//!
//! Cedar judges who somebody is: active, human, of any level, not the proposer where two are needed. How high a level
//! must be is an attribute (`resource.lowest_level`), and when it is the *only* thing in the way of a signature the
//! verdict is [`Verdict::LevelTooLow`]: the caller hands the level to the proposal's own machine, which is sure to refuse
//! it and says who could and when they are asked. Whatever no rule allows is refused, and so is everything when a rule
//! cannot be evaluated.

use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId,
    PolicySet, Request, RestrictedExpression, Schema,
};
use domain::{
    Timestamp,
    level::Level,
    person::{Person, PersonId},
    proposal::{Proposal, Proposer},
};

use crate::{load::Policies, runbook::TypeLayout};

mod check;

/// The highest number that a level can have.
const HIGHEST: u8 = 9;
const DEFAULT_DENY: &str = "No rule allows it, and what no rule allows is refused.";

/// What somebody wants to do with a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Sign it.
    Approve,
    /// Say no to it.
    Reject,
    /// Bring in the next level before its time.
    Escalate,
    /// Let nothing further of its run begin.
    Pause,
    /// Let its run go on.
    Resume,
    /// End its run and take back what was done.
    Cancel,
    /// Try the step that is stuck again.
    Retry,
    /// Settle the step that is stuck.
    Skip,
    /// Answer the question between two steps with yes.
    Confirm {
        /// The level that the step names for itself.
        named: Option<Level>,
    },
    /// Let come again what it went back from.
    LiftHold,
    /// Keep from the janitor what it goes back to.
    Keep,
}

/// Whether somebody may do it, and which rules say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They may, with the authority of their level.
    Allowed {
        /// The level they hold.
        level: Level,
        /// The ids of the rules.
        rules: Vec<String>,
    },
    /// They may not, and only because their level is too low: hand the level to the proposal, which words the refusal.
    LevelTooLow {
        /// The level they hold.
        level: Level,
        /// The ids of the rules that would allow it at a higher level.
        rules: Vec<String>,
    },
    /// They may not.
    Denied {
        /// The rules' reasons, in sentences for them.
        reason: String,
        /// The ids of the rules; empty where no rule allows it.
        rules: Vec<String>,
    },
}

/// The rules of `authority.cedar`, checked.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    policies: PolicySet,
    schema: Schema,
    reasons: BTreeMap<String, String>,
}

/// Cedar's answer to one question.
struct Answer {
    is_allowed: bool,
    rules: Vec<String>,
    errors: Vec<String>,
}

impl Act {
    fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Escalate => "escalate",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::Confirm { .. } => "confirm",
            Self::LiftHold => "lift_hold",
            Self::Keep => "keep",
        }
    }

    /// The level that the proposal's own machine asks for, whatever the rules say; `None` where it asks for none.
    pub(crate) fn needed(self, proposal: &Proposal) -> Option<Level> {
        match self {
            Self::Escalate | Self::Keep => None,
            Self::Approve
            | Self::Reject
            | Self::Pause
            | Self::Resume
            | Self::Cancel
            | Self::Retry
            | Self::LiftHold => lowest_need(proposal),
            Self::Skip => proposal.requirement().highest_need(),
            Self::Confirm { named } => named.or_else(|| proposal.requirement().highest_need()),
        }
    }
}

impl Policies {
    /// Whether `person` may do `act` with `proposal` at `now`.
    pub fn may(&self, person: &Person, act: Act, proposal: &Proposal, now: Timestamp) -> Verdict {
        // The level counts that the file gives, whatever the caller's copy of the person says.
        let Some(person) = self.people().get(&person.id) else {
            let reason = "people.yaml does not name them.".to_owned();
            return Verdict::Denied { reason, rules: Vec::new() };
        };
        let held = person.level.map_or(0, Level::number);
        let answer = self.ask(person, held, act, proposal, now);
        match person.level {
            Some(level) if answer.is_allowed => Verdict::Allowed { level, rules: answer.rules },
            // Invariant: the proposal's own machine refuses whatever is handed to it as too low, because it compares
            // with the same need. A rule that says no by name is never handed on.
            Some(level)
                if answer.errors.is_empty()
                    && answer.rules.is_empty()
                    && act.needed(proposal).is_some_and(|needed| level < needed) =>
            {
                // The same question, asked at the highest level: is the level all that is in the way?
                let highest = self.ask(person, HIGHEST, act, proposal, now);
                if highest.is_allowed {
                    Verdict::LevelTooLow { level, rules: highest.rules }
                } else {
                    self.denied(answer)
                }
            }
            // Invariant: without a level nobody is allowed anything, whatever the rules say.
            _ => self.denied(answer),
        }
    }

    /// The sentence of a rule of `authority.cedar`.
    pub fn rule_reason(&self, rule: &str) -> Option<&str> {
        self.rules.reasons.get(rule).map(String::as_str)
    }

    fn denied(&self, answer: Answer) -> Verdict {
        let rules = if answer.is_allowed { Vec::new() } else { answer.rules };
        let mut reasons: Vec<&str> =
            rules.iter().filter_map(|rule| self.rule_reason(rule)).collect();
        let fault = answer.errors.join("; ");
        let unanswered = format!("A rule could not be evaluated, so nothing is allowed: {fault}.");
        if !fault.is_empty() {
            reasons.push(&unanswered);
        }
        let reason = if reasons.is_empty() { DEFAULT_DENY.to_owned() } else { reasons.join(" ") };
        Verdict::Denied { reason, rules }
    }

    fn ask(
        &self,
        person: &Person,
        level: u8,
        act: Act,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Answer {
        self.try_ask(person, level, act, proposal, now).unwrap_or_else(|error| Answer {
            is_allowed: false,
            rules: Vec::new(),
            errors: vec![error],
        })
    }

    fn try_ask(
        &self,
        person: &Person,
        level: u8,
        act: Act,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Result<Answer, String> {
        let schema = &self.rules.schema;
        let (principal, resource) =
            (uid("Person", person.id.as_str()), uid("Proposal", proposal.id.as_str()));
        let proposer = match &proposal.opening.proposer {
            Proposer::Person(proposer) => Some(proposer),
            Proposer::Trigger(_) => None,
        };
        let mut entities = vec![self.person(&person.id, level)?, resource_of(proposal, proposer)?];
        if let Some(proposer) = proposer.filter(|proposer| **proposer != person.id) {
            let level = self.people().get(proposer).and_then(|person| person.level);
            entities.push(self.person(proposer, level.map_or(0, Level::number))?);
        }
        let entities =
            Entities::from_entities(entities, Some(schema)).map_err(|error| error.to_string())?;
        let minutes_open = (now - proposal.asked_from).num_minutes();
        let context = [
            (
                "now".to_owned(),
                RestrictedExpression::new_datetime(now.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ),
            ("minutes_open".to_owned(), RestrictedExpression::new_long(minutes_open)),
        ];
        // Settling what the run could not has a level of its own.
        let settling = match act {
            Act::Skip | Act::Confirm { .. } => {
                let needed =
                    act.needed(proposal).map_or(i64::MAX, |level| i64::from(level.number()));
                Some(("needed_level".to_owned(), RestrictedExpression::new_long(needed)))
            }
            _ => None,
        };
        let context = context.into_iter().chain(settling);
        let context = Context::from_pairs(context).map_err(|error| error.to_string())?;
        let request =
            Request::new(principal, uid("Action", act.name()), resource, context, Some(schema))
                .map_err(|error| error.to_string())?;
        let response = Authorizer::new().is_authorized(&request, &self.rules.policies, &entities);
        let diagnostics = response.diagnostics();
        let errors: Vec<String> = diagnostics.errors().map(ToString::to_string).collect();
        let mut rules: Vec<String> = diagnostics
            .reason()
            .map(|rule: &PolicyId| AsRef::<str>::as_ref(rule).to_owned())
            .collect();
        rules.sort_unstable();
        // Cedar passes over a rule that fails; a failing `forbid` must not open the door.
        let is_allowed = response.decision() == Decision::Allow && errors.is_empty();
        Ok(Answer { is_allowed, rules, errors })
    }

    fn person(&self, id: &PersonId, level: u8) -> Result<Entity, String> {
        let attributes = [
            ("level".to_owned(), RestrictedExpression::new_long(i64::from(level))),
            ("active".to_owned(), RestrictedExpression::new_bool(!self.book.inactive.contains(id))),
            ("human".to_owned(), RestrictedExpression::new_bool(!self.book.bots.contains(id))),
        ];
        entity(uid("Person", id.as_str()), attributes.into())
    }
}

/// The lowest approval that is still missing; of all, once none is. `None` where nobody can approve.
pub(crate) fn lowest_need(proposal: &Proposal) -> Option<Level> {
    let missing = proposal.tally().missing;
    let needs = if missing.is_empty() { &proposal.requirement().approvals } else { &missing };
    needs.iter().copied().min()
}

fn resource_of(proposal: &Proposal, proposer: Option<&PersonId>) -> Result<Entity, String> {
    let opening = &proposal.opening;
    let lowest = lowest_need(proposal);
    let needed = opening.requirement.approvals.len();
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let mut attributes: HashMap<String, RestrictedExpression> = [
        ("environment".to_owned(), text(&opening.target.environment)),
        ("target".to_owned(), text(&opening.target.id)),
        ("rollback_type".to_owned(), text(TypeLayout::from(opening.rollback_type).key())),
        // An empty list of approvals means nobody: no level is that high.
        (
            "lowest_level".to_owned(),
            RestrictedExpression::new_long(
                lowest.map_or(i64::MAX, |level| i64::from(level.number())),
            ),
        ),
        (
            "approvals_needed".to_owned(),
            RestrictedExpression::new_long(i64::try_from(needed).unwrap_or(i64::MAX)),
        ),
    ]
    .into();
    if let Some(proposer) = proposer {
        let proposer = RestrictedExpression::new_entity_uid(uid("Person", proposer.as_str()));
        attributes.insert("proposer".to_owned(), proposer);
    }
    entity(uid("Proposal", proposal.id.as_str()), attributes)
}

fn entity(
    uid: EntityUid,
    attributes: HashMap<String, RestrictedExpression>,
) -> Result<Entity, String> {
    Entity::new(uid, attributes, HashSet::new()).map_err(|error| error.to_string())
}

fn uid(kind: &str, id: &str) -> EntityUid {
    let kind: EntityTypeName =
        format!("Countersign::{kind}").parse().expect("our own type names are well formed");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}
