//! Why receipts do not allow something, in words.

use crate::{Timestamp, digest::Digest, id::PinId, level::Level, person::PersonId};

/// Why receipts do not allow a run, for the operator and the thread.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unauthorised {
    /// The stored plan is not the one that was proposed.
    #[error("the stored plan has digest {stored}, but the proposal is for {proposed}")]
    OtherPlan {
        /// The digest of the stored bytes.
        stored: Digest,
        /// The digest in the proposal.
        proposed: Digest,
    },
    /// A receipt signs something else.
    #[error("the receipt of {person} does not fit the proposal: it signs another {what}")]
    OtherSubject {
        /// Whose receipt.
        person: PersonId,
        /// Which field differs.
        what: &'static str,
    },
    /// Approvals are missing, and a receipt is too old to be one of them.
    #[error("the approval of {person} was good until {until}")]
    Expired {
        /// Whose receipt.
        person: PersonId,
        /// Until when it was good.
        until: Timestamp,
    },
    /// Approvals are missing, and one was given by somebody else in a person's name.
    #[error(
        "the approval in the name of {person} was taken back, because it was not they who signed"
    )]
    Disowned {
        /// In whose name.
        person: PersonId,
    },
    /// Too few approvals.
    #[error("{given} of {needed} approvals are signed")]
    Incomplete {
        /// How many count.
        given: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A question before this step has no signed answer.
    #[error("nobody who may has signed a yes to the question of step {step}, “{question}”")]
    Unconfirmed {
        /// The question's step, from 1.
        step: usize,
        /// The question.
        question: String,
    },
    /// A step was signed off in a name that was disowned, and nobody stands by it.
    #[error(
        "step {step} was signed off in the name of {person}, and it was not they who signed; somebody of {needed} or higher has to look at that step and press Try again, which stands for their word on it"
    )]
    Unsettled {
        /// The step, from 1.
        step: usize,
        /// In whose name.
        person: PersonId,
        /// The level that a sign-off needs.
        needed: Level,
    },
    /// A pin has no signed decision.
    #[error("nobody who may has signed that {pin} keeps the way back of this plan")]
    Unkept {
        /// The pin.
        pin: PinId,
    },
    /// A pin keeps something else than its plan goes back to.
    #[error("{pin} does not name what its plan goes back to")]
    OtherVersions {
        /// The pin.
        pin: PinId,
    },
}

impl Unauthorised {
    /// Whether people can make it good by approving the same plan once more.
    pub fn is_lapse(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::Disowned { .. })
    }
}
