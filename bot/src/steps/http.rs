//! HTTP requests and questions to Prometheus.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    plan::{Finding, MetricQuery, Outcome, Request},
    run::ProbeAnswer,
};
use outbound::Header;

use super::{End, Performed, Steps, Under, check};

impl Steps {
    /// Sends the request once. Whether a lost answer means that it was carried out is for the probe to say.
    pub(super) async fn request(&self, request: &Request, under: &Under<'_>) -> Performed {
        let end = tokio::select! {
            end = self.send(request, under.timeout_ms) => end,
            () = under.cancel.cancelled() => End::CutShort,
        };
        Performed { output: printed(&end), end }
    }

    pub(super) async fn send(&self, request: &Request, timeout_ms: u64) -> End {
        let (headers, hidden) = match self.headers(&request.headers) {
            Ok(headers) => headers,
            Err(why) => return End::NotDone { why },
        };
        let timeout = Duration::from_millis(timeout_ms);
        match self.outbound.request(request, &headers, timeout).await {
            Ok(finding) => check::end(vec![redacted(finding, &hidden)]),
            Err(error) => {
                let why = runner::redacted(&error.to_string(), &hidden);
                if error.may_have_arrived() {
                    End::Failed { why, findings: vec![] }
                } else {
                    End::NotDone { why }
                }
            }
        }
    }

    pub(super) async fn ask_server(
        &self,
        request: &Request,
        timeout_ms: u64,
    ) -> (ProbeAnswer, String) {
        match self.send(request, timeout_ms).await {
            End::Did { findings, .. } => check::answer(&findings),
            End::Failed { findings, .. } if !findings.is_empty() => check::answer(&findings),
            // Nobody was reached who could have told.
            End::Failed { why, .. } | End::NotDone { why } => (ProbeAnswer::Unknown, why),
            End::CutShort => (ProbeAnswer::Unknown, "it was cut short".to_owned()),
        }
    }

    pub(super) async fn question(&self, question: &MetricQuery, under: &Under<'_>) -> Performed {
        let say = |line: String| drop(under.say.send_replace(line.into()));
        let end = tokio::select! {
            finding = self.metric(question, under.timeout_ms, say) => check::end(vec![finding]),
            () = under.cancel.cancelled() => End::CutShort,
        };
        Performed { output: printed(&end), end }
    }

    pub(super) async fn ask_prometheus(
        &self,
        question: &MetricQuery,
        timeout_ms: u64,
    ) -> (ProbeAnswer, String) {
        check::answer(&[self.metric(question, timeout_ms, drop).await])
    }

    pub(super) async fn metric(
        &self,
        question: &MetricQuery,
        timeout_ms: u64,
        mut say: impl FnMut(String),
    ) -> Finding {
        let (headers, hidden) = match self.headers(&question.headers) {
            Ok(headers) => headers,
            Err(detail) => {
                let (check, subject) = ("prometheus".to_owned(), question.query.clone());
                return Finding { check, subject, outcome: Outcome::Inconclusive, detail };
            }
        };
        let timeout = Duration::from_millis(timeout_ms);
        let say = |line: String| say(runner::redacted(&line, &hidden));
        redacted(self.outbound.question(question, &headers, timeout, say).await, &hidden)
    }

    /// The headers with their secrets, and what must not be shown because of them.
    pub(super) fn headers(
        &self,
        texts: &BTreeMap<String, String>,
    ) -> Result<(Vec<Header>, Vec<String>), String> {
        let filled = self.filled(texts)?;
        let hidden = self.hidden(texts, &filled);
        let headers = filled.into_iter().map(|(name, value)| (name, value.into())).collect();
        Ok((headers, hidden))
    }
}

fn redacted(finding: Finding, hidden: &[String]) -> Finding {
    Finding {
        subject: runner::redacted(&finding.subject, hidden),
        detail: runner::redacted(&finding.detail, hidden),
        ..finding
    }
}

/// What is kept of a call: there is no program whose output could be.
pub(super) fn printed(end: &End) -> String {
    let (said, findings) = match end {
        End::Did { note, findings } => (note, findings.as_slice()),
        End::Failed { why, findings } => (why, findings.as_slice()),
        End::NotDone { why } => (why, &[][..]),
        End::CutShort => return "It was cut short.\n".to_owned(),
    };
    let lines = findings.iter().map(|finding| format!("{}: {}\n", finding.subject, finding.detail));
    let lines: String = lines.collect();
    if lines.is_empty() { format!("{said}\n") } else { lines }
}
