//! The card as a Slack message: a title, the state, and beside the bar of its colour all that a person needs.
//!
//! Whoever reads it was woken a minute ago. So the order is: what happened or is wrong, how far it is, what is
//! proposed, who is asked, what the checks found against it, the buttons – and below them what can wait. Slack may
//! fold what stands after the fifth block of a bar: the buttons are never behind that.
//!
//! It must stay within Slack's limits whatever the card holds, so every part has its share of the whole and is cut
//! there. What asks for attention comes before what does not: a failed check is never cut for a passed one.

use domain::{card::Card, notice::Tone};
use serde_json::{Value, json};

use crate::{
    block::{self, HEADER_LIMIT},
    letters,
    mrkdwn::{Moment, Mrkdwn, Readers},
};

mod buttons;
mod facts;
mod findings;
mod links;
mod progress;

pub(crate) use buttons::{DETAILS, MENU, action_id, button_value, signing};
use facts::Facts;

/// Puts the card into a message to post or to edit. Both parts go into every edit: Slack drops what is left out.
pub(crate) fn fill(message: &mut Value, card: &Card, readers: Readers<'_>) {
    let fallback = fallback(card);
    message["blocks"] = json!([block::header(&title(card)), block::section(&state(card))]);
    message["attachments"] =
        json!([block::attachment(colour(card.state.tone), &fallback, &body(card, readers))]);
    message["text"] = json!(fallback);
}

/// What a notification shows.
fn fallback(card: &Card) -> String {
    let state = &card.state;
    Mrkdwn::within(400)
        .text(&format!(
            "{} {}: {} (incident ",
            state.mark,
            state.word,
            letters::line(card.title.trim(), 250)
        ))
        .text(&format!("{})", card.incident.short()))
        .finish()
}

fn title(card: &Card) -> String {
    let title = letters::line(card.title.trim(), HEADER_LIMIT);
    // Slack refuses an empty header, and a title of blanks is one.
    if letters::is_blank(&title) { format!("Incident {}", card.incident.short()) } else { title }
}

fn state(card: &Card) -> String {
    Mrkdwn::within(200)
        .text(card.state.mark)
        .markup(" ")
        .strong(card.state.word)
        .markup(" · incident ")
        .code(card.incident.short())
        .finish()
}

/// Told apart by people who see no red and green too: the state's mark and word say the same.
fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "#1d9bd1",
        Tone::Good => "#2eb67d",
        Tone::Attention => "#ecb22e",
        Tone::Bad => "#e01e5a",
    }
}

/// All that stands beside the bar: at most four blocks, the buttons, and what can wait.
fn body(card: &Card, readers: Readers<'_>) -> Vec<Value> {
    let mut facts = Facts::of(card, readers);
    let happened = facts.happened();
    let proposed = facts.proposed();
    let next = card.next_ask.as_ref();
    let buttons = buttons::buttons(card, readers.people);
    let is_decided = !card.steps.is_empty() || happened.is_some();
    let concerns =
        findings::concerns(if is_decided { "Checks before" } else { "Checks" }, &card.findings);
    let passes = findings::passes(&card.findings, concerns.as_ref());
    // Once people have decided, how it goes is more than what it was about.
    let first = if is_decided {
        [happened, progress::progress(card), facts.decided(next), buttons, proposed, concerns]
    } else {
        [proposed, facts.asked(next), concerns, buttons, None, None]
    };
    let mut blocks: Vec<Value> = first.into_iter().flatten().collect();
    blocks.extend(facts.rest());
    blocks.extend(passes);
    blocks.extend(links::links(card));
    if blocks.is_empty() {
        // Slack refuses a bar without blocks.
        let since = Mrkdwn::within(100).markup("Nothing is known yet").finish();
        blocks.push(block::context(&since));
    }
    blocks
}

/// A paragraph of lines; those that do not fit are counted.
fn listed(
    label: &str,
    lines: impl ExactSizeIterator<Item = String>,
    limit: usize,
) -> Option<String> {
    let all = lines.len();
    let mut shown = if label.is_empty() { vec![] } else { vec![format!("*{label}*")] };
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
    (all > 0).then(|| shown.join("\n"))
}

/// The day and the time where a fact is of long ago or far ahead; the time of day where it is of now.
fn moment(label: &str) -> Moment {
    match label {
        "Approvals" | "Paused" => Moment::Clock,
        _ => Moment::Day,
    }
}
