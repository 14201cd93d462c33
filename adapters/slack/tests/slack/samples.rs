//! One incident of an orders pipeline, its proposal and its run, in the states that people meet.

use domain::{
    alert::Alert,
    card::Card,
    digest::Digest,
    escalation::Position,
    id::{IncidentId, MessageId, ProposalId, RunId},
    incident::{self, Incident},
    level::Level,
    plan::{Finding, OnFailure, Outcome as Answer, RollbackType, Target, Workflow},
    proposal::{Opening, Outcome, Proposal, Proposer, Stage},
    requirement::{Approval, Requirement, Rung},
    run::{self, Run, StepRecord, StepRule},
};
use uuid::Uuid;

use crate::world::{ana, at, ben};

const MINUTE_MS: u64 = 60_000;

pub(crate) fn key(number: u128) -> MessageId {
    MessageId::new(Uuid::from_u128(number))
}

pub(crate) fn proposal_id() -> ProposalId {
    ProposalId::new(Uuid::from_u128(2))
}

pub(crate) fn plan() -> Digest {
    Digest::of("the plan")
}

fn level(number: u8) -> Level {
    Level::try_from(number).expect("a level")
}

pub(crate) fn incident(title: &str) -> Incident {
    Incident {
        id: IncidentId::new(Uuid::from_u128(1)),
        alert: Alert {
            external_id: "Q1".to_owned(),
            title: title.to_owned(),
            service_id: "PSVC".to_owned(),
            service_name: "orders pipeline".to_owned(),
            url: Some("https://example.pagerduty.com/incidents/Q1?a=1&b=2|x".to_owned()),
            urgency: Some("high".to_owned()),
            details: std::collections::BTreeMap::new(),
        },
        request: None,
        opened_at: at(0),
        heard_until: at(0),
        stage: incident::Stage::Triggered,
    }
}

pub(crate) fn finding(check: &str, outcome: Answer, detail: &str) -> Finding {
    Finding {
        check: check.to_owned(),
        subject: "marts.orders_daily".to_owned(),
        outcome,
        detail: detail.to_owned(),
    }
}

pub(crate) fn proposal(stage: Stage, approvals: Vec<Approval>) -> Proposal {
    let rung = |number, role: &str, after_ms, person| Rung {
        level: level(number),
        role: role.to_owned(),
        after_ms,
        people: vec![person],
    };
    Proposal {
        id: proposal_id(),
        opening: Opening {
            incident: IncidentId::new(Uuid::from_u128(1)),
            plan: plan(),
            rollback_type: RollbackType::ModelLevel,
            target: Target {
                id: "warehouse".to_owned(),
                environment: "prod".to_owned(),
                gateway: "duckdb".to_owned(),
                project: "/project".to_owned(),
            },
            models: vec!["marts.orders_daily".to_owned(), "marts.revenue".to_owned()],
            downstream: vec!["marts.board_report".to_owned()],
            possible_until: Some(at(604_800)),
            recovery_target_ms: 15 * MINUTE_MS,
            proposer: Proposer::Trigger("data_corruption".to_owned()),
            because: "Trigger data_corruption: the alert says *row_count* dropped by 40 %."
                .to_owned(),
            findings: vec![
                finding("target_version_exists", Answer::Pass, "version 3 is there"),
                finding(
                    "backup_is_fresh",
                    Answer::Inconclusive,
                    "the backup server did not answer",
                ),
                finding("no_deploy_running", Answer::Fail, "a deploy started at 05:40"),
            ],
            requirement: Requirement {
                approvals: vec![level(2), level(1)],
                reasons: vec!["A downstream consumer is business-critical.".to_owned()],
                ladder: vec![
                    rung(1, "on-call engineer", 0, ana()),
                    rung(2, "tech lead", 30 * MINUTE_MS, ben()),
                ],
                repeat_ms: 15 * MINUTE_MS,
                urgent: None,
                valid_ms: 60 * MINUTE_MS,
                policy_digest: Digest::of("the policies"),
            },
            changes: vec![],
            outlook: domain::proposal::Outlook::default(),
        },
        opened_at: at(0),
        asked_from: at(0),
        posted: true,
        warned: false,
        reminded: 0,
        approvals,
        disowned: vec![],
        stage,
        waits: None,
    }
}

pub(crate) fn by_ana() -> Vec<Approval> {
    vec![Approval { person: ana(), level: level(1), at: at(60) }]
}

pub(crate) fn open() -> Stage {
    Stage::Open { position: Position { rung: 0, repeats: 0, asked_at: at(0) } }
}

pub(crate) fn run(stage: run::Stage) -> Run {
    let rule = |name: &str| StepRule {
        name: name.to_owned(),
        attempts: 1,
        idempotent: false,
        has_probe: true,
        has_undo: true,
        on_failure: OnFailure::Undo,
        confirm: None,
    };
    Run {
        id: run_id(),
        incident: IncidentId::new(Uuid::from_u128(1)),
        proposal: proposal_id(),
        plan: plan(),
        target: "warehouse".to_owned(),
        steps: ["Record a rollback point", "Point the models back", "Check the data"]
            .map(rule)
            .into(),
        done: vec![StepRecord { took_ms: 4200, note: String::new(), findings: vec![] }],
        step_since: Some(at(120)),
        stage,
        steering: run::Steering::default(),
    }
}

pub(crate) fn run_id() -> RunId {
    RunId::new(Uuid::from_u128(3))
}

pub(crate) fn open_card() -> Card {
    let proposal = proposal(open(), vec![]);
    Card::of(&incident("orders_daily: row count dropped 40 %"), Some(&proposal), None, None)
}

pub(crate) fn rolled_back_card() -> Card {
    let outcome = Outcome::RolledBack {
        recovery_ms: 312_000,
        target_ms: 900_000,
        workflow: Workflow::Emergency,
        signed_off: vec![],
    };
    let proposal = proposal(Stage::Closed { outcome, at: at(312) }, by_ana());
    let mut run = run(run::Stage::Succeeded { at: at(312) });
    run.done = vec![run.done[0].clone(); 3];
    let incident = incident("orders_daily: row count dropped 40 %");
    Card::of(&incident, Some(&proposal), Some(&run), None)
}

/// The same JSON with the keys of every object in order, whatever other crates ask of the JSON library.
pub(crate) fn in_order(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(object) => {
            let sorted: std::collections::BTreeMap<_, _> =
                object.iter().map(|(key, value)| (key.clone(), in_order(value))).collect();
            Value::Object(sorted.into_iter().collect())
        }
        Value::Array(array) => Value::Array(array.iter().map(in_order).collect()),
        other => other.clone(),
    }
}
