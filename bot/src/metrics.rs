//! Counters for Prometheus. What is stored is counted when it is asked for, never kept twice.

use std::{collections::BTreeMap, fmt::Write as _};

use domain::Timestamp;

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use store::Counts;

use crate::worker::chat::Kind;

type Labels = Vec<(&'static str, &'static str)>;

/// The counters of this process.
pub struct Metrics {
    registry: Registry,
    webhooks: Family<Labels, Counter>,
    clicks: Family<Labels, Counter>,
    notifications: Family<Labels, Counter>,
    sockets: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("countersign");
        let webhooks = Family::default();
        let clicks = Family::default();
        registry.register("webhooks", "Webhooks by what became of them", webhooks.clone());
        registry.register("clicks", "Chat interactions by what became of them", clicks.clone());
        let notifications = Family::default();
        registry.register(
            "notifications",
            "Notifications of SQLMesh by what became of them",
            notifications.clone(),
        );
        let sockets = Gauge::default();
        registry.register(
            "socket_connections",
            "Open connections to Slack's Socket Mode",
            sockets.clone(),
        );
        Self { registry, webhooks, clicks, notifications, sockets }
    }
}

impl Metrics {
    /// Counts a webhook.
    pub fn webhook(&self, result: &'static str) {
        self.webhooks.get_or_create(&vec![("result", result)]).inc();
    }

    /// Counts a chat interaction.
    pub fn click(&self, result: &'static str) {
        self.clicks.get_or_create(&vec![("result", result)]).inc();
    }

    /// Counts a notification of SQLMesh.
    pub fn notification(&self, result: &'static str) {
        self.notifications.get_or_create(&vec![("result", result)]).inc();
    }

    /// So many connections to Slack's Socket Mode are open.
    pub fn sockets(&self, open: i64) {
        self.sockets.set(open);
    }

    /// Everything as `OpenMetrics` text.
    pub fn text(
        &self,
        counts: &Counts,
        chats: &BTreeMap<String, Option<Kind>>,
        now: Timestamp,
    ) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let oldest = counts.oldest_waiting.map_or(0, |oldest| (now - oldest).num_seconds().max(0));
        let gauges = [
            ("pending_jobs", "Jobs that wait for a worker", counts.pending_jobs),
            ("pending_cards", "Cards that are not up to date", counts.pending_cards),
            (
                "pending_letters",
                "Letters to those who are asked that are not up to date",
                counts.pending_letters,
            ),
            (
                "pending_errands",
                "Home pages and notes for a timeline that wait",
                counts.pending_errands,
            ),
            ("oldest_waiting_seconds", "How long what waits longest for a chat waits", oldest),
            (
                "refused_jobs",
                "Cards, messages, letters and home pages that did not go and are tried again",
                counts.refused.values().sum(),
            ),
            (
                "parked_jobs",
                "Messages that were given up or replaced by a short one, and that are kept",
                counts.parked_jobs,
            ),
            (
                "parked_cards",
                "Cards that a chat refused for good and that are kept",
                counts.parked_cards,
            ),
            (
                "parked_letters",
                "Letters that were given up until somebody is asked again",
                counts.parked_letters,
            ),
            ("open_proposals", "Proposals that are not closed", counts.open_proposals),
            ("due_timers", "Timers that are due and not fired", counts.due_timers),
            ("held_targets", "Targets on which a hold stands", counts.held_targets),
            ("returned_holds", "Holds whose bad versions are live again", counts.returned_holds),
        ];
        for (name, help, value) in gauges {
            writeln!(
                text,
                "# HELP countersign_{name} {help}.\n# TYPE countersign_{name} gauge\ncountersign_{name} {value}"
            )?;
        }
        let is = |kind| {
            move |(chat, down): (&String, &Option<Kind>)| {
                (chat.clone(), i64::from(*down == Some(kind)))
            }
        };
        let out = chats.iter().map(is(Kind::Outage)).collect();
        labelled(&mut text, "chat_outage", "Whether a chat is out of order", "chat", &out)?;
        let refuses = chats.iter().map(is(Kind::Refusal)).collect();
        labelled(&mut text, "chat_refuses", "Whether a chat refuses everything", "chat", &refuses)?;
        let releases = &counts.releases_by_verdict;
        labelled(&mut text, "releases", "Releases seen", "verdict", releases)?;
        let ages = counts.looks.iter().filter_map(|(target, looked)| {
            Some((target.clone(), (now - looked.at?).num_seconds().max(0)))
        });
        let help = "Seconds since a target's state was last read";
        labelled(&mut text, "last_look_age_seconds", help, "target", &ages.collect())?;
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A gauge for each value of a label. Ids of targets and words of ours need no escaping, but a quotation mark would
/// break every line after it.
fn labelled(
    text: &mut String,
    name: &str,
    help: &str,
    label: &str,
    values: &BTreeMap<String, i64>,
) -> std::fmt::Result {
    writeln!(text, "# HELP countersign_{name} {help}.\n# TYPE countersign_{name} gauge")?;
    for (key, value) in values {
        let key = key.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
        writeln!(text, "countersign_{name}{{{label}=\"{key}\"}} {value}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use store::Looked;

    use super::*;

    #[test]
    fn counts_by_result() {
        let metrics = Metrics::default();
        metrics.webhook("accepted");
        metrics.webhook("accepted");
        metrics.click("modal");
        let mut counts = Counts::default();
        counts.releases_by_verdict.insert("bad".to_owned(), 2);
        let at = Timestamp::from_timestamp_millis(60_000);
        counts.looks.insert("a \"b\"".to_owned(), Looked { at, problem: String::new() });
        let now = Timestamp::from_timestamp_millis(90_000).expect("a moment");
        counts.oldest_waiting = at;
        let chats = BTreeMap::from([("slack".to_owned(), Some(Kind::Refusal))]);
        let text = metrics.text(&counts, &chats, now).expect("text");
        assert!(text.contains("countersign_releases{verdict=\"bad\"} 2"), "{text}");
        assert!(text.contains("countersign_oldest_waiting_seconds 30"), "{text}");
        assert!(text.contains("countersign_chat_refuses{chat=\"slack\"} 1"), "{text}");
        assert!(text.contains("countersign_chat_outage{chat=\"slack\"} 0"), "{text}");
        let age = "countersign_last_look_age_seconds{target=\"a \\\"b\\\"\"} 30";
        assert!(text.contains(age), "{text}");
        assert!(text.contains("countersign_webhooks_total{result=\"accepted\"} 2"), "{text}");
        assert!(text.contains("countersign_pending_jobs 0") && text.ends_with("# EOF\n"), "{text}");
    }
}
