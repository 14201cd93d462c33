//! What can be filled in on a view, and what stands there.

use serde_json::{Map, Value, json};

use super::message::{View, list};

/// Something to fill in.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) block_id: String,
    pub(super) action_id: String,
    pub(super) element: Value,
    /// Whether Slack sends the modal only when it is filled in.
    pub(super) is_required: bool,
    /// Whether Slack tells at once when it changes.
    pub(super) tells_at_once: bool,
}

/// Everything on a view that can be filled in, in order.
pub(super) fn all(view: &View) -> Vec<Input> {
    let mut found = Vec::new();
    for (number, block) in view.blocks().iter().enumerate() {
        let block_id = block_id(view, number, block);
        let is_input = block["type"] == "input";
        let elements: Vec<&Value> = match block["type"].as_str() {
            Some("input") => vec![&block["element"]],
            Some("actions") => list(&block["elements"]).iter().collect(),
            Some("section") => vec![&block["accessory"]],
            _ => Vec::new(),
        };
        let keeps = |element: &&Value| {
            !matches!(element["type"].as_str(), None | Some("button" | "overflow" | "image"))
        };
        found.extend(elements.into_iter().filter(keeps).map(|element| Input {
            block_id: block_id.clone(),
            action_id: element["action_id"].as_str().unwrap_or_default().to_owned(),
            element: element.clone(),
            is_required: is_input && block["optional"] != true,
            tells_at_once: !is_input || block["dispatch_action"] == true,
        }));
    }
    found
}

/// The id of a block; Slack makes one up, anew each time, where the bot gave none.
pub(super) fn block_id(view: &View, number: usize, block: &Value) -> String {
    let given = block["block_id"].as_str().map(str::to_owned);
    given.unwrap_or_else(|| format!("generated-{}-{number}", view.hash))
}

/// The state of a view as Slack sends it: by block, then by element.
pub(super) fn state(view: &View) -> Value {
    let mut blocks: Map<String, Value> = Map::new();
    for input in all(view) {
        let place = (input.block_id.clone(), input.action_id.clone());
        let value = view.values.get(&place).cloned().unwrap_or_else(|| input.initial());
        blocks.entry(input.block_id).or_insert_with(|| json!({}))[input.action_id] = value;
    }
    Value::Object(blocks)
}

impl Input {
    fn kind(&self) -> &str {
        self.element["type"].as_str().unwrap_or_default()
    }

    /// The field that holds what was chosen, and the one that holds what is chosen from the start.
    fn fields(&self) -> (&'static str, &'static str) {
        match self.kind() {
            "plain_text_input" => ("value", "initial_value"),
            "users_select" => ("selected_user", "initial_user"),
            "multi_users_select" => ("selected_users", "initial_users"),
            "datepicker" => ("selected_date", "initial_date"),
            "timepicker" => ("selected_time", "initial_time"),
            "datetimepicker" => ("selected_date_time", "initial_date_time"),
            "checkboxes" | "multi_static_select" | "multi_external_select" => {
                ("selected_options", "initial_options")
            }
            _ => ("selected_option", "initial_option"),
        }
    }

    fn takes_many(&self) -> bool {
        self.kind() == "checkboxes" || self.kind().starts_with("multi_")
    }

    /// What stands there before anybody has touched it.
    fn initial(&self) -> Value {
        let (field, initial) = self.fields();
        let value = match &self.element[initial] {
            Value::Null if self.takes_many() => json!([]),
            initial => initial.clone(),
        };
        json!({"type": self.kind(), field: value})
    }

    /// What stands there after a person wrote or chose `given`; several values are separated by commas.
    #[track_caller]
    pub(super) fn filled(&self, given: &str, offered: &[Value]) -> Value {
        let (field, _) = self.fields();
        let many: Vec<&str> = given.split(',').filter(|value| !value.is_empty()).collect();
        let most = self.element["max_selected_items"].as_u64().unwrap_or(u64::MAX);
        assert!(
            !self.takes_many() || many.len() as u64 <= most,
            "Slack takes no more than {most} in {}",
            self.action_id
        );
        let value = match field {
            _ if given.is_empty() && !self.takes_many() => Value::Null,
            "selected_options" => many.iter().map(|value| self.option(value, offered)).collect(),
            "selected_option" => self.option(given, offered),
            "selected_users" => json!(many),
            "selected_date_time" => json!(given.parse::<i64>().expect("seconds since 1970")),
            "value" => {
                self.keep_length(given);
                json!(given)
            }
            _ => json!(given),
        };
        json!({"type": self.kind(), field: value})
    }

    #[track_caller]
    fn keep_length(&self, given: &str) {
        let length = given.encode_utf16().count() as u64;
        let least = self.element["min_length"].as_u64().unwrap_or(0);
        let most = self.element["max_length"].as_u64().unwrap_or(3000);
        let action_id = &self.action_id;
        assert!(length <= most, "Slack takes no more than {most} letters in {action_id}");
        assert!(length >= least, "Slack takes no less than {least} letters in {action_id}");
    }

    /// The option with this value, among the element's own or those that were offered for what was typed.
    #[track_caller]
    fn option(&self, value: &str, offered: &[Value]) -> Value {
        let groups = list(&self.element["option_groups"]).iter();
        let initial = [&self.element["initial_option"]].into_iter();
        let found = list(&self.element["options"])
            .iter()
            .chain(groups.flat_map(|group| list(&group["options"])))
            .chain(initial)
            .chain(list(&self.element["initial_options"]))
            .chain(offered)
            .find(|option| option["value"] == value);
        if let Some(option) = found {
            return option.clone();
        }
        let is_external = self.kind().ends_with("external_select");
        assert!(is_external, "{} offers no {value}: {}", self.action_id, self.element["options"]);
        json!({"text": {"type": "plain_text", "text": value}, "value": value})
    }

    /// Whether nothing stands there.
    pub(super) fn is_empty(&self, state: &Value) -> bool {
        match &state[self.fields().0] {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(many) => many.is_empty(),
            _ => false,
        }
    }
}
