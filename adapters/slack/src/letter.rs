//! A letter to one person as a direct message.

use domain::{
    card::Button, digest::Digest, id::ProposalId, letter::Letter, person::People, words::Words,
};
use serde_json::{Value, json};

use crate::{
    block::{self, SECTION_LIMIT},
    card::{action_id, button_value, signing, web_address},
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

/// Buttons that decide, outside a card. `signs` says what an approval signs.
pub(crate) fn buttons(
    buttons: &[Button],
    (proposal, plan): (&ProposalId, &Digest),
    signs: &Words,
    people: &People,
) -> Vec<Value> {
    let value = button_value(proposal, plan, None);
    let element = |button: &Button| {
        let mut element = json!({
            "type": "button",
            "action_id": action_id(*button),
            "text": block::plain(button.label()),
            "value": value,
        });
        match button {
            Button::Approve => {
                element["style"] = json!("primary");
                element["confirm"] = signing(plan.short(), &signs.to_plain(people));
            }
            Button::Reject => element["style"] = json!("danger"),
            _ => {}
        }
        element
    };
    buttons.iter().map(element).collect()
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
