//! How a run ends without success: steps are taken back in reverse, or it stops and asks for a person.

use super::{Halt, Run, Stage, StepRule, Trace};
use crate::{Timestamp, effect::Effect, notice::Notice, person::PersonId, plan::Finding, proposal};

/// Why a run stands still whose approval was disowned. Whose it was stands beside it.
const DISOWNED: &str = "an approval was taken back, because somebody else had signed it, and those that are left are not enough";

impl Run {
    /// Goes on with the highest step below `above` that can be taken back; with none left the run is undone.
    pub(super) fn undo_below(
        self,
        above: usize,
        reason: String,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        // A person who cancels is not told that all is taken back while something stays: what must not be done twice
        // has changed something, and without an undo it is theirs to settle.
        let stays = |step: usize| self.steering.cancelled.is_some() && !self.steps[step].idempotent;
        let next = (0..above).rev().find(|step| self.steps[*step].has_undo || stays(*step));
        match next {
            Some(step) if self.steps[step].has_undo => {
                let stage = Stage::Undoing { step, attempt: 1, reason };
                (Self { stage, ..self }, vec![Effect::SyncCard])
            }
            Some(step) => {
                let why = format!("{reason}; and this step has no way back");
                self.stick(step, why, Halt::Undoing { reason })
            }
            None => self.undone(reason, now),
        }
    }

    /// Takes back everything, the step that failed or was ended first: it may have taken effect in part.
    pub(super) fn turn_back(
        self,
        step: usize,
        reason: String,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        // What had no effect, or cannot be taken back, is left out.
        let own = usize::from(self.steps[step].has_undo);
        self.undo_below(step + own, reason, now)
    }

    fn undone(mut self, reason: String, now: Timestamp) -> (Self, Vec<Effect>) {
        let signed_off = self.steering.signed_off.clone();
        let event = match &self.steering.cancelled {
            Some(cancel) => proposal::Event::RunCancelled {
                by: cancel.by.clone(),
                reason: cancel.reason.clone(),
                signed_off,
            },
            None => proposal::Event::RunUndone { reason: reason.clone(), signed_off },
        };
        self.steering.paused = None;
        let stage = Stage::Undone { reason, at: now };
        (Self { stage, ..self }, vec![Effect::TellProposal(event), Effect::SyncCard])
    }

    pub(super) fn target_changed(
        self,
        (next, attempt): (usize, u32),
        changes: &[String],
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        // Voiding says that nothing was done. A step that can be taken back, or that must not be done twice, has
        // done something; so may an earlier try of this one.
        let has_done = self.steps[..next].iter().any(|step| step.has_undo || !step.idempotent);
        if has_done || attempt > 1 {
            let reason =
                format!("the target changed while the run was under way: {}", changes.join("; "));
            return self.stick(next, reason, Halt::Before { attempt });
        }
        let told = Effect::TellProposal(proposal::Event::Voided { changes: changes.to_vec() });
        let stage = Stage::Voided { changes: changes.to_vec(), at: now };
        (Self { stage, ..self }, vec![told])
    }

    /// Where nothing was done yet, people are asked anew about the target as it is now. Otherwise they are asked to give
    /// their approvals again: hours of restoring are not thrown away because a question waited for the morning.
    pub(super) fn lapsed(
        self,
        (next, attempt): (usize, u32),
        (why, disowned): (&str, Option<&PersonId>),
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        // Whatever a probe could find has left something behind.
        let has_effect = |step: &StepRule| step.has_undo || !step.idempotent || step.has_probe;
        let begun = if attempt > 1 { next + 1 } else { next };
        if self.steps[..begun].iter().any(has_effect) {
            let reason = match disowned {
                Some(_) => DISOWNED.to_owned(),
                None => format!("the approvals have run out: {why}"),
            };
            let told = proposal::Event::RunLapsed { disowned: disowned.cloned() };
            return self.stop_at(next, (reason, disowned), Halt::Before { attempt }, told);
        }
        let changes = vec![why.to_owned()];
        let told = Effect::TellProposal(proposal::Event::Voided { changes: changes.clone() });
        (Self { stage: Stage::Voided { changes, at: now }, ..self }, vec![told])
    }

    /// Stops until a person answers. A pause has no further meaning: nothing runs.
    pub(super) fn stick(self, step: usize, reason: String, halt: Halt) -> (Self, Vec<Effect>) {
        self.stop_at(step, (reason, None), halt, proposal::Event::RunStuck)
    }

    fn stop_at(
        mut self,
        step: usize,
        (reason, disowned): (String, Option<&PersonId>),
        halt: Halt,
        told: proposal::Event,
    ) -> (Self, Vec<Effect>) {
        let effects = vec![
            Effect::Say(Notice::Stuck {
                name: self.steps[step].name.clone(),
                reason: reason.clone(),
                disowned: disowned.cloned(),
            }),
            Effect::TellProposal(told),
            Effect::SyncCard,
        ];
        self.steering.paused = None;
        self.steering.stops += 1;
        (Self { stage: Stage::Stuck { step, reason, halt }, ..self }, effects)
    }

    /// Remembers what a try of the step under way has left.
    pub(super) fn leaving(mut self, trace: Trace) -> Self {
        self.steering.tries.trace = trace;
        self
    }

    /// A step is over, in whatever way: what comes next starts afresh.
    pub(super) fn over_with(
        mut self,
        step: usize,
        took_ms: u64,
        note: &str,
        findings: &[Finding],
    ) -> Self {
        debug_assert_eq!(step, self.done.len());
        let (note, findings) = (note.to_owned(), findings.to_vec());
        self.done.push(super::StepRecord { took_ms, note, findings });
        self.steering.tries = super::Tries::default();
        Self { step_since: None, ..self }
    }
}
