//! Receipts: what is signed comes back as it was, and nothing that differs from the proposal allows a run.

use domain::{
    Timestamp,
    digest::Digest,
    id::IncidentId,
    proposal::{Opening, Proposal, Proposer},
    receipt::{
        CLOCK_SKEW_MS, Decision, Draft, StatementError, Unauthorised, Verdict, authorise,
        was_authorised,
    },
};
use uuid::Uuid;

use crate::world::{
    MINUTE_MS, held_by, identity, level, matrix, millisecond, minute, open, opening, person, plan,
    proposal, proposal_id, requirement,
};

/// The decision of an approval of `proposal` at `now`.
pub(crate) fn signed(proposal: &Proposal, id: &str, now: Timestamp) -> Decision {
    let draft = Draft {
        proposal,
        verdict: Verdict::Approve,
        hold: None,
        pin: None,
        about: None,
        reason: None,
        person: &person(id),
        identity: &identity(id),
        method: "click",
        level: held_by(id),
    };
    draft.decide(now, format!("nonce of {id}"), 4, Digest::of("the entry before"))
}

#[test]
fn a_statement_comes_back_as_it_was_signed() {
    let mut decision = signed(&proposal(&[2]), "ben", minute(3));
    decision.reason = Some("\"quoted\" <@U1>\nand a second line".to_owned());
    let bytes = decision.to_statement();
    assert_eq!(Decision::from_statement(&bytes).unwrap(), decision);
    assert_eq!(bytes, decision.to_statement(), "the same decision is the same bytes");
}

#[test]
fn a_proposal_that_asks_for_nobody_is_never_authorised() {
    // Nobody can open such a proposal; somebody could write one into the database.
    let mut forged = proposal(&[2]);
    forged.opening.requirement.approvals.clear();
    let plan = forged.opening.plan.clone();
    let refused = authorise(&forged, &plan, &[], minute(3)).unwrap_err();
    assert_eq!(refused, Unauthorised::Incomplete { given: 0, needed: 0 });
}

#[track_caller]
fn is_no_statement(from: &str, to: &str, expected: fn(&StatementError) -> bool) {
    let bytes = signed(&proposal(&[2]), "ben", minute(3)).to_statement();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    let error = Decision::from_statement(text.replacen(from, to, 1).as_bytes()).unwrap_err();
    assert!(expected(&error), "{error:?}");
}

#[test]
fn bytes_that_are_no_decision_of_ours_are_refused() {
    let is_other_type = |error: &StatementError| matches!(error, StatementError::OtherType(_));
    let is_other_plan = |error: &StatementError| matches!(error, StatementError::OtherSubject);
    let is_garbled = |error: &StatementError| matches!(error, StatementError::Decode(_));
    let other = Digest::of("another plan");
    is_no_statement("in-toto.io/Statement/v1", "in-toto.io/Statement/v9", is_other_type);
    is_no_statement("decision/v1", "decision/v2", is_other_type);
    is_no_statement(
        &format!("\"{}\"", plan().hex()),
        &format!("\"{}\"", other.hex()),
        is_other_plan,
    );
    is_no_statement(plan().as_str(), other.as_str(), is_other_plan);
    is_no_statement("\"nonce\"", "\"nonsense\":1,\"nonce\"", is_garbled);
    is_no_statement("\"verdict\":\"approve\"", "\"verdict\":\"maybe\"", is_garbled);
    is_no_statement("\"level\":2", "\"level\":0", is_garbled);
    is_no_statement("\"prev\":\"sha256:", "\"prev\":\"md5:", is_garbled);
}

/// Two people are needed; both have signed at minute 3.
fn quorum() -> (Proposal, Vec<Decision>) {
    let proposal = proposal(&[3, 2]);
    let decisions = ["ben", "cleo"].map(|id| signed(&proposal, id, minute(3)));
    (proposal, decisions.to_vec())
}

#[track_caller]
fn is_allowed(proposal: &Proposal, decisions: &[Decision], now: Timestamp) {
    let authorised = authorise(proposal, &plan(), decisions, now).unwrap();
    assert_eq!((authorised.plan(), authorised.at()), (&plan(), now));
}

#[track_caller]
fn is_not_allowed(proposal: &Proposal, decisions: &[Decision], now: Timestamp, why: &Unauthorised) {
    let answer = authorise(proposal, &plan(), decisions, now);
    assert_eq!(answer.err().as_ref(), Some(why));
}

#[track_caller]
fn a_tampered(what: &'static str, tamper: impl Fn(&mut Decision)) {
    let (proposal, mut decisions) = quorum();
    tamper(&mut decisions[1]);
    let why = Unauthorised::OtherSubject { person: decisions[1].person.clone(), what };
    is_not_allowed(&proposal, &decisions, minute(4), &why);
}

#[test]
fn each_tampered_field_is_named() {
    let other = || Digest::of("something else");
    a_tampered("proposal", |decision| decision.proposal = proposal_id(2));
    a_tampered("incident", |decision| {
        decision.incident = IncidentId::new(Uuid::nil());
    });
    a_tampered("plan", |decision| decision.plan = other());
    a_tampered("summary", |decision| decision.summary = other());
    a_tampered("requirement", |decision| decision.requirement = other());
    a_tampered("policy", |decision| decision.policy = other());
    a_tampered("proposer", |decision| decision.proposer = Proposer::Person(person("ana")));
    a_tampered("validity", |decision| decision.execute_by += chrono::TimeDelta::milliseconds(1));
    a_tampered("time of signing", |decision| {
        decision.issued_at = minute(5) + chrono::TimeDelta::milliseconds(1);
    });
}

