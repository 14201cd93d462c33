//! What one person is offered while a proposal waits: all that would be taken of them, and nothing else.

use domain::{
    card::Button,
    proposal::{Event, Opening, Part, Proposal, Proposer},
};

use crate::world::{
    STAFF, approved, held_by, matrix, minute, open, opening, people, person, plan, proposal,
    rejected, requirement,
};

fn part(proposal: &Proposal, id: &str) -> Part {
    proposal.part_of(&person(id), Some(held_by(id)))
}

fn why_not(proposal: &Proposal, id: &str) -> String {
    proposal.why_not(&person(id), Some(held_by(id))).to_plain(&people())
}

fn after(proposal: Proposal, events: &[(i64, Event)]) -> Proposal {
    events.iter().fold(proposal, |proposal, (at, event)| {
        proposal.step(event, minute(*at)).expect("the story's event").0
    })
}

fn by_ben(needs: &[u8]) -> Proposal {
    let proposer = Proposer::Person(person("ben"));
    open(Opening { proposer, ..opening(requirement(needs, matrix())) })
}

/// The machine itself is asked: whoever has signed so far, in whatever order, for whatever is needed.
#[test]
fn nobody_is_offered_what_would_be_refused() {
    for needs in [&[1][..], &[2], &[4], &[1, 1], &[2, 1], &[2, 2], &[4, 2, 1]] {
        for start in [proposal(needs), by_ben(needs)] {
            let mut reached = vec![start];
            for (signer, ..) in STAFF {
                let signed = reached.iter().filter_map(|proposal| {
                    Some(proposal.clone().step(&approved(signer), minute(1)).ok()?.0)
                });
                reached.extend(signed.collect::<Vec<_>>());
            }
            for proposal in &reached {
                offers_what_is_taken(proposal);
            }
        }
    }
}

#[track_caller]
fn offers_what_is_taken(proposal: &Proposal) {
    for (id, ..) in STAFF {
        let offers = proposal.offers(&person(id), Some(held_by(id)));
        let is_open = matches!(proposal.stage, domain::proposal::Stage::Open { .. });
        let takes = |event: &Event| is_open && proposal.clone().step(event, minute(2)).is_ok();
        let is_offered = |button| offers.contains(&button);
        let signed = &proposal.approvals;
        assert_eq!(is_offered(Button::Approve), takes(&approved(id)), "{id} after {signed:?}");
        assert_eq!(is_offered(Button::Reject), takes(&rejected(id)), "{id} after {signed:?}");
        let instead = is_open && !is_offered(Button::Approve);
        assert_eq!(is_offered(Button::Escalate), instead, "{id} after {signed:?}");
        assert_eq!(why_not(proposal, id).is_empty(), part(proposal, id) == Part::Counts, "{id}");
    }
}

#[test]
fn who_holds_no_level_or_is_somebody_else_is_offered_nothing() {
    let waiting = proposal(&[1]);
    assert_eq!(waiting.offers(&person("sam"), None), []);
    let disowned = Event::Disowned { by: person("ana"), level: held_by("ana"), plan: plan() };
    let disowned = after(proposal(&[1, 1]), &[(1, approved("ana")), (2, disowned)]);
    assert_eq!(part(&disowned, "ana"), Part::Disowned);
    assert_eq!(disowned.offers(&person("ana"), Some(held_by("ana"))), []);
}

#[test]
fn whoever_cannot_sign_reads_who_can() {
    let four = proposal(&[4, 2]);
    let asked = after(proposal(&[2]), &[(30, Event::Escalated { by: person("ana") })]);
    let asked = after(asked, &[(32, Event::Escalated { by: person("ana") })]);
    let signed = after(proposal(&[2, 1]), &[(3, approved("ana"))]);
    let twice = after(proposal(&[1, 1]), &[(3, approved("ana"))]);
    let by_ben = by_ben(&[2, 2]);
    let nobody = {
        let mut requirement = requirement(&[4], matrix());
        requirement.ladder.truncate(3);
        open(opening(requirement))
    };
    let sentences = [
        why_not(&four, "ana"),
        why_not(&after(four, &[(1, approved("dora"))]), "ana"),
        why_not(&asked, "ana"),
        why_not(&signed, "ana"),
        why_not(&twice, "ana"),
        why_not(&by_ben, "ben"),
        why_not(&nobody, "ana"),
        proposal(&[1]).why_not(&person("sam"), None).to_plain(&people()),
    ];
    insta::assert_snapshot!(sentences.join("\n"), @"
    What is missing needs level 2, and you hold level 1. Ben, Bea, Cleo and Dora can sign; they are asked from 23 Nov 03:30:00 UTC on, or sooner if you press “Ask the next level now”.
    What is missing needs level 2, and you hold level 1. Ben, Bea and Cleo can sign; they are asked from 23 Nov 03:30:00 UTC on, or sooner if you press “Ask the next level now”.
    What is missing needs level 2, and you hold level 1. Ben and Bea can sign, and are asked already.
    You signed at 23 Nov 03:03:00 UTC; it still needs level 2. Ben, Bea, Cleo and Dora can sign; they are asked from 23 Nov 03:30:00 UTC on, or sooner if you press “Ask the next level now”.
    You signed at 23 Nov 03:03:00 UTC; it still needs level 1. Abe, Ben, Bea, Cleo and Dora can sign; they are asked from 23 Nov 03:15:00 UTC on, or sooner if you press “Ask the next level now”.
    You proposed it, and it needs more than one person: others have to sign. Bea, Cleo and Dora can sign; they are asked from 23 Nov 03:30:00 UTC on, or sooner if you press “Ask the next level now”.
    What is missing needs level 4, and you hold level 1. The escalation names nobody else who could: tell the operator.
    What is missing needs level 1, and you hold none. Ana can sign, and is asked already.
    ");
}
