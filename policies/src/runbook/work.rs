//! What a step, its probe or its undo does, as a runbook writes it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    arguments::Arguments,
    expect::{Expect, Scalar},
    layout::{ActionLayout, StepLayout},
};
use crate::{duration::DurationText, place::At};

/// One HTTP request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpLayout {
    /// `GET` when left out.
    pub(crate) method: Option<At<String>>,
    /// Where to; `${parameters}` may stand in its path and query.
    pub(crate) url: At<String>,
    /// By name; `env:NAME` stands for a variable that `inherit` names.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, At<String>>,
    /// What is sent; `${parameters}` may stand in it where it is JSON.
    pub(crate) body: Option<At<String>>,
}

/// A question to Prometheus.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrometheusLayout {
    /// Its address, such as `http://prometheus:9090`.
    pub(crate) server: At<String>,
    /// The `PromQL` expression.
    pub(crate) query: At<String>,
    /// By name; `env:NAME` stands for a variable that `inherit` names.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, At<String>>,
    /// For how long it must hold without a break; at one moment when left out.
    #[serde(rename = "for")]
    pub(crate) lasting: Option<At<DurationText>>,
    /// How often it is asked meanwhile; every 15 seconds when left out.
    pub(crate) every: Option<At<DurationText>>,
}

/// A question to a name server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DnsLayout {
    /// The name that is asked for.
    pub(crate) name: At<String>,
    /// What is asked for.
    #[serde(rename = "type")]
    pub(crate) record: At<RecordLayout>,
    /// The server that is asked, without a cache between: `address:port`, or an address alone for port 53.
    pub(crate) server: At<String>,
    /// How often it is asked until the answer is as expected; every 2 seconds when left out.
    pub(crate) every: Option<At<DurationText>>,
}

/// What a name can be asked for.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub(crate) enum RecordLayout {
    A,
    #[serde(rename = "AAAA")]
    Aaaa,
    #[serde(rename = "CNAME")]
    Cname,
    #[serde(rename = "TXT")]
    Txt,
}

/// How much a program may use.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsLayout {
    /// Processor time of each process, in whole seconds; four times the step's time-out when left out.
    pub(crate) cpu: Option<At<DurationText>>,
    /// Address space of each process in MiB; 8192 when left out.
    pub(crate) memory_mib: Option<At<u64>>,
    /// Files that each process may have open; 1024 when left out.
    pub(crate) open_files: Option<At<u64>>,
}

/// What is to be done, whoever asks for it: exactly one of the kinds, and what goes with it.
#[derive(Default)]
pub(crate) struct Work<'l> {
    pub(crate) command: Option<&'l At<Arguments>>,
    pub(crate) sqlmesh: Option<&'l At<Arguments>>,
    pub(crate) sql: Option<&'l At<String>>,
    pub(crate) http: Option<&'l At<HttpLayout>>,
    pub(crate) prometheus: Option<&'l At<PrometheusLayout>>,
    pub(crate) dns: Option<&'l At<DnsLayout>>,
    pub(crate) wait: Option<&'l At<DurationText>>,
    pub(crate) expect: Option<&'l At<Expect>>,
    pub(crate) env: Option<&'l At<BTreeMap<String, At<Scalar>>>>,
    pub(crate) writes: Option<&'l At<Vec<At<String>>>>,
    pub(crate) limits: Option<&'l At<LimitsLayout>>,
    pub(crate) progress: Option<&'l At<String>>,
}

impl StepLayout {
    /// What the step does.
    pub(super) fn work(&self) -> Work<'_> {
        Work {
            command: self.command.as_ref(),
            sqlmesh: self.sqlmesh.as_ref(),
            sql: self.sql.as_ref(),
            http: self.http.as_ref(),
            prometheus: self.prometheus.as_ref(),
            dns: self.dns.as_ref(),
            wait: self.wait.as_ref(),
            expect: self.expect.as_ref(),
            env: self.env.as_ref(),
            writes: self.writes.as_ref(),
            limits: self.limits.as_ref(),
            progress: self.progress.as_ref(),
        }
    }
}

impl ActionLayout {
    /// What the probe or the undo does.
    pub(super) fn work(&self) -> Work<'_> {
        Work {
            command: self.command.as_ref(),
            sqlmesh: self.sqlmesh.as_ref(),
            sql: self.sql.as_ref(),
            http: self.http.as_ref(),
            prometheus: self.prometheus.as_ref(),
            dns: self.dns.as_ref(),
            expect: self.expect.as_ref(),
            env: self.env.as_ref(),
            writes: self.writes.as_ref(),
            limits: self.limits.as_ref(),
            ..Work::default()
        }
    }
}
