//! Receipts: what a person's decision says, as the statement that gets signed (in-toto Statement v1), and whether
//! a set of such statements allows a run. Signatures are made and checked elsewhere; the rules are here.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    digest::Digest,
    escalation::later,
    id::{HoldId, IncidentId, PinId, ProposalId},
    level::Level,
    person::{Identity, PersonId},
    proposal::{Proposal, Proposer},
    requirement::Approval,
};

/// The DSSE payload type of a receipt.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The in-toto statement type.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The type of our predicate; its last part is the version.
pub const PREDICATE_TYPE: &str = "https://countersign.dev/decision/v1";

/// How far ahead of the executor's clock a receipt may have been signed, in milliseconds.
pub const CLOCK_SKEW_MS: u64 = 60_000;

mod disowned;
mod gate;
mod keep;
mod unauthorised;

pub use disowned::Disowned;
pub use gate::{About, authorise_step, stands_settled};
pub use keep::authorise_pin;
pub use unauthorised::Unauthorised;

/// What gets signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Decision,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: Sha256,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sha256 {
    sha256: String,
}

/// What a person has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Run this plan.
    Approve,
    /// Do not run it, or do nothing more with it.
    Reject,
    /// Begin nothing further.
    Pause,
    /// Go on.
    Resume,
    /// End it and take back what was done.
    Cancel,
    /// Try the step that is stuck again.
    Retry,
    /// The step that is stuck counts as settled.
    Skip,
    /// Yes to the question between two steps.
    Confirm,
    /// It was run: what it went back from may come again.
    LiftHold,
    /// What it goes back to is kept from the janitor until it is closed.
    Keep,
    /// Whatever was signed in this name on this proposal was signed by somebody else.
    Disown,
}

/// One person's decision on one plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What was decided.
    pub verdict: Verdict,
    /// The run that it steers, and where; missing where the plan as a whole is decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// The hold that is lifted, where the decision is that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldId>,
    /// The pin that is asked for, where the decision is that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinId>,
    /// Why; always there for a no.
    pub reason: Option<String>,
    /// The incident.
    pub incident: IncidentId,
    /// The proposal.
    pub proposal: ProposalId,
    /// The plan that was shown; also the statement's subject.
    pub plan: Digest,
    /// The summary that was shown.
    pub summary: Digest,
    /// The requirement that was frozen when the proposal opened.
    pub requirement: Digest,
    /// The policies that say so.
    pub policy: Digest,
    /// Who decided.
    pub person: PersonId,
    /// How the chat knows them.
    pub identity: Identity,
    /// How they proved it, such as `click`.
    pub method: String,
    /// The level they held.
    pub level: Level,
    /// Who proposed.
    pub proposer: Proposer,
    /// When it was signed; nothing may run before.
    pub issued_at: Timestamp,
    /// After this moment no step may start on its strength.
    pub execute_by: Timestamp,
    /// Drawn for this receipt alone.
    pub nonce: String,
    /// The place in the incident's journal.
    pub seq: u64,
    /// The hash of the journal's entry before it.
    pub prev: Digest,
}

/// What a decision on `proposal` has in common, whoever takes it.
pub struct Draft<'a> {
    /// The proposal decided on.
    pub proposal: &'a Proposal,
    /// What is decided.
    pub verdict: Verdict,
    /// The run that it steers, and where.
    pub about: Option<About>,
    /// The hold that is lifted.
    pub hold: Option<HoldId>,
    /// The pin that is asked for.
    pub pin: Option<PinId>,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    pub person: &'a PersonId,
    /// How the chat knows them.
    pub identity: &'a Identity,
    /// How they proved it.
    pub method: &'a str,
    /// Their level.
    pub level: Level,
}

impl Draft<'_> {
    /// The decision at `now`, at place `seq` after `prev` in the journal.
    pub fn decide(self, now: Timestamp, nonce: String, seq: u64, prev: Digest) -> Decision {
        let opening = &self.proposal.opening;
        Decision {
            verdict: self.verdict,
            about: self.about,
            hold: self.hold,
            pin: self.pin,
            reason: self.reason,
            incident: opening.incident.clone(),
            proposal: self.proposal.id.clone(),
            plan: opening.plan.clone(),
            summary: self.proposal.summary_digest(),
            requirement: opening.requirement.digest(),
            policy: opening.requirement.policy_digest.clone(),
            person: self.person.clone(),
            identity: self.identity.clone(),
            method: self.method.to_owned(),
            level: self.level,
            proposer: opening.proposer.clone(),
            issued_at: now,
            execute_by: later(now, opening.requirement.valid_ms),
            nonce,
            seq,
            prev,
        }
    }
}

/// Signed bytes that are not a receipt of ours.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The JSON does not fit.
    #[error("read a receipt's statement")]
    Decode(#[from] serde_json::Error),
    /// It is a statement of another kind.
    #[error("the statement is of type `{0}`, which is not a decision")]
    OtherType(String),
    /// Subject and predicate name different plans.
    #[error("the statement's subject is not the plan that its predicate names")]
    OtherSubject,
}

