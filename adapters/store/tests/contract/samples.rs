//! Incidents, proposals, plans and runs to store. What they say does not matter here; their ids and times do.

use std::collections::BTreeMap;

use domain::{
    Timestamp,
    alert::Alert,
    digest::Digest,
    id::{IncidentId, MessageId, ProposalId, RunId},
    incident::Incident,
    level::Level,
    person::PersonId,
    plan::{Plan, RollbackType, SealedPlan, Target},
    proposal::{Opening, Proposal, Proposer},
    requirement::{Requirement, Rung},
    run::Run,
};
use store::{Store, Tx};
use uuid::Uuid;

/// A moment, so many seconds after the beginning of the test.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(1_767_225_600_000 + seconds * 1000).expect("a moment")
}

pub(crate) fn incident_id(number: u128) -> IncidentId {
    IncidentId::new(Uuid::from_u128(number))
}

pub(crate) fn proposal_id(number: u128) -> ProposalId {
    ProposalId::new(Uuid::from_u128(number))
}

pub(crate) fn run_id(number: u128) -> RunId {
    RunId::new(Uuid::from_u128(number))
}

pub(crate) fn message_id(number: u128) -> MessageId {
    MessageId::new(Uuid::from_u128(number))
}

/// An incident that the alerting system calls `Q` and the number, opened as many seconds after the beginning.
pub(crate) fn incident(number: u128) -> Incident {
    let moment = at(i64::try_from(number).expect("a small number"));
    let alert = Alert {
        external_id: format!("Q{number}"),
        title: "orders_daily: row count dropped".to_owned(),
        service_id: "PSVC".to_owned(),
        service_name: "Orders".to_owned(),
        url: None,
        urgency: None,
        details: BTreeMap::from([("größe".to_owned(), "40 % \u{1f4a5}".to_owned())]),
    };
    Incident::open(incident_id(number), alert, moment, moment).0
}

pub(crate) fn target(id: &str) -> Target {
    Target {
        id: id.to_owned(),
        environment: "prod".to_owned(),
        gateway: "duckdb".to_owned(),
        project: "/srv/project".to_owned(),
    }
}

pub(crate) fn plan(incident: u128) -> SealedPlan {
    SealedPlan::seal(Plan {
        version: 1,
        incident: incident_id(incident),
        rollback_type: RollbackType::ModelLevel,
        runbook: "model-level".to_owned(),
        runbook_digest: Digest::of("runbook"),
        target: target("warehouse"),
        models: vec!["orders_daily".to_owned()],
        downstream: vec![],
        parameters: BTreeMap::new(),
        target_fingerprint: "f00d".to_owned(),
        tool_versions: BTreeMap::new(),
        steps: vec![],
        recovery_target_ms: 900_000,
        possible_until: None,
        prepared_at: at(0),
    })
}

pub(crate) fn proposal(number: u128, incident: u128, on: &str) -> Proposal {
    let opening = Opening {
        incident: incident_id(incident),
        plan: plan(incident).digest().clone(),
        rollback_type: RollbackType::ModelLevel,
        target: target(on),
        models: vec!["orders_daily".to_owned()],
        downstream: vec![],
        possible_until: None,
        recovery_target_ms: 900_000,
        proposer: Proposer::Trigger("row_count".to_owned()),
        because: "The row count dropped by 40 %.".to_owned(),
        findings: vec![],
        requirement: Requirement {
            approvals: vec![Level::LOWEST],
            reasons: vec![],
            ladder: vec![Rung {
                level: Level::LOWEST,
                role: "on-call engineer".to_owned(),
                after_ms: 0,
                people: vec![PersonId::new("ana")],
            }],
            repeat_ms: 900_000,
            urgent: None,
            valid_ms: 900_000,
            policy_digest: Digest::of("policy"),
        },
        changes: vec![],
        outlook: domain::proposal::Outlook::default(),
    };
    let moment = at(i64::try_from(number).expect("a small number"));
    Proposal::open(proposal_id(number), opening, moment).expect("somebody can approve").0
}

pub(crate) fn run(number: u128, incident: u128, on: &str) -> Run {
    let (id, proposal) = (run_id(number), proposal_id(number));
    let plan = plan(incident).digest().clone();
    Run::create(id, incident_id(incident), proposal, plan, on.to_owned(), vec![]).0
}

/// Does some writing in one transaction.
pub(crate) async fn commit(store: &Store, write: impl AsyncFnOnce(&mut Tx)) {
    let mut tx = store.begin().await.expect("begins");
    write(&mut tx).await;
    tx.commit().await.expect("commits");
}

/// Stores incidents 1 to `last`.
pub(crate) async fn insert_incidents(store: &Store, last: u128) {
    commit(store, async |tx| {
        for number in 1..=last {
            tx.insert_incident(&incident(number)).await.expect("inserts");
        }
    })
    .await;
}
