//! Somebody says that it was not they who signed: what stands in their name counts no longer, here and in the receipts.
//!
//! ```text
//! Open     ─▶ Open      their approval is taken back
//! Approved ─▶ Open      and people are asked again
//! Running  ─▶ Running   the run is halted, and goes on only with approvals that count
//! Stuck    ─▶ Stuck     likewise
//! Closed   ─▶ Closed    nothing is left to be stopped: people are told
//! ```
//! Whoever disowned once signs nothing more on this proposal: their identity may be in foreign hands.

use serde::{Deserialize, Serialize};

use super::{Event, Proposal, Stage, step::ask, waiting::Waiting};
use crate::{
    Timestamp,
    digest::Digest,
    effect::Effect,
    escalation::{self, Position},
    level::Level,
    notice::{Consequence, Notice},
    person::PersonId,
    refusal::Refusal,
};

/// What it makes of a run that something was signed for by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Halted {
    /// Nothing further begins.
    Paused {
        /// The step that comes to its end first.
        under_way: Option<String>,
    },
    /// It waited for a person already.
    Waited,
    /// It takes back what was done, and that is what anybody would want.
    GoesBack,
}

impl Proposal {
    /// Whether anything more is taken from this person here.
    pub fn may_sign(&self, person: &PersonId) -> Result<(), Refusal> {
        if self.disowned.contains(person) { Err(Refusal::Disowned) } else { Ok(()) }
    }

    pub(super) fn must_be_theirs(&self, event: &Event) -> Result<(), Refusal> {
        match event {
            Event::Approved { by, .. } | Event::Rejected { by, .. } | Event::Escalated { by }
                if !self.is_closed() =>
            {
                self.may_sign(by)
            }
            _ => Ok(()),
        }
    }

    /// The approval of `by` counts no longer, and whatever it has set going is stopped. That something was signed in their
    /// name is for the receipts to tell.
    pub(super) fn disown(
        mut self,
        by: &PersonId,
        plan: &Digest,
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        self.must_match(plan)?;
        if self.disowned.contains(by) {
            return Err(Refusal::AlreadyDisowned);
        }
        self.disowned.push(by.clone());
        let people = self.alarmed(by);
        if self.is_closed() {
            let effects = vec![self.alarm(by, people, Consequence::Over), Effect::SyncCard];
            return Ok((self, effects));
        }
        self.approvals.retain(|approval| approval.person != *by);
        Ok(match self.stage.clone() {
            Stage::Approved { .. } if !self.tally().is_complete() => {
                self.asked_anew(by, people, now)
            }
            Stage::Open { .. } | Stage::Approved { .. } => {
                let effects =
                    vec![self.alarm(by, people, Consequence::TakenBack), Effect::SyncCard];
                (self, effects)
            }
            // The run knows what is under way, and tells it in the same breath.
            Stage::Running { .. } => {
                (self, vec![Effect::HaltRun { by: by.clone() }, Effect::SyncCard])
            }
            Stage::Stuck { .. } => {
                let waits = self.waits.take().map(|waits| self.lapsing(waits));
                self.waits = waits;
                let effects = vec![self.alarm(by, people, Consequence::Waits), Effect::SyncCard];
                (self, effects)
            }
            Stage::Closed { .. } => (self, vec![]),
        })
    }

    /// The run has heard of it.
    pub(super) fn halted(
        mut self,
        by: &PersonId,
        halt: &Halted,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let people = self.alarmed(by);
        let (consequence, fresh) = match halt {
            Halted::GoesBack => {
                let effects = vec![self.alarm(by, people, Consequence::GoesBack), Effect::SyncCard];
                return (self, effects);
            }
            Halted::Paused { under_way } => {
                let waiting = self.waiting(self.lowest_need(), None, now);
                let waiting = Waiting { paused: Some(by.clone()), ..waiting };
                (Consequence::Paused { under_way: under_way.clone() }, Some(waiting))
            }
            Halted::Waited => (Consequence::Waits, None),
        };
        let waits = self.waits.take().or(fresh).map(|waits| self.lapsing(waits));
        let timer = waits.as_ref().and_then(|waits| self.timer(waits));
        self.waits = waits;
        let mut effects = vec![self.alarm(by, people, consequence), Effect::SyncCard];
        effects.extend(timer);
        (self, effects)
    }

    /// Nothing has begun: it waits for people again, from the lowest who can give what is missing.
    fn asked_anew(
        self,
        by: &PersonId,
        people: Vec<PersonId>,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let requirement = &self.opening.requirement;
        let (asked_from, position) = escalation::from_level(requirement, self.lowest_need(), now)
            .unwrap_or((now, Position { rung: 0, repeats: 0, asked_at: now }));
        let mut effects = vec![self.alarm(by, people, Consequence::TakenBack)];
        effects.extend(ask(requirement, &position, asked_from));
        (Self { stage: Stage::Open { position }, asked_from, ..self }, effects)
    }

    fn lapsing(&self, waits: Waiting) -> Waiting {
        Waiting { lapsed: waits.lapsed || !self.tally().is_complete(), ..waits }
    }

    fn alarm(&self, by: &PersonId, people: Vec<PersonId>, consequence: Consequence) -> Effect {
        let tally = self.tally();
        let (given, needed) = (tally.given, tally.needed);
        Effect::Say(Notice::Disowned { by: by.clone(), people, consequence, given, needed })
    }

    /// Everybody who was asked so far and the level after them, without the person whose identity it is about.
    fn alarmed(&self, by: &PersonId) -> Vec<PersonId> {
        let ladder = &self.requirement().ladder;
        // Once it is decided, nobody remembers how far it was asked: as far as somebody has signed, at least.
        let signed = self.approvals.iter().map(|approval| approval.level);
        let signed = signed.chain(self.requirement().highest_need()).max();
        let reached = self.walk().map(|(_, position)| ladder[position.rung].level);
        let is_open = matches!(self.stage, Stage::Open { .. });
        let asked = if is_open { reached } else { reached.max(signed) };
        let asked = asked.unwrap_or(Level::LOWEST);
        let next = ladder.iter().filter(|rung| rung.level > asked && !rung.people.is_empty());
        let next = next.map(|rung| rung.level).min().unwrap_or(asked);
        let mut people: Vec<PersonId> = Vec::new();
        for person in ladder.iter().filter(|rung| rung.level <= next).flat_map(|rung| &rung.people)
        {
            if person != by && !people.contains(person) {
                people.push(person.clone());
            }
        }
        people
    }
}
