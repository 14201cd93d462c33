//! The form by which a person proposes a rollback: a modal that says what its choices ask of people before it is sent.
//!
//! Each choice comes back as [`Interaction::Choosing`](crate::Interaction), and the form is shown anew with what has been
//! chosen in it. Closing it means nothing. What it needs to remember is in the view itself, so that a restart of the bot
//! between two choices does not matter.

use domain::{digest::Digest, person::Identity, plan::RollbackType, words::Words};
use serde_json::{Value, json};

use crate::{
    Interaction,
    answer::{AnswerLine, paragraphs},
    block::{self, SECTION_LIMIT},
    letters,
    mrkdwn::{Moment, Mrkdwn, Readers},
};

/// The form's name on the wire.
pub(crate) const CALLBACK: &str = "propose";

const TYPE: &str = "type";
const TARGET: &str = "target";
const MODELS: &str = "models";
const TRIGGER: &str = "trigger";
const REASON: &str = "reason";
const WHEN: &str = "when";
const NOW: &str = "now";
const WINDOW: &str = "window";

// What Slack takes.
const TEXT_LIMIT: usize = 75;
const VALUE_LIMIT: usize = 150;
const OPTIONS_LIMIT: usize = 100;
const METADATA_LIMIT: usize = 3000;
const ERROR_LIMIT: usize = 300;

/// What a person has chosen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Which of the four.
    pub rollback_type: Option<RollbackType>,
    /// The target's id.
    pub target: Option<String>,
    /// The models; none for all that the type takes.
    pub models: Vec<String>,
    /// The trigger's id.
    pub trigger: Option<String>,
    /// What they say of it.
    pub reason: String,
    /// Whether it waits for the next maintenance window.
    pub is_planned: bool,
}

/// What the form remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Where it is said how it goes on; empty where nobody can be told there.
    pub response_url: String,
    /// For which choices the form shows what they need.
    pub previewed: String,
}

/// One of several to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it is on the wire.
    pub value: String,
    /// What people read.
    pub text: String,
    /// A line more; may be empty.
    pub description: String,
}

/// The form as it is shown.
#[derive(Clone, Debug)]
pub struct ProposeForm {
    /// What is chosen in it.
    pub chosen: Chosen,
    /// The types.
    pub types: Vec<Choice>,
    /// The targets.
    pub targets: Vec<Choice>,
    /// The triggers in groups, each under its name.
    pub triggers: Vec<(&'static str, Vec<Choice>)>,
    /// How many models can be named; `None` where the chosen type takes all of them.
    pub most_models: Option<usize>,
    /// The longest reason, in letters.
    pub longest_reason: usize,
    /// When the next maintenance window is; `None` where the target has none.
    pub window: Option<String>,
    /// Why it was not taken as it was sent.
    pub refusal: Option<Words>,
    /// What the choices ask of people.
    pub preview: Vec<AnswerLine>,
    /// What it remembers.
    pub kept: Kept,
}

/// One input of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Which of the four.
    Type,
    /// Where.
    Target,
    /// The models.
    Models,
    /// The trigger.
    Trigger,
    /// The reason.
    Reason,
    /// When.
    When,
}

/// The name of the input for a target's models. Another target has another input, so that no model of one target is
/// sent for another.
pub fn models_of(target: &str) -> String {
    format!("{MODELS}-{}", Digest::of(target).short())
}

/// The form as a view.
pub(crate) fn view(form: &ProposeForm, readers: Readers<'_>) -> Value {
    let mut blocks = Vec::new();
    if let Some(refusal) = &form.refusal {
        let text = Mrkdwn::within(SECTION_LIMIT).markup("🔴 ");
        blocks.push(block::section(&text.words(refusal, readers, Moment::Day).finish()));
    }
    blocks.push(block::context("Nothing runs before people approve it."));
    blocks.extend(inputs(form));
    blocks.push(json!({"type": "divider"}));
    blocks.push(block::section("*What this needs*"));
    blocks.extend(paragraphs(&form.preview, readers));
    json!({
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": metadata(&form.kept),
        "title": block::plain("Propose a rollback"),
        "submit": block::plain("Propose"),
        "close": block::plain("Back"),
        "blocks": blocks,
    })
}

