//! Invariants I10 and I3: in any order of clicks one human has one vote, the proposer none where two are needed,
//! and what the machine calls approved is exactly what the signed receipts allow to run.

use domain::{
    Timestamp,
    proposal::{Event, Opening, Proposal, Proposer, Stage},
    receipt::{Decision, Unauthorised, authorise},
};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::{
    receipt::signed,
    requirement::most_filled,
    world::{
        MINUTE_MS,
        events::{any_click, any_opening},
        millisecond, open, plan,
    },
};

/// The votes as a clerk with a list would keep them.
#[derive(Clone, Debug)]
struct Votes {
    opening: Opening,
    clock: i64,
    /// Who signed when, in order.
    given: Vec<(String, u8, i64)>,
}

impl Votes {
    /// The votes that have not run out.
    fn counting(&self) -> impl Iterator<Item = &(String, u8, i64)> {
        let valid_ms = i64::try_from(self.opening.requirement.valid_ms).unwrap();
        self.given.iter().filter(move |(.., at)| at + valid_ms >= self.clock)
    }

    /// How many needs those votes and `more` fill, by trying every way to hand them out.
    fn filled_with(&self, more: &[u8]) -> usize {
        let needs: Vec<u8> =
            self.opening.requirement.approvals.iter().map(|need| need.number()).collect();
        let held: Vec<u8> = self.counting().map(|(_, number, _)| *number).collect();
        most_filled(&needs, &[&held, more].concat())
    }

    fn is_enough(&self) -> bool {
        self.filled_with(&[]) == self.opening.requirement.approvals.len()
    }
}

/// A click, some milliseconds after the one before.
type Click = (i64, Event);

struct Clerk;

impl ReferenceStateMachine for Clerk {
    type State = Votes;
    type Transition = Click;

    fn init_state() -> BoxedStrategy<Votes> {
        let opening = (any_opening(), 1..120_u64).prop_map(|(mut opening, valid_minutes)| {
            opening.requirement.valid_ms = valid_minutes * MINUTE_MS;
            opening
        });
        opening.prop_map(|opening| Votes { opening, clock: 0, given: vec![] }).boxed()
    }

    fn transitions(_: &Votes) -> BoxedStrategy<Click> {
        (0..1_200_000_i64, any_click()).boxed()
    }

    fn apply(mut votes: Votes, (wait, click): &Click) -> Votes {
        if votes.is_enough() {
            return votes;
        }
        votes.clock += wait;
        let Event::Approved { by, level, plan: shown } = click else { return votes };
        let two = votes.opening.requirement.approvals.len() > 1;
        let is_proposer = votes.opening.proposer == Proposer::Person(by.clone());
        let has_signed = votes.counting().any(|(id, ..)| id == by.as_str());
        let helps = votes.filled_with(&[level.number()]) > votes.filled_with(&[]);
        if *shown == plan() && !(two && is_proposer) && !has_signed && helps {
            votes.given.push((by.to_string(), level.number(), votes.clock));
        }
        votes
    }
}

/// The machine, and the receipts of the clicks that it took.
struct Waiting {
    proposal: Proposal,
    receipts: Vec<Decision>,
    clock: i64,
}

impl Waiting {
    fn now(&self) -> Timestamp {
        millisecond(self.clock)
    }
}

impl StateMachineTest for Waiting {
    type SystemUnderTest = Self;
    type Reference = Clerk;

    fn init_test(votes: &Votes) -> Self {
        Self { proposal: open(votes.opening.clone()), receipts: vec![], clock: 0 }
    }

    fn apply(mut waiting: Self, _: &Votes, (wait, click): Click) -> Self {
        if matches!(waiting.proposal.stage, Stage::Approved { .. } | Stage::Closed { .. }) {
            return waiting;
        }
        waiting.clock += wait;
        // What is rejected or disowned has its own tests: here people only wait and sign.
        if matches!(click, Event::Rejected { .. } | Event::Disowned { .. }) {
            return waiting;
        }
        if let Ok((proposal, _)) = waiting.proposal.clone().step(&click, waiting.now()) {
            if let Event::Approved { by, .. } = &click {
                waiting.receipts.push(signed(&waiting.proposal, by.as_str(), waiting.now()));
            }
            waiting.proposal = proposal;
        }
        waiting
    }

    fn check_invariants(waiting: &Self, votes: &Votes) {
        let proposal = &waiting.proposal;
        let mut signers: Vec<_> = proposal.approvals.iter().map(|vote| &vote.person).collect();
        signers.sort();
        signers.dedup();
        assert_eq!(signers.len(), proposal.approvals.len(), "one human has one vote");
        if proposal.requirement().approvals.len() > 1
            && let Proposer::Person(proposer) = &proposal.opening.proposer
        {
            assert!(!signers.contains(&proposer), "the proposer is not one of two");
        }
        let is_approved = matches!(proposal.stage, Stage::Approved { .. });
        assert_eq!(is_approved, votes.is_enough(), "the clerk's list is {:?}", votes.given);
        let allowed = authorise(proposal, &plan(), &waiting.receipts, waiting.now());
        match (is_approved, allowed) {
            (true, Ok(authorised)) => assert_eq!(authorised.plan(), &plan()),
            (false, Err(Unauthorised::Incomplete { .. } | Unauthorised::Expired { .. })) => {}
            (_, allowed) => panic!("{:?}, but the receipts say {allowed:?}", proposal.stage),
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn approved_is_what_different_people_with_enough_authority_signed(sequential 1..16 => Waiting);
}
