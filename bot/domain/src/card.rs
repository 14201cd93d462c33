//! The card: what stands at the head of an incident's thread in every chat, rendered from the current state.
//!
//! It is neutral: no chat's markup is in it, and every adapter lays it out in its own way.

use std::fmt::Write as _;

use serde::Serialize;

use crate::{
    Timestamp,
    digest::Digest,
    id::{IncidentId, ProposalId},
    incident::{self, Incident},
    level::Level,
    notice::{Tone, duration, settled},
    plan::{Finding, Outcome as Answer},
    proposal::{Outcome, Proposal, Proposer, Stage},
    run::{self, Cancel, Pause, Run, Steer, Stop},
    window::Window,
    words::Words,
};

mod button;
mod hold;
mod link;
mod pin;
mod step;
mod watched;

pub use button::Button;
pub use link::Link;
pub use step::{StepLine, StepState};
pub use watched::{Reading, Watched};

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
    /// Pages on the target, such as its runbook.
    pub links: Vec<Link>,
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
    /// Metrics that are watched while the run is under way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub watched: Vec<Watched>,
    /// What can be pressed.
    pub buttons: Vec<Button>,
    /// The place of the run that the buttons answer, where it waits for an answer.
    pub stop: Option<Stop>,
    /// What has to be typed to approve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_to_type: Option<String>,
}

impl Card {
    /// The card with nothing on it but what it is about and what can be pressed: for a chat that refuses the rest, so that
    /// people can still decide.
    #[must_use]
    pub fn brief(self) -> Self {
        Self {
            alert_url: None,
            facts: vec![],
            findings: vec![],
            steps: vec![],
            live: None,
            watched: vec![],
            ..self
        }
    }

    /// The card of an incident: its newest proposal, that proposal's run, and the live line of the step under way.
    pub fn of(
        incident: &Incident,
        proposal: Option<&Proposal>,
        run: Option<&Run>,
        live: Option<&str>,
    ) -> Self {
        let steps = run.map(step::lines).unwrap_or_default();
        Self {
            incident: incident.id.clone(),
            proposal: proposal.map(|proposal| proposal.id.clone()),
            plan: proposal.map(|proposal| proposal.opening.plan.clone()),
            state: state(incident, proposal, run),
            title: incident.alert.title.clone(),
            alert_url: incident.alert.url.clone(),
            links: vec![],
            facts: proposal
                .map_or_else(|| bare_facts(incident), |proposal| facts(incident, proposal, run)),
            findings: proposal
                .map(|proposal| proposal.opening.findings.clone())
                .unwrap_or_default(),
            next_ask: proposal.and_then(next_ask),
            steps,
            live: live.filter(|_| run.is_some_and(|run| !run.is_at_rest())).map(str::to_owned),
            watched: vec![],
            buttons: proposal.map(|proposal| button::of(proposal, run)).unwrap_or_default(),
            stop: run.and_then(Run::stop),
            name_to_type: proposal.and_then(Proposal::name_to_type).map(str::to_owned),
        }
    }

    /// The card with the metrics that are watched beside its run.
    #[must_use]
    pub fn with_watched(self, watched: Vec<Watched>) -> Self {
        Self { watched, ..self }
    }

