//! The incident: what the alerting system says of it, in whatever order it says so.
//!
//! ```text
//! Triggered ──▶ Acknowledged ──▶ Resolved
//!     │  ◀───────────┘               ▲
//!     └──────────────────────────────┘
//! ```
//! Deliveries may be doubled, late or out of order: an event older than the newest one heard changes
//! nothing, so that every order of deliveries ends in the same stage. Resolved is final (invariant I7); an incident that is reopened elsewhere becomes a new one here.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp, alert::Alert, effect::Effect, id::IncidentId, notice::Notice, refusal::Refusal,
};

/// One incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Our id.
    pub id: IncidentId,
    /// What the alert said; details may be filled in later.
    pub alert: Alert,
    /// When it was first heard of here.
    pub opened_at: Timestamp,
    /// The newest moment at which the alerting system spoke of the stage.
    pub heard_until: Timestamp,
    /// Where it stands.
    pub stage: Stage,
}

/// Where an incident stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Nobody has taken it.
    Triggered,
    /// Somebody has taken it.
    Acknowledged,
    /// It is over; nothing changes it any more.
    Resolved {
        /// When the alerting system said so.
        at: Timestamp,
    },
}

/// What can happen to an incident. `at` is the alerting system's time, not ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The alert arrived; the first event of every incident.
    Reported {
        /// What it said.
        alert: Alert,
        /// When it happened.
        at: Timestamp,
    },
    /// Somebody took it.
    Acknowledged {
        /// When.
        at: Timestamp,
    },
    /// It was given back.
    Unacknowledged {
        /// When.
        at: Timestamp,
    },
    /// It is over.
    Resolved {
        /// When.
        at: Timestamp,
    },
    /// Something else was said of it, such as a new priority; kept for the record.
    Remarked {
        /// The alerting system's word for it.
        what: String,
        /// When.
        at: Timestamp,
    },
    /// The alert's details were read.
    Detailed {
        /// The alert with its details.
        alert: Alert,
    },
    /// No rollback is proposed, and why.
    NotProposed {
        /// A sentence for people.
        why: String,
    },
}

impl Incident {
    /// Opens an incident from the first event heard of it. An event that is not `Reported` (a late or lost
    /// beginning) opens it too: `alert` is what that event carried.
    pub fn open(
        id: IncidentId,
        alert: Alert,
        at: Timestamp,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let notice = Notice::IncidentOpened {
            title: alert.title.clone(),
            service: alert.service_name.clone(),
        };
        let incident = Self { id, alert, opened_at: now, heard_until: at, stage: Stage::Triggered };
        (incident, vec![Effect::Say(notice), Effect::SyncCard, Effect::Assess])
    }

    /// Whether nothing can change it any more.
    pub fn is_resolved(&self) -> bool {
        matches!(self.stage, Stage::Resolved { .. })
    }

    /// Moves by one event; an outdated or repeated one is a harmless refusal.
    pub fn step(self, event: &Event) -> Result<(Self, Vec<Effect>), Refusal> {
        match (&self.stage, event) {
            (Stage::Resolved { .. }, _) => Err(Refusal::IncidentResolved),
            (_, Event::Detailed { alert }) => {
                Ok((Self { alert: alert.clone(), ..self }, vec![Effect::SyncCard]))
            }
            (_, Event::NotProposed { why }) => {
                let notice = Notice::NotProposed { why: why.clone() };
                Ok((self, vec![Effect::Say(notice), Effect::SyncCard]))
            }
            (_, Event::Reported { at, .. }) => Ok((self.heard(*at), vec![])),
            // A remark says nothing of the stage, so it must not make an acknowledgement look outdated.
            (_, Event::Remarked { .. }) => Ok((self, vec![])),
            (_, Event::Resolved { at }) => {
                // A resolve is believed even when something newer was heard: only a reopening undoes it.
                let resolved = Self { stage: Stage::Resolved { at: *at }, ..self.heard(*at) };
                Ok((
                    resolved,
                    vec![
                        Effect::Say(Notice::IncidentResolved),
                        Effect::CloseProposals,
                        Effect::SyncCard,
                    ],
                ))
            }
            (_, Event::Acknowledged { at } | Event::Unacknowledged { at })
                if *at < self.heard_until =>
            {
                Err(Refusal::Outdated)
            }
            (Stage::Triggered, Event::Acknowledged { at }) => {
                let taken = Self { stage: Stage::Acknowledged, ..self.heard(*at) };
                Ok((taken, vec![Effect::Say(Notice::IncidentAcknowledged), Effect::SyncCard]))
            }
            (Stage::Acknowledged, Event::Unacknowledged { at }) => {
                Ok((Self { stage: Stage::Triggered, ..self.heard(*at) }, vec![Effect::SyncCard]))
            }
            // Heard, though nothing is new: an older opposite that arrives later must not win over it.
            (Stage::Acknowledged, Event::Acknowledged { at })
            | (Stage::Triggered, Event::Unacknowledged { at })
                if *at > self.heard_until =>
            {
                Ok((self.heard(*at), vec![]))
            }
            (Stage::Acknowledged, Event::Acknowledged { .. })
            | (Stage::Triggered, Event::Unacknowledged { .. }) => Err(Refusal::Outdated),
        }
    }

    fn heard(self, at: Timestamp) -> Self {
        Self { heard_until: self.heard_until.max(at), ..self }
    }
}
