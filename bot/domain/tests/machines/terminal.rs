//! Invariant I7: what is over stays as it is, whatever comes.

use domain::{
    hold::Hold,
    incident::Incident,
    proposal::{Event, Proposal, Stage},
    refusal::Refusal,
    run::{self, Run},
};
use proptest::prelude::*;

use crate::world::{
    alert,
    events::{
        any_hold_event, any_incident_event, any_opening, any_proposal_event, any_run_event,
        any_step_or_question,
    },
    hold_id, hold_opening, incident_id, millisecond, open, plan, proposal, proposal_id, run_id,
};

fn any_run() -> impl Strategy<Value = Run> {
    prop::collection::vec(any_step_or_question(), 1..4).prop_map(|steps| {
        let target = "warehouse".to_owned();
        Run::create(run_id(1), incident_id(), proposal_id(1), plan(), target, steps).0
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_resolved_incident_never_changes(
        events in prop::collection::vec(any_incident_event(), 1..24),
    ) {
        let (mut incident, _) = Incident::open(incident_id(), alert(), millisecond(0), millisecond(0));
        for event in events {
            match (incident.is_resolved(), incident.clone().step(&event)) {
                (true, answer) => prop_assert_eq!(answer, Err(Refusal::IncidentResolved)),
                (false, Ok((moved, _))) => incident = moved,
                (false, Err(_)) => {}
            }
        }
    }

    #[test]
    fn a_closed_proposal_never_changes(
        opening in any_opening(),
        events in prop::collection::vec((0..600_000_i64, any_proposal_event()), 1..32),
    ) {
        let mut proposal: Proposal = open(opening);
        let mut clock = 0;
        for (wait, event) in events {
            clock += wait;
            match (proposal.stage.clone(), proposal.clone().step(&event, millisecond(clock))) {
                // That somebody else had signed is written down whenever it comes out, and changes nothing else.
                (Stage::Closed { .. }, answer) if matches!(event, Event::Disowned { .. }) => {
                    if let Ok((moved, _)) = answer {
                        let disowned = moved.disowned.clone();
                        prop_assert_eq!(&moved, &Proposal { disowned, ..proposal });
                        proposal = moved;
                    }
                }
                (Stage::Closed { outcome, at }, answer) => {
                    let signed = match &event {
                        Event::Approved { by, .. } => proposal.approvals.iter().find(|approval| approval.person == *by),
                        _ => None,
                    };
                    let signed = signed.map(|approval| approval.at);
                    prop_assert_eq!(answer, Err(Refusal::AlreadyClosed { outcome, at, signed }));
                }
                (_, Ok((moved, _))) => {
                    prop_assert_eq!(&moved.opening, &proposal.opening, "what was opened is frozen");
                    proposal = moved;
                }
                (_, Err(_)) => {}
            }
        }
    }

    #[test]
    fn a_lifted_hold_never_changes(
        events in prop::collection::vec((0..90_000_000_i64, any_hold_event()), 1..32),
    ) {
        let opening = hold_opening(&proposal_id(1), run_id(1), &proposal(&[1]));
        let (mut hold, _) = Hold::place(hold_id(1), opening, millisecond(0));
        let mut clock = 0;
        for (wait, event) in events {
            clock += wait;
            match (hold.is_held(), hold.clone().step(&event, millisecond(clock))) {
                (false, answer) => prop_assert!(answer.is_err(), "{answer:?}"),
                (true, Ok((moved, _))) => {
                    prop_assert_eq!(&moved.opening, &hold.opening, "what was placed is frozen");
                    hold = moved;
                }
                (true, Err(_)) => {}
            }
        }
    }

    #[test]
    fn a_run_that_is_over_never_changes_and_one_at_rest_only_by_people(
        run in any_run(), events in prop::collection::vec(any_run_event(), 1..64),
    ) {
        let mut run = run;
        for (event, clock) in events.into_iter().zip(0..) {
            let is_a_persons = matches!(event, run::Event::Steered(_) | run::Event::Halted { .. });
            match run.clone().step(&event, millisecond(clock)) {
                Ok((moved, _)) => {
                    prop_assert!(!run.is_over(), "{event:?} in {:?}", run.stage);
                    let ends = matches!(
                        event,
                        run::Event::UndoDid { .. }
                            | run::Event::UndoFailed { .. }
                            | run::Event::ApprovalsLapsed { .. }
                            | run::Event::TargetChanged { .. }
                            | run::Event::Unauthorised { .. }
                    );
                    // What was under way when the pause came still ends.
                    prop_assert!(!run.is_at_rest() || is_a_persons || ends, "{event:?}");
                    run = moved;
                }
                Err(refusal) if run.is_over() && !is_a_persons => {
                    prop_assert_eq!(refusal, Refusal::Outdated);
                }
                Err(_) => {}
            }
        }
    }
}