/// Options for a select that searches, where [`Interaction::Suggest`](crate::Interaction) asks for them.
pub(crate) fn options(choices: &[Choice]) -> Value {
    json!({"options": choices.iter().filter_map(option).take(OPTIONS_LIMIT).collect::<Vec<_>>()})
}

/// The answer that keeps the form open and says at an input what is wrong with it.
pub(crate) fn error(field: Field, target: Option<&str>, why: &str) -> Value {
    let name = match field {
        Field::Type => TYPE.to_owned(),
        Field::Target => TARGET.to_owned(),
        Field::Models => models_of(target.unwrap_or_default()),
        Field::Trigger => TRIGGER.to_owned(),
        Field::Reason => REASON.to_owned(),
        Field::When => WHEN.to_owned(),
    };
    json!({"response_action": "errors", "errors": {name: letters::line(why, ERROR_LIMIT)}})
}

fn inputs(form: &ProposeForm) -> Vec<Value> {
    let chosen = &form.chosen;
    let number = chosen.rollback_type.map(|chosen| chosen.number().to_string());
    let types: Vec<Value> = form.types.iter().filter_map(option).collect();
    let mut radio = json!({"type": "radio_buttons", "action_id": TYPE, "options": types});
    initial(&mut radio, &form.types, number.as_deref());
    let mut inputs = vec![input(TYPE, "Type", &radio)];

    let targets: Vec<Value> = form.targets.iter().filter_map(option).take(OPTIONS_LIMIT).collect();
    let mut select = json!({"type": "static_select", "action_id": TARGET, "options": targets});
    initial(&mut select, &form.targets, chosen.target.as_deref());
    inputs.push(input(TARGET, "Where", &select));

    if let (Some(most), Some(target)) = (form.most_models, &chosen.target) {
        let mut select = json!({
            "type": "multi_external_select",
            "action_id": MODELS,
            "min_query_length": 0,
            "max_selected_items": most,
            "placeholder": block::plain("All that the last release changed"),
        });
        let named = |model: &String| {
            let (value, text) = (model.clone(), model.clone());
            option(&Choice { value, text, description: String::new() })
        };
        let models: Vec<Value> = chosen.models.iter().filter_map(named).take(most).collect();
        if !models.is_empty() {
            select["initial_options"] = json!(models);
        }
        let mut input = input(&models_of(target), "Models", &select);
        input["optional"] = json!(true);
        input["hint"] = block::plain("Leave it empty for all that the last release changed.");
        inputs.push(input);
    }

    let groups: Vec<Value> = form
        .triggers
        .iter()
        .filter(|(_, choices)| !choices.is_empty())
        .map(|(name, choices)| {
            let options: Vec<Value> =
                choices.iter().filter_map(option).take(OPTIONS_LIMIT).collect();
            json!({"label": block::plain(name), "options": options})
        })
        .collect();
    let all: Vec<Choice> = form.triggers.iter().flat_map(|(_, all)| all.clone()).collect();
    let mut select =
        json!({"type": "static_select", "action_id": TRIGGER, "option_groups": groups});
    initial(&mut select, &all, chosen.trigger.as_deref());
    inputs.push(input(TRIGGER, "What you see", &select));

    let mut text = json!({
        "type": "plain_text_input",
        "action_id": REASON,
        "max_length": form.longest_reason,
        "placeholder": block::plain("What is wrong, since when, and how you know"),
    });
    if !chosen.reason.is_empty() {
        text["initial_value"] = json!(letters::line(&chosen.reason, form.longest_reason));
    }
    let mut reason = input(REASON, "Why", &text);
    reason["dispatch_action"] = json!(false);
    reason["hint"] = block::plain("It becomes the headline of the card.");
    inputs.push(reason);

    if let Some(window) = &form.window {
        let choice = |value: &str, text: &str, description: &str| Choice {
            value: value.to_owned(),
            text: text.to_owned(),
            description: description.to_owned(),
        };
        let choices = [
            choice(NOW, "As soon as it is approved", ""),
            choice(WINDOW, "In the next maintenance window", window),
        ];
        let options: Vec<Value> = choices.iter().filter_map(option).collect();
        let mut radio = json!({"type": "radio_buttons", "action_id": WHEN, "options": options});
        initial(&mut radio, &choices, Some(if chosen.is_planned { WINDOW } else { NOW }));
        inputs.push(input(WHEN, "When", &radio));
    }
    inputs
}

