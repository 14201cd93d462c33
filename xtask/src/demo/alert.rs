//! The alert: a PagerDuty account of the demo's own, and the signed webhook that it sends.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fakes::pagerduty::{API_TOKEN, FakePagerDuty, Happening, Incident};
use ring::hmac;
use serde_json::json;

use super::record::Record;

/// The service that the alert is of, as the policies' target names it.
pub(super) const SERVICE: &str = "Data warehouse";
const TIMEOUT: Duration = Duration::from_secs(10);

/// A PagerDuty account with one incident.
#[derive(Debug)]
pub(super) struct Pager {
    account: FakePagerDuty,
    incident: Incident,
    event_id: String,
    secret: String,
}

impl Pager {
    /// Starts the account with the demo's incident in it.
    pub(super) async fn start(record: &Record) -> Self {
        let account = FakePagerDuty::start().await;
        let fault = record.scene.fault();
        let incident = Incident {
            id: record.alert_id.clone(),
            title: fault.title.to_owned(),
            status: "triggered".to_owned(),
            service_id: "PDATAWH".to_owned(),
            service_name: SERVICE.to_owned(),
            urgency: "high".to_owned(),
            created_at: record.raised_at.clone(),
        };
        account.put_incident(incident.clone());
        let mut details = json!({ "environment": "prod", "error": record.scene.error() });
        // A whole release goes back where the alert names no part of it.
        if matches!(record.scene.rollback_type, 2 | 3) {
            details["models"] = json!(fault.names.join(", "));
        }
        account.add_alert(&incident.id, &incident.title, &details);
        let (event_id, secret) = (record.event_id.clone(), record.webhook_secret.clone());
        Self { account, incident, event_id, secret }
    }

    /// Where its REST API is, and the token for it.
    pub(super) fn api(&self) -> (String, &'static str) {
        (self.account.api_url(), API_TOKEN)
    }

    /// Sends the webhook and returns the id of the incident that came of it. The event is the same each time, so a
    /// second one changes nothing.
    pub(super) async fn fire(&self, countersign: &str) -> Result<String> {
        let happening = Happening {
            event_type: "incident.triggered",
            event_id: &self.event_id,
            occurred_at: &self.incident.created_at,
        };
        let webhook = self.account.webhook(happening, &self.incident);
        let client = client()?;
        let mut request = client.post(format!("{countersign}/webhooks/pagerduty"));
        for (name, value) in &webhook.headers {
            // The account signs with a secret that everybody knows; this demo has its own.
            let own = (*name == "x-pagerduty-signature").then(|| sign(&self.secret, &webhook.body));
            request = request.header(*name, own.as_ref().unwrap_or(value));
        }
        let answer = request.body(webhook.body).send().await.context("send the webhook")?;
        let status = answer.status();
        ensure!(status.is_success(), "the webhook was answered with {status}");
        self.incident_id(&client, countersign).await
    }

    /// The only incident that there is.
    async fn incident_id(&self, client: &reqwest::Client, countersign: &str) -> Result<String> {
        #[derive(serde::Deserialize)]
        struct Row {
            id: String,
        }
        let address = format!("{countersign}/api/incidents");
        let answer = client.get(address).send().await.and_then(reqwest::Response::error_for_status);
        let rows: Vec<Row> = answer
            .context("list the incidents")?
            .json()
            .await
            .context("read the list of incidents")?;
        Ok(rows
            .into_iter()
            .next()
            .context("the alert was accepted, and no incident came of it")?
            .id)
    }
}

/// A client for the demo's own addresses.
pub(super) fn client() -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    client.build().context("prepare HTTP")
}

fn sign(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("v1={}", hex::encode(hmac::sign(&key, body)))
}
