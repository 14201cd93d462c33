//! How a run moves: one event in, the next stage and its effects out.

use super::{Event, ProbeAnswer, Run, Stage, StepRecord, UNDO_ATTEMPTS};
use crate::{
    Timestamp,
    effect::Effect,
    notice::Notice,
    plan::{Finding, OnFailure, Outcome},
    proposal,
    refusal::Refusal,
};

impl Run {
    /// Moves by one event.
    pub fn step(self, event: &Event, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        match (self.stage.clone(), event) {
            (Stage::Pending { next, attempt }, Event::Intended { step, attempt: this })
                if (next, attempt) == (*step, *this) =>
            {
                let step_since = self.step_since.or(Some(now));
                Ok((
                    Self { step_since, stage: Stage::Doing { step: next, attempt }, ..self },
                    vec![Effect::SyncCard],
                ))
            }
            (Stage::Pending { next, attempt: 1 }, Event::TargetChanged { changes }) => {
                Ok(self.target_changed(next, changes, now))
            }
            (
                Stage::Pending { next: step, .. }
                | Stage::InDoubt { step, .. }
                | Stage::Undoing { step, .. },
                Event::Unauthorised { why },
            ) => Ok(self.stick(step, format!("the signed approvals do not allow it: {why}"))),
            (Stage::Doing { step, attempt }, Event::Did { step: this, note, findings })
                if step == *this =>
            {
                // Invariant I9: a check that did not pass is never told as done, whoever says so.
                if findings.iter().all(|finding| finding.outcome == Outcome::Pass) {
                    return Ok(self.did(step, note, findings, now));
                }
                Ok(self.failed((step, attempt), "a check did not pass", findings, now))
            }
            (Stage::Doing { step, attempt }, Event::Failed { step: this, why, findings })
                if step == *this =>
            {
                Ok(self.failed((step, attempt), why, findings, now))
            }
            (Stage::Doing { step, attempt }, Event::NotDone { step: this, why })
                if step == *this =>
            {
                let said = self.says_failed(step, why, &[]);
                let (run, mut effects) = self.again_or_fail(step, attempt, why, now);
                effects.insert(0, said);
                Ok((run, effects))
            }
            (Stage::Doing { step, attempt }, Event::Interrupted { step: this })
                if step == *this =>
            {
                let said = Effect::Say(Notice::StepInterrupted {
                    step,
                    of: self.steps.len(),
                    name: self.steps[step].name.clone(),
                });
                let (run, mut effects) =
                    self.doubt(step, attempt, "the executor was interrupted", now);
                effects.insert(0, said);
                Ok((run, effects))
            }
            (
                Stage::InDoubt { step, attempt, why },
                Event::Probed { step: this, answer, detail },
            ) if step == *this => Ok(self.probed((step, attempt), &why, *answer, detail, now)),
            (Stage::Undoing { step, reason, .. }, Event::UndoDid { step: this })
                if step == *this =>
            {
                let said = Effect::Say(Notice::StepUndone { name: self.steps[step].name.clone() });
                let (run, mut effects) = self.undo_below(step, reason, now);
                effects.insert(0, said);
                Ok((run, effects))
            }
            (Stage::Undoing { step, attempt, reason }, Event::UndoFailed { step: this, why })
                if step == *this =>
            {
                if attempt < UNDO_ATTEMPTS {
                    return Ok((
                        Self {
                            stage: Stage::Undoing { step, attempt: attempt + 1, reason },
                            ..self
                        },
                        vec![],
                    ));
                }
                Ok(self.stick(step, format!("{reason}; and taking it back failed: {why}")))
            }
            _ => Err(Refusal::Outdated),
        }
    }

    fn did(
        self,
        step: usize,
        note: &str,
        findings: &[Finding],
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let took_ms = self
            .step_since
            .map_or(0, |since| u64::try_from((now - since).num_milliseconds()).unwrap_or_default());
        let record = StepRecord { took_ms, note: note.to_owned(), findings: findings.to_vec() };
        let mut effects = vec![
            Effect::Say(Notice::StepDone {
                step,
                of: self.steps.len(),
                name: self.steps[step].name.clone(),
                took_ms,
                note: note.to_owned(),
                findings: findings.to_vec(),
            }),
            Effect::SyncCard,
        ];
        let mut done = self.done.clone();
        done.push(record);
        let is_last = step + 1 == self.steps.len();
        let stage = if is_last {
            Stage::Succeeded { at: now }
        } else {
            Stage::Pending { next: step + 1, attempt: 1 }
        };
        if is_last {
            effects.push(Effect::TellProposal(proposal::Event::RunSucceeded));
        }
        (Self { done, step_since: None, stage, ..self }, effects)
    }

