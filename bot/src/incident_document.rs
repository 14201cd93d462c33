//! The incident as one document, to be read afterwards: drawn from its journal alone, so that it says the same whenever
//! it is asked for. What is to be learnt from it is for people to write.

mod markdown;
mod steps;

use domain::{
    Timestamp,
    fold::Fold,
    hold::{self, Hold},
    id::IncidentId,
    journal::{Actor, Entry, Record},
    notice::Notice,
    person::People,
    pin,
    plan::{Finding, RollbackType, Workflow},
    proposal::{self, Outcome, Proposal, Stage},
    remark::Remark,
    words::Words,
};
use serde::Serialize;

pub use steps::{StepRow, Work};

/// One incident, told.
#[derive(Debug, Serialize)]
pub struct IncidentDocument {
    /// The incident.
    pub incident: IncidentId,
    /// The alert's headline, or the person's reason.
    pub title: String,
    /// Who told of it: a service, or a person.
    pub told_by: String,
    /// When it was first heard of.
    pub opened_at: Timestamp,
    /// Each proposal with what came of it, oldest first.
    pub proposals: Vec<ProposalPart>,
    /// Why nothing was proposed, a sentence each.
    pub not_proposed: Vec<String>,
    /// What people said in the thread and put into the timeline.
    pub said: Vec<Said>,
    /// What is held, and what was, a sentence each.
    pub holds: Vec<String>,
}

/// One proposal with what came of it.
#[derive(Debug, Serialize)]
pub struct ProposalPart {
    /// Which of the four, in words.
    pub rollback: String,
    /// How it was carried out.
    pub workflow: Workflow,
    /// The target and its environment.
    pub target: String,
    /// The models that go back.
    pub models: Vec<String>,
    /// The models that leave the environment.
    pub without: Vec<String>,
    /// The trigger, and why this rollback.
    pub because: String,
    /// The digest of the plan.
    pub plan: String,
    /// When it was made.
    pub opened_at: Timestamp,
    /// When it had to begin, where it was planned.
    pub window: Option<(Timestamp, Timestamp)>,
    /// Whom it needed and why.
    pub needs: Vec<String>,
    /// What people did to it.
    pub decisions: Vec<Said>,
    /// What the checks before it found.
    pub checks_before: Vec<Finding>,
    /// What was done.
    pub work: Option<Work>,
    /// How it ended.
    pub outcome: Option<Said>,
    /// From the beginning to the last check, in milliseconds; `None` where it was not carried out to the end.
    pub recovery_ms: Option<u64>,
    /// The time within which it should have been done, in milliseconds.
    pub recovery_target_ms: u64,
    /// What was lost.
    pub data_loss: String,
}

/// Something at its time.
#[derive(Debug, Serialize)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: String,
}

impl IncidentDocument {
    /// Draws it from all entries of one journal, in order. An error where they do not add up.
    pub fn draw(entries: &[Entry], people: &People) -> anyhow::Result<Self> {
        let mut fold = Fold::default();
        for entry in entries {
            fold.apply(entry)?;
        }
        let Some(incident) = &fold.incident else { anyhow::bail!("the journal is empty") };
        let told_by = match &incident.request {
            Some(request) => people.name(&request.by).to_owned(),
            None => incident.alert.service_name.clone(),
        };
        let mut proposals: Vec<&Proposal> = fold.proposals.values().collect();
        proposals.sort_by_key(|proposal| proposal.opened_at);
        let parts = proposals.iter().map(|proposal| part(proposal, entries, people));
        let not_proposed = entries.iter().flat_map(|entry| &entry.notices);
        let not_proposed = not_proposed
            .filter(|notice| matches!(notice, Notice::NotProposed { .. }))
            .map(|notice| notice.words().to_plain(people));
        Ok(Self {
            incident: incident.id.clone(),
            title: incident.alert.title.clone(),
            told_by,
            opened_at: incident.opened_at,
            not_proposed: not_proposed.collect(),
            said: entries.iter().filter_map(|entry| noted(entry, people)).collect(),
            holds: fold.holds.values().map(|hold| held(hold, people)).collect(),
            proposals: parts.collect(),
        })
    }
}

/// What somebody put into the timeline with this entry.
fn noted(entry: &Entry, people: &People) -> Option<Said> {
    match &entry.record {
        Record::Remark(remark @ Remark::Noted { .. }) => {
            Some(Said { at: entry.at, text: remark.words().to_plain(people) })
        }
        _ => None,
    }
}

