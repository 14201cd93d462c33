//! One transaction: loads aggregates, steps them, saves them, and writes down what follows.

mod following;

use std::collections::VecDeque;

use domain::{
    Timestamp,
    effect::{Effect, Job, Lane, Urgency},
    id::{IncidentId, ProposalId, RunId},
    incident::{self, Incident},
    journal::{Actor, Entry, Head, Record},
    notice::Notice,
    person::ChatName,
    pin,
    proposal::{self, Proposal},
    refusal::Refusal,
    run::{self, Run},
};
use policies::Policies;
use store::{RunLease, Tx, Versioned};

use super::{Engine, EngineError, change::Change, urgency};
use crate::ids;

/// A transaction on one incident.
pub(crate) struct Work<'e> {
    engine: &'e Engine,
    /// The database's transaction.
    pub(crate) tx: Tx,
    /// The moment that everything in it happens.
    pub(crate) now: Timestamp,
    head: Head,
    chats: Vec<ChatName>,
    follow: VecDeque<Change>,
}

impl Engine {
    /// Begins a transaction on an incident. Others on the same incident wait until it is over.
    pub(crate) async fn work(&self, incident: &IncidentId) -> Result<Work<'_>, EngineError> {
        let tx = self.store.begin().await?;
        self.work_in(tx, incident).await
    }

    /// Goes on with a transaction that has begun.
    pub(crate) async fn work_in(
        &self,
        mut tx: Tx,
        incident: &IncidentId,
    ) -> Result<Work<'_>, EngineError> {
        tx.lock_incident(incident).await?;
        let head = tx.head(incident).await?;
        // A process without this chat's token (an executor of its own) still has to tell the chats that show the card.
        let mut chats = tx.chats_of(incident).await?;
        let own =
            self.chats.iter().filter(|chat| !chats.contains(chat)).copied().collect::<Vec<_>>();
        chats.extend(own);
        // Taken after the lock: the journal's times rise with its places.
        let now = self.clock.now();
        Ok(Work { engine: self, tx, now, head, chats, follow: VecDeque::new() })
    }
}

