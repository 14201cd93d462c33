//! How a run moves: one event in, the next stage and its effects out.

use super::{Event, Halt, ProbeAnswer, Run, Stage, Trace, UNDO_ATTEMPTS};
use crate::{
    Timestamp,
    effect::Effect,
    notice::{Guidance, Notice},
    plan::{Finding, OnFailure, Outcome},
    proposal,
    refusal::Refusal,
};

impl Run {
    /// Moves by one event.
    pub fn step(self, event: &Event, now: Timestamp) -> Result<(Self, Vec<Effect>), Refusal> {
        match (self.stage.clone(), event) {
            (Stage::Pending { next, attempt }, Event::Intended { step, attempt: this })
                if (next, attempt) == (*step, *this) && self.steering.paused.is_none() =>
            {
                let step_since = self.step_since.or(Some(now));
                Ok((
                    Self { step_since, stage: Stage::Doing { step: next, attempt }, ..self },
                    vec![Effect::SyncCard],
                ))
            }
            (Stage::Pending { next, attempt }, Event::TargetChanged { changes })
                if self.must_look_first(attempt) =>
            {
                Ok(self.target_changed((next, attempt), changes, now))
            }
            (Stage::Pending { next, attempt }, Event::ApprovalsLapsed { why, disowned }) => {
                Ok(self.lapsed((next, attempt), (why, disowned.as_ref()), now))
            }
            (Stage::Pending { next, attempt }, Event::Unauthorised { why }) => {
                Ok(self.stick(next, unauthorised(why), Halt::Before { attempt }))
            }
            (Stage::InDoubt { step, attempt, .. }, Event::Unauthorised { why }) => {
                Ok(self.stick(step, unauthorised(why), Halt::Within { attempt }))
            }
            (Stage::Undoing { step, reason, .. }, Event::Unauthorised { why }) => {
                Ok(self.stick(step, unauthorised(why), Halt::Undoing { reason }))
            }
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
                Ok(self.interrupted((step, attempt), now))
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
                let told = format!("{reason}; and taking it back failed: {why}");
                Ok(self.stick(step, told, Halt::Undoing { reason }))
            }
            (_, Event::Steered(steered)) => self.steered(steered, now),
            (_, Event::Halted { by }) if !self.is_over() => Ok(self.halted(by, now)),
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
        let took_ms = self.took_ms(now);
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
        let (run, next) = self.over_with(step, took_ms, note, findings).go_on(step + 1, now);
        effects.extend(next);
        (run, effects)
    }

    /// How long the step under way has taken, in milliseconds.
    pub(super) fn took_ms(&self, now: Timestamp) -> u64 {
        self.step_since
            .map_or(0, |since| u64::try_from((now - since).num_milliseconds()).unwrap_or_default())
    }

    /// Goes on behind a step that is over.
    pub(super) fn go_on(mut self, next: usize, now: Timestamp) -> (Self, Vec<Effect>) {
        if let Some(reason) = self.cancel_reason() {
            return self.undo_below(next, reason, now);
        }
        let Some(rule) = self.steps.get(next) else {
            let signed_off = self.steering.signed_off.clone();
            // Invariant I9: what a person has signed off is never told as if every check had passed.
            let event = if signed_off.is_empty() {
                proposal::Event::RunSucceeded
            } else {
                proposal::Event::RunSignedOff { signed_off }
            };
            self.steering.paused = None;
            let stage = Stage::Succeeded { at: now };
            return (Self { stage, ..self }, vec![Effect::TellProposal(event)]);
        };
        if rule.confirm.is_some() {
            return self.ask(next, Some(now));
        }
        (Self { stage: Stage::Pending { next, attempt: 1 }, ..self }, vec![])
    }

    /// Stops in front of a question.
    pub(super) fn ask(mut self, step: usize, since: Option<Timestamp>) -> (Self, Vec<Effect>) {
        let rule = &self.steps[step];
        let event = rule.confirm.as_ref().map(|question| proposal::Event::RunAsks {
            step: rule.name.clone(),
            question: question.clone(),
        });
        let effects = event.map(Effect::TellProposal).into_iter().chain([Effect::SyncCard]);
        let effects = effects.collect();
        self.steering.stops += 1;
        (Self { stage: Stage::Asking { step }, step_since: since, ..self }, effects)
    }

    /// Why it is taken back, once somebody has cancelled it.
    pub(super) fn cancel_reason(&self) -> Option<String> {
        let cancel = self.steering.cancelled.as_ref()?;
        Some(format!("it was cancelled: {}", cancel.reason))
    }

