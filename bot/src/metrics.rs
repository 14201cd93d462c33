//! Counters for Prometheus. What is stored is counted when it is asked for, never kept twice.

use std::fmt::Write as _;

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use store::Counts;

type Labels = Vec<(&'static str, &'static str)>;

/// The counters of this process.
pub struct Metrics {
    registry: Registry,
    webhooks: Family<Labels, Counter>,
    clicks: Family<Labels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("countersign");
        let webhooks = Family::default();
        let clicks = Family::default();
        registry.register("webhooks", "Webhooks by what became of them", webhooks.clone());
        registry.register("clicks", "Chat interactions by what became of them", clicks.clone());
        Self { registry, webhooks, clicks }
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

    /// Everything as `OpenMetrics` text.
    pub fn text(&self, counts: &Counts) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let gauges = [
            ("pending_jobs", "Jobs that wait for a worker", counts.pending_jobs),
            (
                "parked_jobs",
                "Messages that a chat refused for good and that are kept",
                counts.parked_jobs,
            ),
            (
                "parked_cards",
                "Cards that a chat refused for good and that are kept",
                counts.parked_cards,
            ),
            ("open_proposals", "Proposals that are not closed", counts.open_proposals),
            ("due_timers", "Timers that are due and not fired", counts.due_timers),
        ];
        for (name, help, value) in gauges {
            writeln!(
                text,
                "# HELP countersign_{name} {help}.\n# TYPE countersign_{name} gauge\ncountersign_{name} {value}"
            )?;
        }
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_result() {
        let metrics = Metrics::default();
        metrics.webhook("accepted");
        metrics.webhook("accepted");
        metrics.click("modal");
        let text = metrics.text(&Counts::default()).expect("text");
        assert!(text.contains("countersign_webhooks_total{result=\"accepted\"} 2"), "{text}");
        assert!(text.contains("countersign_pending_jobs 0") && text.ends_with("# EOF\n"), "{text}");
    }
}
