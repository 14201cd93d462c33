//! A run that waits for a person is a decision that waits: it climbs the same frozen ladder by the same clock, so that
//! nobody's silence leaves a rollback half done until the morning.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Proposal, Stage, step::set_timer};
use crate::{
    Timestamp,
    digest::Digest,
    effect::Effect,
    escalation::{self, Position},
    id::RunId,
    level::Level,
    notice::{Guidance, Notice},
    person::PersonId,
    plan::Question,
    refusal::Refusal,
    requirement::{Approval, Requirement, Rung},
};

/// What a run waits for, and who was asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What is asked; `None` where the run is stuck.
    pub question: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Where the ladder's times count from, so that the rung that was asked first was due at `since`.
    pub asked_from: Timestamp,
    /// The rung that was asked last; `None` where the ladder has nobody of the level that is needed.
    pub position: Option<Position>,
    /// Who has paused it, where it waits for somebody to let it go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<PersonId>,
    /// Whether approvals have run out or were disowned, so that it can go on only when they are given again.
    #[serde(default)]
    pub lapsed: bool,
    /// Whose approval was disowned, where the run met that: whoever disowned here is not asked for anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disowned: Option<PersonId>,
}

impl Proposal {
    /// The run has come to a question: asks the lowest people of the ladder who can answer it.
    pub(super) fn asks(
        mut self,
        step: &str,
        question: &Question,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let level = question.level.or_else(|| self.requirement().highest_need());
        let level = level.unwrap_or(Level::LOWEST);
        let lapsed = self.has_lapsed();
        let waiting = Waiting { lapsed, ..self.waiting(level, Some(question.text.clone()), now) };
        let rung = waiting.position.as_ref().map(|asked| &self.requirement().ladder[asked.rung]);
        let asked = Guidance::Asks {
            name: step.to_owned(),
            question: question.text.clone(),
            level,
            people: rung.map(|rung| rung.people.clone()).unwrap_or_default(),
            next: self.next_ask(&waiting).map(|next| next.asked_at),
        };
        let effects = [Effect::Say(Notice::Steered(asked)), Effect::SyncCard].into_iter();
        let effects = effects.chain(self.timer(&waiting)).collect();
        self.waits = Some(waiting);
        (self, effects)
    }

    /// The run is stuck: asks those who can try again or end it, or approve again where that has lapsed.
    pub(super) fn stuck(self, run: RunId, now: Timestamp) -> (Self, Vec<Effect>) {
        let lapsed = self.has_lapsed();
        let waiting = Waiting { lapsed, ..self.waiting(self.lowest_need(), None, now) };
        self.stuck_at(run, waiting)
    }

    /// The run cannot go on without approvals that count: asks those who can give them.
    pub(super) fn lapsed(
        self,
        disowned: Option<&PersonId>,
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        let run = match &self.stage {
            Stage::Running { run } if disowned.is_none_or(|by| self.disowned.contains(by)) => {
                run.clone()
            }
            _ => return Err(Refusal::Outdated),
        };
        let waiting = self.waiting_for(self.lowest_need(), disowned.cloned(), now);
        Ok(self.stuck_at(run, Waiting { lapsed: true, ..waiting }))
    }

    fn stuck_at(mut self, run: RunId, waiting: Waiting) -> (Self, Vec<Effect>) {
        let asked = self.asked_for(&waiting, 0).into_iter();
        let effects = asked.chain([Effect::SyncCard]).chain(self.timer(&waiting)).collect();
        (self.stage, self.waits) = (Stage::Stuck { run }, Some(waiting));
        (self, effects)
    }

    /// A person has paused the run: whoever paused it has looked, and the ladder's clock sees to it that it is not forgotten.
    pub(super) fn paused(mut self, by: &PersonId, now: Timestamp) -> (Self, Vec<Effect>) {
        let waiting = self.waiting(self.lowest_need(), None, now);
        let waiting = Waiting { paused: Some(by.clone()), ..waiting };
        let effects = self.timer(&waiting).into_iter().chain([Effect::SyncCard]).collect();
        self.waits = Some(waiting);
        (self, effects)
    }

    /// Nobody has answered: asks the next people, or the last ones again.
    pub(super) fn asks_on(
        mut self,
        due: (usize, u32),
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        let waiting = self.waits.take().ok_or(Refusal::Outdated)?;
        let next = self.next_ask(&waiting).ok_or(Refusal::Outdated)?;
        if (next.rung, next.repeats) != due || now < next.asked_at {
            return Err(Refusal::Outdated);
        }
        let position = Some(Position { asked_at: now, ..next });
        let waiting = Waiting { position, ..waiting };
        let waited_ms = u64::try_from((now - waiting.since).num_milliseconds()).unwrap_or_default();
        let asked = self.asked_for(&waiting, waited_ms).into_iter();
        let effects = asked.chain([Effect::SyncCard]).chain(self.timer(&waiting)).collect();
        self.waits = Some(waiting);
        Ok((self, effects))
    }

