//! What stands in blocks to be pressed, chosen or filled in.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Check, Kind, Surface, list};

const CHOOSERS: [&str; 6] = [
    "static_select",
    "external_select",
    "users_select",
    "multi_static_select",
    "multi_external_select",
    "multi_users_select",
];
const PICKERS: [&str; 5] =
    ["radio_buttons", "checkboxes", "datepicker", "timepicker", "datetimepicker"];

/// Whether it may stand in a row of actions.
pub(super) fn is_action(element: &Value, _surface: Surface) -> bool {
    let kind = kind(element);
    let is_many = kind.starts_with("multi_");
    matches!(kind, "button" | "overflow")
        || PICKERS.contains(&kind)
        || (CHOOSERS.contains(&kind) && !is_many)
}

/// Whether it may stand beside a section.
pub(super) fn is_accessory(element: &Value, surface: Surface) -> bool {
    let is_many = kind(element).starts_with("multi_") && surface != Surface::Message;
    // A picker of a moment has no place beside a text.
    (is_action(element, surface) || is_many) && kind(element) != "datetimepicker"
}

/// Whether it may be filled in.
pub(super) fn is_input(element: &Value) -> bool {
    let kind = kind(element);
    kind == "plain_text_input" || CHOOSERS.contains(&kind) || PICKERS.contains(&kind)
}

fn kind(element: &Value) -> &str {
    element["type"].as_str().unwrap_or_default()
}

impl Check {
    pub(super) fn element(&mut self, place: &str, element: &Value) {
        self.short(&format!("{place}/action_id"), &element["action_id"], 255);
        self.confirm(&format!("{place}/confirm"), &element["confirm"]);
        self.optional_text(&format!("{place}/placeholder"), &element["placeholder"], 150);
        match kind(element) {
            "button" => self.button(place, element),
            "overflow" => self.options(place, element, 5),
            "plain_text_input" => self.text_input(place, element),
            "radio_buttons" | "checkboxes" => self.options(place, element, 10),
            "static_select" | "multi_static_select" => self.static_select(place, element),
            "external_select" | "multi_external_select" => {
                let least = &element["min_query_length"];
                let is_sane = least.is_null() || least.as_u64().is_some_and(|least| least <= 100);
                self.is(is_sane, &format!("{place}/min_query_length"), "must be from 0 to 100");
            }
            _ => {}
        }
        if kind(element).starts_with("multi_") {
            let most = &element["max_selected_items"];
            let is_sane = most.is_null() || most.as_u64().is_some_and(|most| most > 0);
            self.is(is_sane, &format!("{place}/max_selected_items"), "must be 1 or more");
        }
        self.initial(place, element);
    }

    fn button(&mut self, place: &str, button: &Value) {
        self.text(&format!("{place}/text"), &button["text"], Kind::Plain, 75);
        self.short(&format!("{place}/value"), &button["value"], 2000);
        self.short(&format!("{place}/accessibility_label"), &button["accessibility_label"], 75);
        self.url(&format!("{place}/url"), &button["url"]);
        let style = &button["style"];
        let is_style = style.is_null() || style == "primary" || style == "danger";
        self.is(is_style, &format!("{place}/style"), "unsupported style");
    }

    fn text_input(&mut self, place: &str, element: &Value) {
        let most = &element["max_length"];
        let is_sane =
            most.is_null() || most.as_u64().is_some_and(|most| (1..=3000).contains(&most));
        self.is(is_sane, &format!("{place}/max_length"), "must be from 1 to 3000");
        let least = &element["min_length"];
        let is_sane = least.is_null() || least.as_u64().is_some_and(|least| least <= 3000);
        self.is(is_sane, &format!("{place}/min_length"), "must be from 0 to 3000");
        let most = most.as_u64().and_then(|most| most.try_into().ok()).unwrap_or(3000);
        self.short(&format!("{place}/initial_value"), &element["initial_value"], most);
    }

    fn static_select(&mut self, place: &str, element: &Value) {
        if element["option_groups"].is_null() {
            return self.options(place, element, 100);
        }
        let groups = list(&element["option_groups"]);
        let place = format!("{place}/option_groups");
        self.is(element["options"].is_null(), &place, "options and option_groups exclude another");
        self.is(!groups.is_empty(), &place, "must not be empty");
        self.count(&place, groups, 100);
        for (number, group) in groups.iter().enumerate() {
            let place = format!("{place}/{number}");
            self.text(&format!("{place}/label"), &group["label"], Kind::Plain, 75);
            self.options(&place, group, 100);
        }
    }

    /// The options that `owner` has.
    pub(super) fn options(&mut self, place: &str, owner: &Value, most: usize) {
        let options = list(&owner["options"]);
        let place = format!("{place}/options");
        self.is(!options.is_empty(), &place, "missing required field: options");
        self.count(&place, options, most);
        let may_mark_up = matches!(kind(owner), "radio_buttons" | "checkboxes");
        let text_kind = if may_mark_up { Kind::Any } else { Kind::Plain };
        let mut values = BTreeSet::new();
        for (number, option) in options.iter().enumerate() {
            let place = format!("{place}/{number}");
            self.text(&format!("{place}/text"), &option["text"], text_kind, 75);
            self.is(option["value"].is_string(), &place, "missing required field: value");
            self.short(&format!("{place}/value"), &option["value"], 150);
            if !option["description"].is_null() {
                let text = &option["description"];
                self.text(&format!("{place}/description"), text, text_kind, 75);
            }
            let is_menu = kind(owner) == "overflow";
            self.is(option["url"].is_null() || is_menu, &place, "unsupported field: url");
            self.url(&format!("{place}/url"), &option["url"]);
            let is_new = option["value"].as_str().is_none_or(|value| values.insert(value));
            self.is(is_new, &format!("{place}/value"), "duplicate option value");
        }
    }

    /// What is chosen from the start must be one of the options, exactly.
    fn initial(&mut self, place: &str, element: &Value) {
        if element["options"].is_null() && element["option_groups"].is_null() {
            return;
        }
        let groups = list(&element["option_groups"]).iter();
        let options: Vec<&Value> = list(&element["options"])
            .iter()
            .chain(groups.flat_map(|group| list(&group["options"])))
            .collect();
        let one = Some(&element["initial_option"]).filter(|option| !option.is_null());
        let chosen = one.into_iter().chain(list(&element["initial_options"]));
        let are_offered = chosen.into_iter().all(|chosen| options.contains(&chosen));
        self.is(are_offered, place, "initial option is not among the options");
    }

    fn url(&mut self, place: &str, url: &Value) {
        self.short(place, url, 3000);
        let is_web = url.as_str().is_none_or(|url| {
            url.starts_with("https://") || url.starts_with("http://") || url.starts_with("mailto:")
        });
        self.is(is_web, place, "invalid url");
    }
}
