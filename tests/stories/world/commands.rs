//! People of a story type commands and fill in forms.

use std::collections::BTreeMap;

use domain::port::Clock as _;
use fakes::{
    SignedRequest,
    pagerduty::{Happening, Incident},
    slack::Ephemeral,
};
use serde_json::Value;

use super::{CHANNEL, World, slack::user};

impl World {
    /// Somebody types a command in the incidents' channel; what they alone are shown in answer, `None` where nothing.
    /// Everything that follows is done.
    pub(crate) async fn types(&self, person: &str, text: &str) -> Option<Ephemeral> {
        self.types_in(CHANNEL, person, text).await
    }

    /// The same somewhere else.
    pub(crate) async fn types_in(
        &self,
        channel: &str,
        person: &str,
        text: &str,
    ) -> Option<Ephemeral> {
        let command = self.slack.command(&user(person), channel, text);
        self.types_this(&command).await
    }

    /// Somebody types this command.
    pub(crate) async fn types_this(&self, command: &SignedRequest) -> Option<Ephemeral> {
        let (status, answer) = self.ask("/slack/commands", command).await;
        assert_eq!(status, 200, "{answer}");
        let told = self.slack.told(command, &answer);
        self.drain().await;
        told
    }

    /// What somebody reads in answer to a command, without ids of this run; nothing else was said to them.
    pub(crate) async fn reads(&self, person: &str, text: &str) -> String {
        let told = self.types(person, text).await;
        let told = told.unwrap_or_else(|| panic!("nothing answers `{text}`"));
        assert_eq!(self.slack.take_ephemerals(&user(person)).len(), 1, "one answer to `{text}`");
        self.redacted(&told.shown()).await
    }

    /// Something is done with the newest modal, or pressed in an answer; what the bot answered.
    pub(crate) async fn interacts(&self, request: &SignedRequest) -> Value {
        let (status, answer) = self.ask("/slack/interactions", request).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Somebody chooses in their newest modal.
    pub(crate) async fn chooses(&self, person: &str, input: &str, value: &str) {
        let request = self.slack.in_view_choose(&user(person), input, value);
        assert_eq!(self.interacts(&request).await, Value::Null);
    }

    /// Somebody fills in their newest modal and sends it; what the bot answered happens to it.
    pub(crate) async fn sends(&self, person: &str, inputs: &[(&str, &str)]) {
        let request = self.slack.submit_view(&user(person), inputs);
        let answer = self.interacts(&request).await;
        self.slack.answered(&user(person), &answer);
        self.drain().await;
    }

    /// What somebody's newest modal shows, without ids of this run.
    pub(crate) async fn modal(&self, person: &str) -> String {
        let view = self.slack.views(&user(person)).pop();
        self.redacted(&view.expect("a modal stands open").shown()).await
    }

    /// Whether no modal stands open for somebody.
    pub(crate) fn has_no_modal(&self, person: &str) -> bool {
        self.slack.views(&user(person)).is_empty()
    }

    /// What is wrong at the inputs of somebody's newest modal.
    pub(crate) fn errors_at(&self, person: &str) -> BTreeMap<String, String> {
        self.slack.view_errors(&user(person))
    }

    /// An alert of a service that no target serves: an incident without a proposal.
    pub(crate) async fn another_alert(&mut self, number: u32) {
        self.another_alert_of("Disks", number, &format!("Disk {number} is full")).await;
    }

    /// An alert of another incident of this service.
    pub(crate) async fn another_alert_of(&mut self, service: &str, number: u32, title: &str) {
        let id = format!("POTHER{number}");
        let incident = Incident {
            id,
            title: title.into(),
            status: "triggered".into(),
            service_id: "PANOTHER".into(),
            service_name: service.into(),
            urgency: "low".into(),
            created_at: "2026-11-23T03:00:00Z".into(),
        };
        self.pagerduty.put_incident(incident.clone());
        let event_id = format!("01OTHER{number}");
        let occurred_at = self.clock.now().to_rfc3339();
        let event_type = "incident.triggered";
        let happening = Happening { event_type, event_id: &event_id, occurred_at: &occurred_at };
        let webhook = self.pagerduty.webhook(happening, &incident);
        assert_eq!(self.send("/webhooks/pagerduty", &webhook).await, 202);
        self.drain().await;
    }

    /// A text without ids, digests and addresses that are others in each run.
    async fn redacted(&self, text: &str) -> String {
        let store = &self.bot.engine.store;
        let mut text = text.to_owned();
        for found in store.incidents(200, None).await.expect("incidents") {
            let id = found.value.id;
            for proposal in store.proposals_of(&id).await.expect("proposals") {
                let plan = proposal.value.opening.plan;
                text = text.replace(plan.as_str(), "[plan]").replace(plan.short(), "[plan]");
                if let Some(hold) = store.hold_of(&proposal.value.id).await.expect("holds") {
                    text = text.replace(hold.value.id.short(), "[hold]");
                }
            }
            text = text.replace(id.as_str(), "[incident]").replace(id.short(), "[incident]");
        }
        let mut shown = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("<http") {
            let (_, after) = after.split_once('|').expect("a link has a label");
            shown.push_str(before);
            shown.push_str("<[link]|");
            rest = after;
        }
        shown + rest
    }
}
