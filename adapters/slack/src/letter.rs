//! A letter to one person as a direct message.

use domain::{
    card::Button, digest::Digest, id::ProposalId, letter::Letter, person::People, words::Words,
};
use serde_json::{Value, json};

use crate::{
    address::web_address,
    block::{self, SECTION_LIMIT},
    card::{DETAILS, action_id, button_value, signing},
    mrkdwn::{Moment, Mrkdwn, Readers},
    thread_reply::{Paragraph, paragraph},
};

/// How many lines are shown; a letter that needs more should be a page.
const MOST_LINES: usize = 12;

/// The letter as it is shown and, its headline, as a notification shows it.
pub(crate) fn letter(letter: &Letter, readers: Readers<'_>) -> Paragraph {
    let Paragraph { text, mut blocks } = paragraph(&letter.headline, letter.tone, readers);
    // The fewer they are, the longer each may be.
    let shown = letter.lines.len().clamp(1, MOST_LINES);
    let lines: Vec<String> = letter
        .lines
        .iter()
        .take(shown)
        .map(|line| {
            let text = Mrkdwn::within(SECTION_LIMIT / shown - 4);
            let text =
                if line.label.is_empty() { text } else { text.strong(&line.label).markup(" ") };
            text.words(&line.value, readers, Moment::Clock).finish()
        })
        .collect();
    if !lines.is_empty() {
        blocks.push(block::section(&lines.join("\n")));
    }
    let about = letter.about.as_ref();
    let mut elements = about.map_or_else(Vec::new, |(proposal, plan)| {
        buttons(&letter.buttons, (proposal, plan), &letter.signs, readers.people)
    });
    elements.extend(letter.link.as_deref().and_then(open_thread));
    if !elements.is_empty() {
        blocks.push(block::actions("letter", &elements));
    }
    Paragraph { text, blocks }
}

/// The question before somebody says that it was not they who signed.
fn not_me() -> Value {
    json!({
        "title": block::plain("Was it not you?"),
        "text": block::plain("What was signed in your name counts no longer, the rollback is stopped where it stands, and everybody who was asked is told. You cannot sign in this incident any more."),
        "confirm": block::plain("It was not me"),
        "deny": block::plain("Back"),
        "style": "danger",
    })
}

/// Buttons that decide, outside a card, with one for the details. `signs` says what an approval signs; empty, nothing is
/// asked before it.
pub(crate) fn buttons(
    buttons: &[Button],
    (proposal, plan): (&ProposalId, &Digest),
    signs: &Words,
    people: &People,
) -> Vec<Value> {
    let value = button_value(proposal, plan, None);
    let named = |id: &str, label: &str| json!({"type": "button", "action_id": id, "text": block::plain(label), "value": value});
    let element = |button: &Button| {
        let mut element = named(action_id(*button), button.label());
        match button {
            Button::Approve => {
                element["style"] = json!("primary");
                if !signs.is_empty() {
                    element["confirm"] = signing(plan.short(), &signs.to_plain(people));
                }
            }
            Button::Reject => element["style"] = json!("danger"),
            Button::NotMe => {
                element["style"] = json!("danger");
                element["confirm"] = not_me();
            }
            _ => {}
        }
        element
    };
    let is_of_a_decision =
        |button: &Button| matches!(button, Button::Approve | Button::Reject | Button::Escalate);
    let details = buttons.iter().any(is_of_a_decision).then(|| named(DETAILS, "Details"));
    buttons.iter().map(element).chain(details).collect()
}

/// A button that leads to the thread; `None` where the address is none.
pub(crate) fn open_thread(link: &str) -> Option<Value> {
    let link = web_address(link)?;
    Some(json!({
        "type": "button",
        "action_id": "open_thread",
        "text": block::plain("Open the thread"),
        "url": link,
    }))
}
