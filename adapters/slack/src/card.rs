//! The card as a Slack message: its blocks and the text for notifications.
//!
//! Must stay within Slack's limits whatever the card holds, so every part has its share of the whole and is cut
//! there. What asks for attention comes before what does not: a failed check is never cut for a passed one.

use domain::{
    card::{Button, Card, Fact, StepLine, StepState, Watched},
    digest::Digest,
    id::ProposalId,
    notice::duration,
    person::People,
    plan::{Finding, Outcome},
    run::Stop,
};
use reqwest::Url;
use serde_json::{Value, json};

use crate::{
    block::{self, CONFIRM_LIMIT, FIELDS_LIMIT, HEADER_LIMIT},
    letters,
    mrkdwn::{Moment, Mrkdwn, Readers},
};

// The shares of the 13,000 letters that Slack takes; with the JSON around them they stay below it.
const FACTS: usize = 3500;
const ONE_FACT: usize = 600;
const MOST_FACTS: usize = 18;
const FINDINGS: usize = 1900;
const ONE_FINDING: usize = 300;
const STEPS: usize = 1300;
const ONE_STEP: usize = 120;
const LIVE: usize = 300;
const WATCHED: usize = 700;
const ONE_WATCHED: usize = 200;
const URL: usize = 400;
/// A fact of at most so many letters stands in a column.
const COLUMN: usize = 60;

/// The message's blocks.
pub(crate) fn blocks(card: &Card, readers: Readers<'_>) -> Vec<Value> {
    let mut blocks = vec![block::header(&title(card)), block::section(&state(card))];
    blocks.extend(facts(&card.facts, readers));
    if let Some(next) = &card.next_ask {
        let text = Mrkdwn::within(200)
            .markup("⏳ If nobody decides: ")
            .strong(&next.level.to_string())
            .markup(" at ")
            .time(next.at, Moment::Clock);
        blocks.push(block::context(&text.finish()));
    }
    blocks.extend(findings(&card.findings));
    blocks.extend(steps(&card.steps));
    if let Some(live) = &card.live {
        blocks.push(block::context(&Mrkdwn::within(LIVE).markup("⚙️ ").text(live).finish()));
    }
    blocks.extend(watched(&card.watched));
    blocks.extend(buttons(card, readers.people));
    blocks
}

/// What a notification shows.
pub(crate) fn fallback(card: &Card) -> String {
    let state = &card.state;
    Mrkdwn::within(1000)
        .text(&format!(
            "{} {}: {} (incident ",
            state.mark,
            state.word,
            letters::line(card.title.trim(), 300)
        ))
        .text(&format!("{})", card.incident.short()))
        .finish()
}

/// What a button carries: enough to know what was decided on, and nothing that it would have to be trusted for.
pub(crate) fn button_value(proposal: &ProposalId, plan: &Digest, stop: Option<Stop>) -> String {
    match stop {
        Some(stop) => format!("{proposal} {plan} {stop}"),
        None => format!("{proposal} {plan}"),
    }
}

/// A button's name on the wire.
pub(crate) fn action_id(button: Button) -> &'static str {
    button.name()
}

fn title(card: &Card) -> String {
    let title = letters::line(card.title.trim(), HEADER_LIMIT);
    // Slack refuses an empty header, and a title of blanks is one.
    if title.trim().is_empty() { format!("Incident {}", card.incident.short()) } else { title }
}

fn state(card: &Card) -> String {
    let text = Mrkdwn::within(300 + URL)
        .text(card.state.mark)
        .markup(" ")
        .strong(card.state.word)
        .markup(" · incident ")
        .code(card.incident.short());
    match card.alert_url.as_deref().and_then(web_link) {
        Some(link) => text.markup(&format!(" · <{link}|open the alert>")).finish(),
        None => text.finish(),
    }
}

/// An address that cannot end its own link; `None` for what is no web address or too long for a card.
pub(crate) fn web_link(url: &str) -> Option<String> {
    let link = web_address(url)?
        .replace('&', "&amp;")
        .replace('|', "%7C")
        .replace('<', "%3C")
        .replace('>', "%3E");
    (link.len() <= URL - 50).then_some(link)
}

/// A web address; `None` for any other one.
pub(crate) fn web_address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    Some(url.into())
}

fn facts(facts: &[Fact], readers: Readers<'_>) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    let mut room = FACTS;
    for fact in facts.iter().take(MOST_FACTS) {
        let text = Mrkdwn::within(ONE_FACT.min(room))
            .strong(fact.label)
            .markup("\n")
            .words(&fact.value, readers, Moment::Day)
            .finish();
        room = room.saturating_sub(text.chars().map(letters::cost).sum());
        let plain = fact.value.to_plain(readers.people);
        let is_wide = plain.chars().count() > COLUMN || plain.contains('\n');
        if is_wide || columns.len() == FIELDS_LIMIT {
            blocks.extend(row(&mut columns));
        }
        if is_wide {
            blocks.push(block::section(&text));
        } else {
            columns.push(text);
        }
        if room < COLUMN {
            break;
        }
    }
    blocks.extend(row(&mut columns));
    blocks
}

fn row(columns: &mut Vec<String>) -> Option<Value> {
    let texts = std::mem::take(columns);
    (!texts.is_empty()).then(|| block::fields(&texts))
}

