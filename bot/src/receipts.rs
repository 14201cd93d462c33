//! Signs decisions and checks their signatures. What a set of checked decisions allows is the domain's to say.

use domain::{
    Timestamp,
    digest::Digest,
    id::RunId,
    person::PersonId,
    pin::{Pin, Work},
    plan::SealedPlan,
    proposal::Proposal,
    receipt::{self, Authorised, Decision, PAYLOAD_TYPE, StatementError, Unauthorised},
};
use signer::{Envelope, KeyRing, SigningKey, VerifyError};

/// Why the receipts of a proposal do not allow a run.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// A signature or an envelope is not what it was.
    #[error("receipt {place} does not verify: {source}")]
    Signature {
        /// Which of the proposal's receipts, from 1.
        place: usize,
        /// What is wrong.
        source: VerifyError,
    },
    /// It is signed, but it is not a decision.
    #[error("receipt {place} is no decision: {source}")]
    Statement {
        /// Which of the proposal's receipts, from 1.
        place: usize,
        /// What is wrong.
        source: StatementError,
    },
    /// They verify, but do not allow it.
    #[error(transparent)]
    Unauthorised(#[from] Unauthorised),
}

impl ReceiptError {
    /// Whether approving the same plan again makes it good: asking again is then the right thing to do.
    pub fn is_lapse(&self) -> bool {
        matches!(self, Self::Unauthorised(unauthorised) if unauthorised.is_lapse())
    }

    /// Whether a decision of those who look at the run makes it good; otherwise the operator has to find out what happened.
    pub fn is_peoples_to_mend(&self) -> bool {
        matches!(self, Self::Unauthorised(Unauthorised::Unsettled { .. }))
    }

    /// In whose name somebody else has signed, where that is why.
    pub fn disowned(&self) -> Option<&PersonId> {
        match self {
            Self::Unauthorised(Unauthorised::Disowned { person }) => Some(person),
            Self::Unauthorised(_) | Self::Signature { .. } | Self::Statement { .. } => None,
        }
    }
}

/// Signs a decision; gives the envelope's JSON.
pub fn sign(key: &SigningKey, decision: &Decision) -> String {
    Envelope::sign(key, PAYLOAD_TYPE, &decision.to_statement()).to_json()
}

/// Checks one envelope and reads its decision.
pub fn open(keys: &KeyRing, envelope: &str, place: usize) -> Result<Decision, ReceiptError> {
    let signature = |source| ReceiptError::Signature { place, source };
    let envelope = Envelope::from_json(envelope).map_err(signature)?;
    let verified = keys.verify(&envelope).map_err(signature)?;
    if verified.payload_type() != PAYLOAD_TYPE {
        let source = StatementError::OtherType(verified.payload_type().to_owned());
        return Err(ReceiptError::Statement { place, source });
    }
    Decision::from_statement(verified.payload())
        .map_err(|source| ReceiptError::Statement { place, source })
}

/// Whether step `next` of a run of `proposal` may begin at `now`: every envelope must verify, and together they must be
/// what the proposal needs and what the questions before the step ask for (invariant I3); and what was signed off in a name
/// that was disowned is stood by by somebody else.
pub fn authorise_step(
    keys: &KeyRing,
    proposal: &Proposal,
    stored_plan: &SealedPlan,
    envelopes: &[String],
    (run, next): (&RunId, usize),
    now: Timestamp,
) -> Result<Authorised, ReceiptError> {
    let decisions = open_all(keys, envelopes)?;
    let authorised = receipt::authorise_step(proposal, stored_plan, &decisions, (run, next), now)?;
    receipt::stands_settled(proposal, &decisions, run, now)?;
    Ok(authorised)
}

/// Whether the plan could be run when one of its approvals was given. A step that has begun may be probed and taken
/// back after the approvals have run out, and never without them.
pub fn was_authorised(
    keys: &KeyRing,
    proposal: &Proposal,
    stored_plan: &Digest,
    envelopes: &[String],
) -> Result<Authorised, ReceiptError> {
    let decisions = open_all(keys, envelopes)?;
    Ok(receipt::was_authorised(proposal, stored_plan, &decisions)?)
}

/// Whether what is due for a pin may be done at `now`: `proposal` is the one that it was asked for on, and every envelope
/// on it must verify.
pub fn authorise_pin(
    keys: &KeyRing,
    (pin, work): (&Pin, Work),
    proposal: &Proposal,
    stored_plan: &SealedPlan,
    envelopes: &[String],
    now: Timestamp,
) -> Result<Authorised, ReceiptError> {
    let decisions = open_all(keys, envelopes)?;
    Ok(receipt::authorise_pin(pin, work, proposal, stored_plan, &decisions, now)?)
}

fn open_all(keys: &KeyRing, envelopes: &[String]) -> Result<Vec<Decision>, ReceiptError> {
    envelopes.iter().zip(1..).map(|(envelope, place)| open(keys, envelope, place)).collect()
}
