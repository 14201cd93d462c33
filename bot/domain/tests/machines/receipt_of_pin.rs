//! Whether a pin may be carried out: on the signed word of whoever asked, for what the signed plan goes back to.

use std::collections::BTreeMap;

use domain::{
    digest::Digest,
    pin::{Opening, Pin, Work},
    plan::{Plan, SealedPlan},
    proposal::{self, Proposal},
    receipt::{Decision, Unauthorised, Verdict, authorise_pin},
};

use crate::{
    receipt,
    world::{
        held_by, incident_id, matrix, minute, open, opening, person, pin_id, proposal_id,
        requirement, version,
    },
};

fn sealed(to: &[&str]) -> SealedPlan {
    let opening = opening(requirement(&[1], matrix()));
    SealedPlan::seal(Plan {
        version: 1,
        incident: incident_id(),
        rollback_type: opening.rollback_type,
        runbook: "model_level".to_owned(),
        runbook_digest: Digest::of("a runbook"),
        target: opening.target,
        models: opening.models,
        downstream: vec![],
        parameters: BTreeMap::from([(
            "to".to_owned(),
            to.iter().map(|&text| text.to_owned()).collect(),
        )]),
        steps: vec![],
        target_fingerprint: "as it was".to_owned(),
        tool_versions: BTreeMap::new(),
        recovery_target_ms: 1,
        possible_until: Some(minute(300)),
        prepared_at: minute(0),
    })
}

fn waiting(plan: &SealedPlan) -> Proposal {
    let opening = opening(requirement(&[1], matrix()));
    let plan = plan.digest().clone();
    open(proposal::Opening { plan, possible_until: Some(minute(300)), ..opening })
}

fn pin(proposal: &Proposal) -> Pin {
    let opening = Opening {
        incident: incident_id(),
        proposal: proposal_id(1),
        plan: proposal.opening.plan.clone(),
        target: proposal.opening.target.clone(),
        name: Pin::name(&incident_id(), 0),
        versions: vec![version("shop.orders_daily", "11")],
        by: person("ana"),
        level: held_by("ana"),
    };
    Pin::ask(pin_id(1), opening, minute(1)).0
}

fn signed(proposal: &Proposal, verdict: Verdict, number: u128, id: &str) -> Decision {
    Decision { verdict, pin: Some(pin_id(number)), ..receipt::signed(proposal, id, minute(1)) }
}

#[test]
fn it_needs_the_word_of_whoever_asked_for_this_very_pin() {
    let plan = sealed(&["shop.orders_daily=11"]);
    let proposal = waiting(&plan);
    let pin = pin(&proposal);
    let asked = |work, decisions: &[Decision], at| {
        authorise_pin(&pin, work, &proposal, &plan, decisions, minute(at)).map(|_| ())
    };
    let good = signed(&proposal, Verdict::Keep, 1, "ana");
    assert_eq!(asked(Work::Keep, std::slice::from_ref(&good), 2), Ok(()));
    let unkept = Err(Unauthorised::Unkept { pin: pin_id(1) });
    assert_eq!(asked(Work::Keep, &[], 2), unkept);
    for other in [
        signed(&proposal, Verdict::Approve, 1, "ana"),
        signed(&proposal, Verdict::Keep, 2, "ana"),
        signed(&proposal, Verdict::Keep, 1, "ben"),
        Decision { level: held_by("ben"), ..good.clone() },
        Decision { plan: Digest::of("another"), ..good.clone() },
        Decision { proposal: proposal_id(2), ..good.clone() },
    ] {
        assert_eq!(asked(Work::Keep, std::slice::from_ref(&other), 2), unkept, "{other:?}");
        assert_eq!(asked(Work::Release, &[other], 2), unkept);
    }
    // A word that has run out keeps nothing any more; what it kept may be let go.
    let late = asked(Work::Keep, std::slice::from_ref(&good), 300);
    assert!(matches!(late, Err(Unauthorised::Expired { .. })), "{late:?}");
    assert_eq!(asked(Work::Release, &[good], 300), Ok(()));
}

#[test]
fn it_keeps_what_the_signed_plan_goes_back_to_and_nothing_else() {
    let plan = sealed(&["shop.orders_daily=11"]);
    let proposal = waiting(&plan);
    let good = signed(&proposal, Verdict::Keep, 1, "ana");
    let mut forged = pin(&proposal);
    forged.opening.versions.push(version("shop.revenue", "12"));
    let refused = authorise_pin(
        &forged,
        Work::Keep,
        &proposal,
        &plan,
        std::slice::from_ref(&good),
        minute(2),
    );
    assert_eq!(refused.unwrap_err(), Unauthorised::OtherVersions { pin: pin_id(1) });
    let other = sealed(&["shop.orders_daily=12"]);
    let refused = authorise_pin(&pin(&proposal), Work::Keep, &proposal, &other, &[good], minute(2));
    assert!(matches!(refused.unwrap_err(), Unauthorised::OtherPlan { .. }));
}
