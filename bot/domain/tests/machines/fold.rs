//! The fold: a journal gives exactly the state that was live, and a journal that cannot have happened is refused.

use domain::{
    digest::Digest,
    fold::{Fold, FoldError},
    hold,
    id::RunId,
    incident,
    journal::{Entry, Head, Record, SealedEntry},
    proposal::{self, Stage},
    run::{self, Steer, Steered, Stop},
};
use proptest::prelude::*;

use crate::world::{
    alert, approved,
    desk::Desk,
    events::{
        any_hold_event, any_incident_event, any_opening, any_proposal_event, any_run_event,
        any_staff, any_steer,
    },
    incident_id, matrix, millisecond, minute, opening, plan, proposal_id, requirement, run_id,
    steered,
};

fn opened(journal: &[SealedEntry]) -> Vec<Entry> {
    let mut head = Head::genesis(&incident_id());
    journal.iter().map(|sealed| head.follow(sealed).unwrap()).collect()
}

fn folded(entries: &[Entry]) -> Result<Fold, FoldError> {
    let mut fold = Fold::default();
    entries.iter().try_for_each(|entry| fold.apply(entry))?;
    Ok(fold)
}

/// What happens next at the desk.
#[derive(Clone, Debug)]
enum Turn {
    Incident(incident::Event),
    Open(Box<proposal::Opening>),
    /// To the newest proposal.
    Proposal(proposal::Event),
    /// To the newest run.
    Run(run::Event),
    /// To the newest hold.
    Hold(hold::Event),
    /// The next thing that goes well in the newest run.
    Work,
    /// Somebody steers the newest run as it stands.
    Steer(&'static str, fn(Stop) -> Steer),
}

fn any_turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        1 => any_incident_event().prop_map(Turn::Incident),
        2 => any_opening().prop_map(Box::new).prop_map(Turn::Open),
        6 => any_proposal_event().prop_map(Turn::Proposal),
        3 => any_run_event().prop_map(Turn::Run),
        3 => any_hold_event().prop_map(Turn::Hold),
        6 => Just(Turn::Work),
        4 => (any_staff(), any_steer()).prop_map(|(id, steer)| Turn::Steer(id, steer)),
    ]
}

fn work(stage: &run::Stage) -> Option<run::Event> {
    use run::{Event, ProbeAnswer::NotDone, Stage};
    match *stage {
        Stage::Pending { next, attempt } => Some(Event::Intended { step: next, attempt }),
        Stage::Doing { step, .. } => {
            Some(Event::Did { step, note: String::new(), findings: vec![] })
        }
        Stage::InDoubt { step, .. } => {
            Some(Event::Probed { step, answer: NotDone, detail: String::new() })
        }
        Stage::Undoing { step, .. } => Some(Event::UndoDid { step }),
        Stage::Asking { .. }
        | Stage::Succeeded { .. }
        | Stage::Undone { .. }
        | Stage::Voided { .. }
        | Stage::Stuck { .. } => None,
    }
}

fn record(desk: &Desk, turn: Turn) -> Option<Record> {
    let newest_run = || desk.runs.iter().next_back();
    match turn {
        Turn::Incident(event) => Some(Record::Incident(event)),
        Turn::Open(opening) => {
            let id = proposal_id(100 + desk.proposals.len() as u128);
            Some(Record::Proposal { id, event: proposal::Event::Opened { opening } })
        }
        Turn::Proposal(event) => {
            let id = desk.proposals.keys().next_back()?.clone();
            Some(Record::Proposal { id, event })
        }
        Turn::Run(event) => Some(Record::Run { id: newest_run()?.0.clone(), event }),
        Turn::Hold(event) => {
            Some(Record::Hold { id: desk.holds.keys().next_back()?.clone(), event })
        }
        Turn::Work => {
            let (id, run) = newest_run()?;
            Some(Record::Run { id: id.clone(), event: work(&run.stage)? })
        }
        Turn::Steer(id, steer) => {
            let (run_id, run) = newest_run()?;
            let stop = run.stop().unwrap_or(Stop { step: 0, count: 0 });
            let steered = Steered {
                proposal: run.proposal.clone(),
                ..steered(id, steer(stop), Some("because"))
            };
            Some(Record::Run { id: run_id.clone(), event: run::Event::Steered(steered) })
        }
    }
}

