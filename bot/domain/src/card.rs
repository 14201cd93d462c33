//! The card: what stands at the head of an incident's thread in every chat, rendered from the current state.
//!
//! It is neutral: no chat's markup is in it, and every adapter lays it out in its own way.

mod hold;

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    Timestamp,
    digest::Digest,
    escalation,
    id::{IncidentId, ProposalId},
    incident::{self, Incident},
    level::Level,
    notice::{Tone, duration},
    plan::{Finding, Outcome as Answer},
    proposal::{Outcome, Proposal, Proposer, Stage},
    run::{self, Run},
    words::Words,
};

/// What a person can press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// Sign.
    Approve,
    /// Say no, with a reason.
    Reject,
    /// Bring in the next level before its time.
    Escalate,
    /// End a rollback that is stuck, with a reason.
    GiveUp,
    /// Let come again what was rolled back, with a reason.
    LiftHold,
}

impl Button {
    /// The button's text.
    pub fn label(self) -> &'static str {
        match self {
            Self::Approve => "Approve",
            Self::Reject => "Reject",
            Self::Escalate => "Ask the next level now",
            Self::GiveUp => "End the rollback",
            Self::LiftHold => "Lift the hold",
        }
    }
}

/// The state in a mark and a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// One emoji.
    pub mark: &'static str,
    /// A word or three.
    pub word: &'static str,
    /// The colour.
    pub tone: Tone,
}

/// A line of the card: what, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What.
    pub label: &'static str,
    /// How it is.
    pub value: Words,
}

/// One step on the card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepLine {
    /// The step's name.
    pub name: String,
    /// How it stands.
    pub state: StepState,
    /// How long it took or `None` while it has not ended, in milliseconds.
    pub took_ms: Option<u64>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Under way.
    Doing,
    /// Its outcome is being found out.
    InDoubt,
    /// Done.
    Done,
    /// It needs a person.
    Stuck,
    /// It is or was taken back.
    Undoing,
}

/// What the next turn of the clock brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextAsk {
    /// The level that is brought in (or asked again).
    pub level: Level,
    /// When.
    pub at: Timestamp,
}

/// The head of a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Card {
    /// The incident.
    pub incident: IncidentId,
    /// The proposal that the buttons are for.
    pub proposal: Option<ProposalId>,
    /// The plan that the buttons are for.
    pub plan: Option<Digest>,
    /// The state.
    pub state: State,
    /// The alert's headline: untrusted text.
    pub title: String,
    /// Where the alert can be looked at.
    pub alert_url: Option<String>,
    /// The lines.
    pub facts: Vec<Fact>,
    /// What the checks before the proposal found.
    pub findings: Vec<Finding>,
    /// What the clock brings next.
    pub next_ask: Option<NextAsk>,
    /// The steps, once there is a run.
    pub steps: Vec<StepLine>,
    /// What the step under way says right now.
    pub live: Option<String>,
    /// What can be pressed.
    pub buttons: Vec<Button>,
}

impl Card {
    /// The card of an incident: its newest proposal, that proposal's run, and the live line of the step under way.
    pub fn of(
        incident: &Incident,
        proposal: Option<&Proposal>,
        run: Option<&Run>,
        live: Option<&str>,
    ) -> Self {
        let steps = run.map(step_lines).unwrap_or_default();
        Self {
            incident: incident.id.clone(),
            proposal: proposal.map(|proposal| proposal.id.clone()),
            plan: proposal.map(|proposal| proposal.opening.plan.clone()),
            state: state(incident, proposal, run),
            title: incident.alert.title.clone(),
            alert_url: incident.alert.url.clone(),
            facts: proposal
                .map_or_else(|| bare_facts(incident), |proposal| facts(incident, proposal)),
            findings: proposal
                .map(|proposal| proposal.opening.findings.clone())
                .unwrap_or_default(),
            next_ask: proposal.and_then(next_ask),
            steps,
            live: live.filter(|_| run.is_some_and(|run| !run.is_at_rest())).map(str::to_owned),
            buttons: proposal.map(buttons).unwrap_or_default(),
        }
    }

    /// How many findings are not a pass.
    pub fn concerns(&self) -> usize {
        self.findings.iter().filter(|finding| finding.outcome != Answer::Pass).count()
    }
}

impl Proposal {
    /// What a person reads before they sign, without anything that changes while the proposal waits.
    pub fn summary(&self) -> String {
        let opening = &self.opening;
        let mut text = format!(
            "{} of {} in {} ({})\nrebuilt besides: {}\nbecause: {}\nplan: {}\n",
            opening.rollback_type,
            opening.models.join(", "),
            opening.target.environment,
            opening.target.id,
            opening.downstream.join(", "),
            opening.because,
            opening.plan,
        );
        for finding in &opening.findings {
            writeln!(
                text,
                "{} {}: {:?}: {}",
                finding.check, finding.subject, finding.outcome, finding.detail
            )
            .expect("writing to a string cannot fail");
        }
        text
    }

    /// The digest of the summary, which receipts sign.
    pub fn summary_digest(&self) -> Digest {
        Digest::of(self.summary())
    }
}