    fn failed(
        self,
        (step, attempt): (usize, u32),
        why: &str,
        findings: &[Finding],
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let said = self.says_failed(step, why, findings);
        let (run, mut effects) = self.doubt(step, attempt, why, now);
        effects.insert(0, said);
        (run, effects)
    }

    fn says_failed(&self, step: usize, why: &str, findings: &[Finding]) -> Effect {
        Effect::Say(Notice::StepFailed {
            step,
            of: self.steps.len(),
            name: self.steps[step].name.clone(),
            why: why.to_owned(),
            findings: findings.to_vec(),
        })
    }

    fn doubt(self, step: usize, attempt: u32, why: &str, now: Timestamp) -> (Self, Vec<Effect>) {
        let rule = &self.steps[step];
        if rule.has_probe {
            let stage = Stage::InDoubt { step, attempt, why: why.to_owned() };
            return (Self { stage, ..self }, vec![Effect::SyncCard]);
        }
        if rule.idempotent {
            return self.again_or_fail(step, attempt, why, now);
        }
        let reason = format!("{why}, and nothing can tell whether the step has taken effect");
        self.stick(step, reason)
    }

    fn probed(
        self,
        (step, attempt): (usize, u32),
        why: &str,
        answer: ProbeAnswer,
        detail: &str,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let said = Effect::Say(Notice::Probed {
            name: self.steps[step].name.clone(),
            answer,
            detail: detail.to_owned(),
        });
        let (run, mut effects) = match answer {
            ProbeAnswer::Done => self.did(step, detail, &[], now),
            ProbeAnswer::NotDone => self.again_or_fail(step, attempt, why, now),
            // What is done in part and cannot be taken back must not end as undone.
            ProbeAnswer::Partial
                if self.steps[step].idempotent
                    && (self.steps[step].has_undo || attempt < self.steps[step].attempts) =>
            {
                self.again_or_fail(step, attempt, why, now)
            }
            ProbeAnswer::Partial => {
                self.stick(step, format!("{why}; the step was done in part: {detail}"))
            }
            ProbeAnswer::Unknown => {
                self.stick(step, format!("{why}; and its effect could not be told: {detail}"))
            }
        };
        effects.insert(0, said);
        (run, effects)
    }

    fn again_or_fail(
        self,
        step: usize,
        attempt: u32,
        why: &str,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let rule = &self.steps[step];
        if attempt < rule.attempts {
            let stage = Stage::Pending { next: step, attempt: attempt + 1 };
            return (Self { stage, ..self }, vec![Effect::SyncCard]);
        }
        match rule.on_failure {
            OnFailure::Ask => self.stick(step, why.to_owned()),
            // The failed step itself may have taken effect in part, so its own undo comes first.
            OnFailure::Undo => self.undo_below(step + 1, why.to_owned(), now),
        }
    }

    /// Goes on with the highest step below `above` that can be taken back; with none left the run is undone.
    fn undo_below(self, above: usize, reason: String, now: Timestamp) -> (Self, Vec<Effect>) {
        if let Some(step) = (0..above).rev().find(|step| self.steps[*step].has_undo) {
            let stage = Stage::Undoing { step, attempt: 1, reason };
            (Self { stage, ..self }, vec![Effect::SyncCard])
        } else {
            let told = Effect::TellProposal(proposal::Event::RunUndone { reason: reason.clone() });
            (
                Self { stage: Stage::Undone { reason, at: now }, ..self },
                vec![told, Effect::SyncCard],
            )
        }
    }

    fn target_changed(
        self,
        next: usize,
        changes: &[String],
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        // Voiding says that nothing was done. A step that can be taken back, or that must not be done twice, has
        // done something.
        if self.steps[..next].iter().any(|step| step.has_undo || !step.idempotent) {
            return self.stick(
                next,
                format!("the target changed while the run was under way: {}", changes.join("; ")),
            );
        }
        let told = Effect::TellProposal(proposal::Event::Voided { changes: changes.to_vec() });
        let stage = Stage::Voided { changes: changes.to_vec(), at: now };
        (Self { stage, ..self }, vec![told])
    }

    fn stick(self, step: usize, reason: String) -> (Self, Vec<Effect>) {
        let effects = vec![
            Effect::Say(Notice::Stuck {
                name: self.steps[step].name.clone(),
                reason: reason.clone(),
            }),
            Effect::TellProposal(proposal::Event::RunStuck),
            Effect::SyncCard,
        ];
        (Self { stage: Stage::Stuck { step, reason }, ..self }, effects)
    }
}
