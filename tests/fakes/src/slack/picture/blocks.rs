//! Blocks as HTML.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    Names,
    mrkdwn::{escaped, html},
};
use crate::slack::{
    inputs,
    message::{View, list},
};

/// A message: its text where it has no blocks, its blocks, and what stands below them behind a bar.
pub(super) fn body(text: &str, blocks: &[Value], attachments: &[Value], names: &Names) -> String {
    let mut drawing = Drawing { names, view: None, pressed: 0, html: String::new() };
    if blocks.is_empty() && !text.is_empty() {
        let _infallible = write!(drawing.html, "<p class=text>{}</p>", html(text, names));
    }
    drawing.blocks(blocks);
    for attachment in attachments {
        let color = match attachment["color"].as_str().unwrap_or_default() {
            "good" => "#2eb67d",
            "warning" => "#daa038",
            "danger" => "#cc3344",
            color if color.starts_with('#') => color,
            _ => "#dddddd",
        };
        drawing.put(&format!("<div class=attachment style=\"border-color:{}\">", escaped(color)));
        drawing.blocks(list(&attachment["blocks"]));
        drawing.html += "</div>";
    }
    drawing.html
}

/// A modal's or a home's blocks.
pub(super) fn view(view: &View, names: &Names) -> String {
    let mut drawing = Drawing { names, view: Some(view), pressed: 0, html: String::new() };
    drawing.blocks(view.blocks());
    drawing.html
}

struct Drawing<'a> {
    names: &'a Names,
    view: Option<&'a View>,
    /// How many things to press were drawn.
    pressed: usize,
    html: String,
}