fn state(incident: &Incident, proposal: Option<&Proposal>, run: Option<&Run>) -> State {
    let (mark, word, tone) =
        match (proposal.map(|proposal| &proposal.stage), run.map(|run| &run.stage)) {
            (Some(Stage::Open { position }), _) if position.repeats > 0 => {
                ("🔴", "Unanswered", Tone::Bad)
            }
            (Some(Stage::Open { .. }), _) => ("🟠", "Waiting for a decision", Tone::Attention),
            (Some(Stage::Approved { .. }), _) => ("🔵", "Approved", Tone::Neutral),
            (Some(Stage::Running { .. }), Some(run::Stage::InDoubt { .. })) => {
                ("🟡", "Finding out what happened", Tone::Attention)
            }
            (Some(Stage::Running { .. }), Some(run::Stage::Undoing { .. })) => {
                ("🟡", "Taking back", Tone::Attention)
            }
            (Some(Stage::Running { .. }), _) => ("🔵", "Rolling back", Tone::Neutral),
            (Some(Stage::Stuck { .. }), _) => ("🔴", "Stuck: needs a person", Tone::Bad),
            (Some(Stage::Closed { outcome, .. }), _) => match outcome {
                Outcome::RolledBack { .. } => ("🟢", "Rolled back", Tone::Good),
                Outcome::Undone { .. } => ("🔴", "Failed, taken back", Tone::Bad),
                Outcome::Rejected { .. } => ("⚪", "Rejected", Tone::Neutral),
                Outcome::GivenUp { .. } => ("🔴", "Given up", Tone::Bad),
                Outcome::Voided { .. } => ("⚪", "Void", Tone::Neutral),
                Outcome::Withdrawn => ("⚪", "Withdrawn", Tone::Neutral),
            },
            (None, _) => match incident.stage {
                incident::Stage::Triggered => ("🟠", "Triggered", Tone::Attention),
                incident::Stage::Acknowledged => ("🟡", "Acknowledged", Tone::Attention),
                incident::Stage::Resolved { .. } => ("🟢", "Resolved", Tone::Good),
            },
        };
    State { mark, word, tone }
}

fn bare_facts(incident: &Incident) -> Vec<Fact> {
    vec![
        Fact { label: "Service", value: Words::plain(incident.alert.service_name.clone()) },
        Fact { label: "Since", value: Words::new().time(incident.opened_at) },
    ]
}

fn facts(incident: &Incident, proposal: &Proposal) -> Vec<Fact> {
    let opening = &proposal.opening;
    let mut facts = bare_facts(incident);
    let mut add = |label, value| facts.push(Fact { label, value });
    add("Proposal", Words::plain(opening.rollback_type.to_string()));
    add(
        "Where",
        Words::new().code(&opening.target.environment).text(" of ").code(&opening.target.id),
    );
    add("Models", Words::new().codes(opening.models.iter().map(String::as_str)));
    if !opening.downstream.is_empty() {
        add("Rebuilt besides", Words::new().codes(opening.downstream.iter().map(String::as_str)));
    }
    let by = match &opening.proposer {
        Proposer::Trigger(_) => Words::new(),
        Proposer::Person(person) => Words::plain("Proposed by ").person(person).text(". "),
    };
    add("Why", by.words(Words::marked(&opening.because)));
    if !opening.changes.is_empty() {
        add("What changed", Words::plain(opening.changes.join("; ")));
    }
    add(
        "Target recovery",
        Words::plain(format!("within {}", duration(opening.recovery_target_ms))),
    );
    if let Stage::Open { position } = &proposal.stage {
        let rung = &opening.requirement.ladder[position.rung];
        add(
            "Asked now",
            Words::new().people(&rung.people).text(format!(" ({}, {})", rung.role, rung.level)),
        );
    }
    let tally = proposal.tally();
    let signed: Vec<_> =
        proposal.approvals.iter().map(|approval| approval.person.clone()).collect();
    let count = Words::plain(format!("{} of {}", tally.given, tally.needed));
    add("Approvals", if signed.is_empty() { count } else { count.text(": ").people(&signed) });
    if !opening.requirement.reasons.is_empty() {
        add("Needs", Words::plain(opening.requirement.reasons.join(" ")));
    }
    if let Some(until) = opening.possible_until {
        add("Possible until", Words::new().time(until));
    }
    add("Plan", Words::new().code(opening.plan.short()));
    if let Stage::Closed { outcome, .. } = &proposal.stage {
        add("Outcome", outcome.words());
    }
    facts
}

fn next_ask(proposal: &Proposal) -> Option<NextAsk> {
    let Stage::Open { position } = &proposal.stage else { return None };
    let next = escalation::next(proposal.requirement(), proposal.asked_from, position);
    Some(NextAsk { level: next.rung.level, at: next.position.asked_at })
}

fn buttons(proposal: &Proposal) -> Vec<Button> {
    match &proposal.stage {
        Stage::Open { .. } => vec![Button::Approve, Button::Reject, Button::Escalate],
        Stage::Stuck { .. } => vec![Button::GiveUp],
        Stage::Approved { .. } | Stage::Running { .. } | Stage::Closed { .. } => vec![],
    }
}

fn step_lines(run: &Run) -> Vec<StepLine> {
    let line = |(index, rule): (usize, &run::StepRule)| {
        let done = run.done.get(index).map(|record| record.took_ms);
        // The steps after the one that failed were never begun, so they are not taken back either.
        let was_begun = index <= run.done.len();
        let state = match &run.stage {
            run::Stage::Doing { step, .. } if *step == index => StepState::Doing,
            run::Stage::InDoubt { step, .. } if *step == index => StepState::InDoubt,
            run::Stage::Stuck { step, .. } if *step == index => StepState::Stuck,
            // A run that is stuck below its last step got stuck while it took steps back.
            run::Stage::Undoing { step, .. } | run::Stage::Stuck { step, .. }
                if *step <= index && was_begun && rule.has_undo =>
            {
                StepState::Undoing
            }
            run::Stage::Undone { .. } if was_begun && rule.has_undo => StepState::Undoing,
            _ if done.is_some() => StepState::Done,
            _ => StepState::Waiting,
        };
        StepLine { name: rule.name.clone(), state, took_ms: done }
    };
    run.steps.iter().enumerate().map(line).collect()
}
