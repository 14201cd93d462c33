//! Cases: an alert or a manual proposal, some facts, and what the policies must make of them. `policy test` runs them,
//! so that whoever edits a rule sees what else it changes.

use domain::{
    Timestamp,
    person::Person,
    plan::{
        RollbackType,
        Workflow::{Emergency, Planned},
    },
    requirement::Requirement,
};

use crate::{
    authority::Ask,
    duration::DurationText,
    escalation::timeline,
    files::Files,
    load::Policies,
    place::Place,
    problem::{Examined, Problems},
    runbook::{Runbook, TypeLayout},
    triage::{Match, Triage},
    yaml,
};

mod layout;

pub(crate) use layout::{AlertLayout, CaseFile};

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReport {
    /// The case's file.
    pub file: String,
    /// What the case shows; the file's name where it could not be read.
    pub name: String,
    /// How it went.
    pub result: CaseResult,
}

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseResult {
    /// The policies decide as expected.
    Passed,
    /// They decide otherwise: lines with `-` were expected, lines with `+` were decided.
    Failed {
        /// The lines, with a heading for each part that differs.
        difference: String,
    },
    /// The case itself is wrong.
    Broken {
        /// What is wrong with it.
        problems: Problems,
    },
}

impl CaseReport {
    /// Whether the policies decide as expected.
    pub fn passed(&self) -> bool {
        self.result == CaseResult::Passed
    }
}

impl std::fmt::Display for CaseReport {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.result {
            CaseResult::Passed => write!(formatter, "ok      {}", self.name),
            CaseResult::Failed { difference } => {
                write!(formatter, "FAILED  {} ({})\n{difference}", self.name, self.file)
            }
            CaseResult::Broken { problems } => {
                write!(formatter, "BROKEN  {}\n{problems}", self.file)
            }
        }
    }
}

/// Runs every case against the policies, in the order of their files.
pub fn run_cases(policies: &Policies, cases: &Files) -> Vec<CaseReport> {
    cases.0.iter().map(|(file, text)| run(policies, file, text)).collect()
}

fn run(policies: &Policies, file: &str, text: &str) -> CaseReport {
    let mut examined = Examined::new(file, text);
    let case = yaml::read::<CaseFile>(&mut examined);
    let result = case.as_ref().map(|case| case.decide(policies, &mut examined));
    let result = match result {
        Some(differences) if examined.problems.is_empty() => {
            if differences.is_empty() {
                CaseResult::Passed
            } else {
                CaseResult::Failed { difference: differences.join("\n") }
            }
        }
        _ => CaseResult::Broken { problems: Problems(examined.problems) },
    };
    let name = case.map_or_else(|| file.to_owned(), |case| case.name);
    CaseReport { file: file.to_owned(), name, result }
}

impl CaseFile {
    fn decide(&self, policies: &Policies, file: &mut Examined<'_>) -> Vec<String> {
        let found = match (&self.alert, &self.proposal) {
            (Some(alert), None) => match policies.triage(&alert.alert()) {
                Triage::Propose(found) => found,
                Triage::Nothing { why } => return self.compare_nothing(&why),
            },
            (None, Some(proposal)) => match proposal.found(policies, file) {
                Some(found) => found,
                None => return Vec::new(),
            },
            _ => {
                let advice = "keep one of `alert` and `proposal`";
                file.note(Place::START, "a case begins with one thing", advice);
                return Vec::new();
            }
        };
        if let Some(expected) = &self.expect.nothing {
            let decided = format!("a {} because of `{}`", found.rollback_type, found.trigger);
            return difference("proposed", &[format!("nothing: {expected}")], &[decided])
                .into_iter()
                .collect();
        }
        if let (Some(opens_in), None) = (&self.facts.opens_in, &self.proposal) {
            let advice = "leave it out, or begin the case with a `proposal`";
            file.note(opens_in.place, "an alert is never planned for a window", advice);
        }
        let target = policies
            .target(&found.target)
            .expect("triage and the case's check name targets that exist");
        let ask = Ask {
            rollback_type: found.rollback_type,
            target,
            models: &found.models,
            downstream: &self.facts.downstream,
            trigger: &found.trigger,
            findings: &[],
            rollbacks_lately: i64::from(self.facts.rollbacks_lately),
            data_loss_ms: self.facts.data_loss.as_ref().map(|at| DurationText::read(at, file)),
            security: self.facts.security,
            opens_in_ms: self.facts.opens_in.as_ref().map(|at| DurationText::read(at, file)),
        };
        let reachable =
            |person: &Person| !self.facts.unreachable.iter().any(|id| id == person.id.as_str());
        let (requirement, raised_by) = policies.requirement_and_rules(&ask, &reachable);
        let workflow = if ask.opens_in_ms.is_some() { Planned } else { Emergency };
        let runbook = policies.runbook_for(found.rollback_type, workflow).map(Runbook::name);
        self.compare(&found, runbook.unwrap_or("none"), &requirement, &raised_by)
    }