    fn failed(
        self,
        (step, attempt): (usize, u32),
        why: &str,
        findings: &[Finding],
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let said = self.says_failed(step, why, findings);
        let is_wrong = findings.iter().any(|finding| finding.outcome == Outcome::Fail);
        let (run, mut effects) = if is_wrong && self.turns_back_when_wrong(step, attempt) {
            self.undo_below(step + 1, why.to_owned(), now)
        } else {
            self.doubt(step, attempt, why, now)
        };
        effects.insert(0, said);
        (run, effects)
    }

    /// Whether a check that found something wrong at this try is taken for the last word.
    fn turns_back_when_wrong(&self, step: usize, attempt: u32) -> bool {
        let rule = &self.steps[step];
        rule.on_failure == OnFailure::UndoWhenFailed
            && !rule.has_probe
            && self.steering.cancelled.is_none()
            && attempt >= self.last_try(step)
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

    fn interrupted(self, (step, attempt): (usize, u32), now: Timestamp) -> (Self, Vec<Effect>) {
        let (of, name) = (self.steps.len(), self.steps[step].name.clone());
        let (said, why) = if self.steering.cancelled.is_some() {
            (Notice::Steered(Guidance::StepEnded { step, of, name }), "it was ended for the cancel")
        } else {
            (Notice::StepInterrupted { step, of, name }, "the executor was interrupted")
        };
        let (run, mut effects) = self.doubt(step, attempt, why, now);
        effects.insert(0, Effect::Say(said));
        (run, effects)
    }

    fn doubt(self, step: usize, attempt: u32, why: &str, now: Timestamp) -> (Self, Vec<Effect>) {
        let rule = &self.steps[step];
        if rule.has_probe {
            let stage = Stage::InDoubt { step, attempt, why: why.to_owned() };
            return (Self { stage, ..self }, vec![Effect::SyncCard]);
        }
        if rule.idempotent {
            return self.leaving(Trace::Unknown).again_or_fail(step, attempt, why, now);
        }
        let reason = format!("{why}, and nothing can tell whether the step has taken effect");
        self.stick(step, reason, Halt::Within { attempt })
    }

    fn probed(
        self,
        (step, attempt): (usize, u32),
        why: &str,
        answer: ProbeAnswer,
        detail: &str,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let rule = &self.steps[step];
        let said = Effect::Say(Notice::Probed {
            name: rule.name.clone(),
            answer,
            detail: detail.to_owned(),
        });
        let has_way_back = rule.has_undo && (rule.idempotent || self.steering.cancelled.is_some());
        let may_repeat =
            rule.idempotent && self.steering.cancelled.is_none() && attempt < self.last_try(step);
        let (run, mut effects) = match answer {
            ProbeAnswer::Done => self.did(step, detail, &[], now),
            ProbeAnswer::NotDone => {
                self.leaving(Trace::Nothing).again_or_fail(step, attempt, why, now)
            }
            // What is done in part and cannot be taken back must not end as undone.
            ProbeAnswer::Partial if has_way_back || may_repeat => {
                self.leaving(Trace::Part).again_or_fail(step, attempt, why, now)
            }
            ProbeAnswer::Partial => {
                let reason = format!("{why}; the step was done in part: {detail}");
                self.stick(step, reason, Halt::Within { attempt })
            }
            ProbeAnswer::Unknown => {
                let reason = format!("{why}; and its effect could not be told: {detail}");
                self.stick(step, reason, Halt::Within { attempt })
            }
        };
        effects.insert(0, said);
        (run, effects)
    }

    /// The last try of a step that is made without asking a person.
    fn last_try(&self, step: usize) -> u32 {
        self.steering.tries.after.saturating_add(self.steps[step].attempts)
    }

    fn again_or_fail(
        self,
        step: usize,
        attempt: u32,
        why: &str,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        if let Some(reason) = self.cancel_reason() {
            return self.turn_back(step, reason, now);
        }
        if attempt < self.last_try(step) {
            let stage = Stage::Pending { next: step, attempt: attempt + 1 };
            return (Self { stage, ..self }, vec![Effect::SyncCard]);
        }
        match self.steps[step].on_failure {
            // What was wrong for certain has turned back already.
            OnFailure::Ask | OnFailure::UndoWhenFailed => {
                self.stick(step, why.to_owned(), Halt::Within { attempt })
            }
            // The failed step itself may have taken effect in part, so its own undo comes first.
            OnFailure::Undo => self.undo_below(step + 1, why.to_owned(), now),
        }
    }
}

fn unauthorised(why: &str) -> String {
    format!("the signed approvals do not allow it: {why}")
}
