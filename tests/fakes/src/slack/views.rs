//! `views.open`: a modal for the person who just did something.

use serde_json::{Value, json};

use super::{
    block_kit,
    message::View,
    state::State,
    web_api::{Answer, text},
};

pub(super) fn open(state: &mut State, arguments: &Value) -> Answer {
    let view = &arguments["view"];
    if !view.is_object() {
        return Err("invalid_arguments".into());
    }
    block_kit::check_view(view, block_kit::Surface::Modal)?;
    let user = state.use_trigger(text(arguments, "trigger_id"))?;
    let id = format!("V{}", state.next_number());
    state.views.push(View { id: id.clone(), user, view: view.clone() });
    Ok(json!({"view": {"id": id, "type": "modal"}}))
}
