//! What people do in a modal or on their home: fill in, choose, press, send, close.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    APP, FakeSlack, ShownButton, TEAM, View,
    block_kit::{self, Surface},
    inputs,
    interactions::{action, find},
    message::{list, pressable},
    views,
};
use crate::SignedRequest;

/// So many options may be offered for what was typed.
const OFFERS: usize = 100;

impl FakeSlack {
    /// `user` fills in their newest modal, `(action_id, text)` each, and sends it. A choice is given by the values of
    /// its options, with commas between several. Slack's own checks of required and too long inputs are made before.
    /// The modal is gone, unless `answered` says otherwise.
    #[track_caller]
    pub fn submit_view(&self, user: &str, inputs: &[(&str, &str)]) -> SignedRequest {
        let mut view = self.newest(user);
        for (action_id, given) in inputs {
            self.fill(&mut view, action_id, given);
        }
        let state = inputs::state(&view);
        for input in inputs::all(&view).iter().filter(|input| input.is_required) {
            assert!(
                !input.is_empty(&state[&input.block_id][&input.action_id]),
                "Slack does not send a modal while the input {} is empty",
                input.action_id
            );
        }
        view.errors.clear();
        let shown = views::as_json(&view);
        {
            let mut state = self.lock();
            state.views.retain(|open| open.id != view.id);
            state.submitted.insert(user.to_owned(), view);
        }
        self.in_modal("view_submission", user, &shown, "response_urls", json!([]))
    }

    /// Applies what the bot answered to the modal that `user` sent last: keeps it open with errors, shows another in
    /// its place or upon it, closes all. Null: it stays closed.
    #[track_caller]
    pub fn answered(&self, user: &str, answer: &Value) {
        let mut state = self.lock();
        let Some(mut sent) = state.submitted.remove(user) else {
            panic!("{user} has sent no modal that could be answered")
        };
        let check = |view: &Value| {
            if let Err(refused) = block_kit::check_view(view, Surface::Modal) {
                panic!("Slack does not show the modal of the answer: {refused:?}\n{view:#}")
            }
        };
        match answer["response_action"].as_str() {
            None if answer.is_null() || *answer == json!({}) => {}
            Some("errors") => {
                let errors = answer["errors"].as_object().filter(|errors| !errors.is_empty());
                for (block_id, error) in errors.expect("errors by the ids of their blocks") {
                    let has_block = sent.blocks().iter().any(|block| {
                        block["type"] == "input" && block["block_id"] == block_id.as_str()
                    });
                    assert!(has_block, "there is no input {block_id} for the error {error}");
                    let error = error.as_str().filter(|error| !error.is_empty());
                    let error = error.expect("an error is a text");
                    sent.errors.insert(block_id.clone(), error.to_owned());
                }
                state.views.push(sent);
            }
            Some("update") => {
                check(&answer["view"]);
                state.update_view(sent, answer["view"].clone());
            }
            Some("push") => {
                check(&answer["view"]);
                state.views.push(sent);
                let pushed = state.push_view(user, answer["view"].clone());
                assert!(pushed.is_ok(), "Slack refuses the modal of the answer: {pushed:?}");
            }
            Some("clear") => state.views.retain(|open| open.user != user),
            _ => panic!("Slack shows \"We had some trouble connecting\" for the answer {answer}"),
        }
    }

    /// What is wrong with the newest modal of `user`, by the ids of the blocks.
    #[track_caller]
    pub fn view_errors(&self, user: &str) -> BTreeMap<String, String> {
        self.newest(user).errors
    }

    /// `user` closes their newest modal; Slack tells of it where the bot asked for that.
    #[track_caller]
    pub fn close_view(&self, user: &str) -> Option<SignedRequest> {
        let view = self.newest(user);
        self.lock().views.retain(|open| open.id != view.id);
        let is_told = view.view["notify_on_close"] == true;
        let shown = views::as_json(&view);
        is_told.then(|| self.in_modal("view_closed", user, &shown, "is_cleared", json!(false)))
    }

    /// `user` types into a select of their newest modal; Slack asks for options.
    #[track_caller]
    pub fn suggest(&self, user: &str, action_id: &str, typed: &str) -> SignedRequest {
        let view = self.newest(user);
        let input = input(&view, action_id);
        let least = input.element["min_query_length"].as_u64().unwrap_or(3);
        assert!(typed.encode_utf16().count() as u64 >= least, "Slack asks from {least} letters on");
        let person = self.lock().acting(user).acting();
        self.interaction(&json!({
            "type": "block_suggestion",
            "user": person,
            "team": {"id": TEAM, "domain": "fake"},
            "container": {"type": "view", "view_id": view.id},
            "api_app_id": APP,
            "token": "outdated",
            "enterprise": null,
            "is_enterprise_install": false,
            "action_id": action_id,
            "block_id": input.block_id,
            "value": typed,
            "view": views::as_json(&view),
        }))
    }