    /// The card with pages on its target.
    #[must_use]
    pub fn with_links(self, links: Vec<Link>) -> Self {
        Self { links, ..self }
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
        if let Some(Window { opens, closes, .. }) = &opening.outlook.window {
            writeln!(text, "begins between {} and {}", opens.to_rfc3339(), closes.to_rfc3339())
                .expect("writing to a string cannot fail");
        }
        if !opening.outlook.without.is_empty() {
            writeln!(text, "taken away: {}", opening.outlook.without.join(", "))
                .expect("writing to a string cannot fail");
        }
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
            (Some(Stage::Running { .. }), Some(_)) if run.is_some_and(is_paused) => {
                ("⏸️", "Paused", Tone::Attention)
            }
            (Some(Stage::Running { .. }), Some(run::Stage::Asking { .. }))
                if proposal.is_some_and(Proposal::is_unanswered) =>
            {
                ("🔴", "Unanswered", Tone::Bad)
            }
            (Some(Stage::Running { .. }), Some(run::Stage::Asking { .. })) => {
                ("🟠", "Waiting for an answer", Tone::Attention)
            }
            (Some(Stage::Running { .. }), Some(run::Stage::InDoubt { .. })) => {
                ("🟡", "Finding out what happened", Tone::Attention)
            }
            (Some(Stage::Running { .. }), Some(run::Stage::Undoing { .. })) => {
                ("🟡", "Taking back", Tone::Attention)
            }
            (Some(Stage::Running { .. }), Some(_)) if run.is_some_and(Run::is_turning_back) => {
                ("🟡", "Cancelling", Tone::Attention)
            }
            (Some(Stage::Running { .. }), _) => ("🔵", "Rolling back", Tone::Neutral),
            (Some(Stage::Stuck { .. }), _) => ("🔴", "Stuck: needs a person", Tone::Bad),
            (Some(Stage::Closed { outcome, .. }), _) => match outcome {
                Outcome::RolledBack { signed_off, .. } if signed_off.is_empty() => {
                    ("🟢", "Rolled back", Tone::Good)
                }
                Outcome::RolledBack { .. } => ("🟢", "Rolled back, signed off", Tone::Good),
                Outcome::Cancelled { .. } => ("⚪", "Cancelled, taken back", Tone::Attention),
                Outcome::Undone { .. } => ("🔴", "Failed, taken back", Tone::Bad),
                Outcome::Rejected { .. } => ("⚪", "Rejected", Tone::Neutral),
                Outcome::GivenUp { .. } => ("🔴", "Given up", Tone::Bad),
                Outcome::Voided { .. } => ("⚪", "Void", Tone::Neutral),
                Outcome::Withdrawn => ("⚪", "Withdrawn", Tone::Neutral),
            },
            (None, _) if incident.request.is_some() && !incident.is_resolved() => {
                ("🟠", "Asked for", Tone::Attention)
            }
            (None, _) => match incident.stage {
                incident::Stage::Triggered => ("🟠", "Triggered", Tone::Attention),
                incident::Stage::Acknowledged => ("🟡", "Acknowledged", Tone::Attention),
                incident::Stage::Resolved { .. } => ("🟢", "Resolved", Tone::Good),
            },
        };
    State { mark, word, tone }
}

fn bare_facts(incident: &Incident) -> Vec<Fact> {
    let origin = match &incident.request {
        Some(request) => Fact { label: "Proposed by", value: Words::new().person(&request.by) },
        None => Fact { label: "Service", value: Words::plain(incident.alert.service_name.clone()) },
    };
    vec![origin, Fact { label: "Since", value: Words::new().time(incident.opened_at) }]
}

fn is_paused(run: &Run) -> bool {
    run.steering.paused.is_some()
}

/// What people did to the run, and what it waits for.
fn steering(proposal: &Proposal, run: &Run) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |label, value| facts.push(Fact { label, value });
    // Whoever signs that it may go on has to read why it does not.
    if let run::Stage::Stuck { step, reason, .. } = &run.stage {
        add("Stuck at", Words::new().strong(&run.steps[*step].name).text(format!(": {reason}")));
    }
    if let Some(Pause { by, since }) = &run.steering.paused {
        add("Paused", Words::plain("by ").person(by).text(" since ").time(*since));
    }
    if let (Some(question), Some(stop)) = (run.question(), run.stop()) {
        add("Question", Words::new().strong(&question.text));
        let level = proposal.steering_level(Steer::Confirm { stop }, question.level);
        let who = Words::new().people(&proposal.requirement().people_from(level));
        add("Can answer", who.text(format!(" ({level} or higher)")));
    }
    if let Some(Cancel { by, reason }) = &run.steering.cancelled {
        add("Cancelled", Words::plain("by ").person(by).text(": ").text(reason));
    }
    if !run.steering.signed_off.is_empty() {
        let count = run.steering.signed_off.len();
        let steps = if count == 1 { "step" } else { "steps" };
        let words = Words::plain(format!("{count} {steps}, settled by people"));
        add("Signed off", settled(words, &run.steering.signed_off));
    }
    facts
}

