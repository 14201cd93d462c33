//! Proves a log: the chain, the signatures, that every decision has its receipt, that what happened could happen,
//! and that no step began without the approvals it needed. Stops at the first entry that does not hold.

use std::collections::BTreeMap;

use domain::{
    digest::Digest,
    fold::{Fold, FoldError},
    id::{IncidentId, PinId, ProposalId, RunId},
    journal::{Actor, ChainError, Entry, Head, Record, SealedEntry},
    pin,
    plan::SealedPlan,
    receipt::{self, Decision, Unauthorised, Verdict},
    run,
};
use signer::{KeyRing, VerifyError};

use super::{HEAD_TYPE, Line, SignedHead, said::Said};
use crate::receipts::{self, ReceiptError};

/// What was proved.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Audited {
    /// How many incidents.
    pub incidents: usize,
    /// How many entries.
    pub entries: u64,
    /// How many signed decisions.
    pub receipts: u64,
    /// How many steps that began, each with its approvals.
    pub steps: u64,
}

/// The first thing that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A line is no line of a log.
    #[error("line {line} cannot be read: {source}")]
    Decode {
        /// The line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// The chain is broken.
    #[error("{0}")]
    Chain(ChainError),
    /// What happened cannot have happened.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// A receipt does not hold.
    #[error("entry {seq} of {incident}: its receipt does not hold: {source}")]
    Receipt {
        /// Whose journal.
        incident: IncidentId,
        /// The place.
        seq: u64,
        /// Why.
        source: ReceiptError,
    },
    /// An entry says something that its receipt, or the rest of the log, does not.
    #[error("entry {seq} of {incident}: {why}")]
    Entry {
        /// Whose journal.
        incident: IncidentId,
        /// The place.
        seq: u64,
        /// What is wrong.
        why: String,
    },
    /// A plan's bytes are not what its digest says.
    #[error("the bytes of plan {0} were changed")]
    Plan(Digest),
    /// A journal's end is missing.
    #[error(
        "the journal of {incident} ends without its signed head, or not where the head says: entries are missing"
    )]
    Cut {
        /// Whose journal.
        incident: IncidentId,
    },
    /// A head is not signed by a known key.
    #[error("the head of {incident} does not verify: {source}")]
    Head {
        /// Whose journal.
        incident: IncidentId,
        /// Why.
        source: VerifyError,
    },
}

/// What is known of one incident so far.
struct Journal {
    head: Head,
    fold: Fold,
    decisions: BTreeMap<ProposalId, Vec<Decision>>,
    is_closed: bool,
}

/// Verifies a log with the public keys alone. With `policies`, every decision must have been taken under the
/// policies of that digest.
pub fn verify(log: &str, keys: &KeyRing, policies: Option<&Digest>) -> Result<Audited, AuditError> {
    let mut journals: BTreeMap<IncidentId, Journal> = BTreeMap::new();
    let mut plans: BTreeMap<Digest, String> = BTreeMap::new();
    let mut audited = Audited::default();
    for (line, text) in (1..).zip(log.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        match serde_json::from_str(text).map_err(|source| AuditError::Decode { line, source })? {
            Line::Plan { digest, bytes } if Digest::of(&bytes) == digest => {
                plans.insert(digest, bytes);
            }
            Line::Plan { digest, .. } => return Err(AuditError::Plan(digest)),
            Line::Entry { incident, seq, body, receipt, prev, hash } => {
                let sealed = SealedEntry { body, receipt, prev, hash };
                let journal =
                    journals.entry(incident.clone()).or_insert_with(|| Journal::new(&incident));
                let decision =
                    journal.follow(&incident, seq, &sealed, keys, &plans, &mut audited)?;
                if let (Some(policy), Some(expected)) = (decision, policies)
                    && policy != *expected
                {
                    let why = format!(
                        "the decision was taken under policies {}, not {}",
                        policy.short(),
                        expected.short()
                    );
                    return Err(AuditError::Entry { incident, seq, why });
                }
            }
            Line::Head { incident, envelope } => {
                let verified = keys
                    .verify(&envelope)
                    .map_err(|source| AuditError::Head { incident: incident.clone(), source })?;
                let journal = journals.get_mut(&incident);
                let signed: Option<SignedHead> = serde_json::from_slice(verified.payload()).ok();
                let is_end = |journal: &Journal, signed: &SignedHead| {
                    signed.incident == incident
                        && signed.entries == journal.head.next_seq
                        && signed.hash == journal.head.hash
                };
                match (journal, signed) {
                    (Some(journal), Some(signed))
                        if verified.payload_type() == HEAD_TYPE && is_end(journal, &signed) =>
                    {
                        journal.is_closed = true;
                    }
                    _ => return Err(AuditError::Cut { incident }),
                }
            }
        }
    }
    if let Some((incident, _)) = journals.iter().find(|(_, journal)| !journal.is_closed) {
        return Err(AuditError::Cut { incident: incident.clone() });
    }
    audited.incidents = journals.len();
    Ok(audited)
}

impl Journal {
    fn new(incident: &IncidentId) -> Self {
        Self {
            head: Head::genesis(incident),
            fold: Fold::default(),
            decisions: BTreeMap::new(),
            is_closed: false,
        }
    }

