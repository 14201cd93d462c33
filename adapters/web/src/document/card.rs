//! The card as the templates see it: the facts sorted by how soon a reader needs them.

use domain::{
    Timestamp,
    card::{Button, Card, Fact, Link, NextAsk, State, StepLine, StepState, Watched},
    digest::Digest,
    id::ProposalId,
    notice::duration,
    person::People,
    plan::{Finding, Outcome},
};
use serde::Serialize;

use crate::piece::{Moment, Piece, countdown, pieces};

/// The facts that a reader needs in the first second; the others stand below them.
const FIRST_FACTS: [&str; 10] = [
    "Outcome",
    "Closed",
    "Hold",
    "Stuck at",
    "Question",
    "Can answer",
    "Paused",
    "Cancelled",
    "Asked now",
    "Approvals",
];

/// The facts that stand under the title.
const SUBTITLE_FACTS: [&str; 2] = ["Service", "Since"];

#[derive(Serialize)]
pub(super) struct CardDocument<'a> {
    incident: &'a str,
    short: &'a str,
    proposal: Option<&'a str>,
    plan: Option<&'a str>,
    plan_short: Option<&'a str>,
    name_to_type: Option<&'a str>,
    state: &'a State,
    title: &'a str,
    alert_url: Option<&'a str>,
    links: Vec<&'a Link>,
    first_facts: Vec<FactDocument<'a>>,
    facts: Vec<FactDocument<'a>>,
    service: Option<Vec<Piece<'a>>>,
    since: Option<Vec<Piece<'a>>>,
    next_ask: Option<NextAskDocument>,
    concerns: Vec<&'a Finding>,
    passes: Vec<&'a Finding>,
    steps: Vec<StepDocument<'a>>,
    steps_done: usize,
    live: Option<&'a str>,
    watched: Vec<WatchedDocument>,
    buttons: Vec<ButtonDocument>,
    stop: Option<String>,
    question: Option<Vec<Piece<'a>>>,
}

#[derive(Serialize)]
struct FactDocument<'a> {
    label: &'static str,
    value: Vec<Piece<'a>>,
}

#[derive(Serialize)]
struct NextAskDocument {
    level: u8,
    at: Moment,
    left: Option<String>,
}

#[derive(Serialize)]
struct StepDocument<'a> {
    name: &'a str,
    state: StepState,
    word: &'static str,
    took: Option<String>,
}

#[derive(Serialize)]
struct WatchedDocument {
    outcome: Outcome,
    line: String,
}

#[derive(Serialize)]
struct ButtonDocument {
    button: Button,
    label: &'static str,
    asks_why: bool,
}

impl<'a> CardDocument<'a> {
    pub(super) fn of(card: &'a Card, people: &'a People, now: Option<Timestamp>) -> Self {
        let fact =
            |fact: &'a Fact| FactDocument { label: fact.label, value: pieces(&fact.value, people) };
        let find = |label: &str| card.facts.iter().find(|fact| fact.label == label);
        let said = |label| find(label).map(|fact| pieces(&fact.value, people));
        let is_other = |fact: &&Fact| {
            !FIRST_FACTS.contains(&fact.label) && !SUBTITLE_FACTS.contains(&fact.label)
        };
        let (passes, concerns) =
            card.findings.iter().partition(|finding| finding.outcome == Outcome::Pass);
        Self {
            incident: card.incident.as_str(),
            short: card.incident.short(),
            proposal: card.proposal.as_ref().map(ProposalId::as_str),
            plan: card.plan.as_ref().map(Digest::as_str),
            plan_short: card.plan.as_ref().map(Digest::short),
            name_to_type: card.name_to_type.as_deref(),
            state: &card.state,
            title: &card.title,
            alert_url: card.alert_url.as_deref().filter(|url| is_web_address(url)),
            links: card.links.iter().filter(|link| is_web_address(&link.url)).collect(),
            first_facts: FIRST_FACTS.iter().filter_map(|label| find(label)).map(fact).collect(),
            facts: card.facts.iter().filter(is_other).map(fact).collect(),
            service: said("Service"),
            since: said("Since"),
            next_ask: card.next_ask.as_ref().map(|NextAsk { level, at }| NextAskDocument {
                level: level.number(),
                at: (*at).into(),
                left: now.map(|now| countdown(*at - now)),
            }),
            concerns,
            passes,
            steps: card.steps.iter().map(step).collect(),
            steps_done: card
                .steps
                .iter()
                .filter(|step| matches!(step.state, StepState::Done | StepState::SignedOff))
                .count(),
            live: card.live.as_deref(),
            watched: card.watched.iter().map(watched).collect(),
            buttons: card
                .buttons
                .iter()
                .map(|button| ButtonDocument {
                    button: *button,
                    label: button.label(),
                    asks_why: button.asks_why(),
                })
                .collect(),
            stop: card.stop.map(|stop| stop.to_string()),
            question: said("Question"),
        }
    }
}

/// A link may only lead to the web: `javascript:` and its kin run in the reader's name.
fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn watched(watched: &Watched) -> WatchedDocument {
    WatchedDocument { outcome: watched.outcome(), line: watched.line() }
}

fn step(line: &StepLine) -> StepDocument<'_> {
    let word = match line.state {
        StepState::Waiting => "waiting",
        StepState::Doing => "under way",
        StepState::InDoubt => "finding out what happened",
        StepState::Done => "done",
        StepState::Asking => "waits for an answer",
        StepState::SignedOff => "signed off by a person",
        StepState::Stuck => "stuck",
        StepState::Undoing => "taken back",
    };
    StepDocument { name: &line.name, state: line.state, word, took: line.took_ms.map(duration) }
}
