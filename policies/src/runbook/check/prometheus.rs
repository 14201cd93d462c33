//! `prometheus:`: a question whose answer must hold, perhaps for a while.

use std::collections::BTreeMap;

use domain::plan::MetricQuery;

use super::{Checker, work::Role};
use crate::{
    duration::DurationText,
    place::At,
    runbook::{action::ActionTemplate, expect::Expect, template::Language, work::PrometheusLayout},
};

/// How often Prometheus is asked when nothing is said, in milliseconds.
const EVERY_MS: u64 = 15_000;

impl Checker<'_, '_> {
    pub(super) fn prometheus(
        &mut self,
        at: &At<PrometheusLayout>,
        expect: Option<&At<Expect>>,
        role: Role,
    ) -> Option<ActionTemplate> {
        let layout = &at.value;
        if layout.server.value.contains("${") {
            let advice = "write the server out; values can stand in the query";
            self.file.note(layout.server.place, "the server must be known beforehand", advice);
            return None;
        }
        let server = self.read_address(&layout.server, &layout.server.value);
        if server.as_ref().is_some_and(|server| server.query().is_some()) {
            let advice = "write its address alone, such as `http://prometheus:9090`";
            self.file.note(layout.server.place, "a server's address has no query", advice);
        }
        if layout.query.value.trim().is_empty() {
            let advice = "write a PromQL expression";
            self.file.note(layout.query.place, "there is no query", advice);
        }
        let for_ms =
            layout.lasting.as_ref().map_or(0, |lasting| DurationText::read(lasting, self.file));
        let every_ms =
            layout.every.as_ref().map_or(EVERY_MS, |every| DurationText::read(every, self.file));
        if let (Some(every), 0) = (&layout.every, every_ms) {
            self.file.note(every.place, "this asks without a pause", "give it some seconds");
        }
        if let Some(lasting) = &layout.lasting {
            match role {
                Role::Step { timeout_ms }
                | Role::Check { timeout_ms }
                | Role::DryRun { timeout_ms }
                    if for_ms >= timeout_ms =>
                {
                    let advice = "make `timeout` longer than `for`";
                    let message = format!("{} would end before this is over", role.name());
                    self.file.note(lasting.place, message, advice);
                }
                Role::Probe | Role::Watch => {
                    let advice =
                        format!("remove `for`: {} says what is at one moment", role.name());
                    self.file.note(lasting.place, format!("{} does not wait", role.name()), advice);
                }
                Role::Step { .. }
                | Role::Undo { .. }
                | Role::DryRun { .. }
                | Role::Check { .. } => {}
            }
        }
        let headers = self.headers(&layout.headers);
        let query = self.text_in(Language::PromQl, layout.query.place, layout.query.value.trim());
        let expect = match expect {
            Some(At { value: Expect::Comparison(scalar), place }) => {
                self.comparison(&At { value: scalar.clone(), place: *place })
            }
            Some(at) => {
                let advice = "write a comparison, such as `\"< 0.01\"`";
                self.file.note(at.place, "this is not what Prometheus answers", advice);
                None
            }
            None => {
                let advice = "add `expect: \"< 0.01\"`";
                self.file.note(at.place, "it is not said which value is good", advice);
                None
            }
        };
        server?;
        let question = MetricQuery {
            server: layout.server.value.trim_end_matches('/').to_owned(),
            query: String::new(),
            headers: BTreeMap::new(),
            expect: expect?,
            for_ms,
            every_ms,
        };
        Some(ActionTemplate::Prometheus { query: query?, headers, question })
    }
}
