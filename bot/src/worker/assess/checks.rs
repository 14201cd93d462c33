//! The checks of the house: their steps for the plan, and what those before it find when the proposal is made.
//!
//! A check that fails here keeps nobody from proposing: people see it. It keeps the run from doing anything, because it
//! is the plan's first step as well.

use domain::plan::{Action, Answer, Finding, Outcome, Step, Target};
use policies::{Baseline, Check, Moment};

use super::{Assessor, search::Case};

/// What the checks give to a plan and its proposal.
#[derive(Default)]
pub(super) struct Checks {
    /// In front of the runbook's own steps.
    pub(super) before: Vec<Step>,
    /// Behind them.
    pub(super) after: Vec<Step>,
    /// For people, before they decide.
    pub(super) findings: Vec<Finding>,
}

impl Assessor {
    /// Looks at what is to be looked at before, and measures what is to be compared with afterwards.
    pub(super) async fn checks(
        &self,
        case: &Case<'_>,
        models: &[String],
    ) -> anyhow::Result<Checks> {
        let mut checks = Checks::default();
        for check in self.engine.policies.checks(case.rollback_type, &case.rule.id) {
            if check.names_models() && models.is_empty() {
                let why =
                    "It looks at the models that go back, and here none does: it is not made.";
                checks.findings.push(finding(check, case.target, Outcome::Inconclusive, why));
                continue;
            }
            let action = check.action(models)?;
            match (check.moment(), check.baseline()) {
                (Moment::Before, _) => {
                    let found = self.steps.look(case.target, &action, check.timeout_ms()).await;
                    let named = |found| Finding { check: check.title().to_owned(), ..found };
                    checks.findings.extend(found.into_iter().map(named));
                    checks.before.push(check.step(action));
                }
                (Moment::After, Some(baseline)) => {
                    let (action, found) = self.measured(case.target, check, baseline, action).await;
                    checks.findings.push(found);
                    checks.after.push(check.step(action));
                }
                (Moment::After, None) => checks.after.push(check.step(action)),
            }
        }
        Ok(checks)
    }

    /// The action with the numbers that follow from what is there now. Where nobody can tell, nothing is expected of it,
    /// so that its step is never a pass and a person has to sign.
    async fn measured(
        &self,
        target: &Target,
        check: &Check,
        baseline: &Baseline,
        action: Action,
    ) -> (Action, Finding) {
        let Action::Sql(mut statement) = action else {
            let why = "Only a query can be compared with what was before.";
            let found = finding(check, target, Outcome::Inconclusive, why);
            return (action, found);
        };
        let value = self.steps.value(target, &statement, check.timeout_ms()).await;
        let expected = value.as_ref().map(|value| baseline.from_measured(value));
        let (expected, outcome, detail) = match (expected, &value) {
            (Ok(Some(expected)), Ok(value)) => {
                let detail = format!("It is {value} now; afterwards, {expected} is expected.");
                (Some(expected), Outcome::Pass, detail)
            }
            (_, Ok(value)) => {
                let detail = format!("It is `{value}` now, which is no number. {NOT_MEASURED}");
                (None, Outcome::Inconclusive, detail)
            }
            (_, Err(why)) => (None, Outcome::Inconclusive, format!("{why} {NOT_MEASURED}")),
        };
        statement.expect = Some(Answer { rows: None, value: expected });
        (Action::Sql(statement), finding(check, target, outcome, &detail))
    }
}

/// What follows where nobody knows what was before.
const NOT_MEASURED: &str = "So there is nothing to compare with afterwards, and a person will have to say whether it is right.";

fn finding(check: &Check, target: &Target, outcome: Outcome, detail: &str) -> Finding {
    let (check, subject) = (check.title().to_owned(), target.id.clone());
    Finding { check, subject, outcome, detail: detail.to_owned() }
}
