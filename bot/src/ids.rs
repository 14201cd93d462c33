//! Draws ids: the one place for randomness outside the keys.

use domain::{
    digest::Digest,
    id::{HoldId, IncidentId, MessageId, PinId, ProposalId, RunId},
};
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

/// A message's id that is not drawn: the same for the same text, so that the message is found again.
pub fn derived(text: &str) -> MessageId {
    let digest = Digest::of(text).to_string();
    let start = digest.len() - 32;
    let number = u128::from_str_radix(&digest[start..], 16).expect("a digest ends in hex digits");
    MessageId::new(Uuid::from_u128(number))
}

/// A text drawn for one receipt alone.
pub fn nonce() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A name for this process, as the owner of leases.
pub fn owner() -> String {
    format!("{}-{}", std::process::id(), Uuid::new_v4().simple())
}
