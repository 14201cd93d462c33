//! What a person's act makes of a run. The proposal has already said that their level is enough, or says so in the same
//! transaction; that the act fits the place where the run stands is decided here.

use super::{Cancel, Event, Halt, Pause, Run, SignOff, Stage, Steer, Steered, Stop, Trace};
use crate::{
    Timestamp,
    effect::Effect,
    notice::{Again, Guidance, Notice, Settled},
    person::PersonId,
    proposal::{self, Halted},
    refusal::Refusal,
};

impl Run {
    /// Whether the act would be taken now.
    pub fn takes(&self, steered: &Steered, now: Timestamp) -> Result<(), Refusal> {
        self.clone().step(&Event::Steered(steered.clone()), now).map(|_| ())
    }

    pub(super) fn steered(
        self,
        steered: &Steered,
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        if steered.plan != self.plan {
            let (shown, current) = (steered.plan.clone(), self.plan.clone());
            return Err(Refusal::OtherPlan { shown, current });
        }
        if steered.proposal != self.proposal || self.is_over() {
            return Err(Refusal::Outdated);
        }
        match steered.steer {
            Steer::Pause => self.pause(steered, now),
            Steer::Resume => self.resume(steered, now),
            Steer::Cancel => self.cancel(steered, now),
            Steer::Retry { stop } => self.retry(steered, stop),
            Steer::Skip { stop } => self.skip(steered, stop, now),
            Steer::Confirm { stop } => self.confirm(steered, stop, now),
        }
    }

    fn pause(mut self, steered: &Steered, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        if let Some(Pause { by, since }) = self.steering.paused {
            return Err(Refusal::AlreadyPaused { by, since });
        }
        match self.stage {
            Stage::Asking { .. } => return Err(Refusal::AnswerAwaited),
            Stage::Stuck { .. } => return Err(Refusal::IsStuck),
            _ => {}
        }
        let under_way = self.under_way();
        let by = steered.by.clone();
        self.steering.paused = Some(Pause { by: by.clone(), since: now });
        let mut effects = told(Guidance::Paused { by: by.clone(), under_way });
        effects.push(Effect::TellProposal(proposal::Event::RunPaused { by }));
        Ok((self, effects))
    }

    /// What somebody signed for it was not theirs: nothing further begins. A run that takes back what was done goes on,
    /// because nobody has to have approved that.
    pub(super) fn halted(mut self, by: &PersonId, now: Timestamp) -> (Self, Vec<Effect>) {
        let waits = matches!(self.stage, Stage::Asking { .. } | Stage::Stuck { .. })
            || self.steering.paused.is_some();
        let halt = if self.is_turning_back() {
            Halted::GoesBack
        } else if waits {
            Halted::Waited
        } else {
            self.steering.paused = Some(Pause { by: by.clone(), since: now });
            Halted::Paused { under_way: self.under_way() }
        };
        let told = proposal::Event::RunHalted { by: by.clone(), halt };
        (self, vec![Effect::TellProposal(told), Effect::SyncCard])
    }

    /// The step that comes to its end before a pause begins.
    fn under_way(&self) -> Option<String> {
        match self.stage {
            Stage::Doing { step, .. }
            | Stage::InDoubt { step, .. }
            | Stage::Undoing { step, .. } => Some(self.steps[step].name.clone()),
            _ => None,
        }
    }

    fn resume(mut self, steered: &Steered, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        let Some(Pause { since, .. }) = self.steering.paused.take() else {
            return Err(Refusal::NotPaused);
        };
        let paused_ms = u64::try_from((now - since).num_milliseconds()).unwrap_or_default();
        let mut effects = told(Guidance::Resumed { by: steered.by.clone(), paused_ms });
        // A question that came up meanwhile still waits for its answer.
        if self.question().is_none() {
            effects.push(Effect::TellProposal(proposal::Event::RunGoesOn));
        }
        Ok((self, effects))
    }

    fn cancel(mut self, steered: &Steered, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        if let Some(Cancel { by, .. }) = self.steering.cancelled {
            return Err(Refusal::AlreadyCancelled { by });
        }
        match self.stage {
            Stage::Undoing { .. } => return Err(Refusal::AlreadyTakenBack),
            Stage::Stuck { .. } => return Err(Refusal::IsStuck),
            _ => {}
        }
        let (by, reason) = (steered.by.clone(), said(steered)?);
        self.steering.cancelled = Some(Cancel { by: by.clone(), reason: reason.clone() });
        let was_paused = self.steering.paused.take().is_some();
        let name = |step: usize| Some(self.steps[step].name.clone());
        let under_way = match self.stage {
            Stage::Doing { step, .. } | Stage::InDoubt { step, .. } => name(step),
            _ => None,
        };
        let mut effects = told(Guidance::Cancelled { by, reason, under_way });
        if was_paused || matches!(self.stage, Stage::Asking { .. }) {
            effects.push(Effect::TellProposal(proposal::Event::RunGoesOn));
        }
        let why = self.cancel_reason().unwrap_or_default();
        let (run, after) = match self.stage {
            Stage::Asking { step } | Stage::Pending { next: step, attempt: 1 } => {
                self.undo_below(step, why, now)
            }
            Stage::Pending { next, .. }
                if self.steering.tries.trace == Trace::Part && !self.steps[next].has_undo =>
            {
                let told = format!("{why}; the step was done in part, and it has no way back");
                self.stick(next, told, Halt::Undoing { reason: why })
            }
            Stage::Pending { next, .. } => self.turn_back(next, why, now),
            // The executor ends the step under way, and its probe says what it did.
            _ => (self, vec![]),
        };
        effects.extend(after);
        Ok((run, effects))
    }

