//! PagerDuty in a story: it tells of incidents, and knows their details.

use domain::port::Clock as _;
use fakes::{
    SignedRequest,
    pagerduty::{Happening, Incident},
};
use serde_json::json;

use super::{CUSTOMERS, ORDERS, World};

/// PagerDuty's id of the story's incident.
pub(crate) const EXTERNAL: &str = "PINC1";

impl World {
    /// The alert arrives: duplicate rows in both models. Everything that follows is done.
    pub(crate) async fn alert(&mut self) {
        self.alert_with(
            "Duplicate rows in the marts",
            &json!({"models": format!("{ORDERS}, {CUSTOMERS}")}),
        )
        .await;
    }

    /// An alert with this headline and these details arrives.
    pub(crate) async fn alert_with(&mut self, title: &str, details: &serde_json::Value) {
        self.pagerduty.add_alert(EXTERNAL, title, details);
        let webhook = self.webhook("incident.triggered", title);
        assert_eq!(self.send("/webhooks/pagerduty", &webhook).await, 202);
        self.drain().await;
    }

    /// PagerDuty says something of the incident.
    pub(crate) async fn pagerduty_says(&mut self, event_type: &str) {
        self.pagerduty_says_of(event_type, "Duplicate rows in the marts").await;
    }

    /// PagerDuty says something of the incident with this headline.
    pub(crate) async fn pagerduty_says_of(&mut self, event_type: &str, title: &str) {
        let webhook = self.webhook(event_type, title);
        assert_eq!(self.send("/webhooks/pagerduty", &webhook).await, 202);
        self.drain().await;
    }

    /// The webhook of a new event at the story's time.
    pub(crate) fn webhook(&mut self, event_type: &str, title: &str) -> SignedRequest {
        self.events += 1;
        self.pagerduty.put_incident(incident(title, "triggered"));
        let event_id = format!("01EVENT{}", self.events);
        let occurred_at = self.clock.now().to_rfc3339();
        let happening = Happening { event_type, event_id: &event_id, occurred_at: &occurred_at };
        self.pagerduty.webhook(happening, &incident(title, "triggered"))
    }
}

fn incident(title: &str, status: &str) -> Incident {
    Incident {
        id: EXTERNAL.into(),
        title: title.into(),
        status: status.into(),
        service_id: "PSERVICE".into(),
        service_name: "Data warehouse".into(),
        urgency: "high".into(),
        created_at: "2026-11-23T03:00:00Z".into(),
    }
}
