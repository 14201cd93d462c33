//! What the checks found: what speaks against it in full and above the buttons, the rest below.

use domain::plan::{Finding, Outcome};
use serde_json::Value;

use super::listed;
use crate::{block, letters, mrkdwn::Mrkdwn};

const CONCERNS: usize = 1000;
/// All of them together.
const FINDINGS: usize = 1500;
const ONE_FINDING: usize = 300;

/// What failed, then what nobody could tell.
pub(super) fn concerns(label: &str, findings: &[Finding]) -> Option<Value> {
    let of = |outcome| findings.iter().filter(move |finding| finding.outcome == outcome);
    let concerns: Vec<&Finding> = of(Outcome::Fail).chain(of(Outcome::Inconclusive)).collect();
    let lines = concerns.into_iter().map(line);
    listed(label, lines, CONCERNS).map(|text| block::section(&text))
}

/// What passed, as far as `concerns` left room.
pub(super) fn passes(findings: &[Finding], concerns: Option<&Value>) -> Option<Value> {
    let spent = concerns.and_then(|block| block["text"]["text"].as_str()).map_or(0, letters::room);
    let passes: Vec<&Finding> =
        findings.iter().filter(|finding| finding.outcome == Outcome::Pass).collect();
    let text = listed("", passes.into_iter().map(line), FINDINGS - spent.min(CONCERNS))?;
    Some(block::context(&text))
}

fn line(finding: &Finding) -> String {
    let (mark, word) = match finding.outcome {
        Outcome::Pass => ("✅", "pass"),
        Outcome::Fail => ("❌", "fail"),
        Outcome::Inconclusive => ("❔", "cannot be told"),
    };
    Mrkdwn::within(ONE_FINDING)
        .markup(&format!("{mark} {word}: "))
        .text(finding.label())
        .markup(" ")
        .code(&finding.subject)
        .markup(" – ")
        .text(&finding.detail)
        .finish()
}
