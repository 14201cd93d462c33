//! `conversations.info`, `.members`, `.open` and `.invite`: which channels there are, and who is in them.

use serde_json::{Value, json};

use super::{
    BOT_USER, TEAM,
    people::Standing,
    state::{Channel, State},
    web_api::{Answer, Refused, text},
};

pub(super) fn info(state: &mut State, arguments: &Value) -> Answer {
    let channel = by_id(state, arguments)?;
    Ok(json!({"channel": as_json(channel)}))
}

pub(super) fn members(state: &mut State, arguments: &Value) -> Answer {
    let left = by_id(state, arguments)?.left.clone();
    let id = text(arguments, "channel");
    let is_direct = id.starts_with('D');
    let members: Vec<String> = state
        .users
        .values()
        .filter(|user| !user.is_deleted && !left.contains(&user.id))
        .filter(|user| !is_direct || user.id == BOT_USER || direct(&user.id) == id)
        .map(|user| user.id.clone())
        .collect();
    Ok(json!({"members": members, "response_metadata": {"next_cursor": ""}}))
}

/// The direct conversation of the bot with one person.
pub(super) fn open(state: &mut State, arguments: &Value) -> Answer {
    let user = text(arguments, "users").to_owned();
    let person = state.users.get(&user).ok_or("user_not_found")?;
    if person.is_deleted {
        return Err("user_disabled".into());
    }
    if person.standing == Standing::Bot {
        return Err("cannot_dm_bot".into());
    }
    let id = direct(&user);
    if state.find_channel(&id).is_none() {
        state.add_channel(&id, &id);
    }
    Ok(json!({"channel": {"id": id}}))
}

pub(super) fn invite(state: &mut State, arguments: &Value) -> Answer {
    let channel = by_id(state, arguments)?;
    if channel.is_archived {
        return Err("is_archived".into());
    }
    if channel.left.contains(BOT_USER) {
        return Err("not_in_channel".into());
    }
    if channel.id.starts_with('D') {
        return Err("method_not_supported_for_channel_type".into());
    }
    let id = channel.id.clone();
    let users: Vec<&str> =
        text(arguments, "users").split(',').filter(|user| !user.is_empty()).collect();
    if users.is_empty() {
        return Err("no_user".into());
    }
    for user in &users {
        let person = state.users.get(*user).ok_or("user_not_found")?;
        let refusal = match person.standing {
            _ if *user == BOT_USER => Some("cant_invite_self"),
            _ if person.is_deleted => Some("cant_invite"),
            Standing::Stranger => Some("cant_invite"),
            Standing::Guest => Some("user_is_restricted"),
            Standing::SingleChannelGuest => Some("user_is_ultra_restricted"),
            Standing::Member | Standing::Bot => None,
        };
        if let Some(refusal) = refusal {
            return Err(refusal.into());
        }
        if !state.channel_mut(&id).left.contains(*user) {
            return Err("already_in_channel".into());
        }
    }
    let channel = state.channel_mut(&id);
    for user in users {
        channel.left.remove(user);
    }
    Ok(json!({"channel": as_json(channel)}))
}

/// The id of the direct conversation with a user.
pub(super) fn direct(user: &str) -> String {
    format!("D{}", user.trim_start_matches('U'))
}

/// A channel that the bot can see: a private one only from inside.
fn by_id<'a>(state: &'a mut State, arguments: &Value) -> Result<&'a mut Channel, Refused> {
    let id = text(arguments, "channel");
    let channel = state.find_channel(id).filter(|channel| channel.id == id);
    let channel = channel.filter(|channel| !channel.is_private || !channel.left.contains(BOT_USER));
    Ok(channel.ok_or("channel_not_found")?)
}

fn as_json(channel: &Channel) -> Value {
    let is_direct = channel.id.starts_with('D');
    json!({
        "id": channel.id, "name": channel.name.trim_start_matches('#'),
        "is_channel": !is_direct && !channel.is_private, "is_group": channel.is_private,
        "is_im": is_direct, "is_private": channel.is_private || is_direct,
        "is_archived": channel.is_archived, "is_member": !channel.left.contains(BOT_USER),
        "is_ext_shared": false, "is_org_shared": false, "context_team_id": TEAM,
    })
}
