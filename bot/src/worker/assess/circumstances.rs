//! What else there is to know before a rollback is proposed: who else is at work on the target, and how long such a
//! rollback took here before.

use domain::{
    id::IncidentId,
    plan::{Finding, Outcome as Answered, RollbackType, Workflow},
    proposal::{Opening, Proposal, Stage},
    run::{self, Run},
};

/// The longest text of an earlier problem that is repeated.
const LONGEST: usize = 200;

/// Whether another incident's rollback holds the target: two at once would meet each other's versions.
pub(super) fn target_free(target: &str, own: &IncidentId, open: &[Proposal]) -> Finding {
    let is_other = |proposal: &&Proposal| {
        proposal.opening.target.id == target && proposal.opening.incident != *own
    };
    let doing = |proposal: &Proposal| match proposal.stage {
        Stage::Approved { .. } => Some("is about to start"),
        Stage::Running { .. } => Some("is under way"),
        Stage::Stuck { .. } => Some("is stuck until a person looks at it"),
        Stage::Open { .. } | Stage::Closed { .. } => None,
    };
    let others: Vec<_> = open
        .iter()
        .filter(is_other)
        .filter_map(|proposal| {
            let (opening, doing) = (&proposal.opening, doing(proposal)?);
            let incident = opening.incident.short();
            let rollback_type = opening.rollback_type;
            Some(format!("The {rollback_type} of incident {incident} on {target} {doing}."))
        })
        .collect();
    let (outcome, detail) = if others.is_empty() {
        (Answered::Pass, format!("No other incident's rollback is under way on {target}."))
    } else {
        let others = others.join(" ");
        let rest =
            "This one begins when the target is free, and is void if the other one changes it.";
        (Answered::Inconclusive, format!("{others} {rest}"))
    };
    finding("target_free", target, outcome, detail)
}

/// What kept the target from answering at first: a plan that was running, or a warehouse that lets one process in.
pub(super) fn answered_late(target: &str, tries: u32, problem: &str) -> Option<Finding> {
    if problem.is_empty() {
        return None;
    }
    let shown: String =
        problem.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
    let detail = format!(
        "{target} could be looked at only at try {tries}. Before: {shown}. Something else works on it, and may get in the way of a rollback."
    );
    Some(finding("target_undisturbed", target, Answered::Inconclusive, detail))
}

/// How long a rollback of this type usually took on a target, in milliseconds: the median of those that succeeded.
/// `None` where there was none.
pub(super) fn usual_ms(
    (rollback_type, workflow): (RollbackType, Workflow),
    runs: &[Run],
    proposals: &[Proposal],
) -> Option<u64> {
    let is_of_type = |run: &&Run| {
        let of = proposals.iter().find(|proposal| proposal.id == run.proposal);
        let is_alike = |opening: &Opening| {
            opening.rollback_type == rollback_type && opening.outlook.workflow == workflow
        };
        of.is_some_and(|proposal| is_alike(&proposal.opening))
            && matches!(run.stage, run::Stage::Succeeded { .. })
    };
    let took = |run: &Run| run.done.iter().map(|step| step.took_ms).sum::<u64>();
    run::median(runs.iter().filter(is_of_type).map(took).collect())
}

fn finding(check: &str, subject: &str, outcome: Answered, detail: String) -> Finding {
    Finding { check: check.to_owned(), subject: subject.to_owned(), outcome, detail }
}

#[cfg(test)]
mod tests {
    use domain::{
        Timestamp,
        digest::Digest,
        id::{ProposalId, RunId},
        level::Level,
        person::PersonId,
        plan::Target,
        proposal::{Outlook, Proposer},
        requirement::{Requirement, Rung},
        run::StepRecord,
    };
    use uuid::Uuid;

    use super::*;

