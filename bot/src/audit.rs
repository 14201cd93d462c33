//! The record for an auditor: written from the database, verified without it and without the network.
//!
//! A log is JSON lines of three kinds: `plan` (the bytes that a digest stands for), `entry` (one of the journal's),
//! and `head` (signed: where an incident's journal ended when it was exported, so that a cut end shows).

mod export;
mod said;
mod verify;

pub use export::export;
pub use verify::{AuditError, Audited, verify};

use domain::{Timestamp, digest::Digest, id::IncidentId};
use serde::{Deserialize, Serialize};
use signer::Envelope;

/// The DSSE payload type of a head.
const HEAD_TYPE: &str = "application/vnd.countersign.head+json";

/// One line of a log.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Plan {
        digest: Digest,
        bytes: String,
    },
    Entry {
        incident: IncidentId,
        seq: u64,
        body: String,
        receipt: Option<String>,
        prev: Digest,
        hash: Digest,
    },
    Head {
        incident: IncidentId,
        envelope: Envelope,
    },
}

/// What a head signs.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedHead {
    incident: IncidentId,
    entries: u64,
    hash: Digest,
    exported_at: Timestamp,
}
