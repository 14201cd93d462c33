//! `only_with`: steps that are left out of a plan where an optional parameter has no value.

use super::Checker;
use crate::{place::At, runbook::layout::StepLayout};

impl Checker<'_, '_> {
    /// The parameter without whose value the step is left out; mistakes are noted.
    pub(super) fn only_with(&mut self, layout: &StepLayout) -> Option<String> {
        let at = layout.only_with.as_ref()?;
        self.uses(at.place, &at.value)?;
        if self.declared.get(&at.value).is_some_and(|declared| !declared.value.optional) {
            let message = format!("the parameter `{}` always has a value", at.value);
            let advice = "remove `only_with`, or declare the parameter with `optional: true`";
            self.file.note(at.place, message, advice);
        }
        Some(at.value.clone())
    }

    /// A plan without steps would be approved and do nothing.
    pub(super) fn nothing_left(&mut self, steps: &At<Vec<StepLayout>>) {
        let can_go = |step: &StepLayout| step.only_with.is_some();
        if !steps.value.is_empty() && steps.value.iter().all(can_go) {
            let advice = "let at least one step be without `only_with`";
            self.file.note(steps.place, "every step of this runbook may be left out", advice);
        }
    }
}