impl Drawing<'_> {
    fn blocks(&mut self, blocks: &[Value]) {
        for (number, block) in blocks.iter().enumerate() {
            match block["type"].as_str().unwrap_or_default() {
                "header" => self.wrapped("h3", "", &self.text(&block["text"])),
                "divider" => self.html += "<hr>",
                "section" => self.section(number, block),
                "context" => {
                    let elements = list(&block["elements"]).iter();
                    let texts: Vec<String> = elements.map(|text| self.text(text)).collect();
                    self.wrapped("p", "context", &texts.join(" "));
                }
                "actions" => {
                    self.html += "<div class=actions>";
                    for element in list(&block["elements"]) {
                        self.element(number, block, element);
                    }
                    self.html += "</div>";
                }
                "input" => self.input(number, block),
                other => self.wrapped("p", "context", &escaped(other)),
            }
        }
    }

    fn put(&mut self, html: &str) {
        self.html += html;
    }

    fn wrapped(&mut self, tag: &str, class: &str, inner: &str) {
        let _infallible = write!(self.html, "<{tag} class=\"{class}\">{inner}</{tag}>");
    }

    fn section(&mut self, number: usize, block: &Value) {
        self.html += "<div class=section><div>";
        if !block["text"].is_null() {
            let text = self.text(&block["text"]);
            self.wrapped("p", "", &text);
        }
        let fields = list(&block["fields"]);
        if !fields.is_empty() {
            self.html += "<div class=fields>";
            for field in fields {
                let text = self.text(field);
                self.wrapped("p", "", &text);
            }
            self.html += "</div>";
        }
        self.html += "</div>";
        if !block["accessory"].is_null() {
            self.element(number, block, &block["accessory"]);
        }
        self.html += "</div>";
    }

    fn input(&mut self, number: usize, block: &Value) {
        let is_optional = block["optional"] == true;
        let optional = if is_optional { " <span class=meta>(optional)</span>" } else { "" };
        self.html += "<div class=input><label>";
        self.html += &self.text(&block["label"]);
        self.html += optional;
        self.html += "</label>";
        self.element(number, block, &block["element"]);
        if !block["hint"].is_null() {
            let hint = self.text(&block["hint"]);
            self.wrapped("p", "meta", &hint);
        }
        let error = self.view.and_then(|view| view.errors.get(block["block_id"].as_str()?));
        if let Some(error) = error {
            let error = escaped(error);
            self.wrapped("p", "error", &error);
        }
        self.html += "</div>";
    }

    fn element(&mut self, number: usize, block: &Value, element: &Value) {
        match element["type"].as_str().unwrap_or_default() {
            "button" => {
                let style = element["style"].as_str().unwrap_or_default();
                self.press("button", &format!("b {}", escaped(style)), element, element);
            }
            "overflow" => {
                self.html += "<details class=menu><summary class=b>⋯</summary><div>";
                for option in list(&element["options"]) {
                    self.press("button", "option", option, element);
                }
                self.html += "</div></details>";
            }
            _ => self.fillable(number, block, element),
        }
    }

    /// Something to press; `owner` is what may ask for a confirmation.
    fn press(&mut self, tag: &str, class: &str, pressed: &Value, owner: &Value) {
        let mut attributes = format!("type=button class=\"{class}\" data-press={}", self.pressed);
        self.pressed += 1;
        if let Some(url) = pressed["url"].as_str() {
            let _infallible = write!(attributes, " data-url=\"{}\"", escaped(url));
        }
        let confirm = &owner["confirm"];
        if !confirm.is_null() {
            for part in ["title", "text", "confirm", "deny"] {
                let text = self.text(&confirm[part]);
                let _infallible = write!(attributes, " data-ask-{part}=\"{}\"", escaped(&text));
            }
        }
        let text = self.text(&pressed["text"]);
        let _infallible = write!(self.html, "<{tag} {attributes}>{text}</{tag}>");
    }

    fn fillable(&mut self, number: usize, block: &Value, element: &Value) {
        let kind = element["type"].as_str().unwrap_or_default();
        let name = escaped(element["action_id"].as_str().unwrap_or_default());
        let state = self.view.map(|view| {
            let block_id = inputs::block_id(view, number, block);
            let action_id = element["action_id"].as_str().unwrap_or_default();
            inputs::state(view)[block_id][action_id].clone()
        });
        let state = state.unwrap_or_default();
        let at_once = block["type"] != "input" || block["dispatch_action"] == true;
        let tells = if at_once { " data-tells" } else { "" };
        let hint = element["placeholder"]["text"].as_str().unwrap_or_default();
        let common = format!("name=\"{name}\" placeholder=\"{}\"{tells}", escaped(hint));
        let text = |value: &Value| escaped(value.as_str().unwrap_or_default());
        match kind {
            "plain_text_input" if element["multiline"] == true => {
                let value = text(&state["value"]);
                self.put(&format!("<textarea rows=3 {common}>{value}</textarea>"));
            }
            "plain_text_input" => {
                let value = text(&state["value"]);
                self.put(&format!("<input {common} value=\"{value}\" autocomplete=off>"));
            }
            "datepicker" | "timepicker" | "datetimepicker" => {
                let kind = if kind == "timepicker" { "time" } else { "date" };
                let value = text(&state[format!("selected_{kind}")]);
                self.put(&format!("<input type={kind} {common} value=\"{value}\">"));
            }
            "radio_buttons" | "checkboxes" => self.choices(element, &state, &common),
            "external_select" | "multi_external_select" => self.external(element, &state, &common),
            _ => self.select(element, &state, &common),
        }
    }

    fn choices(&mut self, element: &Value, state: &Value, common: &str) {
        let kind = if element["type"] == "checkboxes" { "checkbox" } else { "radio" };
        for option in list(&element["options"]) {
            let checked = if is_chosen(option, state) { " checked" } else { "" };
            let value = escaped(option["value"].as_str().unwrap_or_default());
            let mut text = self.text(&option["text"]);
            if !option["description"].is_null() {
                let description = self.text(&option["description"]);
                let _infallible = write!(text, "<br><span class=meta>{description}</span>");
            }
            self.put(&format!(
                "<label class=choice><input type={kind} {common} value=\"{value}\"{checked}><span>{text}\
                 </span></label>"
            ));
        }
    }

    fn select(&mut self, element: &Value, state: &Value, common: &str) {
        let is_many = element["type"].as_str().unwrap_or_default().starts_with("multi_");
        let many = if is_many { " multiple size=5" } else { "" };
        self.put(&format!("<select {common}{many}>"));
        let placeholder = self.text(&element["placeholder"]);
        if !is_many {
            self.put(&format!("<option value=\"\">{placeholder}</option>"));
        }
        let groups = list(&element["option_groups"]).iter();
        let grouped = groups.flat_map(|group| list(&group["options"]));
        for option in list(&element["options"]).iter().chain(grouped) {
            let selected = if is_chosen(option, state) { " selected" } else { "" };
            let value = escaped(option["value"].as_str().unwrap_or_default());
            let text = self.text(&option["text"]);
            self.put(&format!("<option value=\"{value}\"{selected}>{text}</option>"));
        }
        self.html += "</select>";
    }

    /// A select that asks the bot for options while somebody types; what was chosen stands before it.
    fn external(&mut self, element: &Value, state: &Value, common: &str) {
        let least = element["min_query_length"].as_u64().unwrap_or(3);
        let is_many = element["type"] == "multi_external_select";
        self.put(&format!("<div class=external data-least={least} data-many={is_many}>"));
        let one = [&state["selected_option"]].into_iter().filter(|option| !option.is_null());
        for option in list(&state["selected_options"]).iter().chain(one) {
            let value = escaped(option["value"].as_str().unwrap_or_default());
            let text = self.text(&option["text"]);
            self.put(&format!("<span class=chip data-value=\"{value}\">{text}</span>"));
        }
        self.put(&format!("<input {common} autocomplete=off><div class=offers></div></div>"));
    }

    fn text(&self, text: &Value) -> String {
        let shown = text["text"].as_str().unwrap_or_default();
        if text["type"] == "mrkdwn" {
            html(shown, self.names)
        } else {
            escaped(shown).replace('\n', "<br>")
        }
    }
}

fn is_chosen(option: &Value, state: &Value) -> bool {
    state["selected_option"]["value"] == option["value"]
        || list(&state["selected_options"]).iter().any(|chosen| chosen["value"] == option["value"])
}
