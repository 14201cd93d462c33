//! What people ask for: an incident that no alert opened, or a sentence why there is none.

use domain::{id::IncidentId, incident::Event, journal::Actor, person::Identity, refusal::Refusal};
use policies::{Declined, Wanted};

use super::{Engine, EngineError, again, change::Change};
use crate::ids;

/// Under which kind a request is remembered that may come again.
const KIND: &str = "request";

impl Engine {
    /// Takes a request in: when this returns an incident, it is durable, and the assessment is to look at it. Whoever
    /// calls this vouches for the identity.
    pub async fn request(
        &self,
        identity: &Identity,
        wanted: &Wanted,
    ) -> Result<Result<IncidentId, Declined>, EngineError> {
        self.request_once(identity, wanted, None).await
    }

    /// Takes a request in that may come again, because nobody knows whether it was heard: with the same `key` it is the
    /// same request, and leads to the same incident.
    pub async fn request_once(
        &self,
        identity: &Identity,
        wanted: &Wanted,
        key: Option<&str>,
    ) -> Result<Result<IncidentId, Declined>, EngineError> {
        let request = match self.policies.request(identity, wanted, self.clock.now()) {
            Ok(request) => request,
            Err(declined) => return Ok(Err(declined)),
        };
        again(async || {
            let mut tx = self.store.begin().await?;
            // Two people who ask for the same at once: the second one waits here, and sees the first one's incident.
            tx.lock_key(&format!("request {}", request.target)).await?;
            let before = match key {
                Some(key) => tx.seen(key, KIND).await?,
                None => None,
            };
            if let Some(incident) = before.and_then(|incident| incident.parse().ok()) {
                tx.rollback().await?;
                return Ok(Ok(incident));
            }
            if let Some(open) = tx.open_proposal_on(&request.target).await? {
                tx.rollback().await?;
                let incident = &open.value.opening.incident;
                return Ok(Err(Declined::already_open(&request.target, incident)));
            }
            let id = ids::incident();
            if let Some(key) = key {
                // Somebody has taken it in a moment ago.
                if !tx.see(key, KIND, self.clock.now(), id.as_str()).await? {
                    return Err(EngineError::Raced);
                }
            }
            let mut work = self.work_in(tx, &id).await?;
            let actor = Actor::Person { person: request.by.clone(), identity: identity.clone() };
            let event = Event::Requested { request: request.clone() };
            let outcome = work.apply(actor, Change::Incident(event)).await?;
            outcome.map_err(|refusal: Refusal| EngineError::Refused {
                id: id.to_string(),
                refusal: Box::new(refusal),
            })?;
            work.commit().await?;
            Ok(Ok(id))
        })
        .await
    }
}