    fn retry(mut self, steered: &Steered, stop: Stop) -> Result<(Self, Vec<Effect>), Refusal> {
        let (step, halt) = self.stuck_at(stop)?;
        if !self.can_retry() {
            return Err(Refusal::NothingToTry);
        }
        // Invariant I4: where nothing can tell what a step did, the named person settles that it may be done again.
        let reason = if self.retry_is_blind() {
            Some(said(steered)?)
        } else {
            steered.reason.clone().filter(|reason| !reason.trim().is_empty())
        };
        let has_probe = self.steps[step].has_probe;
        let (stage, how) = match halt {
            Halt::Before { attempt } => {
                self.steering.tries.after = attempt - 1;
                (Stage::Pending { next: step, attempt }, Again::Begin)
            }
            Halt::Within { attempt } if has_probe => {
                self.steering.tries.after = attempt;
                let why = "it was stuck and is looked at again".to_owned();
                (Stage::InDoubt { step, attempt, why }, Again::Look)
            }
            Halt::Within { attempt } => {
                self.steering.tries.after = attempt;
                self = self.leaving(Trace::Unknown);
                (Stage::Pending { next: step, attempt: attempt + 1 }, Again::Begin)
            }
            Halt::Undoing { reason } => {
                (Stage::Undoing { step, attempt: 1, reason }, Again::TakeBack)
            }
        };
        let (by, name) = (steered.by.clone(), self.steps[step].name.clone());
        let mut effects = told(Guidance::Retried { by, name, how, reason });
        effects.push(Effect::TellProposal(proposal::Event::RunGoesOn));
        Ok((Self { stage, ..self }, effects))
    }

    fn skip(
        mut self,
        steered: &Steered,
        stop: Stop,
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        let (step, halt) = self.stuck_at(stop)?;
        let (by, reason) = (steered.by.clone(), said(steered)?);
        let name = self.steps[step].name.clone();
        self.steering.signed_off.push(SignOff {
            step,
            name: name.clone(),
            by: by.clone(),
            reason: reason.clone(),
        });
        let cancelled = self.cancel_reason();
        let (as_what, (run, after)) = match (halt, cancelled) {
            (Halt::Undoing { reason }, _) => {
                (Settled::TakenBack, self.undo_below(step, reason, now))
            }
            // Settled as done or not needed: its own undo says the same in both cases.
            (_, Some(reason)) => (Settled::TakenBack, self.turn_back(step, reason, now)),
            (_, None) => {
                let took_ms = self.took_ms(now);
                let run = self.over_with(step, took_ms, "", &[]);
                (Settled::Done, run.go_on(step + 1, now))
            }
        };
        let mut effects = told(Guidance::Skipped { by, name, as_what, reason });
        effects.push(Effect::TellProposal(proposal::Event::RunGoesOn));
        effects.extend(after);
        Ok((run, effects))
    }

    fn confirm(
        self,
        steered: &Steered,
        stop: Stop,
        now: Timestamp,
    ) -> Result<(Self, Vec<Effect>), Refusal> {
        let Some(question) = self.question() else { return Err(Refusal::NothingAsked) };
        if self.stop() != Some(stop) {
            return Err(Refusal::OtherStop);
        }
        if let Some(Pause { by, since }) = &self.steering.paused {
            return Err(Refusal::IsPaused { by: by.clone(), since: *since });
        }
        let (by, level) = (steered.by.clone(), steered.level);
        let mut effects = told(Guidance::Confirmed { by, level, question: question.text.clone() });
        effects.push(Effect::TellProposal(proposal::Event::RunGoesOn));
        let took_ms = self.took_ms(now);
        let run = self.over_with(stop.step, took_ms, "", &[]);
        let (run, after) = run.go_on(stop.step + 1, now);
        effects.extend(after);
        Ok((run, effects))
    }

    /// The step that is stuck, and what it was about to do, if this is the stop that the person saw.
    fn stuck_at(&self, stop: Stop) -> Result<(usize, Halt), Refusal> {
        match &self.stage {
            Stage::Stuck { step, halt, .. } if self.stop() == Some(stop) => {
                Ok((*step, halt.clone()))
            }
            Stage::Stuck { .. } => Err(Refusal::OtherStop),
            _ => Err(Refusal::NotStuck),
        }
    }
}

/// The reason, which must be there.
fn said(steered: &Steered) -> Result<String, Refusal> {
    let reason = steered.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() { Err(Refusal::ReasonMissing) } else { Ok(reason.to_owned()) }
}

fn told(guidance: Guidance) -> Vec<Effect> {
    vec![Effect::Say(Notice::Steered(guidance)), Effect::SyncCard]
}
