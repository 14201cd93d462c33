//! Receipts that steer a run, and the second gate: no step behind a question begins without a signed yes.

use serde::{Deserialize, Serialize};

use super::{Authorised, Decision, Disowned, Unauthorised, Verdict, authorise, misfit};
use crate::{
    Timestamp,
    id::RunId,
    plan::{Action, SealedPlan},
    proposal::Proposal,
    run::{Steer, Steered, Stop},
};

/// What a decision steers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The run.
    pub run: RunId,
    /// Where it waited, for a decision that answers this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,
}

impl From<Steer> for Verdict {
    fn from(steer: Steer) -> Self {
        match steer {
            Steer::Pause => Self::Pause,
            Steer::Resume => Self::Resume,
            Steer::Cancel => Self::Cancel,
            Steer::Retry { .. } => Self::Retry,
            Steer::Skip { .. } => Self::Skip,
            Steer::Confirm { .. } => Self::Confirm,
        }
    }
}

impl Steered {
    /// What its receipt is about.
    pub fn about(&self, run: &RunId) -> About {
        About { run: run.clone(), stop: self.steer.stop() }
    }
}

/// Decides whether the decisions (whose signatures the caller has verified) allow step `next` of `run` to begin at `now`:
/// enough approvals of the plan, and a yes to every question before the step (invariant I3).
pub fn authorise_step(
    proposal: &Proposal,
    stored_plan: &SealedPlan,
    decisions: &[Decision],
    (run, next): (&RunId, usize),
    now: Timestamp,
) -> Result<Authorised, Unauthorised> {
    let authorised = authorise(proposal, stored_plan.digest(), decisions, now)?;
    let disowned = Disowned::of(proposal, decisions, now)?;
    // The questions of the plan that was signed, not those that the run remembers.
    for (step, planned) in stored_plan.plan().steps.iter().enumerate().take(next) {
        let Action::Confirm(question) = &planned.action else { continue };
        let stop_of = |decision: &Decision| {
            let about = decision.about.as_ref().filter(|about| about.run == *run);
            about.and_then(|about| about.stop).filter(|stop| stop.step == step)
        };
        let is_enough = |decision: &Decision, stop: Stop| {
            decision.level >= proposal.steering_level(Steer::Confirm { stop }, question.level)
                && now <= decision.execute_by
                && misfit(decision, proposal, now).is_none()
        };
        let is_answered = |yes: &Decision| {
            let Some(stop) = stop_of(yes).filter(|_| yes.verdict == Verdict::Confirm) else {
                return false;
            };
            if !disowned.includes(&yes.person) {
                return is_enough(yes, stop);
            }
            // The question is not asked twice: whoever lets the run go on with that level, knowing it, answers it.
            decisions.iter().any(|decision| {
                matches!(decision.verdict, Verdict::Approve | Verdict::Resume | Verdict::Retry)
                    && decision.about.as_ref().is_none_or(|about| about.run == *run)
                    && disowned.is_after(yes, decision)
                    && is_enough(decision, stop)
            })
        };
        if !decisions.iter().any(is_answered) {
            let question = question.text.clone();
            return Err(Unauthorised::Unconfirmed { step: step + 1, question });
        }
    }
    Ok(authorised)
}

/// Decides whether somebody stands by what was settled in `run`: where a step was signed off by somebody who says that it
/// was not they, whoever lets the run go on after that, with the level that a sign-off needs, settles it. Asked by the
/// executor besides; a record tells who let the run go on, whatever their level.
pub fn stands_settled(
    proposal: &Proposal,
    decisions: &[Decision],
    run: &RunId,
    now: Timestamp,
) -> Result<(), Unauthorised> {
    let disowned = Disowned::of(proposal, decisions, now)?;
    let about = |decision: &Decision| {
        decision.about.as_ref().filter(|about| about.run == *run).and_then(|about| about.stop)
    };
    let skips = decisions.iter().filter(|decision| decision.verdict == Verdict::Skip);
    for skip in skips.filter(|skip| disowned.includes(&skip.person)) {
        let Some(stop) = about(skip) else { continue };
        let needed = proposal.steering_level(Steer::Skip { stop }, None);
        let stands_by = |decision: &Decision| {
            matches!(
                decision.verdict,
                Verdict::Approve | Verdict::Resume | Verdict::Retry | Verdict::Skip
            ) && decision.about.as_ref().is_none_or(|about| about.run == *run)
                && disowned.is_after(skip, decision)
                && decision.level >= needed
                && misfit(decision, proposal, now).is_none()
        };
        if !decisions.iter().any(stands_by) {
            return Err(Unauthorised::Unsettled {
                step: stop.step + 1,
                person: skip.person.clone(),
                needed,
            });
        }
    }
    Ok(())
}
