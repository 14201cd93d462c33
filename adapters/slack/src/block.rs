//! The few shapes of Block Kit that are used here, as JSON.
//!
//! Every mrkdwn text is `verbatim`: Slack then makes no links and no channel names out of plain letters. Texts
//! come in clipped; this module knows the limits of each place.

use serde_json::{Value, json};

/// The most that a header holds.
pub(crate) const HEADER_LIMIT: usize = 150;
/// The most that a section's text holds.
pub(crate) const SECTION_LIMIT: usize = 3000;
/// How many fields stand in one section.
pub(crate) const FIELDS_LIMIT: usize = 10;
/// The most that the text of a confirm dialog holds.
pub(crate) const CONFIRM_LIMIT: usize = 300;
/// How many options one menu has.
pub(crate) const MENU_LIMIT: usize = 5;

/// Letters without markup. Words between colons stay words: no emoji comes out of them.
pub(crate) fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

/// Letters with Slack's markup.
pub(crate) fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

/// A headline.
pub(crate) fn header(text: &str) -> Value {
    json!({"type": "header", "text": plain(text)})
}

/// A paragraph.
pub(crate) fn section(text: &str) -> Value {
    json!({"type": "section", "text": mrkdwn(text)})
}

/// Short texts in two columns.
pub(crate) fn fields(texts: &[String]) -> Value {
    let fields: Vec<Value> = texts.iter().map(|text| mrkdwn(text)).collect();
    json!({"type": "section", "fields": fields})
}

/// A small line.
pub(crate) fn context(text: &str) -> Value {
    json!({"type": "context", "elements": [mrkdwn(text)]})
}

/// A row of buttons.
pub(crate) fn actions(block_id: &str, elements: &[Value]) -> Value {
    json!({"type": "actions", "block_id": block_id, "elements": elements})
}

/// The menu behind three dots.
pub(crate) fn overflow(action_id: &str, options: &[Value]) -> Value {
    json!({"type": "overflow", "action_id": action_id, "options": options})
}

/// One line of a menu.
pub(crate) fn option(text: &str, value: &str) -> Value {
    json!({"text": plain(text), "value": value})
}

/// A button that leads to a page. Slack tells the app of a press on it too.
pub(crate) fn link(action_id: &str, text: &str, url: &str) -> Value {
    json!({"type": "button", "action_id": action_id, "text": plain(text), "url": url})
}

/// Blocks beside a bar of `color`.
pub(crate) fn attachment(color: &str, fallback: &str, blocks: &[Value]) -> Value {
    json!({"color": color, "fallback": fallback, "blocks": blocks})
}