fn input(name: &str, label: &str, element: &Value) -> Value {
    json!({
        "type": "input",
        "block_id": name,
        "label": block::plain(label),
        "dispatch_action": true,
        "element": element,
    })
}

/// Chooses an option beforehand, where it is one of those that are offered.
fn initial(element: &mut Value, choices: &[Choice], value: Option<&str>) {
    let chosen = choices.iter().find(|choice| Some(choice.value.as_str()) == value);
    if let Some(option) = chosen.and_then(option) {
        element["initial_option"] = option;
    }
}

/// An option; `None` where Slack would not take its value, which must not be cut.
fn option(choice: &Choice) -> Option<Value> {
    let is_possible = !choice.value.is_empty() && choice.value.chars().count() <= VALUE_LIMIT;
    let mut option = json!({
        "text": block::plain(&letters::line(&choice.text, TEXT_LIMIT)),
        "value": choice.value,
    });
    if !choice.description.is_empty() {
        option["description"] = block::plain(&letters::line(&choice.description, TEXT_LIMIT));
    }
    is_possible.then_some(option)
}

fn metadata(kept: &Kept) -> String {
    let text = |response_url: &str| {
        json!({"response_url": response_url, "previewed": kept.previewed}).to_string()
    };
    let whole = text(&kept.response_url);
    if whole.len() <= METADATA_LIMIT { whole } else { text("") }
}

/// What a person did with the form; `None` where the payload is about something else.
pub(crate) fn read(payload: &Value, identity: &Identity) -> Option<Interaction> {
    let view = &payload["view"];
    if view["callback_id"] != CALLBACK {
        return None;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (identity, id) = (identity.clone(), text(&view["id"]));
    match payload["type"].as_str()? {
        "block_suggestion" => Some(Interaction::Suggest {
            identity,
            input: text(&payload["block_id"]),
            typed: text(&payload["value"]),
        }),
        "block_actions" => {
            let hash = text(&view["hash"]);
            let (chosen, kept) = (chosen(view), kept(view));
            Some(Interaction::Choosing { identity, view: id, hash, chosen, kept })
        }
        "view_submission" => {
            let (chosen, kept) = (chosen(view), kept(view));
            Some(Interaction::Proposed { identity, view: id, chosen, kept })
        }
        _ => None,
    }
}

fn chosen(view: &Value) -> Chosen {
    let values = &view["state"]["values"];
    let option = |name: &str| {
        let value = values[name][name]["selected_option"]["value"].as_str();
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let rollback_type = option(TYPE).and_then(|number| {
        use RollbackType::{BlueGreen, FullEnvironment, ModelLevel, Schema};
        let all = [BlueGreen, ModelLevel, Schema, FullEnvironment];
        all.into_iter().find(|one| one.number().to_string() == number)
    });
    let target = option(TARGET);
    let models = &values[models_of(target.as_deref().unwrap_or_default())][MODELS];
    let models = models["selected_options"].as_array().into_iter().flatten();
    let models = models.filter_map(|option| option["value"].as_str().map(str::to_owned)).collect();
    let reason = values[REASON][REASON]["value"].as_str().unwrap_or_default();
    Chosen {
        rollback_type,
        target,
        models,
        trigger: option(TRIGGER),
        // No database takes NUL in a text.
        reason: reason.replace('\0', ""),
        is_planned: option(WHEN).as_deref() == Some(WINDOW),
    }
}

fn kept(view: &Value) -> Kept {
    let metadata = view["private_metadata"].as_str().unwrap_or_default();
    let metadata: Value = serde_json::from_str(metadata).unwrap_or_default();
    let text = |name: &str| metadata[name].as_str().unwrap_or_default().to_owned();
    Kept { response_url: text("response_url"), previewed: text("previewed") }
}
