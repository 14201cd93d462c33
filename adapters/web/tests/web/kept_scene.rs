//! The same night with somebody who keeps the way back, or could.

use domain::{
    card::Card,
    id::PinId,
    level::Level,
    pin::{Event, Opening, Pin, Work},
    release::ModelVersion,
};

use super::{Scene, night, person};

impl Scene {
    /// It waits, and nobody keeps the way back.
    pub(crate) fn could_be_kept() -> Self {
        Self::open().with_pin(None)
    }

    /// It waits, and Ana keeps the way back.
    pub(crate) fn kept() -> Self {
        let scene = Self::open();
        let proposal = scene.proposal.as_ref().unwrap();
        let opening = Opening {
            incident: scene.incident.id.clone(),
            proposal: proposal.id.clone(),
            plan: proposal.opening.plan.clone(),
            target: proposal.opening.target.clone(),
            name: Pin::name(&scene.incident.id, 0),
            versions: vec![ModelVersion::read("shop.orders_daily=11").unwrap()],
            by: person("ana"),
            level: Level::LOWEST,
        };
        let id: PinId = "pin_01k7gqd400e9jvd5m8wzc4x7m2".parse().unwrap();
        let pin = Pin::ask(id, opening, night(2, 0)).0;
        let step = |pin: Pin, event: &Event| pin.step(event, night(2, 5)).unwrap().0;
        let pin = step(pin, &Event::Intended { work: Work::Keep });
        scene.with_pin(Some(&step(pin, &Event::Did { in_place: vec![] })))
    }

    fn with_pin(mut self, pin: Option<&Pin>) -> Self {
        let card = Card::of(&self.incident, self.proposal.as_ref(), None, None);
        self.card = card.with_pin(self.proposal.as_ref(), pin);
        self
    }
}
