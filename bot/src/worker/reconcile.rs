//! Asks PagerDuty now and then which incidents are open, and takes in those that nobody has told of: after a
//! down-time longer than PagerDuty's patience, or while the webhook's secret was stale.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use async_trait::async_trait;
use domain::Timestamp;
use pagerduty::{EventType, IncidentData, IncidentStatus, PagerDutyApi, Webhook};

use super::Worker;
use crate::engine::{Engine, Intake};

/// How often PagerDuty is asked, in milliseconds.
const PERIOD_MS: i64 = 300_000;

/// The worker that reconciles.
pub struct Reconciler {
    /// Takes in what nobody has told of.
    pub engine: Engine,
    /// PagerDuty.
    pub pagerduty: Arc<PagerDutyApi>,
    /// When it is asked next, in milliseconds since 1970; at once after the start.
    pub next_ms: AtomicI64,
}

#[async_trait]
impl Worker for Reconciler {
    fn name(&self) -> String {
        "reconciliation".to_owned()
    }

    fn may_take_long(&self) -> bool {
        true
    }

    async fn drain(&self) -> anyhow::Result<usize> {
        let now = self.engine.clock.now();
        if now.timestamp_millis() < self.next_ms.load(Ordering::Relaxed) {
            return Ok(0);
        }
        self.next_ms.store(now.timestamp_millis() + PERIOD_MS, Ordering::Relaxed);
        let open = match self.pagerduty.open_incidents(&[]).await {
            Ok(open) => open,
            Err(error) => {
                tracing::warn!("PagerDuty could not be asked for its open incidents: {error}");
                return Ok(0);
            }
        };
        let mut taken = 0;
        for data in open.incidents.into_iter().filter(|data| self.concerns_us(data)) {
            if self.engine.store.incident_by_external(&data.id).await?.is_none() {
                tracing::warn!(
                    "PagerDuty's incident {} is open and no webhook has told of it",
                    data.id
                );
                self.take_in(data, now).await?;
                taken += 1;
            }
        }
        Ok(taken)
    }

    async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(chrono::DateTime::from_timestamp_millis(self.next_ms.load(Ordering::Relaxed)))
    }
}

impl Reconciler {
    /// Whether the incident's service belongs to one of our targets.
    fn concerns_us(&self, data: &IncidentData) -> bool {
        let id = data.service_id.as_deref().unwrap_or_default();
        let name = data.service_summary.as_deref().unwrap_or_default();
        self.engine.policies.targets().iter().any(|target| target.serves(id, name))
    }

    async fn take_in(&self, data: IncidentData, now: Timestamp) -> anyhow::Result<()> {
        let event_type = match data.status {
            Some(IncidentStatus::Acknowledged) => EventType::IncidentAcknowledged,
            _ => EventType::IncidentTriggered,
        };
        // Two processes may ask at once: the same id makes the second one a repetition.
        let event_id = format!("reconciled:{}", data.id);
        let occurred_at = Some(data.created_at.unwrap_or(now));
        let webhook = Webhook { event_id, event_type, occurred_at, incident: Some(data) };
        self.engine
            .receive(Intake { webhook: &webhook, body: "read from PagerDuty's REST API" })
            .await?;
        Ok(())
    }
}