impl Decision {
    /// The bytes to sign.
    pub fn to_statement(&self) -> Vec<u8> {
        let statement = Statement {
            kind: STATEMENT_TYPE.to_owned(),
            subject: vec![Subject {
                name: format!("plan of {}", self.proposal),
                digest: Sha256 { sha256: self.plan.hex().to_owned() },
            }],
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate: self.clone(),
        };
        serde_json::to_vec(&statement).expect("a statement holds only what JSON can write")
    }

    /// Reads signed bytes; unknown fields, other types and other subjects are refused.
    pub fn from_statement(bytes: &[u8]) -> Result<Self, StatementError> {
        let statement: Statement = serde_json::from_slice(bytes)?;
        if statement.kind != STATEMENT_TYPE {
            return Err(StatementError::OtherType(statement.kind));
        }
        if statement.predicate_type != PREDICATE_TYPE {
            return Err(StatementError::OtherType(statement.predicate_type));
        }
        let decision = statement.predicate;
        match &statement.subject[..] {
            [subject] if subject.digest.sha256 == decision.plan.hex() => Ok(decision),
            _ => Err(StatementError::OtherSubject),
        }
    }
}

/// Proof that a plan may run at a moment. Only [`authorise`] makes one.
#[derive(Debug)]
pub struct Authorised {
    plan: Digest,
    at: Timestamp,
}

impl Authorised {
    /// The plan that may run.
    pub fn plan(&self) -> &Digest {
        &self.plan
    }

    /// The moment it was checked for.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Whether the decisions allowed to run the plan at the moment of one of its approvals: what was allowed then may be
/// probed and taken back later, when the approvals have run out, and while only some of them were given again.
pub fn was_authorised(
    proposal: &Proposal,
    stored_plan: &Digest,
    decisions: &[Decision],
) -> Result<Authorised, Unauthorised> {
    let approvals = decisions.iter().filter(|decision| decision.verdict == Verdict::Approve);
    // The place in the journal tells which of two was first at the same moment.
    let when = |decision: &Decision| (decision.issued_at, decision.seq);
    let mut moments: Vec<(Timestamp, u64)> = approvals.map(when).collect();
    moments.sort_unstable();
    let mut answer = authorise(proposal, stored_plan, &[], proposal.opened_at);
    for then in moments {
        let until = |decision: &&Decision| when(decision) <= then;
        let known: Vec<Decision> = decisions.iter().filter(until).cloned().collect();
        answer = authorise(proposal, stored_plan, &known, then.0);
        if answer.is_ok() {
            break;
        }
    }
    answer
}

/// Decides whether the decisions (whose signatures the caller has verified) allow to run the plan with digest
/// `stored_plan` for `proposal` at `now` (invariant I3).
pub fn authorise(
    proposal: &Proposal,
    stored_plan: &Digest,
    decisions: &[Decision],
    now: Timestamp,
) -> Result<Authorised, Unauthorised> {
    let opening = &proposal.opening;
    if *stored_plan != opening.plan {
        return Err(Unauthorised::OtherPlan {
            stored: stored_plan.clone(),
            proposed: opening.plan.clone(),
        });
    }
    let requirement = &opening.requirement;
    let disowned = Disowned::of(proposal, decisions, now)?;
    let mut approvals = Vec::new();
    // Not at once an error: the same or another person may have signed later.
    let mut lapsed = None;
    for decision in decisions.iter().filter(|decision| decision.verdict == Verdict::Approve) {
        let person = &decision.person;
        if let Some(what) = misfit(decision, proposal, now) {
            return Err(Unauthorised::OtherSubject { person: person.clone(), what });
        }
        if disowned.includes(person) {
            // More urgent to know than that another one was too old.
            lapsed = Some(Unauthorised::Disowned { person: person.clone() });
            continue;
        }
        if now > decision.execute_by {
            let until = decision.execute_by;
            lapsed.get_or_insert(Unauthorised::Expired { person: person.clone(), until });
            continue;
        }
        let is_proposer =
            matches!(&opening.proposer, Proposer::Person(proposer) if proposer == person);
        if !is_proposer || requirement.proposer_counts() {
            approvals.push(Approval {
                person: person.clone(),
                level: decision.level,
                at: decision.issued_at,
            });
        }
    }
    let tally = requirement.tally(&approvals);
    if !tally.is_complete() {
        let incomplete = Unauthorised::Incomplete { given: tally.given, needed: tally.needed };
        return Err(lapsed.unwrap_or(incomplete));
    }
    Ok(Authorised { plan: stored_plan.clone(), at: now })
}

/// What of a decision does not fit the proposal; `None` where all of it does.
fn misfit(decision: &Decision, proposal: &Proposal, now: Timestamp) -> Option<&'static str> {
    let opening = &proposal.opening;
    let requirement = &opening.requirement;
    match () {
        () if decision.proposal != proposal.id => Some("proposal"),
        () if decision.incident != opening.incident => Some("incident"),
        () if decision.plan != opening.plan => Some("plan"),
        () if decision.summary != proposal.summary_digest() => Some("summary"),
        () if decision.requirement != requirement.digest() => Some("requirement"),
        () if decision.policy != requirement.policy_digest => Some("policy"),
        () if decision.proposer != opening.proposer => Some("proposer"),
        () if decision.execute_by > later(decision.issued_at, requirement.valid_ms) => {
            Some("validity")
        }
        () if decision.issued_at > later(now, CLOCK_SKEW_MS) => Some("time of signing"),
        () => None,
    }
}