#[test]
fn a_plan_or_a_summary_that_changed_after_the_click_has_no_approval() {
    let (proposal, decisions) = quorum();
    let stored = Digest::of("the plan with one byte changed");
    let why = Unauthorised::OtherPlan { stored: stored.clone(), proposed: plan() };
    assert_eq!(authorise(&proposal, &stored, &decisions, minute(4)).err(), Some(why));
    let because = "Something harmless.".to_owned();
    let retold = Proposal { opening: Opening { because, ..proposal.opening.clone() }, ..proposal };
    let why = Unauthorised::OtherSubject { person: person("ben"), what: "summary" };
    is_not_allowed(&retold, &decisions, minute(4), &why);
}

#[test]
fn only_a_complete_quorum_of_different_people_allows_a_run() {
    let (proposal, decisions) = quorum();
    let incomplete = |given| Unauthorised::Incomplete { given, needed: 2 };
    is_allowed(&proposal, &decisions, minute(4));
    is_not_allowed(&proposal, &[], minute(4), &incomplete(0));
    is_not_allowed(&proposal, &decisions[..1], minute(4), &incomplete(1));
    let twice = [decisions[1].clone(), decisions[1].clone()];
    is_not_allowed(&proposal, &twice, minute(4), &incomplete(1));
    let low = [decisions[0].clone(), Decision { level: level(2), ..decisions[1].clone() }];
    is_not_allowed(&proposal, &low, minute(4), &incomplete(1));
    let no = [decisions[0].clone(), Decision { verdict: Verdict::Reject, ..decisions[1].clone() }];
    is_not_allowed(&proposal, &no, minute(4), &incomplete(1));
}

#[test]
fn the_proposers_receipt_counts_only_alone() {
    let by_ben = |needs: &[u8]| {
        let proposer = Proposer::Person(person("ben"));
        open(Opening { proposer, ..opening(requirement(needs, matrix())) })
    };
    let both = |proposal: &Proposal| ["ben", "cleo"].map(|id| signed(proposal, id, minute(3)));
    let two = by_ben(&[2, 2]);
    is_not_allowed(&two, &both(&two), minute(4), &Unauthorised::Incomplete { given: 1, needed: 2 });
    let one = by_ben(&[2]);
    is_allowed(&one, &both(&one)[..1], minute(4));
}

#[test]
fn an_approval_is_good_for_its_time_and_no_longer() {
    let (proposal, mut decisions) = quorum();
    let until = decisions[0].execute_by;
    assert_eq!(until, minute(3) + chrono::TimeDelta::minutes(240));
    let late = until + chrono::TimeDelta::milliseconds(1);
    is_allowed(&proposal, &decisions, until);
    is_not_allowed(
        &proposal,
        &decisions,
        late,
        &Unauthorised::Expired { person: person("ben"), until },
    );
    decisions.extend(["cleo", "ben"].map(|id| signed(&proposal, id, late)));
    is_allowed(&proposal, &decisions, late);
}

#[test]
fn what_was_allowed_once_may_be_cleaned_up_while_approvals_are_given_again() {
    let (proposal, mut decisions) = quorum();
    let plan = proposal.opening.plan.clone();
    assert!(was_authorised(&proposal, &plan, &decisions).is_ok());
    let late = decisions[0].execute_by + chrono::TimeDelta::minutes(60);
    decisions.push(signed(&proposal, "ben", late));
    assert!(was_authorised(&proposal, &plan, &decisions).is_ok());
    // One of two was never enough.
    let refused = was_authorised(&proposal, &plan, &decisions[2..]).unwrap_err();
    assert_eq!(refused, Unauthorised::Incomplete { given: 1, needed: 2 });
    let refused = was_authorised(&proposal, &plan, &[]).unwrap_err();
    assert_eq!(refused, Unauthorised::Incomplete { given: 0, needed: 2 });
}

#[test]
fn an_executor_whose_clock_lags_a_little_still_believes_a_fresh_receipt() {
    let (proposal, decisions) = quorum();
    let skew = chrono::TimeDelta::milliseconds(i64::try_from(CLOCK_SKEW_MS).unwrap());
    is_allowed(&proposal, &decisions, minute(3) - skew);
    let why = Unauthorised::OtherSubject { person: person("ben"), what: "time of signing" };
    let before = minute(3) - skew - chrono::TimeDelta::milliseconds(1);
    is_not_allowed(&proposal, &decisions, before, &why);
}

#[test]
fn a_limit_of_for_ever_is_no_limit_of_nothing() {
    let mut patient = requirement(&[1], matrix());
    patient.valid_ms = u64::MAX;
    let proposal = open(opening(patient));
    let decision = signed(&proposal, "ana", minute(3));
    let sent = Decision::from_statement(&decision.to_statement()).unwrap();
    is_allowed(&proposal, &[sent], millisecond(i64::try_from(MINUTE_MS).unwrap() * 1_000_000));
}
