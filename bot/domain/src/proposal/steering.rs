//! Who may steer the run of a proposal: levels, by the requirement that was frozen when it opened. The policies may ask
//! for more, never for less, so that an auditor can tell from the record alone.

use super::{Proposal, Stage};
use crate::{
    level::Level,
    refusal::Refusal,
    run::{Steer, Steered},
};

impl Proposal {
    /// The level that an act on the run needs. `named` is the level that the step names for itself.
    pub fn steering_level(&self, steer: Steer, named: Option<Level>) -> Level {
        match steer {
            Steer::Pause | Steer::Resume | Steer::Cancel | Steer::Retry { .. } => {
                self.lowest_need()
            }
            // One person settles alone what the run could not: with the highest authority that was asked for.
            Steer::Skip { .. } | Steer::Confirm { .. } => {
                named.or_else(|| self.requirement().highest_need()).unwrap_or(Level::LOWEST)
            }
        }
    }

    /// Whether the person's level is enough for the act, on this plan and at this stage.
    pub fn may_steer(&self, steered: &Steered, named: Option<Level>) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Running { .. } | Stage::Stuck { .. } => {}
            Stage::Closed { outcome, at } => {
                return Err(self.over(outcome.clone(), *at, None));
            }
            Stage::Open { .. } | Stage::Approved { .. } => return Err(Refusal::NotRunning),
        }
        if steered.plan != self.opening.plan {
            let (shown, current) = (steered.plan.clone(), self.opening.plan.clone());
            return Err(Refusal::OtherPlan { shown, current });
        }
        self.may_sign(&steered.by)?;
        let needed = self.steering_level(steered.steer, named);
        if steered.level < needed {
            return Err(Refusal::NeedsLevel {
                needed,
                held: steered.level,
                who: self.requirement().people_from(needed),
                due: None,
            });
        }
        // What is stuck can be looked at again; the executor asks for the approvals before it does anything.
        if self.has_lapsed() && matches!(steered.steer, Steer::Resume | Steer::Confirm { .. }) {
            let tally = self.tally();
            return Err(Refusal::ApprovalsMissing { given: tally.given, needed: tally.needed });
        }
        Ok(())
    }
}
