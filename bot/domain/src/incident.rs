//! The incident: what the alerting system says of it, in whatever order it says so, or what a person asks for.
//!
//! ```text
//! Triggered ──▶ Acknowledged ──▶ Resolved
//!     │  ◀───────────┘               ▲
//!     └──────────────────────────────┘
//! ```
//! Deliveries may be doubled, late or out of order: an event older than the newest one heard changes
//! nothing, so that every order of deliveries ends in the same stage. Resolved is final (invariant I7); an incident that is reopened elsewhere becomes a new one here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp, alert::Alert, effect::Effect, id::IncidentId, notice::Notice, proposal::Proposer,
    refusal::Refusal, request::Request,
};

/// One incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Our id.
    pub id: IncidentId,
    /// What the alert said; details may be filled in later. Where there was none, the person's words stand for it.
    pub alert: Alert,
    /// What a person asked for, where no alerting system told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
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
    /// A person asks for a rollback; the first event of an incident that no alert opened.
    Requested {
        /// What they ask for.
        request: Request,
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
        let (heard_until, stage) = (at, Stage::Triggered);
        let incident = Self { id, alert, request: None, opened_at: now, heard_until, stage };
        (incident, vec![Effect::Say(notice), Effect::SyncCard, Effect::Assess])
    }

    /// Opens an incident that a person asks for.
    pub fn ask(id: IncidentId, request: Request, now: Timestamp) -> (Self, Vec<Effect>) {
        let alert = Alert {
            // No alerting system has an id like ours, so nothing it says can be taken for this one.
            external_id: id.to_string(),
            title: request.reason.clone(),
            service_id: String::new(),
            service_name: request.target.clone(),
            url: None,
            urgency: None,
            details: BTreeMap::new(),
        };
        let notice = Notice::Requested(request.clone());
        let (incident, effects) = Self::open(id, alert, now, now);
        let rest = effects.into_iter().filter(|effect| !matches!(effect, Effect::Say(_)));
        let effects = [Effect::Say(notice)].into_iter().chain(rest).collect();
        (Self { request: Some(request), ..incident }, effects)
    }

    /// Who makes the proposals of this incident: the person who asked, else the trigger that was recognised.
    pub fn proposer(&self, trigger: &str) -> Proposer {
        match &self.request {
            Some(request) => Proposer::Person(request.by.clone()),
            None => Proposer::Trigger(trigger.to_owned()),
        }
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
            // An incident begins once.
            (_, Event::Requested { .. }) => Err(Refusal::Outdated),
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