    /// Takes the options that the bot offers for what was typed; gives their texts and values.
    #[track_caller]
    pub fn offered(&self, answer: &Value) -> Vec<(String, String)> {
        let groups = list(&answer["option_groups"]).iter();
        let options: Vec<Value> = list(&answer["options"])
            .iter()
            .chain(groups.flat_map(|group| list(&group["options"])))
            .cloned()
            .collect();
        let is_list = answer["options"].is_array() || answer["option_groups"].is_array();
        assert!(is_list, "Slack finds no options in {answer}");
        assert!(options.len() <= OFFERS, "Slack takes {OFFERS} options, not {}", options.len());
        if !options.is_empty() {
            let shown = block_kit::check_options(&options);
            assert!(shown.is_ok(), "Slack does not show the options: {shown:?}");
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let shown =
            options.iter().map(|option| (text(&option["text"]["text"]), text(&option["value"])));
        let shown = shown.collect();
        self.lock().offered.extend(options);
        shown
    }

    /// `user` presses what has this `action_id`, or this text, in their newest modal.
    #[track_caller]
    pub fn in_view_click(&self, user: &str, name: &str) -> SignedRequest {
        let view = self.newest(user);
        let pressable = pressable(view.blocks(), &[]);
        let Some(button) = find(&pressable, name) else {
            panic!("there is no button {name} in:\n{}", view.shown())
        };
        self.press_in_view(user, &view, button)
    }

    /// `user` chooses or writes in their newest modal where Slack tells at once; it stands there from then on.
    #[track_caller]
    pub fn in_view_choose(&self, user: &str, action_id: &str, given: &str) -> SignedRequest {
        let mut view = self.newest(user);
        self.fill(&mut view, action_id, given);
        let input = input(&view, action_id);
        assert!(input.tells_at_once, "Slack tells of {action_id} only when the modal is sent");
        let mut action = view.values[&(input.block_id.clone(), input.action_id.clone())].clone();
        action["action_id"] = json!(input.action_id);
        action["block_id"] = json!(input.block_id);
        action["action_ts"] = json!(self.lock().next_ts());
        if let Some(open) = self.lock().views.iter_mut().find(|open| open.id == view.id) {
            open.values.clone_from(&view.values);
        }
        self.act_in_view(user, &view, &action)
    }

    /// `user` presses on their home what has this `action_id`, or this text: the one at this place among those that
    /// have it, counted from 0.
    #[track_caller]
    pub fn home_click(&self, user: &str, name: &str, place: usize) -> SignedRequest {
        let home = self.home(user).unwrap_or_else(|| panic!("{user} has no home yet"));
        let pressable = pressable(home.blocks(), &[]);
        let mut named = pressable
            .iter()
            .filter(|shown| (shown.action_id == name && !shown.in_menu) || shown.text == name);
        let Some(button) = named.nth(place) else {
            panic!("there is no button {name} number {place} on:\n{}", home.shown())
        };
        self.press_in_view(user, &home, button)
    }

    /// What `user` sees when they open the app.
    pub fn home(&self, user: &str) -> Option<View> {
        self.lock().homes.get(user).cloned()
    }

    /// The app has no homes.
    pub fn has_no_homes(&self) {
        self.lock().has_homes = false;
    }

    #[track_caller]
    fn newest(&self, user: &str) -> View {
        let view = self.views(user).pop();
        view.unwrap_or_else(|| panic!("no modal stands open for {user}"))
    }

    #[track_caller]
    fn fill(&self, view: &mut View, action_id: &str, given: &str) {
        let input = input(view, action_id);
        let value = input.filled(given, &self.lock().offered);
        view.values.insert((input.block_id, input.action_id), value);
    }

    pub(super) fn press_in_view(
        &self,
        user: &str,
        view: &View,
        button: &ShownButton,
    ) -> SignedRequest {
        let ts = self.lock().next_ts();
        self.act_in_view(user, view, &action(button, &ts))
    }

    fn act_in_view(&self, user: &str, view: &View, action: &Value) -> SignedRequest {
        let mut payload = self.block_actions(user, action);
        payload["container"] = json!({"type": "view", "view_id": view.id});
        payload["view"] = views::as_json(view);
        self.interaction(&payload)
    }

    fn in_modal(
        &self,
        kind: &str,
        user: &str,
        view: &Value,
        more: &str,
        value: Value,
    ) -> SignedRequest {
        let (trigger_id, person) = {
            let mut state = self.lock();
            (state.issue_trigger(user), state.acting(user).acting())
        };
        let mut payload = json!({
            "type": kind,
            "team": {"id": TEAM, "domain": "fake"},
            "user": person,
            "api_app_id": APP,
            "token": "outdated",
            "view": view,
            "enterprise": null,
            "is_enterprise_install": false,
        });
        if kind == "view_submission" {
            payload["trigger_id"] = json!(trigger_id);
        }
        payload[more] = value;
        self.interaction(&payload)
    }
}

#[track_caller]
fn input(view: &View, action_id: &str) -> inputs::Input {
    let found = inputs::all(view).into_iter().find(|input| input.action_id == action_id);
    found.unwrap_or_else(|| panic!("there is no input {action_id} in:\n{}", view.shown()))
}
