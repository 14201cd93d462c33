//! What the tests are made of: the house's people, its ladder, and one of everything with the fields that matter.

use std::collections::BTreeMap;

use chrono::{TimeDelta, TimeZone, Utc};
use domain::{
    Timestamp,
    alert::Alert,
    digest::Digest,
    effect::Effect,
    hold,
    id::{HoldId, IncidentId, PinId, ProposalId, RunId},
    level::Level,
    notice::Notice,
    person::{ChatName, Identity, People, Person, PersonId},
    plan::{OnFailure, Question, RollbackType, Target},
    proposal::{Event, Opening, Proposal, Proposer},
    release::ModelVersion,
    requirement::{Requirement, Rung},
    run::{Steer, Steered, StepRule},
};
use uuid::Uuid;

pub(crate) mod desk;
pub(crate) mod events;

pub(crate) const MINUTE_MS: u64 = 60_000;

/// The night's start and `minutes` after it.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    millisecond(minutes * 60_000)
}

/// The night's start and `milliseconds` after it.
pub(crate) fn millisecond(milliseconds: i64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 23, 3, 0, 0).unwrap() + TimeDelta::milliseconds(milliseconds)
}

pub(crate) fn level(number: u8) -> Level {
    Level::try_from(number).unwrap()
}

pub(crate) fn levels(numbers: &[u8]) -> Vec<Level> {
    numbers.iter().copied().map(level).collect()
}

pub(crate) fn person(id: &str) -> PersonId {
    PersonId::new(id)
}

pub(crate) fn incident_id() -> IncidentId {
    IncidentId::new(Uuid::from_u128(1))
}

pub(crate) fn proposal_id(number: u128) -> ProposalId {
    ProposalId::new(Uuid::from_u128(number))
}

pub(crate) fn run_id(number: u128) -> RunId {
    RunId::new(Uuid::from_u128(number))
}

pub(crate) fn hold_id(number: u128) -> HoldId {
    HoldId::new(Uuid::from_u128(number))
}

pub(crate) fn pin_id(number: u128) -> PinId {
    PinId::new(Uuid::from_u128(number))
}

pub(crate) fn version(model: &str, identifier: &str) -> ModelVersion {
    ModelVersion { model: model.to_owned(), identifier: identifier.to_owned() }
}

/// What the rollback of a proposal leaves, with a reminder every day.
pub(crate) fn hold_opening(id: &ProposalId, run: RunId, proposal: &Proposal) -> hold::Opening {
    let opening = &proposal.opening;
    let needs = opening.requirement.lowest_need().unwrap_or(Level::LOWEST);
    hold::Opening {
        incident: opening.incident.clone(),
        proposal: id.clone(),
        plan: opening.plan.clone(),
        run,
        target: opening.target.clone(),
        bad: vec![version("shop.orders_daily", "22"), version("shop.revenue", "24")],
        reason: opening.because.clone(),
        needs,
        who: opening.requirement.people_from(needs),
        remind_ms: 24 * 60 * MINUTE_MS,
    }
}

pub(crate) fn plan() -> Digest {
    Digest::of("the plan that was shown")
}

/// Everybody and the level they hold; the letter rises with the level.
pub(crate) const STAFF: [(&str, &str, u8); 6] = [
    ("ana", "Ana", 1),
    ("abe", "Abe", 1),
    ("ben", "Ben", 2),
    ("bea", "Bea", 2),
    ("cleo", "Cleo", 3),
    ("dora", "Dora", 4),
];

pub(crate) fn held_by(id: &str) -> Level {
    level(STAFF.iter().find(|(staff, ..)| *staff == id).unwrap().2)
}

pub(crate) fn people() -> People {
    People::new(STAFF.iter().map(|(id, name, number)| Person {
        id: person(id),
        name: (*name).to_owned(),
        level: Some(level(*number)),
        identities: vec![identity(id)],
    }))
}

pub(crate) fn identity(id: &str) -> Identity {
    Identity { chat: ChatName::Slack, team: "T1".to_owned(), user: format!("U_{id}") }
}

pub(crate) fn rung(number: u8, minutes: u64, ids: &[&str]) -> Rung {
    Rung {
        level: level(number),
        role: format!("role at minute {minutes}"),
        after_ms: minutes * MINUTE_MS,
        people: ids.iter().copied().map(person).collect(),
    }
}

