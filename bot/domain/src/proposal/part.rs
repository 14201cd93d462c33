//! The part of one person in a proposal that waits: whether their signature would count, and what serves them otherwise.
//!
//! What is offered before a click and what is said after it come from here, so that nobody is offered what would be refused.

use super::{Proposal, Proposer, Stage};
use crate::{
    Timestamp, card::Button, escalation, level::Level, person::PersonId, refusal::Refusal,
    requirement::Rung, words::Words,
};

/// What the signature of one person is to a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It would fill a need that is open.
    Counts,
    /// It is there.
    Signed {
        /// Since when.
        at: Timestamp,
    },
    /// They proposed it, and more than one person is needed.
    Proposed,
    /// Somebody else has signed in their name.
    Disowned,
    /// All that is missing needs a higher level.
    TooLow,
}

impl Proposal {
    /// Which part a person of this level has.
    pub fn part_of(&self, person: &PersonId, level: Option<Level>) -> Part {
        if self.disowned.contains(person) {
            return Part::Disowned;
        }
        if let Some(at) = self.signed_at(person) {
            return Part::Signed { at };
        }
        let requirement = self.requirement();
        let is_proposer =
            matches!(&self.opening.proposer, Proposer::Person(proposer) if proposer == person);
        if is_proposer && !requirement.proposer_counts() {
            return Part::Proposed;
        }
        match level {
            // What it fills does not depend on when it is given.
            Some(level)
                if requirement.is_helped_by(&self.approvals, person, level, self.opened_at) =>
            {
                Part::Counts
            }
            Some(_) | None => Part::TooLow,
        }
    }

    /// What a person can press while it waits for people, what serves them most first.
    pub fn offers(&self, person: &PersonId, level: Option<Level>) -> Vec<Button> {
        let Some(level) = level.filter(|_| matches!(self.stage, Stage::Open { .. })) else {
            return vec![];
        };
        let first = match self.part_of(person, Some(level)) {
            Part::Counts => Button::Approve,
            Part::Signed { .. } | Part::Proposed | Part::TooLow => Button::Escalate,
            Part::Disowned => return vec![],
        };
        let reject = (level >= self.lowest_need()).then_some(Button::Reject);
        [first].into_iter().chain(reject).collect()
    }

    /// Why the signature of a person does not count, and who can sign instead; nothing where it counts.
    pub fn why_not(&self, person: &PersonId, level: Option<Level>) -> Words {
        let needed = self.lowest_need();
        let words = match self.part_of(person, level) {
            Part::Counts => return Words::new(),
            Part::Signed { at } => {
                Words::plain("You signed at ").time(at).text(format!("; it still needs {needed}."))
            }
            Part::Proposed => Words::plain(
                "You proposed it, and it needs more than one person: others have to sign.",
            ),
            Part::Disowned => Words::plain(
                "You said that somebody else signed in your name, so nothing is taken from your account here.",
            ),
            Part::TooLow => match level {
                Some(held) => {
                    Words::plain(format!("What is missing needs {needed}, and you hold {held}."))
                }
                None => Words::plain(format!("What is missing needs {needed}, and you hold none.")),
            },
        };
        words.text(" ").words(self.others(person, level))
    }

    /// A policy says no to this person: who could instead, while that is a question.
    pub fn forbids(&self, person: &PersonId, reason: String) -> Refusal {
        let (who, due) = match &self.stage {
            Stage::Open { .. } => self.who_else(person),
            Stage::Approved { .. }
            | Stage::Running { .. }
            | Stage::Stuck { .. }
            | Stage::Closed { .. } => (vec![], None),
        };
        Refusal::Forbidden { reason, who, due }
    }

    /// Who can give what is missing, and when they are asked.
    fn others(&self, person: &PersonId, level: Option<Level>) -> Words {
        let (who, due) = self.who_else(person);
        if who.is_empty() {
            return Words::plain("The escalation names nobody else who could: tell the operator.");
        }
        let can_press = self.offers(person, level).contains(&Button::Escalate);
        let words = Words::new().people(&who).text(" can sign");
        match due {
            Some(at) => {
                let words = words.text("; they are asked from ").time(at).text(" on");
                let sooner = ", or sooner if you press “Ask the next level now”.";
                words.text(if can_press { sooner } else { "." })
            }
            None if who.len() == 1 => words.text(", and is asked already."),
            None => words.text(", and are asked already."),
        }
    }

    /// Who beside this person can give what is missing: those who are asked already, or else all, with the moment at which
    /// the first of them is.
    fn who_else(&self, person: &PersonId) -> (Vec<PersonId>, Option<Timestamp>) {
        let requirement = self.requirement();
        let needed = self.lowest_need();
        let is_free = |other: &PersonId| {
            other != person
                && !matches!(
                    self.part_of(other, Some(needed)),
                    Part::Signed { .. } | Part::Proposed | Part::Disowned
                )
        };
        let mut who = requirement.people_from(needed);
        who.retain(is_free);
        let Some((asked_from, position)) = self.walk() else { return (who, None) };
        let could = |rung: &Rung| rung.level >= needed && rung.people.iter().any(is_free);
        let asked = requirement.ladder.iter().take(position.rung + 1).filter(|rung| could(rung));
        let asked: Vec<&PersonId> = asked.flat_map(|rung| &rung.people).collect();
        if asked.is_empty() {
            return (who, escalation::due_when(requirement, asked_from, position, could));
        }
        who.retain(|other| asked.contains(&other));
        (who, None)
    }
}
