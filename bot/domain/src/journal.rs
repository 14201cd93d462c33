//! The journal: every event of an incident, in order, each entry chained to the one before by its hash.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1) ⏎ body(n) ⏎ receipt(n) )        hash(-1) = SHA-256(incident id)
//! ```
//! Body and receipt are hashed as the bytes that are stored, so that an auditor needs nothing but a hash
//! program to follow the chain.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    digest::Digest,
    hold,
    id::{HoldId, IncidentId, PinId, ProposalId, RunId},
    incident,
    notice::Notice,
    person::{Identity, PersonId},
    pin, proposal,
    refusal::Refusal,
    remark::Remark,
    run,
};

/// Who made something happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// A person, and how they were known.
    Person {
        /// Who.
        person: PersonId,
        /// As whom the chat knew them.
        identity: Identity,
    },
    /// Somebody a chat knows, but the people file does not.
    Stranger {
        /// As whom the chat knew them.
        identity: Identity,
    },
    /// An outside system, such as `pagerduty`.
    System(String),
    /// The clock.
    Clock,
    /// Countersign itself: assessment, delivery, executor.
    Countersign,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// To the incident.
    Incident(incident::Event),
    /// To one of its proposals.
    Proposal {
        /// Which.
        id: ProposalId,
        /// What.
        event: proposal::Event,
    },
    /// To one of its runs.
    Run {
        /// Which.
        id: RunId,
        /// What.
        event: run::Event,
    },
    /// To one of its holds.
    Hold {
        /// Which.
        id: HoldId,
        /// What.
        event: hold::Event,
    },
    /// To one of its pins.
    Pin {
        /// Which.
        id: PinId,
        /// What.
        event: pin::Event,
    },
    /// A person wanted something and was refused; nothing changed.
    Refused {
        /// On which proposal.
        proposal: ProposalId,
        /// Why.
        refusal: Refusal,
    },
    /// Something was written down beside the machines; nothing changed.
    Remark(Remark),
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The incident whose journal this is.
    pub incident: IncidentId,
    /// The place in it, from 0.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub record: Record,
    /// What people were told of it.
    pub notices: Vec<Notice>,
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedEntry {
    /// The entry's JSON.
    pub body: String,
    /// The DSSE envelope of the decision, where the entry is one.
    pub receipt: Option<String>,
    /// The hash of the entry before.
    pub prev: Digest,
    /// The hash of this entry.
    pub hash: Digest,
}

/// An entry that does not belong where it stands.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// Its bytes were changed.
    #[error(
        "entry {seq} of {incident} was changed: its bytes do not have the hash that it carries"
    )]
    Changed {
        /// Whose journal.
        incident: IncidentId,
        /// The place.
        seq: u64,
    },
    /// The entry before it was changed, removed or put elsewhere.
    #[error("entry {seq} of {incident} does not follow the entry before it")]
    Broken {
        /// Whose journal.
        incident: IncidentId,
        /// The place.
        seq: u64,
    },
    /// Its JSON does not fit.
    #[error("read entry {seq} of {incident}")]
    Decode {
        /// Whose journal.
        incident: IncidentId,
        /// The place.
        seq: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

fn hash(prev: &Digest, body: &str, receipt: Option<&str>) -> Digest {
    Digest::of(format!("{prev}\n{body}\n{}", receipt.unwrap_or_default()))
}

/// The end of a chain: where the next entry goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The incident whose journal this is.
    pub incident: IncidentId,
    /// The place of the next entry.
    pub next_seq: u64,
    /// The hash of the last entry; of the incident's id where there is none.
    pub hash: Digest,
}

impl Head {
    /// The head of an empty journal.
    pub fn genesis(incident: &IncidentId) -> Self {
        Self { incident: incident.clone(), next_seq: 0, hash: Digest::of(incident.as_str()) }
    }

    /// Chains an entry on. `entry.seq` and `entry.incident` must be the head's.
    pub fn seal(self, entry: &Entry, receipt: Option<String>) -> (SealedEntry, Self) {
        debug_assert_eq!((entry.seq, &entry.incident), (self.next_seq, &self.incident));
        let body = serde_json::to_string(entry).expect("an entry holds only what JSON can write");
        let hash = hash(&self.hash, &body, receipt.as_deref());
        let sealed = SealedEntry { body, receipt, prev: self.hash, hash: hash.clone() };
        (sealed, Self { next_seq: self.next_seq + 1, hash, ..self })
    }

    /// Checks that `sealed` is the next entry and opens it.
    pub fn follow(&mut self, sealed: &SealedEntry) -> Result<Entry, ChainError> {
        let (incident, seq) = (self.incident.clone(), self.next_seq);
        // An empty receipt has the hash of none, but no entry is written with one.
        if hash(&sealed.prev, &sealed.body, sealed.receipt.as_deref()) != sealed.hash
            || sealed.receipt.as_deref() == Some("")
        {
            return Err(ChainError::Changed { incident, seq });
        }
        if sealed.prev != self.hash {
            return Err(ChainError::Broken { incident, seq });
        }
        let entry: Entry = serde_json::from_str(&sealed.body)
            .map_err(|source| ChainError::Decode { incident: incident.clone(), seq, source })?;
        if (entry.seq, &entry.incident) != (seq, &incident) {
            return Err(ChainError::Broken { incident, seq });
        }
        self.next_seq += 1;
        self.hash = sealed.hash.clone();
        Ok(entry)
    }
}
