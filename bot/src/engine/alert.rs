//! What PagerDuty tells: de-duplicated, put in order, and kept before it is answered (invariant I1).

use std::collections::BTreeMap;

use domain::{Timestamp, alert::Alert, id::IncidentId, incident::Event, journal::Actor};
use pagerduty::{EventType, IncidentData, Webhook};

use super::{Engine, EngineError, again, change::Change, work::Work};
use crate::ids;

/// One authentic delivery.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a> {
    /// What was understood of it.
    pub webhook: &'a Webhook,
    /// Its bytes, kept as they came.
    pub body: &'a str,
}

/// What became of a delivery. All of them are answered alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// It was heard before.
    Repeated,
    /// It was kept, and changes nothing.
    Kept,
    /// It belongs to this incident.
    Incident(IncidentId),
}

impl Engine {
    /// Takes a delivery in. When this returns, it is durable.
    pub async fn receive(&self, intake: Intake<'_>) -> Result<Received, EngineError> {
        again(|| self.try_receive(intake)).await
    }

    async fn try_receive(
        &self,
        Intake { webhook, body }: Intake<'_>,
    ) -> Result<Received, EngineError> {
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        // Two deliveries about one incident that nobody knows yet must not both open it.
        let external = webhook
            .incident
            .as_ref()
            .map_or(webhook.event_id.as_str(), |incident| incident.id.as_str());
        tx.lock_key(external).await?;
        if !tx.see(&webhook.event_id, webhook.event_type.as_str(), now, body).await? {
            tx.rollback().await?;
            return Ok(Received::Repeated);
        }
        let Some(data) = &webhook.incident else {
            tx.commit().await?;
            return Ok(Received::Kept);
        };
        let at = webhook.occurred_at.unwrap_or(now);
        let known = tx.incident_by_external(&data.id).await?.map(|found| found.value);
        let open = match known {
            Some(incident) if incident.is_resolved() => {
                let comes_back = matches!(webhook.event_type, EventType::IncidentReopened)
                    && at > incident.heard_until;
                if !comes_back {
                    tx.commit().await?;
                    return Ok(Received::Incident(incident.id));
                }
                None
            }
            other => other,
        };
        let id = open.as_ref().map_or_else(ids::incident, |incident| incident.id.clone());
        let mut work = self.work_in(tx, &id).await?;
        if open.is_none() {
            report(&mut work, data, at).await?;
        }
        if let Some(event) = later_event(&webhook.event_type, open.is_some(), data, at) {
            // A late or doubled event is refused by the machine; the delivery is kept all the same.
            let _ = work.apply(pagerduty(), Change::Incident(event)).await?;
        }
        work.commit().await?;
        Ok(Received::Incident(id))
    }
}

fn pagerduty() -> Actor {
    Actor::System("pagerduty".to_owned())
}

async fn report(
    work: &mut Work<'_>,
    data: &IncidentData,
    at: Timestamp,
) -> Result<(), EngineError> {
    let reported = Event::Reported { alert: alert(data), at };
    let outcome = work.apply(pagerduty(), Change::Incident(reported)).await?;
    outcome
        .map_err(|refusal| EngineError::Refused { id: data.id.clone(), refusal: Box::new(refusal) })
}

/// What an event says of an incident beyond that it exists.
fn later_event(
    kind: &EventType,
    is_known: bool,
    data: &IncidentData,
    at: Timestamp,
) -> Option<Event> {
    match kind {
        EventType::IncidentReopened if is_known => Some(Event::Reported { alert: alert(data), at }),
        EventType::IncidentTriggered | EventType::IncidentReopened => None,
        EventType::IncidentAcknowledged => Some(Event::Acknowledged { at }),
        EventType::IncidentUnacknowledged => Some(Event::Unacknowledged { at }),
        EventType::IncidentResolved => Some(Event::Resolved { at }),
        other => Some(Event::Remarked { what: other.as_str().to_owned(), at }),
    }
}

fn alert(data: &IncidentData) -> Alert {
    let or_id = |text: &Option<String>| text.clone().unwrap_or_else(|| data.id.clone());
    Alert {
        external_id: data.id.clone(),
        title: or_id(&data.title),
        service_id: data.service_id.clone().unwrap_or_default(),
        service_name: data
            .service_summary
            .clone()
            .or_else(|| data.service_id.clone())
            .unwrap_or_default(),
        url: data.html_url.clone(),
        urgency: data.urgency.clone(),
        details: BTreeMap::new(),
    }
}
