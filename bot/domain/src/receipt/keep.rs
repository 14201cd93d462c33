//! Whether a pin may be carried out: a person has signed for this very pin, and it keeps what the signed plan goes back to.

use super::{Authorised, Decision, Disowned, Unauthorised, Verdict, misfit};
use crate::{
    Timestamp,
    pin::{Pin, Work},
    plan::SealedPlan,
    proposal::Proposal,
};

/// Decides whether the decisions on `proposal`, on which the pin was asked for (the caller has verified their signatures),
/// allow to do `work` for it at `now`. What was kept may be let go whenever that is; a decision that has run out keeps
/// nothing any more.
pub fn authorise_pin(
    pin: &Pin,
    work: Work,
    proposal: &Proposal,
    stored_plan: &SealedPlan,
    decisions: &[Decision],
    now: Timestamp,
) -> Result<Authorised, Unauthorised> {
    let opening = &pin.opening;
    if *stored_plan.digest() != opening.plan {
        let (stored, proposed) = (stored_plan.digest().clone(), opening.plan.clone());
        return Err(Unauthorised::OtherPlan { stored, proposed });
    }
    if stored_plan.plan().goes_back_to() != opening.versions {
        return Err(Unauthorised::OtherVersions { pin: pin.id.clone() });
    }
    let disowned = Disowned::of(proposal, decisions, now)?;
    let is_its_own = |decision: &&Decision| {
        decision.verdict == Verdict::Keep
            && decision.pin.as_ref() == Some(&pin.id)
            && decision.person == opening.by
            && decision.level == opening.level
            && misfit(decision, proposal, now).is_none()
    };
    let Some(decision) = decisions.iter().find(is_its_own) else {
        return Err(Unauthorised::Unkept { pin: pin.id.clone() });
    };
    if work == Work::Keep && now > decision.execute_by {
        let (person, until) = (decision.person.clone(), decision.execute_by);
        return Err(Unauthorised::Expired { person, until });
    }
    if work == Work::Keep && disowned.includes(&decision.person) {
        return Err(Unauthorised::Disowned { person: decision.person.clone() });
    }
    Ok(Authorised { plan: stored_plan.digest().clone(), at: now })
}