    /// Approvals that ran out while the run waited are given again, for what is left of the same plan.
    pub(super) fn renew(
        self,
        approval: Approval,
        plan: &Digest,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        self.must_match(plan)?;
        let approvals = self.good_approvals(approval.at);
        if self.requirement().tally(&approvals).is_complete() {
            return Err(Self { approvals, ..self }.too_late(Some(&approval.person)));
        }
        let asked = self.waits.as_ref().and_then(|waiting| waiting.position.clone());
        let position = asked.unwrap_or(Position { rung: 0, repeats: 0, asked_at: approval.at });
        let (mut proposal, mut effects) =
            Self { approvals, ..self }.counting(&position, approval)?;
        if proposal.tally().is_complete() {
            effects.push(Effect::Say(Notice::Steered(Guidance::Renewed)));
            if let Some(waiting) = &mut proposal.waits {
                waiting.lapsed = false;
            }
        }
        Ok((proposal, effects))
    }

    /// Somebody has answered, or the run went on by itself.
    pub(super) fn waits_no_more(mut self) -> (Self, Vec<Effect>) {
        self.waits = None;
        (self, vec![Effect::ClearTimers, Effect::SyncCard])
    }

    /// Whether its run goes on only when people approve the same plan again.
    pub fn has_lapsed(&self) -> bool {
        self.waits.as_ref().is_some_and(|waiting| waiting.lapsed)
    }

    /// Whether everybody was asked for the run's answer, and nobody gave it.
    pub(crate) fn is_unanswered(&self) -> bool {
        let asked = self.waits.as_ref().and_then(|waiting| waiting.position.as_ref());
        asked.is_some_and(|asked| asked.repeats > 0)
    }

    /// The rung that was asked last, for a decision or for what its run waits for; `None` where nobody is asked.
    pub fn asked_now(&self) -> Option<&Rung> {
        let (_, position) = self.walk()?;
        Some(&self.requirement().ladder[position.rung])
    }

    /// What the clock brings next, and at which level.
    pub(crate) fn asked_next(&self) -> Option<(Level, Timestamp)> {
        let (asked_from, position) = self.walk()?;
        let requirement = match &self.waits {
            _ if matches!(self.stage, Stage::Open { .. }) => Cow::Borrowed(self.requirement()),
            Some(waiting) => self.ladder_of(waiting.disowned.as_ref()),
            None => self.requirement().while_running(),
        };
        let next = escalation::next(&requirement, asked_from, position);
        Some((next.rung.level, next.position.asked_at))
    }

    /// Where the walk up the ladder stands, and where its times count from.
    pub(super) fn walk(&self) -> Option<(Timestamp, &Position)> {
        match (&self.stage, &self.waits) {
            (Stage::Open { position }, _) => Some((self.asked_from, position)),
            (_, Some(waiting)) => Some((waiting.asked_from, waiting.position.as_ref()?)),
            (_, None) => None,
        }
    }

    pub(super) fn next_ask(&self, waiting: &Waiting) -> Option<Position> {
        let position = waiting.position.as_ref()?;
        let requirement = self.ladder_of(waiting.disowned.as_ref());
        Some(escalation::next(&requirement, waiting.asked_from, position).position)
    }

    pub(super) fn waiting(
        &self,
        level: Level,
        question: Option<String>,
        now: Timestamp,
    ) -> Waiting {
        Waiting { question, ..self.waiting_for(level, None, now) }
    }

    fn waiting_for(&self, level: Level, disowned: Option<PersonId>, now: Timestamp) -> Waiting {
        let began = escalation::from_level(&self.ladder_of(disowned.as_ref()), level, now);
        let (asked_from, position) = began.map_or((now, None), |(from, at)| (from, Some(at)));
        let (question, paused, lapsed) = (None, None, false);
        Waiting { question, since: now, asked_from, position, paused, lapsed, disowned }
    }

    /// The ladder that the run's answer climbs: without those from whom nothing is taken here any more, where that is why
    /// it waits.
    fn ladder_of(&self, disowned: Option<&PersonId>) -> Cow<'_, Requirement> {
        let mut requirement = self.requirement().while_running();
        if disowned.is_some() {
            for rung in &mut requirement.to_mut().ladder {
                rung.people.retain(|person| !self.disowned.contains(person));
            }
        }
        requirement
    }

    fn asked_for(&self, waiting: &Waiting, waited_ms: u64) -> Option<Effect> {
        let position = waiting.position.as_ref()?;
        let requirement = self.ladder_of(waiting.disowned.as_ref());
        let rung = &requirement.ladder[position.rung];
        Some(Effect::Say(Notice::Steered(Guidance::Wanted {
            question: waiting.question.clone(),
            level: rung.level,
            role: rung.role.clone(),
            people: rung.people.clone(),
            waited_ms,
            paused: waiting.paused.clone(),
            lapsed: waiting.lapsed,
            disowned: waiting.disowned.clone(),
            next: self.next_ask(waiting)?.asked_at,
        })))
    }

    pub(super) fn timer(&self, waiting: &Waiting) -> Option<Effect> {
        let position = waiting.position.as_ref()?;
        let requirement = self.ladder_of(waiting.disowned.as_ref());
        Some(set_timer(&requirement, waiting.asked_from, position))
    }
}