    fn proposal(number: u128, rollback_type: RollbackType) -> Proposal {
        let target = Target {
            id: "warehouse".to_owned(),
            environment: "prod".to_owned(),
            gateway: "local".to_owned(),
            project: "/srv".to_owned(),
        };
        let rung = Rung {
            level: Level::LOWEST,
            role: "on-call engineer".to_owned(),
            after_ms: 0,
            people: vec![PersonId::new("ana")],
        };
        let requirement = Requirement {
            approvals: vec![Level::LOWEST],
            reasons: vec![],
            ladder: vec![rung],
            repeat_ms: 1,
            urgent: None,
            valid_ms: 1,
            policy_digest: Digest::of("policy"),
        };
        let opening = Opening {
            incident: IncidentId::new(Uuid::from_u128(number)),
            plan: Digest::of("plan"),
            rollback_type,
            target,
            models: vec![],
            downstream: vec![],
            possible_until: None,
            recovery_target_ms: 1,
            proposer: Proposer::Trigger("row_count".to_owned()),
            because: String::new(),
            findings: vec![],
            requirement,
            changes: vec![],
            outlook: Outlook::default(),
        };
        let id = ProposalId::new(Uuid::from_u128(number));
        Proposal::open(id, opening, Timestamp::UNIX_EPOCH).expect("somebody can approve").0
    }

    /// A run of the proposal with this number whose two steps took half of `took_ms` each.
    fn run(number: u128, took_ms: u64, stage: run::Stage) -> Run {
        let of = proposal(number, RollbackType::BlueGreen);
        let id = RunId::new(Uuid::from_u128(number));
        let (plan, target) = (of.opening.plan, of.opening.target.id);
        let run = Run::create(id, of.opening.incident, of.id, plan, target, vec![]).0;
        let step = StepRecord { took_ms: took_ms / 2, note: String::new(), findings: vec![] };
        Run { done: vec![step.clone(), step], stage, ..run }
    }

    #[test]
    fn the_usual_time_is_the_median_of_those_that_succeeded() {
        use RollbackType::{BlueGreen, ModelLevel};
        use Workflow::Emergency;
        let succeeded = || run::Stage::Succeeded { at: Timestamp::UNIX_EPOCH };
        let stuck =
            run::Stage::Stuck { step: 1, reason: String::new(), halt: run::Halt::default() };
        let proposals: Vec<_> = [BlueGreen, BlueGreen, ModelLevel, BlueGreen, BlueGreen]
            .into_iter()
            .zip(1..)
            .map(|(rollback_type, number)| proposal(number, rollback_type))
            .collect();
        let runs = [
            run(1, 6_000, succeeded()),
            run(2, 60_000, succeeded()),
            run(3, 2_000, succeeded()),
            run(4, 90_000, stuck),
            run(5, 4_000, succeeded()),
        ];
        assert_eq!(usual_ms((BlueGreen, Emergency), &runs, &proposals), Some(6_000));
        assert_eq!(usual_ms((BlueGreen, Emergency), &runs[..2], &proposals), Some(33_000));
        assert_eq!(usual_ms((ModelLevel, Emergency), &runs, &proposals), Some(2_000));
        assert_eq!(usual_ms((RollbackType::Schema, Emergency), &runs, &proposals), None);
        assert_eq!(usual_ms((BlueGreen, Workflow::Planned), &runs, &proposals), None);
    }

    #[test]
    fn only_others_that_are_at_work_hold_the_target() {
        let own = proposal(1, RollbackType::ModelLevel);
        let run = RunId::new(Uuid::from_u128(9));
        let doing =
            |number, stage| Proposal { stage, ..proposal(number, RollbackType::ModelLevel) };
        let waiting = proposal(2, RollbackType::ModelLevel);
        let running = doing(3, Stage::Running { run: run.clone() });
        let mine = Proposal { stage: Stage::Running { run }, ..own.clone() };
        let outcome = |target: &str, open: &[Proposal]| {
            target_free(target, &own.opening.incident, open).outcome
        };
        assert_eq!(outcome("warehouse", &[waiting, mine]), Answered::Pass);
        assert_eq!(outcome("warehouse", std::slice::from_ref(&running)), Answered::Inconclusive);
        assert_eq!(outcome("lake", &[running]), Answered::Pass);
    }

    #[test]
    fn an_earlier_problem_is_told_in_short() {
        assert_eq!(answered_late("warehouse", 1, ""), None);
        let long = format!("a\nb{}", "x".repeat(900));
        let detail = answered_late("warehouse", 3, &long).expect("there was one").detail;
        assert!(detail.contains("try 3. Before: abxxx") && detail.len() < 400, "{detail}");
    }
}
