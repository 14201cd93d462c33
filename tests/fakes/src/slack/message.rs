//! What people see: messages, private answers, modals, and what can be pressed on them.

use std::collections::BTreeMap;

use serde_json::Value;

/// A message in a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The channel's id.
    pub channel: String,
    /// The message's id.
    pub ts: String,
    /// The thread it is a reply in.
    pub thread_ts: Option<String>,
    /// Whether the channel sees the reply too.
    pub is_broadcast: bool,
    /// Who wrote it.
    pub user: String,
    /// The text for notifications.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<Value>,
    /// What stands below the blocks, each with the colour of its bar and its own blocks.
    pub attachments: Vec<Value>,
    /// The metadata.
    pub metadata: Option<Value>,
    /// How often it was edited.
    pub edits: u32,
}

/// A message that one person saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Ephemeral {
    /// The channel's id.
    pub channel: String,
    /// Its id.
    pub ts: String,
    /// Who saw it.
    pub user: String,
    /// The thread it was shown in; seen only by a person who has that thread open.
    pub thread_ts: Option<String>,
    /// The text for notifications.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<Value>,
    /// What stands below the blocks.
    pub attachments: Vec<Value>,
}

/// What the bot said by a response address.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The channel in which the person acted.
    pub channel: String,
    /// Who acted.
    pub user: String,
    /// The text for notifications.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<Value>,
    /// What stands below the blocks.
    pub attachments: Vec<Value>,
    /// Whether everybody in the channel sees it.
    pub is_in_channel: bool,
    /// Whether it took the place of what the person acted on.
    pub replaces_original: bool,
    /// Whether what the person acted on is gone.
    pub deletes_original: bool,
}

/// A modal that stands open, or somebody's home.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its id.
    pub id: String,
    /// Whom it is open for.
    pub user: String,
    /// What the bot sent.
    pub view: Value,
    /// Changes with each update.
    pub hash: String,
    pub(super) root_id: String,
    pub(super) previous_id: Option<String>,
    pub(super) errors: BTreeMap<String, String>,
    /// What was filled in, by block and element.
    pub(super) values: BTreeMap<(String, String), Value>,
}

/// Something to press, as a person sees it: a button, or an option of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownButton {
    /// Its name on the wire; an option has its menu's.
    pub action_id: String,
    /// What stands on it.
    pub text: String,
    /// What it carries.
    pub value: String,
    /// Whether it is seen only after the menu was opened.
    pub in_menu: bool,
    /// Where it leads, if it is a link.
    pub url: Option<String>,
    /// The block it stands in; empty where the bot gave that no id.
    pub block_id: String,
}

impl Message {
    /// Everything that a reader sees: the texts of the blocks, or the plain text where there are none.
    pub fn shown(&self) -> String {
        shown(&self.blocks, &self.attachments, &self.text)
    }

    /// What acts when it is pressed, in order: buttons, and the options of menus where those stand.
    pub fn buttons(&self) -> Vec<ShownButton> {
        acting(pressable(&self.blocks, &self.attachments))
    }

    /// What leads somewhere else when it is pressed.
    pub fn links(&self) -> Vec<ShownButton> {
        leading(pressable(&self.blocks, &self.attachments))
    }
}

impl Ephemeral {
    /// Everything that the person sees.
    pub fn shown(&self) -> String {
        shown(&self.blocks, &self.attachments, &self.text)
    }

    /// What acts when it is pressed, in order.
    pub fn buttons(&self) -> Vec<ShownButton> {
        acting(pressable(&self.blocks, &self.attachments))
    }

    /// What leads somewhere else when it is pressed.
    pub fn links(&self) -> Vec<ShownButton> {
        leading(pressable(&self.blocks, &self.attachments))
    }
}

impl Response {
    /// Everything that is seen.
    pub fn shown(&self) -> String {
        shown(&self.blocks, &self.attachments, &self.text)
    }

    /// What acts when it is pressed, in order.
    pub fn buttons(&self) -> Vec<ShownButton> {
        acting(pressable(&self.blocks, &self.attachments))
    }
}

impl View {
    /// Everything that the person sees but buttons and what is in inputs.
    pub fn shown(&self) -> String {
        let title = self.view["title"]["text"].as_str().unwrap_or_default();
        let texts = shown(self.blocks(), &[], "");
        if title.is_empty() { texts } else { format!("{title}\n{texts}") }
    }

    /// What acts when it is pressed, in order.
    pub fn buttons(&self) -> Vec<ShownButton> {
        acting(pressable(self.blocks(), &[]))
    }

    /// What leads somewhere else when it is pressed.
    pub fn links(&self) -> Vec<ShownButton> {
        leading(pressable(self.blocks(), &[]))
    }

    pub(super) fn blocks(&self) -> &[Value] {
        list(&self.view["blocks"])
    }
}

/// The buttons and options of menus, in order.
pub(super) fn pressable(blocks: &[Value], attachments: &[Value]) -> Vec<ShownButton> {
    let mut found = Vec::new();
    for block in all_blocks(blocks, attachments) {
        let elements = match block["type"].as_str() {
            Some("actions") => list(&block["elements"]).iter().collect(),
            Some("section") => vec![&block["accessory"]],
            _ => Vec::new(),
        };
        for element in elements {
            match element["type"].as_str() {
                Some("button") => found.push(button(element, element, block)),
                Some("overflow") => {
                    found.extend(list(&element["options"]).iter().map(|option| ShownButton {
                        in_menu: true,
                        ..button(element, option, block)
                    }));
                }
                _ => {}
            }
        }
    }
    found
}

fn button(element: &Value, labelled: &Value, block: &Value) -> ShownButton {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ShownButton {
        action_id: text(&element["action_id"]),
        text: text(&labelled["text"]["text"]),
        value: text(&labelled["value"]),
        in_menu: false,
        url: labelled["url"].as_str().map(str::to_owned),
        block_id: text(&block["block_id"]),
    }
}

fn acting(pressable: Vec<ShownButton>) -> Vec<ShownButton> {
    pressable.into_iter().filter(|button| button.url.is_none()).collect()
}

fn leading(pressable: Vec<ShownButton>) -> Vec<ShownButton> {
    pressable.into_iter().filter(|button| button.url.is_some()).collect()
}

/// The blocks of a message and of what stands below it.
pub(super) fn all_blocks<'a>(
    blocks: &'a [Value],
    attachments: &'a [Value],
) -> impl Iterator<Item = &'a Value> {
    let below = attachments.iter().flat_map(|attachment| list(&attachment["blocks"]));
    blocks.iter().chain(below)
}

fn shown(blocks: &[Value], attachments: &[Value], text: &str) -> String {
    let mut lines = Vec::new();
    if blocks.is_empty() && !text.is_empty() {
        lines.push(text);
    }
    for block in all_blocks(blocks, attachments).filter(|block| block["type"] != "actions") {
        let listed = ["fields", "elements"].map(|list| block[list].as_array());
        let texts = listed.into_iter().flatten().flatten();
        lines.extend(
            [&block["text"], &block["label"]]
                .into_iter()
                .chain(texts)
                .filter_map(|text| text["text"].as_str()),
        );
    }
    lines.join("\n")
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
