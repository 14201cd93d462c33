//! What somebody says that they did not sign: it counts for nothing, whenever it was signed.

use super::{Decision, Unauthorised, Verdict, misfit};
use crate::{Timestamp, person::PersonId, proposal::Proposal};

/// The people in whose names somebody else has signed on a proposal.
#[derive(Debug)]
pub struct Disowned<'a>(Vec<&'a Decision>);

impl<'a> Disowned<'a> {
    /// Finds them among the decisions on `proposal`, whose signatures the caller has verified. One that does not fit the
    /// proposal is an error and not passed over: somebody wanted it to count.
    pub fn of(
        proposal: &Proposal,
        decisions: &'a [Decision],
        now: Timestamp,
    ) -> Result<Self, Unauthorised> {
        let disowning = decisions.iter().filter(|decision| decision.verdict == Verdict::Disown);
        let disowning: Vec<&Decision> = disowning.collect();
        for decision in &disowning {
            if let Some(what) = misfit(decision, proposal, now) {
                let person = decision.person.clone();
                return Err(Unauthorised::OtherSubject { person, what });
            }
        }
        Ok(Self(disowning))
    }

    /// Whether what is signed in this name counts for nothing.
    pub fn includes(&self, person: &PersonId) -> bool {
        self.0.iter().any(|decision| decision.person == *person)
    }

    /// Whether `decision` was signed after somebody had disowned `earlier`, by somebody who stands by it.
    pub(super) fn is_after(&self, earlier: &Decision, decision: &Decision) -> bool {
        let disowning = self.0.iter().find(|disowning| disowning.person == earlier.person);
        disowning.is_some_and(|disowning| disowning.seq < decision.seq)
            && !self.includes(&decision.person)
    }
}
