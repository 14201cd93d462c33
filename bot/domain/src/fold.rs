//! Replays a journal through the machines. State rows are a cache of it: what the fold gives is the truth.

use std::collections::BTreeMap;

use crate::{
    effect::Effect,
    hold::{self, Hold},
    id::{HoldId, IncidentId, PinId, ProposalId, RunId},
    incident::{self, Incident},
    journal::{Actor, Entry, Record},
    notice::Notice,
    pin::Pin,
    proposal::{self, Outcome, Proposal},
    refusal::Refusal,
    run::{self, Run},
};

mod kept;

/// The state that a journal adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// The incident, once it was reported.
    pub incident: Option<Incident>,
    /// Its proposals.
    pub proposals: BTreeMap<ProposalId, Proposal>,
    /// Its runs.
    pub runs: BTreeMap<RunId, Run>,
    /// Its holds.
    pub holds: BTreeMap<HoldId, Hold>,
    /// Its pins.
    pub pins: BTreeMap<PinId, Pin>,
}

/// An entry that cannot have happened.
#[derive(Debug, thiserror::Error)]
#[error("entry {seq} of {incident} cannot have happened: {why}")]
pub struct FoldError {
    /// Whose journal.
    pub incident: IncidentId,
    /// The place.
    pub seq: u64,
    /// Why not.
    pub why: String,
}