impl Work<'_> {
    /// The incident's journal so far.
    pub(crate) fn head(&self) -> &Head {
        &self.head
    }

    /// The rules of this process.
    pub(super) fn policies(&self) -> &Policies {
        &self.engine.policies
    }

    /// The proposal as it is now.
    pub(crate) async fn proposal(
        &mut self,
        id: &ProposalId,
    ) -> Result<Versioned<Proposal>, EngineError> {
        let found = self.tx.proposal(id).await?;
        found.ok_or_else(|| EngineError::Missing { what: "proposal", id: id.to_string() })
    }

    /// Commits and wakes the workers.
    pub(crate) async fn commit(self) -> Result<(), EngineError> {
        let Head { incident, next_seq, hash } = self.head;
        self.tx.commit().await?;
        // Outside the database, so that one that was set back to an older state shows.
        tracing::info!(incident.id = %incident, journal.entries = next_seq, journal.hash = %hash, "the journal of {incident} has {next_seq} entries, the last with hash {}", hash.short());
        self.engine.bell.ring(&incident);
        Ok(())
    }

    /// Makes one change and all that follow from it. A refusal changes nothing.
    pub(crate) async fn apply(
        &mut self,
        actor: Actor,
        change: Change,
    ) -> Result<Result<(), Refusal>, EngineError> {
        if let Err(refusal) = self.one(actor, change).await? {
            return Ok(Err(refusal));
        }
        while let Some(change) = self.follow.pop_front() {
            if let Err(refusal) = self.one(Actor::Countersign, change).await? {
                // What follows is told to every machine that may care; one that is past it says so.
                tracing::debug!(incident.id = %self.head.incident, ?refusal, "a machine is past what follows");
            }
        }
        Ok(Ok(()))
    }

    /// Writes down that a person was refused; nothing else changes.
    pub(crate) async fn refused(
        &mut self,
        actor: Actor,
        proposal: &ProposalId,
        refusal: &Refusal,
    ) -> Result<(), EngineError> {
        let record = Record::Refused { proposal: proposal.clone(), refusal: refusal.clone() };
        self.append(actor, record, vec![], None).await
    }

    async fn one(
        &mut self,
        actor: Actor,
        change: Change,
    ) -> Result<Result<(), Refusal>, EngineError> {
        match change {
            Change::Incident(event) => self.on_incident(actor, event).await,
            Change::Proposal(id, event, receipt) => {
                self.on_proposal(actor, id, event, receipt).await
            }
            Change::Run(id, event, lease) => {
                self.on_run(actor, id, event, lease.as_ref(), None).await
            }
            Change::Steer(id, steered, receipt) => {
                self.on_run(actor, id, run::Event::Steered(steered), None, Some(receipt)).await
            }
            Change::Hold(id, event, receipt) => self.on_hold(actor, id, event, receipt).await,
            Change::Pin(id, event, lease) => {
                self.on_pin(actor, id, event, lease.as_ref(), None).await
            }
            Change::Keep(id, opening, receipt) => {
                let event = pin::Event::Asked { opening };
                self.on_pin(actor, id, event, None, Some(receipt)).await
            }
            Change::Remark(remark) => {
                let say = Effect::Say(Notice::Remark(remark.clone()));
                self.record(actor, Record::Remark(remark), vec![say], None, None).await.map(Ok)
            }
        }
    }

    async fn on_incident(
        &mut self,
        actor: Actor,
        event: incident::Event,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let id = self.head.incident.clone();
        let effects = match (self.tx.incident(&id).await?, &event) {
            (None, incident::Event::Reported { alert, at }) => {
                let (incident, effects) = Incident::open(id, alert.clone(), *at, self.now);
                self.tx.insert_incident(&incident).await?;
                effects
            }
            (None, incident::Event::Requested { request }) => {
                let (incident, effects) = Incident::ask(id, request.clone(), self.now);
                self.tx.insert_incident(&incident).await?;
                effects
            }
            (None, _) => return Err(EngineError::Missing { what: "incident", id: id.to_string() }),
            (Some(Versioned { value, version }), event) => match value.step(event) {
                Ok((value, effects)) => {
                    must_be_first(self.tx.save_incident(&Versioned { value, version }).await?)?;
                    effects
                }
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        self.record(actor, Record::Incident(event), effects, None, None).await.map(Ok)
    }

    async fn on_proposal(
        &mut self,
        actor: Actor,
        id: ProposalId,
        event: proposal::Event,
        receipt: Option<String>,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let effects = match (self.tx.proposal(&id).await?, &event) {
            (None, proposal::Event::Opened { opening }) => {
                let (proposal, effects) =
                    match Proposal::open(id.clone(), (**opening).clone(), self.now) {
                        Ok(opened) => opened,
                        Err(refusal) => return Ok(Err(refusal)),
                    };
                if !self.tx.insert_proposal(&proposal).await? {
                    return Ok(Err(Refusal::ProposalOpen));
                }
                effects
            }
            (None, _) => return Err(EngineError::Missing { what: "proposal", id: id.to_string() }),
            (Some(Versioned { value, version }), event) => {
                match value.clone().step(event, self.now) {
                    Ok((stepped, effects)) => {
                        let stepped = Versioned { value: stepped, version };
                        must_be_first(if value.is_closed() {
                            self.tx.note_on_closed_proposal(&stepped).await?
                        } else {
                            self.tx.save_proposal(&stepped).await?
                        })?;
                        effects
                    }
                    Err(refusal) => return Ok(Err(refusal)),
                }
            }
        };
        let record = Record::Proposal { id: id.clone(), event };
        self.record(actor, record, effects, Some(&id), receipt).await.map(Ok)
    }

    async fn on_run(
        &mut self,
        actor: Actor,
        id: RunId,
        event: run::Event,
        lease: Option<&RunLease>,
        receipt: Option<String>,
    ) -> Result<Result<(), Refusal>, EngineError> {
        let (proposal, effects) = match (self.tx.run(&id).await?, &event) {
            (None, run::Event::Created { proposal, plan, target, steps }) => {
                let incident = self.head.incident.clone();
                let (run, effects) = Run::create(
                    id.clone(),
                    incident,
                    proposal.clone(),
                    plan.clone(),
                    target.clone(),
                    steps.clone(),
                );
                self.tx.insert_run(&run, self.now).await?;
                (run.proposal, effects)
            }
            (None, _) => return Err(EngineError::Missing { what: "run", id: id.to_string() }),
            (Some(Versioned { value, version }), event) => match value.step(event, self.now) {
                Ok((value, effects)) => {
                    let proposal = value.proposal.clone();
                    must_be_first(self.tx.save_run(&Versioned { value, version }, lease).await?)?;
                    (proposal, effects)
                }
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        let record = Record::Run { id, event };
        self.record(actor, record, effects, Some(&proposal), receipt).await.map(Ok)
    }

    /// Journals what happened and writes down what follows. `proposal` is the one that the effects speak of.
    pub(super) async fn record(
        &mut self,
        actor: Actor,
        record: Record,
        effects: Vec<Effect>,
        proposal: Option<&ProposalId>,
        receipt: Option<String>,
    ) -> Result<(), EngineError> {
        let (notices, effects): (Vec<_>, Vec<_>) =
            effects.into_iter().partition(|effect| matches!(effect, Effect::Say(_)));
        let notices = notices.into_iter().filter_map(said).collect();
        let card = urgency::of_card(&actor, &record);
        self.append(actor, record, notices, receipt).await?;
        for effect in effects {
            self.carry_out(effect, proposal, card).await?;
        }
        Ok(())
    }

    async fn append(
        &mut self,
        actor: Actor,
        record: Record,
        notices: Vec<Notice>,
        receipt: Option<String>,
    ) -> Result<(), EngineError> {
        let seq = self.head.next_seq;
        let urgencies: Vec<_> = notices.iter().map(urgency::of_notice).collect();
        let entry = Entry {
            incident: self.head.incident.clone(),
            seq,
            at: self.now,
            actor,
            record,
            notices,
        };
        let (sealed, next) = self.head.clone().seal(&entry, receipt);
        self.tx.append(&sealed, &self.head, &entry).await?;
        self.head = next;
        self.hand_over(&entry.notices).await?;
        for chat in &self.chats {
            let to = (&Lane::Chat(*chat), &entry.incident);
            for (index, urgency) in urgencies.iter().enumerate() {
                let job = Job::Tell { seq, index };
                self.tx.enqueue_as(*urgency, to, &job, ids::message(), self.now).await?;
            }
        }
        Ok(())
    }

    async fn carry_out(
        &mut self,
        effect: Effect,
        proposal: Option<&ProposalId>,
        card: Urgency,
    ) -> Result<(), EngineError> {
        let incident = self.head.incident.clone();
        let of_a_proposal = || {
            proposal.ok_or(EngineError::Missing { what: "proposal", id: "of an effect".to_owned() })
        };
        match effect {
            Effect::Say(_) => {}
            Effect::SyncCard => {
                let (chats, now) = (&self.chats, self.now);
                self.tx.want_card_as(card, &incident, chats, now, &mut ids::message).await?;
                self.tx.renew_handovers(&incident, now).await?;
            }
            Effect::Assess => {
                self.tx
                    .enqueue(&Lane::Assess, &incident, &Job::Assess, ids::message(), self.now)
                    .await?;
            }
            Effect::SetTimer { rung, repeats, due } => {
                self.tx.set_timer(of_a_proposal()?, &incident, rung, repeats, due).await?;
            }
            Effect::ClearTimers => self.tx.clear_timer(of_a_proposal()?).await?,
            Effect::StartRun => {
                let created = self.created(of_a_proposal()?).await?;
                self.follow.push_back(Change::Run(ids::run(), created, None));
            }
            Effect::HaltRun { by } => {
                let run = self.tx.run_of(of_a_proposal()?).await?;
                let event = run::Event::Halted { by };
                self.follow.extend(run.map(|run| Change::Run(run.value.id, event, None)));
            }
            Effect::PlaceHold => {
                let placed = self.placed(of_a_proposal()?).await?;
                self.follow.push_back(Change::Hold(ids::hold(), placed, None));
            }
            Effect::LetPinGo(at) => {
                let let_go = self.let_go(of_a_proposal()?, at).await?;
                self.follow.extend(let_go);
            }
            Effect::MovePinOn => {
                let moved = self.moved_on(of_a_proposal()?).await?;
                self.follow.extend(moved);
            }
            Effect::CloseProposals => {
                let waiting = self
                    .tx
                    .proposals_of(&incident)
                    .await?
                    .into_iter()
                    .filter(|found| !found.value.is_closed());
                let event = proposal::Event::IncidentResolved;
                self.follow.extend(
                    waiting.map(|found| Change::Proposal(found.value.id, event.clone(), None)),
                );
            }
            Effect::TellProposal(event) => {
                self.follow.push_back(Change::Proposal(of_a_proposal()?.clone(), event, None));
            }
        }
        Ok(())
    }
}

fn said(effect: Effect) -> Option<Notice> {
    if let Effect::Say(notice) = effect { Some(notice) } else { None }
}

pub(super) fn must_be_first(saved: bool) -> Result<(), EngineError> {
    if saved { Ok(()) } else { Err(EngineError::Raced) }
}
