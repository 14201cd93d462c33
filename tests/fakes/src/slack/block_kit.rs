//! Slack's limits on blocks: what is longer, more, unknown or missing is `invalid_blocks`, with the place.

use std::collections::BTreeSet;

use serde_json::Value;

use super::web_api::Refused;

const MESSAGE_BLOCKS: usize = 50;
const MODAL_BLOCKS: usize = 100;
/// Beyond this many letters of JSON in all, Slack refuses a message's blocks.
const MESSAGE_LETTERS: usize = 13_200;

/// The blocks of a message.
pub(super) fn check_message(blocks: &[Value]) -> Result<(), Refused> {
    let letters: usize = blocks.iter().map(|block| units(&block.to_string())).sum();
    if letters > MESSAGE_LETTERS {
        return Err("msg_blocks_too_long".into());
    }
    let mut check = Check::default();
    check.count("/blocks", blocks, MESSAGE_BLOCKS);
    for (place, block) in blocks.iter().enumerate() {
        check.block(&format!("/blocks/{place}"), block, Surface::Message);
    }
    check.verdict("invalid_blocks")
}

/// The whole of a modal.
pub(super) fn check_modal(view: &Value) -> Result<(), Refused> {
    let mut check = Check::default();
    check.is(view["type"] == "modal", "/view/type", "unsupported view type");
    check.text("/view/title", &view["title"], Kind::Plain, 24);
    check.optional_text("/view/submit", &view["submit"], 24);
    check.optional_text("/view/close", &view["close"], 24);
    check.short("/view/private_metadata", &view["private_metadata"], 3000);
    check.short("/view/callback_id", &view["callback_id"], 255);
    let blocks = list(&view["blocks"]);
    check.count("/view/blocks", blocks, MODAL_BLOCKS);
    for (place, block) in blocks.iter().enumerate() {
        check.block(&format!("/view/blocks/{place}"), block, Surface::Modal);
    }
    let has_input = blocks.iter().any(|block| block["type"] == "input");
    check.is(
        !has_input || !view["submit"].is_null(),
        "/view/submit",
        "a modal with inputs needs it",
    );
    check.verdict("invalid_arguments")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Surface {
    Message,
    Modal,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Any,
}

#[derive(Default)]
struct Check {
    faults: Vec<String>,
    block_ids: BTreeSet<String>,
}

impl Check {
    fn verdict(self, error: &str) -> Result<(), Refused> {
        if self.faults.is_empty() { Ok(()) } else { Err(Refused::with_details(error, self.faults)) }
    }

    fn is(&mut self, is_right: bool, place: &str, fault: &str) {
        if !is_right {
            self.faults.push(format!("[ERROR] {fault} [json-pointer:{place}]"));
        }
    }

    fn count(&mut self, place: &str, elements: &[Value], most: usize) {
        self.is(elements.len() <= most, place, &format!("no more than {most} items allowed"));
    }

    fn block(&mut self, place: &str, block: &Value, surface: Surface) {
        self.short(&format!("{place}/block_id"), &block["block_id"], 255);
        if let Some(id) = block["block_id"].as_str() {
            let is_new = self.block_ids.insert(id.to_owned());
            self.is(is_new, &format!("{place}/block_id"), "block_id already exists");
        }
        match block["type"].as_str().unwrap_or_default() {
            "header" => self.text(&format!("{place}/text"), &block["text"], Kind::Plain, 150),
            "divider" => {}
            "section" => self.section(place, block),
            "context" => self.context(place, block),
            "actions" => self.actions(place, block),
            "input" if surface == Surface::Modal => self.input(place, block),
            _ => self.is(false, place, "unsupported type"),
        }
    }

    fn section(&mut self, place: &str, block: &Value) {
        let has_fields = !block["fields"].is_null();
        self.is(has_fields || !block["text"].is_null(), place, "missing required field: text");
        if !block["text"].is_null() {
            self.text(&format!("{place}/text"), &block["text"], Kind::Any, 3000);
        }
        if has_fields {
            let fields = list(&block["fields"]);
            self.is(!fields.is_empty(), &format!("{place}/fields"), "must not be empty");
            self.count(&format!("{place}/fields"), fields, 10);
            for (field, text) in fields.iter().enumerate() {
                self.text(&format!("{place}/fields/{field}"), text, Kind::Any, 2000);
            }
        }
    }

    fn context(&mut self, place: &str, block: &Value) {
        let elements = list(&block["elements"]);
        self.is(!elements.is_empty(), place, "missing required field: elements");
        self.count(&format!("{place}/elements"), elements, 10);
        for (element, text) in elements.iter().enumerate() {
            self.text(&format!("{place}/elements/{element}"), text, Kind::Any, 3000);
        }
    }

    fn actions(&mut self, place: &str, block: &Value) {
        let elements = list(&block["elements"]);
        self.is(!elements.is_empty(), place, "missing required field: elements");
        self.count(&format!("{place}/elements"), elements, 25);
        let mut action_ids = BTreeSet::new();
        for (element, button) in elements.iter().enumerate() {
            let place = format!("{place}/elements/{element}");
            self.is(button["type"] == "button", &place, "unsupported type");
            self.text(&format!("{place}/text"), &button["text"], Kind::Plain, 75);
            self.short(&format!("{place}/value"), &button["value"], 2000);
            self.short(&format!("{place}/action_id"), &button["action_id"], 255);
            if let Some(id) = button["action_id"].as_str() {
                self.is(
                    action_ids.insert(id),
                    &format!("{place}/action_id"),
                    "action_id already exists",
                );
            }
            let style = &button["style"];
            let is_style = style.is_null() || style == "primary" || style == "danger";
            self.is(is_style, &format!("{place}/style"), "unsupported style");
            self.confirm(&format!("{place}/confirm"), &button["confirm"]);
        }
    }

    fn confirm(&mut self, place: &str, confirm: &Value) {
        if confirm.is_null() {
            return;
        }
        self.text(&format!("{place}/title"), &confirm["title"], Kind::Plain, 100);
        self.text(&format!("{place}/text"), &confirm["text"], Kind::Any, 300);
        self.text(&format!("{place}/confirm"), &confirm["confirm"], Kind::Plain, 30);
        self.text(&format!("{place}/deny"), &confirm["deny"], Kind::Plain, 30);
    }

    fn input(&mut self, place: &str, block: &Value) {
        self.text(&format!("{place}/label"), &block["label"], Kind::Plain, 2000);
        self.optional_text(&format!("{place}/hint"), &block["hint"], 2000);
        let element = &block["element"];
        let is_known = element["type"] == "plain_text_input";
        self.is(is_known, &format!("{place}/element"), "unsupported type");
        self.short(&format!("{place}/element/action_id"), &element["action_id"], 255);
        let most = element["max_length"].as_u64();
        let is_sane = most.is_none_or(|most| (1..=3000).contains(&most));
        self.is(is_sane, &format!("{place}/element/max_length"), "must be from 1 to 3000");
    }

    fn optional_text(&mut self, place: &str, text: &Value, most: usize) {
        if !text.is_null() {
            self.text(place, text, Kind::Plain, most);
        }
    }

    fn text(&mut self, place: &str, text: &Value, kind: Kind, most: usize) {
        let is_kind = match text["type"].as_str() {
            Some("plain_text") => text["verbatim"].is_null(),
            Some("mrkdwn") => kind == Kind::Any && text["emoji"].is_null(),
            _ => false,
        };
        self.is(is_kind, place, "unsupported type of text");
        let length = units(text["text"].as_str().unwrap_or_default());
        let place = format!("{place}/text");
        self.is(length > 0, &place, "must be more than 0 characters");
        self.is(length <= most, &place, &format!("must be less than {} characters", most + 1));
    }

    /// A text that may be missing.
    fn short(&mut self, place: &str, text: &Value, most: usize) {
        let length = text.as_str().map_or(0, units);
        self.is(text.is_null() || text.is_string(), place, "must be a string");
        self.is(length <= most, place, &format!("must be less than {} characters", most + 1));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Letters as Slack's own programs count them.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
