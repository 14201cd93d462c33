//! What a check found, as the end of a step and as the answer of a probe.

use domain::{
    plan::{Finding, Outcome},
    run::ProbeAnswer,
};

use super::{End, did};

/// A step is done when its check passes, and only then.
pub(super) fn end(findings: Vec<Finding>) -> End {
    let bad: Vec<_> = findings.iter().filter(|finding| finding.outcome != Outcome::Pass).collect();
    match bad[..] {
        [] if findings.is_empty() => {
            End::Failed { why: "nothing was checked".to_owned(), findings }
        }
        [] => {
            let note: Vec<_> = findings.iter().map(|finding| finding.detail.as_str()).collect();
            did(&note.join(" "), findings.clone())
        }
        [_, ..] => {
            let no = bad.iter().any(|finding| finding.outcome == Outcome::Fail);
            let why = if no { "the check says no" } else { "the check could not tell" };
            End::Failed { why: why.to_owned(), findings }
        }
    }
}

/// A probe's answer: as expected means done.
pub(super) fn answer(findings: &[Finding]) -> (ProbeAnswer, String) {
    let has = |outcome| findings.iter().any(|finding| finding.outcome == outcome);
    let answer = if has(Outcome::Fail) {
        ProbeAnswer::NotDone
    } else if has(Outcome::Inconclusive) || findings.is_empty() {
        ProbeAnswer::Unknown
    } else {
        ProbeAnswer::Done
    };
    let details: Vec<_> = findings.iter().map(|finding| finding.detail.as_str()).collect();
    (answer, details.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pass_is_done() {
        use Outcome::{Fail, Inconclusive, Pass};
        for (outcomes, is_done, expected) in [
            (&[Pass][..], true, ProbeAnswer::Done),
            (&[Pass, Fail], false, ProbeAnswer::NotDone),
            (&[Inconclusive], false, ProbeAnswer::Unknown),
            (&[], false, ProbeAnswer::Unknown),
        ] {
            let finding = |outcome: &Outcome| Finding {
                check: "sql".to_owned(),
                subject: String::new(),
                outcome: *outcome,
                detail: String::new(),
            };
            let findings: Vec<_> = outcomes.iter().map(finding).collect();
            assert_eq!(answer(&findings).0, expected, "{outcomes:?}");
            assert_eq!(matches!(end(findings), End::Did { .. }), is_done, "{outcomes:?}");
        }
    }
}
