//! The details: all that is known of a proposal, for whoever wants to read more than the card. Neutral, like the card.
//! Anybody who sees the card may read them, so nothing secret is in them.

use serde::Serialize;

use crate::{digest::Digest, id::ProposalId, words::Words};

/// All that is known of a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Details {
    /// Which.
    pub proposal: ProposalId,
    /// Its plan.
    pub plan: Digest,
    /// What is known, in parts.
    pub sections: Vec<Section>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What it is about.
    pub heading: &'static str,
    /// A line each; never empty.
    pub lines: Vec<Words>,
}

impl Details {
    /// Adds a part, unless there is nothing to say.
    pub fn add(&mut self, heading: &'static str, lines: Vec<Words>) {
        if !lines.is_empty() {
            self.sections.push(Section { heading, lines });
        }
    }
}
