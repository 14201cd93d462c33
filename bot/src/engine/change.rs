//! What a transaction changes.

use domain::{
    hold,
    id::{HoldId, PinId, ProposalId, RunId},
    incident, pin, proposal,
    remark::Remark,
    run,
};
use store::{RunLease, TargetLease};

/// One change to one aggregate.
#[derive(Clone, Debug)]
pub enum Change {
    /// To the incident.
    Incident(incident::Event),
    /// To a proposal; the envelope where it is a decision.
    Proposal(ProposalId, proposal::Event, Option<String>),
    /// To a run; under a lease where the executor makes it.
    Run(RunId, run::Event, Option<RunLease>),
    /// To a run by a person; with the envelope of their decision.
    Steer(RunId, run::Steered, String),
    /// To a hold; the envelope where it is a decision.
    Hold(HoldId, hold::Event, Option<String>),
    /// To a pin; under a lease where the executor makes it.
    Pin(PinId, pin::Event, Option<TargetLease>),
    /// A pin that a person asks for; with the envelope of their decision.
    Keep(PinId, Box<pin::Opening>, String),
    /// None: something is written down.
    Remark(Remark),
}

impl Change {
    /// The envelope of the decision that makes it.
    pub(super) fn receipt(&self) -> Option<&str> {
        match self {
            Self::Proposal(_, _, receipt) | Self::Hold(_, _, receipt) => receipt.as_deref(),
            Self::Steer(_, _, receipt) | Self::Keep(_, _, receipt) => Some(receipt),
            Self::Incident(_) | Self::Run(..) | Self::Pin(..) | Self::Remark(_) => None,
        }
    }
}
