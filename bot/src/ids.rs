//! Draws ids: the one place for randomness outside the keys.

use domain::id::{HoldId, IncidentId, MessageId, PinId, ProposalId, RunId};
use uuid::Uuid;

/// A new incident's id.
pub fn incident() -> IncidentId {
    IncidentId::new(Uuid::now_v7())
}

/// A new proposal's id.
pub fn proposal() -> ProposalId {
    ProposalId::new(Uuid::now_v7())
}

/// A new run's id.
pub fn run() -> RunId {
    RunId::new(Uuid::now_v7())
}

/// A new hold's id.
pub fn hold() -> HoldId {
    HoldId::new(Uuid::now_v7())
}

/// A new pin's id.
pub fn pin() -> PinId {
    PinId::new(Uuid::now_v7())
}

/// A new message's id.
pub fn message() -> MessageId {
    MessageId::new(Uuid::now_v7())
}

/// A text drawn for one receipt alone.
pub fn nonce() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A name for this process, as the owner of leases.
pub fn owner() -> String {
    format!("{}-{}", std::process::id(), Uuid::new_v4().simple())
}
