//! The desk: takes events as the bot does, one after the other, and keeps both the state and the journal.

use std::collections::{BTreeMap, VecDeque};

use domain::{
    Timestamp,
    effect::Effect,
    fold::Fold,
    hold::{self, Hold},
    id::{HoldId, PinId, ProposalId, RunId},
    incident::Incident,
    journal::{Actor, Entry, Head, Record, SealedEntry},
    notice::Notice,
    pin::{self, Pin},
    proposal::{self, Proposal},
    refusal::Refusal,
    run::{self, Run, StepRule},
};

use super::{
    hold_id, hold_opening, identity, incident_id, notices, question_rule, run_id, step_rule,
};

/// The live state of one incident, and the journal that led there.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) incident: Option<Incident>,
    pub(crate) proposals: BTreeMap<ProposalId, Proposal>,
    pub(crate) runs: BTreeMap<RunId, Run>,
    pub(crate) holds: BTreeMap<HoldId, Hold>,
    pub(crate) pins: BTreeMap<PinId, Pin>,
    pub(crate) journal: Vec<SealedEntry>,
    head: Head,
    follow: VecDeque<Record>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            incident: None,
            proposals: BTreeMap::new(),
            runs: BTreeMap::new(),
            holds: BTreeMap::new(),
            pins: BTreeMap::new(),
            journal: vec![],
            head: Head::genesis(&incident_id()),
            follow: VecDeque::new(),
        }
    }

    /// The steps of every run here.
    pub(crate) fn steps() -> Vec<StepRule> {
        vec![step_rule("look"), question_rule(None), step_rule("switch"), step_rule("check")]
    }

    /// Takes an event and all that follows from it; a refusal is journaled and changes nothing.
    pub(crate) fn take(&mut self, record: Record, now: Timestamp) -> Result<(), Refusal> {
        let answer = self.one(&record, now);
        if let (Err(refusal), Record::Proposal { id, .. }) = (&answer, record) {
            let refused = Record::Refused { proposal: id, refusal: refusal.clone() };
            self.append(refused, vec![], now);
        }
        while let Some(record) = self.follow.pop_front() {
            // Whoever is past what follows says so.
            let _ = self.one(&record, now);
        }
        answer
    }

    /// The state as the fold would have it.
    pub(crate) fn state(&self) -> Fold {
        Fold {
            incident: self.incident.clone(),
            proposals: self.proposals.clone(),
            runs: self.runs.clone(),
            holds: self.holds.clone(),
            pins: self.pins.clone(),
        }
    }

    pub(crate) fn append(&mut self, record: Record, notices: Vec<Notice>, at: Timestamp) {
        let (incident, seq) = (incident_id(), self.head.next_seq);
        let actor = match &record {
            Record::Pin { event: pin::Event::Asked { opening }, .. } => Actor::Person {
                person: opening.by.clone(),
                identity: identity(opening.by.as_str()),
            },
            _ => Actor::Countersign,
        };
        let entry = Entry { incident, seq, at, actor, record, notices };
        let receipt = matches!(
            entry.record,
            Record::Proposal {
                event: proposal::Event::Approved { .. } | proposal::Event::Disowned { .. },
                ..
            } | Record::Run { event: run::Event::Steered(_), .. }
                | Record::Pin { event: pin::Event::Asked { .. }, .. }
        );
        let envelope = receipt.then(|| format!("{{\"payload\":\"of entry {seq}\"}}"));
        let (sealed, head) = self.head.clone().seal(&entry, envelope);
        self.journal.push(sealed);
        self.head = head;
    }

    fn one(&mut self, record: &Record, now: Timestamp) -> Result<(), Refusal> {
        let (proposal, effects) = match record {
            Record::Incident(event) => (None, self.on_incident(event, now)?),
            Record::Proposal { id, event } => (Some(id.clone()), self.on_proposal(id, event, now)?),
            Record::Run { id, event } => {
                let effects = self.on_run(id, event, now)?;
                (Some(self.runs[id].proposal.clone()), effects)
            }
            Record::Hold { id, event } => (None, self.on_hold(id, event, now)?),
            Record::Pin { id, event } => {
                let effects = self.on_pin(id, event, now)?;
                (Some(self.pins[id].proposal.clone()), effects)
            }
            Record::Refused { .. } => (None, vec![]),
            Record::Remark(remark) => {
                (None, vec![Effect::Say(domain::notice::Notice::Remark(remark.clone()))])
            }
        };
        self.append(record.clone(), notices(&effects), now);
        for effect in effects {
            self.carry_out(effect, proposal.as_ref());
        }
        Ok(())
    }

    fn on_incident(
        &mut self,
        event: &domain::incident::Event,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refusal> {
        let (incident, effects) = match (self.incident.clone(), event) {
            (Some(incident), event) => incident.step(event)?,
            (None, domain::incident::Event::Reported { alert, at }) => {
                Incident::open(incident_id(), alert.clone(), *at, now)
            }
            (None, _) => return Err(Refusal::Outdated),
        };
        self.incident = Some(incident);
        Ok(effects)
    }

    fn on_proposal(
        &mut self,
        id: &ProposalId,
        event: &proposal::Event,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refusal> {
        let (proposal, effects) = match (self.proposals.get(id).cloned(), event) {
            (Some(proposal), event) => proposal.step(event, now)?,
            (None, proposal::Event::Opened { opening }) => {
                // The store's part of invariant I2: one open proposal per incident and target.
                if self.proposals.values().any(|other| !other.is_closed()) {
                    return Err(Refusal::ProposalOpen);
                }
                Proposal::open(id.clone(), (**opening).clone(), now)?
            }
            (None, _) => return Err(Refusal::Outdated),
        };
        self.proposals.insert(id.clone(), proposal);
        Ok(effects)
    }

    fn on_run(
        &mut self,
        id: &RunId,
        event: &run::Event,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refusal> {
        let (run, effects) = match (self.runs.get(id).cloned(), event) {
            (Some(run), run::Event::Steered(steered)) => {
                let named = run.level_named(steered.steer);
                self.proposals[&run.proposal].may_steer(steered, named)?;
                run.step(event, now)?
            }
            // The bot tells a run of it only once somebody has disowned what they signed.
            (Some(run), run::Event::Halted { by })
                if !self.proposals[&run.proposal].disowned.contains(by) =>
            {
                return Err(Refusal::Outdated);
            }
            (Some(run), event) => run.step(event, now)?,
            (None, run::Event::Created { proposal, plan, target, steps }) => Run::create(
                id.clone(),
                incident_id(),
                proposal.clone(),
                plan.clone(),
                target.clone(),
                steps.clone(),
            ),
            (None, _) => return Err(Refusal::Outdated),
        };
        self.runs.insert(id.clone(), run);
        Ok(effects)
    }

    fn carry_out(&mut self, effect: Effect, proposal: Option<&ProposalId>) {
        match (effect, proposal) {
            (Effect::StartRun, Some(id)) => {
                let opening = &self.proposals[id].opening;
                let event = run::Event::Created {
                    proposal: id.clone(),
                    plan: opening.plan.clone(),
                    target: opening.target.id.clone(),
                    steps: Self::steps(),
                };
                let id = run_id(100 + self.runs.len() as u128);
                self.follow.push_back(Record::Run { id, event });
            }
            (Effect::HaltRun { by }, Some(id)) => {
                let runs = self.runs.values().filter(|run| run.proposal == *id);
                let event = run::Event::Halted { by };
                let told = runs.map(|run| Record::Run { id: run.id.clone(), event: event.clone() });
                self.follow.extend(told.collect::<Vec<_>>());
            }
            (Effect::TellProposal(event), Some(id)) => {
                self.follow.push_back(Record::Proposal { id: id.clone(), event });
            }
            (Effect::PlaceHold, Some(id)) => self.hold(id),
            (Effect::LetPinGo(release_at), Some(id)) => {
                let pins =
                    self.pins.values().filter(|pin| pin.proposal == *id && pin.is_standing());
                let event = pin::Event::ProposalClosed { release_at };
                let told = pins.map(|pin| Record::Pin { id: pin.id.clone(), event: event.clone() });
                self.follow.extend(told.collect::<Vec<_>>());
            }
            (Effect::CloseProposals, _) => {
                let event = proposal::Event::IncidentResolved;
                let ids = self.proposals.keys().cloned();
                let closing = ids.map(|id| Record::Proposal { id, event: event.clone() });
                self.follow.extend(closing.collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    /// The bot places a hold only once the run itself has succeeded.
    fn hold(&mut self, id: &ProposalId) {
        let is_its =
            |run: &&Run| run.proposal == *id && matches!(run.stage, run::Stage::Succeeded { .. });
        let Some(run) = self.runs.values().find(is_its).map(|run| run.id.clone()) else { return };
        let opening = hold_opening(id, run, &self.proposals[id]);
        let event = hold::Event::Placed { opening: Box::new(opening) };
        let id = hold_id(100 + self.holds.len() as u128);
        self.follow.push_back(Record::Hold { id, event });
    }

    fn on_pin(
        &mut self,
        id: &PinId,
        event: &pin::Event,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refusal> {
        let (pin, effects) = match (self.pins.get(id).cloned(), event) {
            (Some(pin), event) => pin.step(event, now)?,
            (None, pin::Event::Asked { opening }) => Pin::ask(id.clone(), (**opening).clone(), now),
            (None, _) => return Err(Refusal::Outdated),
        };
        self.pins.insert(id.clone(), pin);
        Ok(effects)
    }

    fn on_hold(
        &mut self,
        id: &HoldId,
        event: &hold::Event,
        now: Timestamp,
    ) -> Result<Vec<Effect>, Refusal> {
        let (hold, effects) = match (self.holds.get(id).cloned(), event) {
            (Some(hold), event) => hold.step(event, now)?,
            (None, hold::Event::Placed { opening }) => {
                Hold::place(id.clone(), (**opening).clone(), now)
            }
            (None, _) => return Err(Refusal::Outdated),
        };
        self.holds.insert(id.clone(), hold);
        Ok(effects)
    }
}