fn findings(findings: &[Finding]) -> Option<Value> {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| match finding.outcome {
        Outcome::Fail => 0,
        Outcome::Inconclusive => 1,
        Outcome::Pass => 2,
    });
    let lines = sorted.into_iter().map(|finding| {
        let (mark, word) = match finding.outcome {
            Outcome::Pass => ("✅", "pass"),
            Outcome::Fail => ("❌", "fail"),
            Outcome::Inconclusive => ("❔", "cannot be told"),
        };
        Mrkdwn::within(ONE_FINDING)
            .markup(&format!("{mark} {word}: "))
            .text(&finding.check)
            .markup(" ")
            .code(&finding.subject)
            .markup(" – ")
            .text(&finding.detail)
            .finish()
    });
    listed("Checks", lines, FINDINGS)
}

fn steps(steps: &[StepLine]) -> Option<Value> {
    let lines = steps.iter().enumerate().map(|(place, step)| {
        let (mark, word) = match step.state {
            StepState::Waiting => ("▫️", ""),
            StepState::Doing => ("▶️", " – under way"),
            StepState::InDoubt => ("❔", " – finding out"),
            StepState::Done => ("✅", ""),
            StepState::Asking => ("❓", " – waits for an answer"),
            StepState::SignedOff => ("✍️", " – signed off by a person"),
            StepState::Stuck => ("🛑", " – stuck"),
            StepState::Undoing => ("↩️", " – taken back"),
        };
        let took = step.took_ms.map(|took| format!(" – {}", duration(took))).unwrap_or_default();
        let name = letters::line(&step.name, ONE_STEP - 60);
        Mrkdwn::within(ONE_STEP)
            .markup(&format!("{mark} {}. ", place + 1))
            .text(&name)
            .markup(&took)
            .markup(word)
            .finish()
    });
    listed("Steps", lines, STEPS)
}

fn watched(watched: &[Watched]) -> Option<Value> {
    let lines = watched.iter().map(|watched| {
        let mark = match watched.outcome() {
            Outcome::Pass => "🟢",
            Outcome::Fail => "🔴",
            Outcome::Inconclusive => "❔",
        };
        Mrkdwn::within(ONE_WATCHED).markup(&format!("{mark} ")).text(&watched.line()).finish()
    });
    listed("Watched", lines, WATCHED)
}

/// A paragraph of lines; those that do not fit are counted.
fn listed(
    label: &str,
    lines: impl ExactSizeIterator<Item = String>,
    limit: usize,
) -> Option<Value> {
    let all = lines.len();
    let mut shown = vec![format!("*{label}*")];
    let mut room = limit - 40;
    for (place, line) in lines.enumerate() {
        let cost: usize = line.chars().map(letters::cost).sum::<usize>() + letters::cost('\n');
        if cost > room {
            shown.push(format!("… and {} more", all - place));
            break;
        }
        room -= cost;
        shown.push(line);
    }
    (all > 0).then(|| block::section(&shown.join("\n")))
}

fn buttons(card: &Card, people: &People) -> Option<Value> {
    let value = button_value(card.proposal.as_ref()?, card.plan.as_ref()?, card.stop);
    let elements: Vec<Value> = card
        .buttons
        .iter()
        .map(|button| {
            let mut element = json!({
                "type": "button",
                "action_id": action_id(*button),
                "text": block::plain(button.label()),
                "value": value,
            });
            match button {
                Button::Approve => {
                    element["style"] = json!("primary");
                    element["confirm"] = confirm(card, people);
                }
                Button::Confirm => {
                    element["style"] = json!("primary");
                    element["confirm"] = yes(card, people);
                }
                Button::Reject | Button::GiveUp | Button::Cancel => {
                    element["style"] = json!("danger");
                }
                Button::Escalate
                | Button::LiftHold
                | Button::Keep
                | Button::Pause
                | Button::Resume
                | Button::Retry
                | Button::RetryBlind
                | Button::Skip => {}
            }
            element
        })
        .collect();
    (!elements.is_empty()).then(|| block::actions("decide", &elements))
}

/// The question before an approval. It names what will run, the digest first: a long list may be cut.
fn confirm(card: &Card, people: &People) -> Value {
    let plan = card.plan.as_ref().map_or("", Digest::short);
    let what = card
        .facts
        .iter()
        .filter(|fact| matches!(fact.label, "Proposal" | "Where" | "Models"))
        .map(|fact| format!("{}: {}", fact.label, fact.value.to_plain(people)))
        .collect::<Vec<_>>()
        .join(". ");
    signing(plan, &what)
}

/// The question before an approval of a plan; `what` says in a sentence without its full stop what runs then.
pub(crate) fn signing(plan: &str, what: &str) -> Value {
    let text = letters::line(&format!("You sign plan {plan}. {what}."), CONFIRM_LIMIT);
    json!({
        "title": block::plain("Approve this rollback?"),
        "text": block::plain(&text),
        "confirm": block::plain("Approve"),
        "deny": block::plain("Not now"),
        "style": "primary",
    })
}

/// The question before a confirmation: the one that the run waits for.
fn yes(card: &Card, people: &People) -> Value {
    let plan = card.plan.as_ref().map_or("", Digest::short);
    let question = card.facts.iter().find(|fact| fact.label == "Question");
    let question = question.map(|fact| fact.value.to_plain(people)).unwrap_or_default();
    let text = format!("{question} You sign a yes for plan {plan}, and the rollback goes on.");
    json!({
        "title": block::plain("Let it go on?"),
        "text": block::plain(&letters::line(&text, CONFIRM_LIMIT)),
        "confirm": block::plain("Confirm"),
        "deny": block::plain("Not now"),
        "style": "primary",
    })
}
