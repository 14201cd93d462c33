//! What a run will still need, as far as its plan says.

use domain::{
    plan::{Action, Plan, Step},
    run::{Run, Stage},
};

use crate::steps::reaches_the_database;

/// The step that comes next, or is found out or taken back now.
pub(super) fn at<'p>(run: &Run, plan: &'p Plan) -> Option<&'p Step> {
    let (Stage::Pending { next: step, .. }
    | Stage::InDoubt { step, .. }
    | Stage::Undoing { step, .. }) = run.stage
    else {
        return None;
    };
    plan.steps.get(step)
}

/// Whether the target is read or changed for a step.
pub(super) fn needs_the_database(step: &Step) -> bool {
    step.guard || reaches_the_database(step)
}

/// How many calls of the SQLMesh helper the run makes from here on, until it ends or asks a person, if nothing fails.
pub(super) fn calls_to_come(run: &Run, plan: &Plan) -> usize {
    let calls = |action: Option<&Action>| usize::from(action.is_some_and(is_call));
    let onward = |from: usize| -> usize {
        let steps = plan.steps.iter().skip(from);
        steps
            .take_while(|step| !matches!(step.action, Action::Confirm(_)))
            .map(|step| usize::from(step.guard) + calls(Some(&step.action)))
            .sum()
    };
    let probe = |step: usize| calls(plan.steps.get(step).and_then(|step| step.probe.as_ref()));
    match run.stage {
        Stage::Pending { next, .. } => onward(next),
        Stage::Doing { step, .. } | Stage::InDoubt { step, .. } => probe(step) + onward(step + 1),
        Stage::Undoing { step, .. } => {
            plan.steps.iter().take(step + 1).map(|step| calls(step.undo.as_ref())).sum()
        }
        Stage::Asking { .. }
        | Stage::Succeeded { .. }
        | Stage::Undone { .. }
        | Stage::Voided { .. }
        | Stage::Stuck { .. } => 0,
    }
}

fn is_call(action: &Action) -> bool {
    matches!(action, Action::Sqlmesh(_) | Action::Sql(_))
}
