//! Why a rollback is not possible, for people: what fails for many models is said once. Pure.

use domain::plan::{Finding, Outcome};

/// So many failures of one check are told in full.
const IN_FULL: usize = 2;

/// What failed, check by check, in the order in which it was found.
pub(super) fn why_not(findings: &[Finding]) -> String {
    let failed: Vec<_> =
        findings.iter().filter(|finding| finding.outcome == Outcome::Fail).collect();
    let mut sentences = Vec::new();
    for (place, first) in failed.iter().enumerate() {
        let is_same = |finding: &&&Finding| finding.check == first.check;
        if failed[..place].iter().any(|finding| finding.check == first.check) {
            continue;
        }
        let same: Vec<_> = failed[place..].iter().filter(is_same).collect();
        if same.len() <= IN_FULL {
            sentences.extend(same.iter().map(|finding| finding.detail.clone()));
            continue;
        }
        let others: Vec<_> = same[1..].iter().map(|finding| finding.subject.as_str()).collect();
        sentences.push(first.detail.clone());
        sentences.push(format!("The same check fails for {}.", others.join(", ")));
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: &str, subject: &str, outcome: Outcome, detail: &str) -> Finding {
        let detail = detail.replace("{}", subject);
        Finding { check: check.to_owned(), subject: subject.to_owned(), outcome, detail }
    }

    #[test]
    fn what_fails_for_many_models_is_said_once() {
        let gone = |subject| {
            finding("physical_table_exists", subject, Outcome::Fail, "The table of {} is gone.")
        };
        let findings = [
            gone("marts.orders"),
            finding("version_restorable", "marts.orders", Outcome::Pass, "It can."),
            finding("parents_match", "marts.x", Outcome::Fail, "{} reads what stays bad."),
            gone("marts.customers"),
            finding("downstream_columns", "marts.y", Outcome::Inconclusive, "Who knows."),
            gone("marts.segments"),
            finding("parents_match", "marts.z", Outcome::Fail, "{} reads what stays bad."),
        ];
        insta::assert_snapshot!(why_not(&findings), @"The table of marts.orders is gone. The same check fails for marts.customers, marts.segments. marts.x reads what stays bad. marts.z reads what stays bad.");
        insta::assert_snapshot!(why_not(&findings[..4]), @"The table of marts.orders is gone. The table of marts.customers is gone. marts.x reads what stays bad.");
    }
}