    fn follow(
        &mut self,
        incident: &IncidentId,
        seq: u64,
        sealed: &SealedEntry,
        keys: &KeyRing,
        plans: &BTreeMap<Digest, String>,
        audited: &mut Audited,
    ) -> Result<Option<Digest>, AuditError> {
        let wrong =
            |why: &str| AuditError::Entry { incident: incident.clone(), seq, why: why.to_owned() };
        if seq != self.head.next_seq {
            return Err(wrong("an entry before it is missing"));
        }
        // The receipt first: when both are changed, the signature is what convicts.
        let decision = match &sealed.receipt {
            Some(envelope) => Some(receipts::open(keys, envelope, 1).map_err(|source| {
                AuditError::Receipt { incident: incident.clone(), seq, source }
            })?),
            None => None,
        };
        let policy = decision.as_ref().map(|decision| decision.policy.clone());
        let entry = self.head.follow(sealed).map_err(AuditError::Chain)?;
        self.decided(decision, sealed, &entry, audited).map_err(|why| wrong(&why))?;
        self.fold.apply(&entry)?;
        if let Record::Run { id, event: run::Event::Intended { step, .. } } = &entry.record {
            audited.steps += 1;
            self.may_begin((id, *step), &entry, plans).map_err(|why| wrong(&why))?;
        }
        if let Record::Pin { id, event } = &entry.record {
            self.may_keep((id, event), &entry, plans).map_err(|why| wrong(&why))?;
        }
        audited.entries += 1;
        Ok(policy)
    }

    /// A decision has a receipt that says the same, signed for this very place in the chain; nothing else has one.
    fn decided(
        &mut self,
        decision: Option<Decision>,
        sealed: &SealedEntry,
        entry: &Entry,
        audited: &mut Audited,
    ) -> Result<(), String> {
        match (Said::of(&entry.record, &self.fold), decision) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err("it carries a receipt, but is no decision".to_owned()),
            (Some(_), None) => Err("it is a decision without a receipt".to_owned()),
            (Some(said), Some(decision)) => {
                if !said.is_what(&decision) || !is_of(&decision, sealed, entry) {
                    return Err("its receipt was signed for something else".to_owned());
                }
                let earlier = self.decisions.get(said.proposal).map(Vec::as_slice);
                may_follow(&decision, earlier.unwrap_or_default())?;
                audited.receipts += 1;
                self.decisions.entry(said.proposal.clone()).or_default().push(decision);
                Ok(())
            }
        }
    }

    /// At the moment of a step's intent the receipts before it must have been enough (invariant I3), those too that
    /// answer the questions before the step.
    fn may_begin(
        &self,
        (id, step): (&RunId, usize),
        entry: &Entry,
        plans: &BTreeMap<Digest, String>,
    ) -> Result<(), String> {
        let run = self.fold.runs.get(id).ok_or("its run is unknown")?;
        let proposal = self.fold.proposals.get(&run.proposal).ok_or("its proposal is unknown")?;
        let decisions = self.decisions.get(&run.proposal).map(Vec::as_slice).unwrap_or_default();
        let plan = plan_of(plans, &run.plan)?;
        let authorised = receipt::authorise_step(proposal, &plan, decisions, (id, step), entry.at);
        authorised.map(|_| ()).map_err(|error: Unauthorised| {
            format!("a step began without the approvals it needs: {error}")
        })
    }

    /// Nothing was done for a pin but on its signed decision, and it moved on only to what goes back to nothing else.
    fn may_keep(
        &self,
        (id, event): (&PinId, &pin::Event),
        entry: &Entry,
        plans: &BTreeMap<Digest, String>,
    ) -> Result<(), String> {
        let pin = self.fold.pins.get(id).ok_or("its pin is unknown")?;
        let proposal =
            |id: &ProposalId| self.fold.proposals.get(id).ok_or("its proposal is unknown");
        match event {
            pin::Event::Intended { work } => {
                let asked = &pin.opening.proposal;
                let decisions = self.decisions.get(asked).map(Vec::as_slice).unwrap_or_default();
                let plan = plan_of(plans, &pin.opening.plan)?;
                let (work, at) = (*work, entry.at);
                receipt::authorise_pin(pin, work, proposal(asked)?, &plan, decisions, at)
                    .map(|_| ())
                    .map_err(|error| format!("it was done without the decision it needs: {error}"))
            }
            pin::Event::MovedOn { proposal: next } => {
                let plan = plan_of(plans, &proposal(next)?.opening.plan)?;
                if pin.covers(&plan.plan().goes_back_to()) {
                    Ok(())
                } else {
                    Err(format!("{id} does not keep what {next} goes back to"))
                }
            }
            _ => Ok(()),
        }
    }
}

/// The plan with these bytes.
fn plan_of(plans: &BTreeMap<Digest, String>, digest: &Digest) -> Result<SealedPlan, String> {
    let bytes = plans.get(digest).ok_or("its plan is not in the log")?;
    SealedPlan::open(bytes.clone()).map_err(|error| error.to_string())
}

/// Only what was signed by the same identity can be disowned, and nothing is taken from it after that.
fn may_follow(decision: &Decision, earlier: &[Decision]) -> Result<(), String> {
    let disowns = |decision: &Decision| decision.verdict == Verdict::Disown;
    let has_disowned =
        earlier.iter().any(|earlier| disowns(earlier) && earlier.person == decision.person);
    if has_disowned {
        return Err(format!(
            "{} had disowned what was signed in this name before",
            decision.person
        ));
    }
    let is_same = |earlier: &Decision| {
        (&earlier.person, &earlier.identity) == (&decision.person, &decision.identity)
    };
    if disowns(decision) && !earlier.iter().any(is_same) {
        return Err(format!("{} had signed nothing that could be disowned", decision.person));
    }
    Ok(())
}

/// Whether a decision was signed for this entry: its place, its author and its time.
fn is_of(decision: &Decision, sealed: &SealedEntry, entry: &Entry) -> bool {
    let is_here = (decision.seq, &decision.prev, &decision.incident)
        == (entry.seq, &sealed.prev, &entry.incident);
    let is_theirs = matches!(&entry.actor, Actor::Person { person, identity }
        if *person == decision.person && *identity == decision.identity);
    is_here && is_theirs && decision.issued_at == entry.at
}
