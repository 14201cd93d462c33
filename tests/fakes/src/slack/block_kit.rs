//! Slack's limits on blocks: what is longer, more, unknown or missing is refused, with the place.

mod element;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{message::list, web_api::Refused};

const MESSAGE_BLOCKS: usize = 50;
const VIEW_BLOCKS: usize = 100;
/// No document says it, but people found that Slack refuses more in one attachment.
const ATTACHMENT_BLOCKS: usize = 20;
const ATTACHMENTS: usize = 100;
/// Beyond this many letters of JSON in all, Slack refuses a message's blocks.
const MESSAGE_LETTERS: usize = 13_200;
const VIEW_BYTES: usize = 250_000;

/// The blocks of a message and of its attachments, which count together.
pub(super) fn check_message(blocks: &[Value], attachments: &[Value]) -> Result<(), Refused> {
    let below: Vec<&Value> =
        attachments.iter().flat_map(|attachment| list(&attachment["blocks"])).collect();
    let letters = |block: &Value| units(&block.to_string());
    let all: usize = blocks.iter().chain(below.iter().copied()).map(letters).sum();
    if all > MESSAGE_LETTERS {
        return Err("msg_blocks_too_long".into());
    }
    if attachments.len() > ATTACHMENTS {
        return Err("too_many_attachments".into());
    }
    let mut check = Check::default();
    check.count("/blocks", blocks, MESSAGE_BLOCKS);
    check.blocks("/blocks", blocks, Surface::Message);
    let block_ids = std::mem::take(&mut check.block_ids);
    check.verdict("invalid_blocks")?;
    let mut check = Check { block_ids, ..Check::default() };
    let room = MESSAGE_BLOCKS - blocks.len();
    check.is(below.len() <= room, "/attachments", "no more than 50 items allowed");
    for (place, attachment) in attachments.iter().enumerate() {
        check.attachment(&format!("/attachments/{place}"), attachment);
    }
    check.verdict("invalid_attachments")
}

/// The whole of a modal or a home.
pub(super) fn check_view(view: &Value, surface: Surface) -> Result<(), Refused> {
    if view.to_string().len() > VIEW_BYTES {
        return Err("view_too_large".into());
    }
    let mut check = Check::default();
    let wanted = if surface == Surface::Home { "home" } else { "modal" };
    check.is(view["type"] == wanted, "/view/type", "unsupported view type");
    if surface == Surface::Modal {
        check.text("/view/title", &view["title"], Kind::Plain, 24);
        check.optional_text("/view/submit", &view["submit"], 24);
        check.optional_text("/view/close", &view["close"], 24);
    }
    check.short("/view/private_metadata", &view["private_metadata"], 3000);
    check.short("/view/callback_id", &view["callback_id"], 255);
    check.short("/view/external_id", &view["external_id"], 255);
    check.is(view["blocks"].is_array(), "/view/blocks", "missing required field: blocks");
    let blocks = list(&view["blocks"]);
    check.count("/view/blocks", blocks, VIEW_BLOCKS);
    check.blocks("/view/blocks", blocks, surface);
    let has_input = blocks.iter().any(|block| block["type"] == "input");
    check.is(
        surface == Surface::Home || !has_input || !view["submit"].is_null(),
        "/view/submit",
        "a modal with inputs needs it",
    );
    check.verdict("invalid_arguments")
}

/// Options that are offered for what somebody typed.
pub(super) fn check_options(options: &[Value]) -> Result<(), Refused> {
    let mut check = Check::default();
    check.options("", &serde_json::json!({"options": options}), 100);
    check.verdict("invalid_options")
}

/// Where blocks stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    Message,
    Modal,
    Home,
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

    fn blocks(&mut self, place: &str, blocks: &[Value], surface: Surface) {
        for (number, block) in blocks.iter().enumerate() {
            self.block(&format!("{place}/{number}"), block, surface);
        }
    }

    fn attachment(&mut self, place: &str, attachment: &Value) {
        let known = ["color", "blocks", "fallback"];
        let fields = attachment.as_object();
        let are_known =
            fields.is_some_and(|fields| fields.keys().all(|field| known.contains(&field.as_str())));
        self.is(are_known, place, "invalid_keys");
        let color = attachment["color"].as_str().unwrap_or_default();
        let hex = color.strip_prefix('#').unwrap_or_default();
        let is_color = attachment["color"].is_null()
            || matches!(color, "good" | "warning" | "danger")
            || (hex.len() == 6 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        self.is(is_color, &format!("{place}/color"), "invalid color");
        self.short(&format!("{place}/fallback"), &attachment["fallback"], 3000);
        let blocks = list(&attachment["blocks"]);
        let place = format!("{place}/blocks");
        self.is(!blocks.is_empty(), &place, "missing required field: blocks");
        self.count(&place, blocks, ATTACHMENT_BLOCKS);
        self.blocks(&place, blocks, Surface::Message);
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
            "section" => self.section(place, block, surface),
            "context" => self.context(place, block),
            "actions" => self.actions(place, block, surface),
            "input" if surface != Surface::Message => self.input(place, block),
            _ => self.is(false, place, "unsupported type"),
        }
    }

    fn section(&mut self, place: &str, block: &Value, surface: Surface) {
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
        let accessory = &block["accessory"];
        if !accessory.is_null() {
            let place = format!("{place}/accessory");
            let is_allowed = element::is_accessory(accessory, surface);
            self.is(is_allowed, &place, "unsupported type");
            self.element(&place, accessory);
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

    fn actions(&mut self, place: &str, block: &Value, surface: Surface) {
        let elements = list(&block["elements"]);
        self.is(!elements.is_empty(), place, "missing required field: elements");
        self.count(&format!("{place}/elements"), elements, 25);
        let mut action_ids = BTreeSet::new();
        for (number, element) in elements.iter().enumerate() {
            let place = format!("{place}/elements/{number}");
            let is_allowed = element::is_action(element, surface);
            self.is(is_allowed, &place, "unsupported type");
            self.element(&place, element);
            if let Some(id) = element["action_id"].as_str() {
                let is_new = action_ids.insert(id);
                self.is(is_new, &format!("{place}/action_id"), "action_id already exists");
            }
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
        let place = format!("{place}/element");
        self.is(element::is_input(element), &place, "unsupported type");
        self.element(&place, element);
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

/// Letters as Slack's own programs count them.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