fn reported() -> Record {
    Record::Incident(incident::Event::Reported { alert: alert(), at: minute(0) })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_journal_folds_to_the_live_state(
        turns in prop::collection::vec((0..900_000_i64, any_turn()), 0..40),
    ) {
        let mut desk = Desk::new();
        desk.take(reported(), minute(0)).unwrap();
        let mut clock = 0;
        for (wait, turn) in turns {
            clock += wait;
            if let Some(record) = record(&desk, turn) {
                let _ = desk.take(record, millisecond(clock));
            }
            let open = desk.proposals.values().filter(|proposal| !proposal.is_closed());
            prop_assert!(open.count() <= 1, "two proposals wait for one target");
        }
        prop_assert_eq!(folded(&opened(&desk.journal)).unwrap(), desk.state());
    }
}

fn open_event(needs: &[u8]) -> proposal::Event {
    proposal::Event::Opened { opening: Box::new(opening(requirement(needs, matrix()))) }
}

/// A reported incident with one open proposal that needs two people.
fn waiting() -> Desk {
    let mut desk = Desk::new();
    desk.take(reported(), minute(0)).unwrap();
    desk.take(Record::Proposal { id: proposal_id(1), event: open_event(&[2, 1]) }, minute(1))
        .unwrap();
    desk
}

fn created(id: RunId) -> Record {
    let event = run::Event::Created {
        proposal: proposal_id(1),
        plan: plan(),
        target: "warehouse".to_owned(),
        steps: Desk::steps(),
    };
    Record::Run { id, event }
}

#[test]
fn a_run_begins_only_once_enough_people_have_signed() {
    let mut desk = waiting();
    for (id, runs) in [("ana", 0), ("ben", 1)] {
        desk.take(Record::Proposal { id: proposal_id(1), event: approved(id) }, minute(2)).unwrap();
        assert_eq!(desk.runs.len(), runs, "after {id}");
    }
    assert!(matches!(desk.proposals[&proposal_id(1)].stage, Stage::Running { .. }));
    assert_eq!(folded(&opened(&desk.journal)).unwrap(), desk.state());
}

#[test]
fn a_run_of_another_plan_or_target_than_was_approved_is_refused() {
    let mut desk = waiting();
    for id in ["ana", "ben"] {
        desk.take(Record::Proposal { id: proposal_id(1), event: approved(id) }, minute(2)).unwrap();
    }
    let swap = |change: fn(&mut Digest, &mut String)| {
        move |entries: &mut Vec<Entry>| {
            for entry in entries {
                if let Record::Run { event: run::Event::Created { plan, target, .. }, .. } =
                    &mut entry.record
                {
                    change(plan, target);
                }
            }
        }
    };
    let other_plan = swap(|plan, _| *plan = Digest::of("another plan"));
    cannot_have_happened(&desk, other_plan, "was not approved for this plan and target");
    let other_target = swap(|_, target| target.push('2'));
    cannot_have_happened(&desk, other_target, "was not approved for this plan and target");
}

#[track_caller]
fn cannot_have_happened(desk: &Desk, change: impl FnOnce(&mut Vec<Entry>), why: &str) {
    let mut entries = opened(&desk.journal);
    change(&mut entries);
    let error = folded(&entries).unwrap_err();
    assert!(error.why.contains(why), "{error}");
}

/// Adds an entry that no machine made.
fn forge(entries: &mut Vec<Entry>, record: Record) {
    let last = entries.last().unwrap().clone();
    entries.push(Entry { seq: last.seq + 1, record, notices: vec![], ..last });
}

#[test]
fn a_journal_that_cannot_have_happened_is_refused() {
    let desk = waiting();
    let rival = Record::Proposal { id: proposal_id(2), event: open_event(&[1]) };
    cannot_have_happened(&desk, |entries| forge(entries, rival), "is still open");
    cannot_have_happened(&desk, |entries| forge(entries, created(run_id(1))), "was not approved");
    let finished = Record::Proposal { id: proposal_id(1), event: proposal::Event::RunSucceeded };
    cannot_have_happened(&desk, |entries| forge(entries, finished), "refuses it");
    let unknown = Record::Proposal { id: proposal_id(9), event: proposal::Event::Posted };
    cannot_have_happened(&desk, |entries| forge(entries, unknown), "was not opened before");
    let unknown = Record::Run { id: run_id(9), event: run::Event::UndoDid { step: 0 } };
    cannot_have_happened(&desk, |entries| forge(entries, unknown), "was not created before");
    let hush = |entries: &mut Vec<Entry>| entries.last_mut().unwrap().notices.clear();
    cannot_have_happened(&desk, hush, "people were told something else");
    let behead = |entries: &mut Vec<Entry>| *entries = entries.split_off(1);
    cannot_have_happened(&desk, behead, "was not reported before");
}
