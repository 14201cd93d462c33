//! What the card says of a way back that is kept.

use super::{Button, Card, Fact};
use crate::{
    pin::{Pin, Stage, Work},
    proposal::Proposal,
    words::Words,
};

const DEADLINE: &str = "Possible until";
const KEPT: &str = "Way back";

impl Card {
    /// The same card with the newest pin of its proposal, and with the button where somebody could make one.
    #[must_use]
    pub fn with_pin(mut self, proposal: Option<&Proposal>, pin: Option<&Pin>) -> Self {
        let is_standing = pin.is_some_and(Pin::is_standing);
        if !is_standing && proposal.is_some_and(Proposal::could_be_kept) {
            self.buttons.push(Button::Keep);
        }
        let Some(pin) = pin else { return self };
        let fact = Fact { label: KEPT, value: pin.words() };
        let is_plan = |fact: &Fact| fact.label == "Plan";
        let deadline = self.facts.iter().position(|fact| fact.label == DEADLINE);
        match deadline {
            // What is kept, or was, has no deadline any more; what is not kept (yet) still has it.
            Some(place) if was_kept(pin) => self.facts[place] = fact,
            Some(place) => self.facts.insert(place + 1, fact),
            None => {
                let place = self.facts.iter().position(is_plan).unwrap_or(self.facts.len());
                self.facts.insert(place, fact);
            }
        }
        self
    }
}

fn was_kept(pin: &Pin) -> bool {
    match pin.stage {
        Stage::Kept | Stage::Released { .. } | Stage::Doing { work: Work::Release, .. } => true,
        Stage::Asked { .. } | Stage::Failed { .. } | Stage::Doing { work: Work::Keep, .. } => false,
    }
}

impl Pin {
    /// How the way back is kept, as a part of a sentence.
    pub fn words(&self) -> Words {
        let by = &self.opening.by;
        match (&self.stage, self.release_at) {
            (Stage::Asked { .. } | Stage::Doing { work: Work::Keep, .. }, _) => {
                Words::plain("about to be kept, for ").person(by)
            }
            (Stage::Kept, None) => {
                Words::plain("kept by ").person(by).text(" until this is closed")
            }
            (Stage::Kept, Some(at)) => Words::plain("kept by ").person(by).text(" until ").time(at),
            (Stage::Doing { work: Work::Release, .. }, _) => Words::plain("about to be let go"),
            (Stage::Released { .. }, _) => Words::plain("no longer kept"),
            (Stage::Failed { why, .. }, _) => Words::plain(format!("not kept: {why}")),
        }
    }
}
