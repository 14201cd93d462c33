//! V3 webhooks: the body that PagerDuty sends when something happens to an incident, and its signature.

use serde_json::{Value, json};

use super::{FakePagerDuty, Incident, WEBHOOK_SECRET};
use crate::signed_request::{SignedRequest, hmac_hex};

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub struct Happening<'a> {
    /// PagerDuty's name of it, such as `incident.triggered`.
    pub event_type: &'a str,
    /// The event's id, the same on every delivery.
    pub event_id: &'a str,
    /// When, as PagerDuty writes times: `2026-11-23T05:46:20.123Z`.
    pub occurred_at: &'a str,
}

impl FakePagerDuty {
    /// The request that tells of something that happened to `incident`.
    pub fn webhook(&self, happening: Happening<'_>, incident: &Incident) -> SignedRequest {
        self.sign(happening.event_id, &body(happening, incident))
    }

    /// Any body, signed as PagerDuty signs. `delivery` goes into `X-Webhook-Id`.
    pub fn sign(&self, delivery: &str, body: &Value) -> SignedRequest {
        let body = body.to_string().into_bytes();
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "PagerDuty-Webhook/V3.0".to_owned()),
            ("x-webhook-id", delivery.to_owned()),
            ("x-pagerduty-signature", format!("v1={}", hmac_hex(WEBHOOK_SECRET, &body))),
        ];
        SignedRequest { headers, body }
    }
}

pub(super) fn page_of(id: &str) -> String {
    format!("https://fake.pagerduty.com/incidents/{id}")
}

fn body(happening: Happening<'_>, incident: &Incident) -> Value {
    json!({"event": {
        "id": happening.event_id,
        "event_type": happening.event_type,
        "resource_type": "incident",
        "occurred_at": happening.occurred_at,
        "agent": {
            "html_url": "https://fake.pagerduty.com/users/PUSER1", "id": "PUSER1",
            "self": "https://api.pagerduty.com/users/PUSER1", "summary": "Fake User",
            "type": "user_reference",
        },
        "client": null,
        "data": {
            "id": incident.id,
            "type": "incident",
            "self": format!("https://api.pagerduty.com/incidents/{}", incident.id),
            "html_url": page_of(&incident.id),
            "number": 1,
            "status": incident.status,
            "incident_key": format!("key-{}", incident.id),
            "created_at": incident.created_at,
            "title": incident.title,
            "incident_type": {"name": "incident_default"},
            "service": {
                "html_url": format!("https://fake.pagerduty.com/services/{}", incident.service_id),
                "id": incident.service_id,
                "self": format!("https://api.pagerduty.com/services/{}", incident.service_id),
                "summary": incident.service_name,
                "type": "service_reference",
            },
            "assignees": [{
                "html_url": "https://fake.pagerduty.com/users/PUSER1", "id": "PUSER1",
                "self": "https://api.pagerduty.com/users/PUSER1", "summary": "Fake User",
                "type": "user_reference",
            }],
            "escalation_policy": {
                "html_url": "https://fake.pagerduty.com/escalation_policies/PESC1", "id": "PESC1",
                "self": "https://api.pagerduty.com/escalation_policies/PESC1",
                "summary": "Default", "type": "escalation_policy_reference",
            },
            "teams": [],
            "priority": null,
            "urgency": incident.urgency,
            "conference_bridge": null,
            "resolve_reason": null,
        },
    }})
}