    fn compare_nothing(&self, why: &str) -> Vec<String> {
        match &self.expect.nothing {
            Some(expected) if why.contains(expected) => Vec::new(),
            Some(expected) => {
                difference("nothing", std::slice::from_ref(expected), &[why.to_owned()])
                    .into_iter()
                    .collect()
            }
            None => {
                difference("proposed", &["a rollback".to_owned()], &[format!("nothing: {why}")])
                    .into_iter()
                    .collect()
            }
        }
    }

    fn compare(
        &self,
        found: &Match,
        runbook: &str,
        requirement: &Requirement,
        raised_by: &[String],
    ) -> Vec<String> {
        let expect = &self.expect;
        let one = |text: &Option<String>| text.clone().map(|text| vec![text]);
        let key = |rollback_type: RollbackType| TypeLayout::from(rollback_type).key().to_owned();
        let levels = |levels: &[u8]| levels.iter().map(|level| format!("level {level}")).collect();
        let approvals: Vec<u8> = requirement.approvals.iter().map(|level| level.number()).collect();
        [
            ("trigger", one(&expect.trigger), vec![found.trigger.clone()]),
            ("target", one(&expect.target), vec![found.target.clone()]),
            (
                "rollback_type",
                expect.rollback_type.map(|kind| vec![kind.key().to_owned()]),
                vec![key(found.rollback_type)],
            ),
            ("runbook", one(&expect.runbook), vec![runbook.to_owned()]),
            ("models", expect.models.clone(), found.models.clone()),
            ("approvals", expect.approvals.as_deref().map(levels), levels(&approvals)),
            ("raised_by", expect.raised_by.clone(), raised_by.to_vec()),
            ("timeline", expect.timeline.clone(), timeline_lines(requirement)),
        ]
        .into_iter()
        .filter_map(|(part, expected, decided)| difference(part, &expected?, &decided))
        .collect()
    }
}

/// Who is asked when, a line each: `00:15 level 1: bo`.
fn timeline_lines(requirement: &Requirement) -> Vec<String> {
    let line = |turn: &crate::escalation::TurnOfClock| {
        let minutes = turn.after_ms / 60_000;
        let people: Vec<&str> = turn.people.iter().map(domain::person::PersonId::as_str).collect();
        let again = if turn.again { " again" } else { "" };
        format!(
            "{:02}:{:02} {}: {}{again}",
            minutes / 60,
            minutes % 60,
            turn.level,
            people.join(", ")
        )
    };
    timeline(requirement, Timestamp::UNIX_EPOCH).iter().map(line).collect()
}

/// The lines that differ, with those around them, or `None` when all are the same.
fn difference(part: &str, expected: &[String], decided: &[String]) -> Option<String> {
    if expected == decided {
        return None;
    }
    let head = expected.iter().zip(decided).take_while(|(one, other)| one == other).count();
    let rest = |lines: &[String]| lines.len() - head;
    let tail = expected
        .iter()
        .rev()
        .zip(decided.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    let tail = tail.min(rest(expected)).min(rest(decided));
    let mut lines = vec![format!("  {part}:")];
    lines.extend(expected[..head].iter().map(|line| format!("      {line}")));
    lines.extend(expected[head..expected.len() - tail].iter().map(|line| format!("    - {line}")));
    lines.extend(decided[head..decided.len() - tail].iter().map(|line| format!("    + {line}")));
    lines.extend(expected[expected.len() - tail..].iter().map(|line| format!("      {line}")));
    if expected.is_empty() || decided.is_empty() {
        lines.push(format!(
            "      ({} none)",
            if expected.is_empty() { "expected" } else { "decided" }
        ));
    }
    Some(lines.join("\n"))
}
