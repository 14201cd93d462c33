//! What the receipts say of what somebody disowned: it allows nothing, whoever stands by it makes it good, and the machine
//! agrees.

use domain::{
    digest::Digest,
    proposal::{Proposal, Stage},
    receipt::{
        About, Decision, Unauthorised, Verdict, authorise, authorise_step, stands_settled,
        was_authorised,
    },
    run::Stop,
};
use proptest::prelude::*;

use crate::{
    disowning::disowned,
    receipt::signed,
    world::{STAFF, approved, events::any_staff, held_by, minute, person, proposal, run_id},
};

fn said(proposal: &Proposal, id: &str, verdict: Verdict, seq: u64) -> Decision {
    let nonce = format!("nonce {seq}");
    Decision { verdict, seq, nonce, ..signed(proposal, id, minute(5)) }
}

#[test]
fn a_disowned_approval_allows_no_step() {
    let proposal = proposal(&[2]);
    let plan = proposal.opening.plan.clone();
    let ben = signed(&proposal, "ben", minute(1));
    let not_me = said(&proposal, "ben", Verdict::Disown, 6);
    let decisions = [ben.clone(), not_me.clone()];
    let refused = authorise(&proposal, &plan, &decisions, minute(6)).unwrap_err();
    assert_eq!(refused, Unauthorised::Disowned { person: person("ben") });
    assert!(refused.is_lapse(), "people can approve it again");
    // Signed once more by the same identity it counts as little.
    let again = [ben.clone(), not_me.clone(), said(&proposal, "ben", Verdict::Approve, 7)];
    assert!(authorise(&proposal, &plan, &again, minute(6)).is_err());
    let fresh = [ben.clone(), not_me.clone(), said(&proposal, "bea", Verdict::Approve, 7)];
    assert!(authorise(&proposal, &plan, &fresh, minute(6)).is_ok());
    // What was done while it counted may be looked at and taken back.
    assert!(was_authorised(&proposal, &plan, &decisions).is_ok());
    let foreign = Decision { plan: Digest::of("another plan"), ..not_me };
    let refused = authorise(&proposal, &plan, &[ben, foreign], minute(6)).unwrap_err();
    assert!(matches!(refused, Unauthorised::OtherSubject { what: "plan", .. }), "{refused:?}");
}

#[test]
fn a_disowned_yes_is_made_good_by_whoever_lets_it_go_on_with_that_level() {
    let plan = crate::gate::plan(None);
    let (proposal, approvals) = crate::gate::approved_by_two(&plan);
    let yes = crate::gate::yes(&proposal, "dora");
    let not_me = said(&proposal, "dora", Verdict::Disown, 10);
    let run = run_id(1);
    let with = |more: &[Decision]| {
        let decisions = [&approvals[..], &[yes.clone(), not_me.clone()], more].concat();
        authorise_step(&proposal, &plan, &decisions, (&run, 2), minute(6)).map(|_| ())
    };
    let resumed = |id: &str, seq| Decision {
        about: Some(About { run: run.clone(), stop: None }),
        ..said(&proposal, id, Verdict::Resume, seq)
    };
    let unconfirmed = || Unauthorised::Unconfirmed { step: 2, question: "Swap it in?".to_owned() };
    for (more, is_allowed) in [
        (vec![], false),
        (vec![resumed("cleo", 11)], true),
        (vec![resumed("cleo", 9)], false),
        (vec![resumed("ben", 11)], false),
        (vec![resumed("dora", 11)], false),
        (vec![crate::gate::yes(&proposal, "cleo")], true),
    ] {
        assert_eq!(with(&more), if is_allowed { Ok(()) } else { Err(unconfirmed()) });
    }
}

#[test]
fn what_was_signed_off_in_a_disowned_name_needs_somebody_who_stands_by_it() {
    let (proposal, approvals) = crate::gate::approved_by_two(&crate::gate::plan(None));
    let run = run_id(1);
    let at = |id: &str, verdict, seq, stop| Decision {
        about: Some(About { run: run.clone(), stop }),
        ..said(&proposal, id, verdict, seq)
    };
    let first = Some(Stop { step: 0, count: 1 });
    let skip = at("dora", Verdict::Skip, 9, first);
    let not_me = said(&proposal, "dora", Verdict::Disown, 10);
    let is_settled = |more: &[Decision]| {
        let decisions = [&approvals[..], std::slice::from_ref(&skip), more].concat();
        stands_settled(&proposal, &decisions, &run, minute(6))
    };
    assert_eq!(is_settled(&[]), Ok(()), "nobody has disowned it");
    let unsettled =
        Unauthorised::Unsettled { step: 1, person: person("dora"), needed: held_by("cleo") };
    let other_run = About { run: run_id(2), stop: None };
    for (more, stands) in [
        (vec![], false),
        (vec![at("cleo", Verdict::Resume, 11, None)], true),
        (vec![at("cleo", Verdict::Retry, 11, first)], true),
        (vec![said(&proposal, "cleo", Verdict::Approve, 11)], true),
        (vec![at("cleo", Verdict::Resume, 8, None)], false),
        (vec![at("ben", Verdict::Resume, 11, None)], false),
        (vec![at("dora", Verdict::Resume, 11, None)], false),
        (vec![at("cleo", Verdict::Pause, 11, None)], false),
        (
            vec![Decision {
                about: Some(other_run),
                ..said(&proposal, "cleo", Verdict::Resume, 11)
            }],
            false,
        ),
    ] {
        let expected = if stands { Ok(()) } else { Err(unsettled.clone()) };
        let more = [std::slice::from_ref(&not_me), &more[..]].concat();
        assert_eq!(is_settled(&more), expected, "{more:?}");
    }
    // A sign-off that is disowned does not touch one that is not.
    let others = said(&proposal, "ben", Verdict::Disown, 10);
    assert_eq!(is_settled(&[others]), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whoever signs and disowns in whatever order: nothing is allowed by what somebody disowned, and the machine and the
    /// receipts agree on what counts.
    #[test]
    fn nothing_counts_that_was_disowned(
        acts in prop::collection::vec((any_staff(), any::<bool>()), 1..16),
    ) {
        let mut proposal: Proposal = proposal(&[2, 1]);
        let mut decisions: Vec<Decision> = Vec::new();
        for ((id, disowns), seq) in acts.into_iter().zip(4..) {
            let event = if disowns { disowned(id) } else { approved(id) };
            let verdict = if disowns { Verdict::Disown } else { Verdict::Approve };
            if let Ok((moved, _)) = proposal.clone().step(&event, minute(3)) {
                decisions.push(said(&proposal, id, verdict, seq));
                proposal = moved;
            }
            let names: Vec<_> = STAFF.iter().map(|(id, ..)| person(id)).collect();
            for name in names.iter().filter(|name| proposal.disowned.contains(name)) {
                prop_assert!(proposal.approvals.iter().all(|approval| approval.person != *name));
            }
            let plan = &proposal.opening.plan;
            let allowed = authorise(&proposal, plan, &decisions, minute(6)).is_ok();
            prop_assert_eq!(allowed, proposal.tally().is_complete());
            prop_assert_eq!(allowed, matches!(proposal.stage, Stage::Approved { .. }));
        }
    }
}