impl Fold {
    /// Adds one entry. What people were told must be what the machines say they should have been told.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), FoldError> {
        let wrong =
            |why: String| FoldError { incident: entry.incident.clone(), seq: entry.seq, why };
        let effects = self.step(entry).map_err(wrong)?;
        let told: Vec<Notice> = effects
            .into_iter()
            .filter_map(|effect| if let Effect::Say(notice) = effect { Some(notice) } else { None })
            .collect();
        if told == entry.notices {
            Ok(())
        } else {
            Err(wrong("people were told something else".to_owned()))
        }
    }

    fn step(&mut self, entry: &Entry) -> Result<Vec<Effect>, String> {
        match &entry.record {
            Record::Incident(event) => self.incident(entry, event),
            Record::Proposal { id, event } => self.proposal(entry, id, event),
            Record::Run { id, event } => self.run(entry, id, event),
            Record::Hold { id, event } => self.hold(entry, id, event),
            Record::Pin { id, event } => self.pin(entry, id, event),
            Record::Refused { .. } => Ok(vec![]),
            Record::Remark(_) if self.incident.is_none() => {
                Err("the incident was not reported before".to_owned())
            }
            Record::Remark(remark) => Ok(vec![Effect::Say(Notice::Remark(remark.clone()))]),
        }
    }

    fn incident(&mut self, entry: &Entry, event: &incident::Event) -> Result<Vec<Effect>, String> {
        let (incident, effects) = match (self.incident.take(), event) {
            (Some(incident), event) => incident.step(event).map_err(refused)?,
            (None, incident::Event::Reported { alert, at }) => {
                Incident::open(entry.incident.clone(), alert.clone(), *at, entry.at)
            }
            (None, incident::Event::Requested { request }) => {
                let is_theirs =
                    matches!(&entry.actor, Actor::Person { person, .. } if *person == request.by);
                if !is_theirs {
                    return Err("somebody else asked for it".to_owned());
                }
                Incident::ask(entry.incident.clone(), request.clone(), entry.at)
            }
            (None, _) => return Err("the incident was not reported before".to_owned()),
        };
        self.incident = Some(incident);
        Ok(effects)
    }

    fn proposal(
        &mut self,
        entry: &Entry,
        id: &ProposalId,
        event: &proposal::Event,
    ) -> Result<Vec<Effect>, String> {
        let (proposal, effects) = match (self.proposals.remove(id), event) {
            (Some(proposal), event) => proposal.step(event, entry.at).map_err(refused)?,
            (None, _) if self.incident.is_none() => {
                return Err("the incident was not reported before".to_owned());
            }
            (None, proposal::Event::Opened { opening }) => {
                // Invariant I2: at most one open proposal per incident and target.
                let is_rival = |other: &Proposal| {
                    !other.is_closed() && other.opening.target.id == opening.target.id
                };
                if let Some(rival) = self.proposals.values().find(|other| is_rival(other)) {
                    return Err(format!("{} for the same target is still open", rival.id));
                }
                let request = self.incident.as_ref().and_then(|incident| incident.request.as_ref());
                if !opening.outlook.is_possible() {
                    return Err(format!("{id} is planned, and has no maintenance window"));
                }
                if request.is_some_and(|request| !request.is_answered_by(opening)) {
                    return Err(format!("{id} is not what a person asked for"));
                }
                Proposal::open(id.clone(), (**opening).clone(), entry.at).map_err(refused)?
            }
            (None, _) => return Err(format!("{id} was not opened before")),
        };
        self.proposals.insert(id.clone(), proposal);
        Ok(effects)
    }

    fn run(
        &mut self,
        entry: &Entry,
        id: &RunId,
        event: &run::Event,
    ) -> Result<Vec<Effect>, String> {
        let (run, effects) = match (self.runs.remove(id), event) {
            (Some(run), run::Event::Steered(steered)) => {
                let proposal =
                    self.proposals.get(&run.proposal).ok_or("its proposal is unknown")?;
                let named = run.level_named(steered.steer);
                proposal.may_steer(steered, named).map_err(refused)?;
                run.step(event, entry.at).map_err(refused)?
            }
            (
                Some(run),
                run::Event::Halted { by } | run::Event::ApprovalsLapsed { disowned: Some(by), .. },
            ) => {
                let proposal = self.proposals.get(&run.proposal);
                if !proposal.is_some_and(|proposal| proposal.disowned.contains(by)) {
                    return Err(format!("{by} has disowned nothing"));
                }
                run.step(event, entry.at).map_err(refused)?
            }
            (Some(run), event) => {
                let proposal = self.proposals.get(&run.proposal);
                if proposal.is_some_and(|proposal| proposal.begins_outside_window(event, entry.at))
                {
                    return Err("it began outside its maintenance window".to_owned());
                }
                run.step(event, entry.at).map_err(refused)?
            }
            (None, run::Event::Created { proposal, plan, target, steps }) => {
                // Invariant I3: a run is made of exactly what enough people have approved.
                let is_approved = self.proposals.get(proposal).is_some_and(|found| {
                    matches!(found.stage, proposal::Stage::Approved { .. })
                        && found.opening.plan == *plan
                        && found.opening.target.id == *target
                        && found.window().is_none_or(|window| window.contains(entry.at))
                });
                if !is_approved {
                    return Err(format!("{proposal} was not approved for this plan and target"));
                }
                Run::create(
                    id.clone(),
                    entry.incident.clone(),
                    proposal.clone(),
                    plan.clone(),
                    target.clone(),
                    steps.clone(),
                )
            }
            (None, _) => return Err(format!("{id} was not created before")),
        };
        self.runs.insert(id.clone(), run);
        Ok(effects)
    }

    fn hold(
        &mut self,
        entry: &Entry,
        id: &HoldId,
        event: &hold::Event,
    ) -> Result<Vec<Effect>, String> {
        let (hold, effects) = match (self.holds.remove(id), event) {
            (Some(hold), event) => hold.step(event, entry.at).map_err(refused)?,
            (None, hold::Event::Placed { opening }) => {
                // A hold is of exactly what was rolled back, and a rollback has one.
                let is_rolled_back = self.proposals.get(&opening.proposal).is_some_and(|found| {
                    matches!(
                        &found.stage,
                        proposal::Stage::Closed { outcome: Outcome::RolledBack { .. }, .. }
                    ) && found.opening.plan == opening.plan
                        && found.opening.target == opening.target
                });
                let is_its_run = self.runs.get(&opening.run).is_some_and(|run| {
                    run.proposal == opening.proposal
                        && matches!(run.stage, run::Stage::Succeeded { .. })
                });
                if !is_rolled_back || !is_its_run || opening.incident != entry.incident {
                    return Err(format!("{} was not rolled back like this", opening.proposal));
                }
                if self.holds.values().any(|other| other.opening.proposal == opening.proposal) {
                    return Err(format!("{} has a hold already", opening.proposal));
                }
                Hold::place(id.clone(), (**opening).clone(), entry.at)
            }
            (None, _) => return Err(format!("{id} was not placed before")),
        };
        self.holds.insert(id.clone(), hold);
        Ok(effects)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
pub(crate) fn refused(refusal: Refusal) -> String {
    format!("the machine refuses it ({refusal:?})")
}
