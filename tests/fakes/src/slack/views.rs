//! `views.open`, `.push`, `.update`, `.publish`: modals for somebody who just did something, and their home.

use serde_json::{Value, json};

use super::{
    APP, TEAM,
    block_kit::{self, Surface},
    inputs,
    message::View,
    state::State,
    web_api::{Answer, Refused, text},
};

/// So many modals may lie upon each other.
const STACK: usize = 3;

pub(super) fn open(state: &mut State, arguments: &Value) -> Answer {
    let view = checked(state, arguments, Surface::Modal, None)?;
    let user = state.use_trigger(text(arguments, "trigger_id"))?;
    let view = state.new_view(&user, view, None);
    state.views.push(view.clone());
    Ok(json!({"view": as_json(&view)}))
}

pub(super) fn push(state: &mut State, arguments: &Value) -> Answer {
    let view = checked(state, arguments, Surface::Modal, None)?;
    let user = state.use_trigger(text(arguments, "trigger_id"))?;
    let view = state.push_view(&user, view)?;
    Ok(json!({"view": as_json(&view)}))
}

pub(super) fn update(state: &mut State, arguments: &Value) -> Answer {
    let (id, external_id) = (text(arguments, "view_id"), text(arguments, "external_id"));
    let found = state.all_views().find(|view| {
        if id.is_empty() {
            !external_id.is_empty() && view.view["external_id"] == external_id
        } else {
            view.id == id
        }
    });
    let id = found.ok_or("not_found")?.id.clone();
    let view = checked(state, arguments, Surface::Modal, Some(&id))?;
    let hash = state.next_hash();
    let stored = state.all_views().find(|view| view.id == id).expect("it was just there");
    keep_hash(stored, arguments)?;
    stored.replace(view, hash);
    Ok(json!({"view": as_json(stored)}))
}

pub(super) fn publish(state: &mut State, arguments: &Value) -> Answer {
    if !state.has_homes {
        return Err("not_enabled".into());
    }
    let user = text(arguments, "user_id").to_owned();
    if !state.users.contains_key(&user) {
        return Err("user_not_found".into());
    }
    let view = checked(state, arguments, Surface::Home, None)?;
    let hash = state.next_hash();
    if let Some(home) = state.homes.get_mut(&user) {
        keep_hash(home, arguments)?;
        home.replace(view, hash);
        return Ok(json!({"view": as_json(home)}));
    }
    let home = state.new_view(&user, view, None);
    let shown = as_json(&home);
    state.homes.insert(user, home);
    Ok(json!({"view": shown}))
}

/// The view of the arguments, if Slack takes it in the place of the view with this id.
fn checked(
    state: &mut State,
    arguments: &Value,
    surface: Surface,
    id: Option<&str>,
) -> Result<Value, Refused> {
    let view = &arguments["view"];
    if !view.is_object() {
        return Err("invalid_arguments".into());
    }
    block_kit::check_view(view, surface)?;
    let external_id = text(view, "external_id");
    let is_taken = !external_id.is_empty()
        && state
            .all_views()
            .any(|known| known.view["external_id"] == external_id && Some(known.id.as_str()) != id);
    if is_taken { Err("duplicate_external_id".into()) } else { Ok(view.clone()) }
}

fn keep_hash(stored: &View, arguments: &Value) -> Result<(), Refused> {
    let hash = text(arguments, "hash");
    if hash.is_empty() || hash == stored.hash { Ok(()) } else { Err("hash_conflict".into()) }
}

impl State {
    /// Modals that stand open or were just sent, and homes.
    fn all_views(&mut self) -> impl Iterator<Item = &mut View> {
        self.views.iter_mut().chain(self.submitted.values_mut()).chain(self.homes.values_mut())
    }

    fn next_hash(&mut self) -> String {
        format!("{}.{:08x}", self.now().timestamp(), self.next_number())
    }

    /// A view that lies upon `below`.
    fn new_view(&mut self, user: &str, view: Value, below: Option<&View>) -> View {
        let id = format!("V{}", self.next_number());
        let root_id = below.map_or_else(|| id.clone(), |below| below.root_id.clone());
        View {
            root_id,
            previous_id: below.map(|below| below.id.clone()),
            id,
            user: user.to_owned(),
            view,
            hash: self.next_hash(),
            errors: std::collections::BTreeMap::new(),
            values: std::collections::BTreeMap::new(),
        }
    }

    /// Lays a modal upon the newest of `user`.
    pub(super) fn push_view(&mut self, user: &str, view: Value) -> Result<View, &'static str> {
        let mut open = self.views.iter().filter(|known| known.user == user);
        let below = open.next_back().or_else(|| self.submitted.get(user)).cloned();
        let below = below.ok_or("not_found")?;
        let stack = self.views.iter().filter(|known| known.root_id == below.root_id).count();
        if stack >= STACK {
            return Err("push_limit_reached");
        }
        let view = self.new_view(user, view, Some(&below));
        self.views.push(view.clone());
        Ok(view)
    }

    /// Shows another view in the place of one that was sent.
    pub(super) fn update_view(&mut self, mut sent: View, view: Value) {
        let hash = self.next_hash();
        sent.replace(view, hash);
        self.views.push(sent);
    }
}

impl View {
    /// Another content; what was filled in stays where a block and its element keep their ids.
    fn replace(&mut self, view: Value, hash: String) {
        self.view = view;
        self.hash = hash;
        self.errors.clear();
        let known: Vec<_> =
            inputs::all(self).into_iter().map(|input| (input.block_id, input.action_id)).collect();
        self.values.retain(|place, _| known.contains(place));
    }
}

/// A view as Slack shows it to the bot.
pub(super) fn as_json(view: &View) -> Value {
    let mut shown = view.view.clone();
    for (number, block) in shown["blocks"].as_array_mut().into_iter().flatten().enumerate() {
        block["block_id"] = json!(inputs::block_id(view, number, block));
    }
    let fields = [
        ("id", json!(view.id)),
        ("team_id", json!(TEAM)),
        ("app_id", json!(APP)),
        ("app_installed_team_id", json!(TEAM)),
        ("bot_id", json!("B0BOT")),
        ("hash", json!(view.hash)),
        ("root_view_id", json!(view.root_id)),
        ("previous_view_id", json!(view.previous_id)),
        ("state", json!({"values": inputs::state(view)})),
    ];
    for (name, value) in fields {
        shown[name] = value;
    }
    let defaults = [
        ("private_metadata", json!("")),
        ("callback_id", json!("")),
        ("external_id", json!("")),
        ("clear_on_close", json!(false)),
        ("notify_on_close", json!(false)),
    ];
    for (name, value) in defaults {
        if shown[name].is_null() {
            shown[name] = value;
        }
    }
    shown
}
