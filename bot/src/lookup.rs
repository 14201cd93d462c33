//! What people mean by an id, or by the end of one: cards and lists show the last six letters.

use std::{future::Future, str::FromStr};

use domain::id::{HoldId, IncidentId, ProposalId};
use store::{Error, Store};

/// Why nothing can be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is none.
    Nowhere,
    /// There are so many.
    Ambiguous(usize),
}

/// What an id names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An incident.
    Incident(IncidentId),
    /// One of its proposals.
    Proposal(ProposalId),
}

/// The incident that an id, or the end of one, names.
pub async fn incident(store: &Store, text: &str) -> Result<Result<IncidentId, Missing>, Error> {
    one(text, store.incident_ids_ending(text)).await
}

/// The proposal that an id, or the end of one, names.
pub async fn proposal(store: &Store, text: &str) -> Result<Result<ProposalId, Missing>, Error> {
    one(text, store.proposal_ids_ending(text)).await
}

/// The hold that an id, or the end of one, names.
pub async fn hold(store: &Store, text: &str) -> Result<Result<HoldId, Missing>, Error> {
    one(text, store.hold_ids_ending(text)).await
}

/// The incident or the proposal that an id, or the end of one, names.
pub async fn subject(store: &Store, text: &str) -> Result<Result<Subject, Missing>, Error> {
    let found = (incident(store, text).await?, proposal(store, text).await?);
    Ok(match found {
        (Ok(incident), Err(Missing::Nowhere)) => Ok(Subject::Incident(incident)),
        (Err(Missing::Nowhere), Ok(proposal)) => Ok(Subject::Proposal(proposal)),
        (Err(Missing::Nowhere), Err(Missing::Nowhere)) => Err(Missing::Nowhere),
        (incident, proposal) => Err(Missing::Ambiguous(many(&incident) + many(&proposal))),
    })
}

async fn one<Id: FromStr>(
    text: &str,
    ending: impl Future<Output = Result<Vec<Id>, Error>>,
) -> Result<Result<Id, Missing>, Error> {
    if let Ok(id) = text.parse() {
        return Ok(Ok(id));
    }
    // The end of nothing is the end of everything.
    if text.trim().is_empty() {
        return Ok(Err(Missing::Nowhere));
    }
    let mut found = ending.await?;
    Ok(match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Missing::Nowhere),
        many => Err(Missing::Ambiguous(many)),
    })
}

fn many<Id>(found: &Result<Id, Missing>) -> usize {
    match found {
        Ok(_) => 1,
        Err(Missing::Nowhere) => 0,
        Err(Missing::Ambiguous(many)) => *many,
    }
}
