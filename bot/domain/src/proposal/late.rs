//! What whoever comes late is refused with: the proposal knows who has decided it, and how it goes on.

use super::{Event, Outcome, Proposal, Stage};
use crate::{
    Timestamp,
    person::PersonId,
    refusal::{Course, Refusal},
    requirement::Tally,
};

impl Event {
    /// Who wants to sign.
    pub(super) fn signer(&self) -> Option<&PersonId> {
        if let Self::Approved { by, .. } = self { Some(by) } else { None }
    }
}

impl Proposal {
    /// It is over. Whoever wants to sign may have signed before.
    pub(crate) fn over(
        &self,
        outcome: Outcome,
        at: Timestamp,
        signer: Option<&PersonId>,
    ) -> Refusal {
        let signed = signer.and_then(|signer| self.signed_at(signer));
        Refusal::AlreadyClosed { outcome, at, signed }
    }

    /// Enough people have signed. Whoever wants to sign may be one of them.
    pub(super) fn too_late(&self, signer: Option<&PersonId>) -> Refusal {
        if let Some(at) = signer.and_then(|signer| self.signed_at(signer)) {
            return self.signed_already(at);
        }
        let by: Vec<PersonId> =
            self.approvals.iter().map(|approval| approval.person.clone()).collect();
        let at = self.approvals.iter().map(|approval| approval.at).max();
        Refusal::AlreadyApproved { by, at, course: self.course() }
    }

    /// Whoever signed at this moment wants to sign again.
    pub(super) fn signed_already(&self, at: Timestamp) -> Refusal {
        let Tally { given, needed, .. } = self.tally();
        Refusal::AlreadySigned { tally: given, needed, at: Some(at), course: self.course() }
    }

    /// When this person has signed.
    pub(super) fn signed_at(&self, person: &PersonId) -> Option<Timestamp> {
        let signed = self.approvals.iter().find(|approval| approval.person == *person);
        signed.map(|approval| approval.at)
    }

    fn course(&self) -> Option<Course> {
        match &self.stage {
            Stage::Open { .. } | Stage::Closed { .. } => None,
            Stage::Approved { .. } => {
                Some(Course::Begins { opens: self.window().map(|window| window.opens) })
            }
            Stage::Running { .. } => Some(Course::Runs),
            Stage::Stuck { .. } => Some(Course::Stuck),
        }
    }
}