/// The default matrix with everybody reachable.
pub(crate) fn matrix() -> Vec<Rung> {
    vec![
        rung(1, 0, &["ana"]),
        rung(1, 15, &["abe"]),
        rung(2, 30, &["ben", "bea"]),
        rung(3, 45, &["cleo"]),
        rung(4, 60, &["dora"]),
    ]
}

pub(crate) fn requirement(needs: &[u8], ladder: Vec<Rung>) -> Requirement {
    Requirement {
        approvals: levels(needs),
        reasons: vec!["The policy asks for it.".to_owned()],
        ladder,
        repeat_ms: 10 * MINUTE_MS,
        urgent: None,
        valid_ms: 240 * MINUTE_MS,
        policy_digest: Digest::of("the policies"),
    }
}

pub(crate) fn opening(requirement: Requirement) -> Opening {
    Opening {
        incident: incident_id(),
        plan: plan(),
        rollback_type: RollbackType::ModelLevel,
        target: Target {
            id: "warehouse".to_owned(),
            environment: "prod".to_owned(),
            gateway: "main".to_owned(),
            project: "shop".to_owned(),
        },
        models: vec!["shop.orders_daily".to_owned()],
        downstream: vec![],
        possible_until: None,
        recovery_target_ms: 15 * MINUTE_MS,
        proposer: Proposer::Trigger("error_rate".to_owned()),
        because: "The error rate is above 1 %.".to_owned(),
        findings: vec![],
        requirement,
        changes: vec![],
        outlook: domain::proposal::Outlook::default(),
    }
}

/// A proposal of the default matrix that was opened and posted at minute 0.
pub(crate) fn proposal(needs: &[u8]) -> Proposal {
    open(opening(requirement(needs, matrix())))
}

/// A proposal that was opened and posted at minute 0.
pub(crate) fn open(opening: Opening) -> Proposal {
    let (proposal, _) = Proposal::open(proposal_id(1), opening, minute(0)).unwrap();
    proposal.step(&Event::Posted, minute(0)).unwrap().0
}

pub(crate) fn approved(id: &str) -> Event {
    Event::Approved { by: person(id), level: held_by(id), plan: plan() }
}

pub(crate) fn rejected(id: &str) -> Event {
    let reason = "the numbers are right".to_owned();
    Event::Rejected { by: person(id), level: held_by(id), plan: plan(), reason }
}

pub(crate) fn alert() -> Alert {
    Alert {
        external_id: "Q1ABC".to_owned(),
        title: "orders_daily: row count dropped 40 %".to_owned(),
        service_id: "P1".to_owned(),
        service_name: "Warehouse".to_owned(),
        url: None,
        urgency: None,
        details: BTreeMap::new(),
    }
}

/// A step that can be probed and undone, is tried twice and not idempotent.
pub(crate) fn step_rule(name: &str) -> StepRule {
    StepRule {
        name: name.to_owned(),
        attempts: 2,
        idempotent: false,
        has_probe: true,
        has_undo: true,
        on_failure: OnFailure::Undo,
        confirm: None,
    }
}

/// A step that asks a question, which a level may be named for.
pub(crate) fn question_rule(level: Option<u8>) -> StepRule {
    let text = "Swap the restored warehouse in?".to_owned();
    StepRule {
        attempts: 1,
        idempotent: true,
        has_probe: false,
        has_undo: false,
        confirm: Some(Question { text, level: level.map(self::level) }),
        ..step_rule("second look")
    }
}

/// An act of somebody on the run of the first proposal.
pub(crate) fn steered(id: &str, steer: Steer, reason: Option<&str>) -> Steered {
    Steered {
        steer,
        by: person(id),
        level: held_by(id),
        proposal: proposal_id(1),
        plan: plan(),
        reason: reason.map(str::to_owned),
    }
}

/// What people are told by these effects.
pub(crate) fn notices(effects: &[Effect]) -> Vec<Notice> {
    let said = |effect: &Effect| match effect {
        Effect::Say(notice) => Some(notice.clone()),
        _ => None,
    };
    effects.iter().filter_map(said).collect()
}

/// The timer that these effects leave set: due, rung and repeats.
pub(crate) fn timer(effects: &[Effect]) -> Option<(Timestamp, usize, u32)> {
    let set = |effect: &Effect| match effect {
        Effect::SetTimer { rung, repeats, due } => Some((*due, *rung, *repeats)),
        _ => None,
    };
    effects.iter().filter_map(set).next_back()
}
