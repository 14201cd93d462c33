//! What goes first when a chat takes only so much at once.

use domain::{
    effect::Urgency,
    journal::{Actor, Record},
    notice::{Notice, Volume},
};

/// What the whole channel hears, and what somebody has decided, is not kept waiting by steps and findings.
pub(super) fn of_notice(notice: &Notice) -> Urgency {
    match (notice.volume(), notice) {
        (Volume::Channel, _) | (_, Notice::ApprovedBy { .. }) => Urgency::AtOnce,
        (Volume::Thread, _) => Urgency::InTurn,
    }
}

/// Whoever has just pressed a button looks at the card; a run's steps come one after the other.
pub(super) fn of_card(actor: &Actor, record: &Record) -> Urgency {
    match (actor, record) {
        (Actor::Person { .. } | Actor::Stranger { .. }, _) => Urgency::AtOnce,
        (_, Record::Run { .. }) => Urgency::Progress,
        _ => Urgency::InTurn,
    }
}
