//! The steps of a run on its card.

use serde::Serialize;

use crate::{
    Timestamp,
    run::{self, Run},
};

/// One step on the card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepLine {
    /// The step's name.
    pub name: String,
    /// How it stands.
    pub state: StepState,
    /// How long it took or `None` while it has not ended, in milliseconds.
    pub took_ms: Option<u64>,
    /// When it began; only while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Under way.
    Doing,
    /// Its outcome is being found out.
    InDoubt,
    /// Done.
    Done,
    /// It is a question that waits for an answer.
    Asking,
    /// A person has settled it.
    SignedOff,
    /// It needs a person.
    Stuck,
    /// It is or was taken back.
    Undoing,
}

/// The steps of a run as they stand.
pub(super) fn lines(run: &Run) -> Vec<StepLine> {
    let line = |(index, rule): (usize, &run::StepRule)| {
        let done = run.done.get(index).map(|record| record.took_ms);
        // The steps after the one that failed were never begun, so they are not taken back either.
        let begun = run.done.len() + usize::from(run.step_since.is_some());
        let was_begun = index < begun;
        let state = match &run.stage {
            run::Stage::Doing { step, .. } if *step == index => StepState::Doing,
            run::Stage::InDoubt { step, .. } if *step == index => StepState::InDoubt,
            run::Stage::Stuck { step, .. } if *step == index => StepState::Stuck,
            _ if run.steering.signed_off.iter().any(|signed| signed.step == index) => {
                StepState::SignedOff
            }
            // A run that is stuck below its last step got stuck while it took steps back.
            run::Stage::Undoing { step, .. } | run::Stage::Stuck { step, .. }
                if *step <= index && was_begun && rule.has_undo =>
            {
                StepState::Undoing
            }
            run::Stage::Undone { .. } if was_begun && rule.has_undo => StepState::Undoing,
            run::Stage::Asking { step } if *step == index => StepState::Asking,
            _ if done.is_some() => StepState::Done,
            _ => StepState::Waiting,
        };
        let since = run.step_since.filter(|_| state == StepState::Doing);
        StepLine { name: rule.name.clone(), state, took_ms: done, since }
    };
    run.steps.iter().enumerate().map(line).collect()
}