fn part(proposal: &Proposal, entries: &[Entry], people: &People) -> ProposalPart {
    let opening = &proposal.opening;
    let target = &opening.target;
    let outcome = match &proposal.stage {
        Stage::Closed { outcome, at } => Some((outcome, *at)),
        Stage::Open { .. }
        | Stage::Approved { .. }
        | Stage::Running { .. }
        | Stage::Stuck { .. } => None,
    };
    let work = Work::of(proposal, entries, people);
    ProposalPart {
        rollback: opening.rollback_type.to_string(),
        workflow: opening.outlook.workflow,
        target: format!("{} ({})", target.environment, target.id),
        models: opening.models.clone(),
        without: opening.outlook.without.clone(),
        because: Words::marked(&opening.because).to_plain(people),
        plan: opening.plan.to_string(),
        opened_at: proposal.opened_at,
        window: proposal.window().map(|window| (window.opens, window.closes)),
        needs: opening.requirement.reasons.clone(),
        decisions: decisions(proposal, work.as_ref(), entries, people),
        checks_before: opening.findings.clone(),
        outcome: outcome.map(|(outcome, at)| Said { at, text: outcome.words().to_plain(people) }),
        recovery_ms: outcome.and_then(|(outcome, _)| recovery_ms(outcome)),
        recovery_target_ms: opening.recovery_target_ms,
        data_loss: data_loss(proposal, work.as_ref()),
        work,
    }
}

fn recovery_ms(outcome: &Outcome) -> Option<u64> {
    if let Outcome::RolledBack { recovery_ms, .. } = outcome { Some(*recovery_ms) } else { None }
}

/// What people did to the proposal and its run, as the thread was told.
fn decisions(
    proposal: &Proposal,
    work: Option<&Work>,
    entries: &[Entry],
    people: &People,
) -> Vec<Said> {
    let is_theirs = |entry: &&Entry| {
        let is_meant = match &entry.record {
            Record::Proposal { id, event } => {
                *id == proposal.id && !matches!(event, proposal::Event::Opened { .. })
            }
            Record::Run { id, .. } => work.is_some_and(|work| work.run == *id),
            Record::Pin { event, .. } => {
                matches!(event, pin::Event::Asked { opening } if opening.proposal == proposal.id)
            }
            Record::Incident(_)
            | Record::Hold { .. }
            | Record::Refused { .. }
            | Record::Remark(_) => false,
        };
        // What it makes of a run is told by the run's answer.
        let is_alarm = matches!(
            entry.record,
            Record::Proposal { event: proposal::Event::RunHalted { .. }, .. }
        );
        is_meant && (is_alarm || matches!(entry.actor, Actor::Person { .. }))
    };
    let told = entries.iter().filter(is_theirs).filter_map(|entry| {
        let text = entry.notices.first()?.words().to_plain(people);
        Some(Said { at: entry.at, text })
    });
    told.collect()
}

/// What the way back has cost, as far as the journal knows.
fn data_loss(proposal: &Proposal, work: Option<&Work>) -> String {
    match &proposal.stage {
        Stage::Closed { outcome: Outcome::RolledBack { .. }, .. } => {}
        Stage::Running { .. }
        | Stage::Stuck { .. }
        | Stage::Closed { outcome: Outcome::GivenUp { .. }, .. } => {
            return "Not known: the rollback did not come to its end.".to_owned();
        }
        Stage::Open { .. } | Stage::Approved { .. } | Stage::Closed { .. } => {
            return "None: no rollback was completed.".to_owned();
        }
    }
    let found = work.iter().flat_map(|work| &work.steps).flat_map(|step| &step.findings);
    let all = proposal.opening.findings.iter().chain(found);
    let is_loss =
        |finding: &&Finding| ["data_loss", "rows_after_point"].contains(&finding.check.as_str());
    let told: Vec<&str> = all.filter(is_loss).map(|finding| finding.detail.as_str()).collect();
    match (told.is_empty(), proposal.opening.rollback_type) {
        (false, _) => told.join(" "),
        (true, RollbackType::BlueGreen | RollbackType::ModelLevel) => {
            "None: the versions that were left stay in tables of their own.".to_owned()
        }
        (true, RollbackType::Schema | RollbackType::FullEnvironment) => {
            "None that the checks found.".to_owned()
        }
    }
}

fn held(hold: &Hold, people: &People) -> String {
    let environment = &hold.opening.target.environment;
    let bad: Vec<String> = hold
        .opening
        .bad
        .iter()
        .map(|version| format!("{}={}", version.model, version.identifier))
        .collect();
    let bad =
        if bad.is_empty() { "nothing that is known by name".to_owned() } else { bad.join(", ") };
    let since = markdown::moment(hold.since);
    match &hold.stage {
        hold::Stage::Held { .. } => {
            format!("{environment} is held since {since}. What must not come back: {bad}.")
        }
        hold::Stage::Lifted { by, reason, at, .. } => format!(
            "{environment} was held from {since} until {} lifted it at {}: {reason} What was not to come back: {bad}.",
            people.name(by),
            markdown::moment(*at)
        ),
    }
}
