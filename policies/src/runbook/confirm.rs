//! Checks of a `confirm` step: a question between two steps, and nothing else.

use domain::plan::{OnFailure, Question};

use super::{
    StepTemplate,
    action::ActionTemplate,
    check::Checker,
    layout::{ConfirmLayout, StepLayout},
};
use crate::{
    escalation::{LevelRule, known_level},
    people::PeopleBook,
    place::{At, Place},
};

/// The longest question; a button's dialog in a chat has no room for more.
const MOST_LETTERS: usize = 200;

/// Who could answer a question; nobody and `None` where their file could not be read.
pub(crate) struct Deciders<'a> {
    pub(crate) levels: &'a [LevelRule],
    pub(crate) people: Option<&'a PeopleBook>,
}

impl Checker<'_, '_> {
    /// The step, checked; mistakes are noted.
    pub(super) fn question(
        &mut self,
        step: &StepLayout,
        confirm: &At<ConfirmLayout>,
    ) -> StepTemplate {
        let place = |is_there: bool, place: Place| is_there.then_some(place);
        let besides = [
            ("command", step.command.as_ref().map(|at| at.place)),
            ("sqlmesh", step.sqlmesh.as_ref().map(|at| at.place)),
            ("sql", step.sql.as_ref().map(|at| at.place)),
            ("http", step.http.as_ref().map(|at| at.place)),
            ("prometheus", step.prometheus.as_ref().map(|at| at.place)),
            ("dns", step.dns.as_ref().map(|at| at.place)),
            ("wait", step.wait.as_ref().map(|at| at.place)),
            ("expect", step.expect.as_ref().map(|at| at.place)),
            ("env", step.env.as_ref().map(|at| at.place)),
            ("writes", step.writes.as_ref().map(|at| at.place)),
            ("limits", step.limits.as_ref().map(|at| at.place)),
            ("progress", step.progress.as_ref().map(|at| at.place)),
            ("timeout", step.timeout.as_ref().map(|at| at.place)),
            ("retries", step.retries.as_ref().map(|at| at.place)),
            ("idempotent", step.idempotent.as_ref().map(|at| at.place)),
            ("guard", place(step.guard, step.name.place)),
            ("probe", place(step.probe.is_some(), step.name.place)),
            ("undo", place(step.undo.is_some(), step.name.place)),
            ("dry_run", place(step.dry_run.is_some(), step.name.place)),
        ];
        for (field, place) in besides {
            if let Some(place) = place {
                let message = format!("a question does nothing, so it has no `{field}`");
                let advice = "keep `name` and `confirm`, and make another step of the rest";
                self.file.note(place, message, advice);
            }
        }
        let asked = &confirm.value.question;
        let text = asked.value.trim();
        if text.is_empty() || text.chars().count() > MOST_LETTERS || text.contains(['\n', '\r']) {
            let advice = format!("ask in one line of at most {MOST_LETTERS} letters");
            self.file.note(asked.place, "people could not read this question", advice);
        }
        if text.contains("${") {
            let advice = "write the question out; the card shows what the plan is for";
            self.file.note(asked.place, "a question takes no parameters", advice);
        }
        let level = confirm.value.level.as_ref().and_then(|at| {
            let level = known_level(at, self.deciders.levels, self.file)?;
            let people = self.deciders.people?;
            if !people.deciders().any(|person| person.level >= Some(level)) {
                let advice = "name a lower level, or give somebody this one in people.yaml";
                self.file.note(at.place, format!("nobody holds {level} or a higher one"), advice);
            }
            Some(level)
        });
        StepTemplate {
            name: step.name.value.clone(),
            only_with: None,
            action: ActionTemplate::Confirm(Question { text: text.to_owned(), level }),
            timeout_ms: 0,
            attempts: 1,
            idempotent: true,
            guard: false,
            probe: None,
            undo: None,
            dry_run: None,
            on_failure: OnFailure::Undo,
        }
    }

    /// A question lets something go on; behind the last step there is nothing.
    pub(super) fn nothing_behind(&mut self, steps: &[StepLayout]) {
        // What stands behind it and may be left out leaves it the last one.
        for (index, step) in steps.iter().enumerate() {
            let stays =
                |behind: &StepLayout| behind.only_with.is_none() || is_together(step, behind);
            if let Some(confirm) = &step.confirm
                && !steps[index + 1..]
                    .iter()
                    .any(|behind| behind.confirm.is_none() && stays(behind))
            {
                let advice = "put it before the step that it is about";
                self.file.note(confirm.place, "nothing comes after this question", advice);
            }
        }
    }
}

/// Whether two steps are left out of the same plans.
fn is_together(one: &StepLayout, other: &StepLayout) -> bool {
    let wanted = |step: &StepLayout| step.only_with.as_ref().map(|at| at.value.clone());
    wanted(one) == wanted(other)
}
