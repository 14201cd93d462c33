//! A letter to one person as a direct message.

use domain::{card::Button, letter::Letter};
use serde_json::{Value, json};

use crate::{
    block::{self, SECTION_LIMIT},
    card::{action_id, button_value},
    mrkdwn::{Moment, Mrkdwn, Readers},
    thread_reply::{Paragraph, paragraph},
};

/// How many lines are shown; a letter that needs more should be a page.
const MOST_LINES: usize = 12;

/// The letter as it is shown and, its headline, as a notification shows it.
pub(crate) fn letter(letter: &Letter, readers: Readers<'_>) -> Paragraph {
    let Paragraph { text, mut blocks } = paragraph(&letter.headline, letter.tone, readers);
    let lines: Vec<String> = letter
        .lines
        .iter()
        .take(MOST_LINES)
        .map(|line| {
            let text = Mrkdwn::within(SECTION_LIMIT / MOST_LINES - 4);
            let text =
                if line.label.is_empty() { text } else { text.strong(&line.label).markup(" ") };
            text.words(&line.value, readers, Moment::Clock).finish()
        })
        .collect();
    if !lines.is_empty() {
        blocks.push(block::section(&lines.join("\n")));
    }
    if let Some((proposal, plan)) = &letter.about {
        let value = button_value(proposal, plan, None);
        let buttons: Vec<Value> = letter
            .buttons
            .iter()
            .map(|button| {
                let mut element = json!({
                    "type": "button",
                    "action_id": action_id(*button),
                    "text": block::plain(button.label()),
                    "value": value,
                });
                if *button == Button::NotMe {
                    element["style"] = json!("danger");
                    element["confirm"] = not_me();
                }
                element
            })
            .collect();
        if !buttons.is_empty() {
            blocks.push(block::actions("letter", &buttons));
        }
    }
    Paragraph { text, blocks }
}

/// The question before somebody says that it was not they who signed.
fn not_me() -> Value {
    json!({
        "title": block::plain("Was it not you?"),
        "text": block::plain("What was signed in your name counts no longer, the rollback is stopped where it stands, and everybody who was asked is told. You cannot sign on this rollback any more."),
        "confirm": block::plain("It was not me"),
        "deny": block::plain("Back"),
        "style": "danger",
    })
}
