//! Replays what happened to pins.

use super::{Fold, refused};
use crate::{
    effect::Effect,
    id::{PinId, ProposalId},
    journal::{Actor, Entry},
    pin::{self, Event, Opening, Pin},
    proposal::Stage,
};

impl Fold {
    pub(super) fn pin(
        &mut self,
        entry: &Entry,
        id: &PinId,
        event: &Event,
    ) -> Result<Vec<Effect>, String> {
        let (pin, effects) = match (self.pins.remove(id), event) {
            (Some(pin), event) => {
                self.fits(&pin, event)?;
                pin.step(event, entry.at).map_err(refused)?
            }
            (None, Event::Asked { opening }) => {
                self.may_be_asked(entry, opening)?;
                Pin::ask(id.clone(), (**opening).clone(), entry.at)
            }
            (None, _) => return Err(format!("{id} was not asked for before")),
        };
        self.pins.insert(id.clone(), pin);
        Ok(effects)
    }

    /// A pin is of exactly what waits, in the name of whoever asked, and a proposal has one at a time.
    fn may_be_asked(&self, entry: &Entry, opening: &Opening) -> Result<(), String> {
        let is_theirs =
            matches!(&entry.actor, Actor::Person { person, .. } if *person == opening.by);
        let proposal = self.proposals.get(&opening.proposal);
        let proposal = proposal.filter(|found| found.opening.target == opening.target);
        let Some(proposal) = proposal.filter(|_| is_theirs && opening.incident == entry.incident)
        else {
            return Err(format!("nobody could keep the way back of {} so", opening.proposal));
        };
        let keeps = |pin: &&Pin| pin.proposal == opening.proposal && pin.is_standing();
        proposal.may_be_kept(&opening.plan, self.pins.values().find(keeps)).map_err(refused)?;
        if opening.name != Pin::name(&entry.incident, self.pins.len()) {
            return Err(format!("{} is not the name of this pin", opening.name));
        }
        Ok(())
    }

    /// A pin is let go when its proposal is over, and moves on to one that came in its place.
    fn fits(&self, pin: &Pin, event: &Event) -> Result<(), String> {
        let stage = |id: &ProposalId| self.proposals.get(id).map(|found| &found.stage);
        match event {
            Event::ProposalClosed { release_at } => match stage(&pin.proposal) {
                Some(Stage::Closed { outcome, at })
                    if *release_at == pin::release_at(outcome, *at) =>
                {
                    Ok(())
                }
                _ => Err(format!("{} is not over like this", pin.proposal)),
            },
            Event::MovedOn { proposal } => {
                let next = self.proposals.get(proposal).filter(|found| !found.is_closed());
                if next.is_some_and(|next| next.opening.target.id == pin.opening.target.id) {
                    Ok(())
                } else {
                    Err(format!("{proposal} has not come in place of {}", pin.proposal))
                }
            }
            Event::Asked { .. }
            | Event::Intended { .. }
            | Event::Did { .. }
            | Event::NotDone { .. }
            | Event::Unanswered { .. }
            | Event::Gone { .. }
            | Event::Unauthorised { .. } => Ok(()),
        }
    }
}
