//! What the checks found: what speaks against it in full and above the buttons, the rest below.

use domain::plan::{Finding, Outcome};
use serde_json::Value;

use super::listed;
use crate::{block, mrkdwn::Mrkdwn};

const CONCERNS: usize = 1000;
const PASSES: usize = 500;
const ONE_FINDING: usize = 300;

/// What failed, then what nobody could tell.
pub(super) fn concerns(label: &str, findings: &[Finding]) -> Option<Value> {
    let of = |outcome| findings.iter().filter(move |finding| finding.outcome == outcome);
    let concerns: Vec<&Finding> = of(Outcome::Fail).chain(of(Outcome::Inconclusive)).collect();
    let lines = concerns.into_iter().map(line);
    listed(label, lines, CONCERNS).map(|text| block::section(&text))
}

/// What passed.
pub(super) fn passes(findings: &[Finding]) -> Option<Value> {
    let passes: Vec<&Finding> =
        findings.iter().filter(|finding| finding.outcome == Outcome::Pass).collect();
    listed("", passes.into_iter().map(line), PASSES).map(|text| block::context(&text))
}

fn line(finding: &Finding) -> String {
    let (mark, word) = match finding.outcome {
        Outcome::Pass => ("✅", "pass"),
        Outcome::Fail => ("❌", "fail"),
        Outcome::Inconclusive => ("❔", "cannot be told"),
    };
    Mrkdwn::within(ONE_FINDING)
        .markup(&format!("{mark} {word}: "))
        .text(&finding.check)
        .markup(" ")
        .code(&finding.subject)
        .markup(" – ")
        .text(&finding.detail)
        .finish()
}