fn facts(incident: &Incident, proposal: &Proposal, run: Option<&Run>) -> Vec<Fact> {
    let opening = &proposal.opening;
    let mut facts = bare_facts(incident);
    let mut add = |label, value| facts.push(Fact { label, value });
    add("Proposal", Words::plain(opening.rollback_type.to_string()));
    add(
        "Where",
        Words::new().code(&opening.target.environment).text(" of ").code(&opening.target.id),
    );
    if !opening.models.is_empty() {
        add("Models", Words::new().codes(opening.models.iter().map(String::as_str)));
    }
    if !opening.outlook.without.is_empty() {
        let without = opening.outlook.without.iter().map(String::as_str);
        add("Taken away", Words::new().codes(without));
    }
    if !opening.downstream.is_empty() {
        add("Rebuilt besides", Words::new().codes(opening.downstream.iter().map(String::as_str)));
    }
    let by = match &opening.proposer {
        Proposer::Trigger(_) => Words::new(),
        // A fact of its own says so.
        Proposer::Person(_) if incident.request.is_some() => Words::new(),
        Proposer::Person(person) => Words::plain("Proposed by ").person(person).text(". "),
    };
    add("Why", by.words(Words::marked(&opening.because)));
    if !opening.changes.is_empty() {
        add("What changed", Words::plain(opening.changes.join("; ")));
    }
    let usually =
        opening.outlook.usual_ms.map(|usual| format!(", usually {} here", duration(usual)));
    let usually = usually.unwrap_or_default();
    let within = format!("within {}{usually}", duration(opening.recovery_target_ms));
    add("Target recovery", Words::plain(within));
    if let Some(rung) = proposal.asked_now() {
        add(
            "Asked now",
            Words::new().people(&rung.people).text(format!(" ({}, {})", rung.role, rung.level)),
        );
    }
    add("Approvals", approvals(proposal));
    if !proposal.disowned.is_empty() {
        let words = Words::new().people(&proposal.disowned);
        add(
            "Disowned",
            words.text(" – what was signed in this name was not theirs, and does not count"),
        );
    }
    if !opening.requirement.reasons.is_empty() {
        add("Needs", Words::plain(opening.requirement.reasons.join(" ")));
    }
    if let Some(until) = opening.possible_until {
        let words = Words::new().time(until);
        let soon = " – soon! Then SQLMesh's janitor may remove what this goes back to";
        add("Possible until", if proposal.warned { words.text(soon) } else { words });
    }
    if let Some(Window { opens, closes, .. }) = proposal.window() {
        add("Begins", Words::plain("between ").time(*opens).text(" and ").time(*closes));
    }
    add("Plan", Words::new().code(opening.plan.short()));
    if let Stage::Closed { outcome, at } = &proposal.stage {
        add("Outcome", outcome.words());
        add("Closed", Words::new().time(*at));
    } else {
        facts.extend(run.map(|run| steering(proposal, run)).unwrap_or_default());
    }
    facts
}

/// How many have signed and who; and when, once it is no longer the question who does.
fn approvals(proposal: &Proposal) -> Words {
    let tally = proposal.tally();
    let count = Words::plain(format!("{} of {}", tally.given, tally.needed));
    if proposal.approvals.is_empty() {
        return count;
    }
    if matches!(proposal.stage, Stage::Open { .. }) {
        let signed: Vec<_> =
            proposal.approvals.iter().map(|approval| approval.person.clone()).collect();
        return count.text(": ").people(&signed);
    }
    proposal.approvals.iter().enumerate().fold(count, |words, (place, approval)| {
        words
            .text(if place == 0 { ": " } else { ", " })
            .person(&approval.person)
            .text(" at ")
            .time(approval.at)
    })
}

fn next_ask(proposal: &Proposal) -> Option<NextAsk> {
    let (level, at) = proposal.asked_next()?;
    Some(NextAsk { level, at })
}
