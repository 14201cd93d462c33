//! What Slack's refusals mean: try again, look first, or somebody has to mend something.
//!
//! Slack's own words for `internal_error` and `fatal_error` say that part of the work may have been done, so those
//! are an unknown outcome. An error that is not listed is permanent: trying it again at once would hide it.

use std::time::Duration;

use domain::{
    person::ChatName,
    port::{ChatError, Concern},
};
use serde_json::Value;

use crate::letters;

const CHAT: ChatName = ChatName::Slack;
/// The method that gives the address of a Socket Mode connection: the one that takes the app's token.
pub(crate) const OPEN: &str = "apps.connections.open";

/// An answer with `ok: false`.
pub(crate) fn refused(method: &str, answer: &Value) -> ChatError {
    let error = answer["error"].as_str().unwrap_or("no reason given");
    match error {
        "service_unavailable" | "request_timeout" | "team_added_to_org" | "access_limited" => {
            transient(method, error)
        }
        "internal_error" | "fatal_error" => unknown(method, error),
        _ => ChatError::Permanent {
            chat: CHAT,
            concerns: concerns(method, error),
            problem: named(method, &format!("{error}{}", details(answer))),
            advice: if method == OPEN { app_token_advice(error) } else { advice(error) },
        },
    }
}

/// Whether an ephemeral message could not be shown because the person is not there; in a channel that is not ours, also
/// because the app is not.
pub(crate) fn is_elsewhere(error: &str, is_ours: bool) -> bool {
    match error {
        "user_not_in_channel" => true,
        "channel_not_found" | "not_in_channel" | "is_archived" => !is_ours,
        _ => false,
    }
}

/// What it is that Slack refuses. An error that is not listed may be the message's: whoever writes another text in its
/// place finds out.
fn concerns(method: &str, error: &str) -> Concern {
    match error {
        "not_authed"
        | "invalid_auth"
        | "token_revoked"
        | "token_expired"
        | "account_inactive"
        | "ekm_access_denied"
        | "org_login_required"
        | "team_access_not_granted"
        | "unknown_method" => Concern::Chat,
        // Without the scope to post there is nothing to do; any other scope is missed by some errands alone.
        "missing_scope" | "not_allowed_token_type" | "no_permission"
            if method.starts_with("chat.") =>
        {
            Concern::Chat
        }
        "channel_not_found"
        | "not_in_channel"
        | "is_archived"
        | "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel" => Concern::Channel,
        "message_not_found" | "thread_not_found" | "invalid_thread_ts" => Concern::Root,
        "missing_scope"
        | "not_allowed_token_type"
        | "no_permission"
        | "cant_update_message"
        | "edit_window_closed"
        | "user_not_in_channel"
        | "user_not_found"
        | "user_disabled"
        | "messages_tab_disabled"
        | "cannot_dm_bot" => Concern::Errand,
        _ => Concern::Message,
    }
}

/// It was not done.
pub(crate) fn transient(method: &str, problem: &str) -> ChatError {
    ChatError::Transient { chat: CHAT, problem: named(method, problem) }
}

/// It may go later.
pub(crate) fn too_soon(wait: Duration) -> ChatError {
    ChatError::TooSoon { chat: CHAT, wait }
}

/// Nobody knows whether it was done.
pub(crate) fn unknown(method: &str, problem: &str) -> ChatError {
    ChatError::Unknown { chat: CHAT, problem: named(method, problem) }
}

/// It will never be done like this.
pub(crate) fn permanent(
    method: &str,
    concerns: Concern,
    problem: &str,
    advice: &'static str,
) -> ChatError {
    ChatError::Permanent { chat: CHAT, concerns, problem: named(method, problem), advice }
}

fn named(method: &str, problem: &str) -> String {
    format!("{method}: {problem}")
}

/// Where Slack says which block or which scope it minds.
fn details(answer: &Value) -> String {
    let messages = answer["response_metadata"]["messages"].as_array();
    let said = messages.into_iter().flatten().filter_map(Value::as_str);
    let needed = answer["needed"].as_str().into_iter();
    let all: Vec<&str> = needed.chain(said).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!(" ({})", letters::line(&all.join("; "), 300))
    }
}

/// What to do where the app's own token is refused.
fn app_token_advice(error: &str) -> &'static str {
    match error {
        "not_authed" | "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive" => {
            "Make an app-level token (Basic Information, App-Level Tokens) and set slack.app_token to it"
        }
        "not_allowed_token_type" => {
            "slack.app_token is a token of another kind: it must be an app-level token, which begins with xapp-"
        }
        "missing_scope" | "no_permission" => {
            "Make an app-level token with the scope connections:write and set slack.app_token to it"
        }
        "link_disabled" | "socket_mode_not_enabled" | "access_denied" | "forbidden_team" => {
            "Switch Socket Mode on in the app's settings, or take slack.app_token out"
        }
        _ => advice(error),
    }
}

fn advice(error: &str) -> &'static str {
    match error {
        "channel_not_found" => {
            "Check slack.channel: it must be the channel's id, and a private channel must have the bot as a member"
        }
        "not_in_channel" => "Invite the bot to the channel: /invite @countersign",
        "is_archived" => "The channel is archived: unarchive it or set another slack.channel",
        "restricted_action"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_only_channel" => {
            "The workspace does not let the bot post there: ask its administrator"
        }
        "not_authed" | "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive" => {
            "Reinstall the app and set slack.bot_token to the new bot token"
        }
        "missing_scope" | "no_permission" => {
            "Give the app the scopes that `countersign manifest slack` lists, and reinstall it; `countersign doctor` says which are missing"
        }
        "not_allowed_token_type" => {
            "slack.bot_token is a token of another kind: it must be the bot user's, which begins with xoxb-"
        }
        "ekm_access_denied" | "org_login_required" | "team_access_not_granted" => {
            "The organisation's administrator has switched the app off"
        }
        "message_not_found" | "thread_not_found" | "invalid_thread_ts" => {
            "Somebody deleted the message: the card is posted anew"
        }
        "cant_update_message" | "edit_window_closed" => {
            "The workspace lets nobody edit this message: check its settings for message editing"
        }
        "user_not_in_channel" | "user_not_found" | "user_disabled" | "cannot_dm_bot" => {
            "The person is not in the channel: invite them, or mend their id in people.yaml"
        }
        "messages_tab_disabled" => {
            "Switch the messages tab on in the app's settings (App Home), so that people can be written to"
        }
        "expired_trigger_id" | "exchanged_trigger_id" | "invalid_trigger_id" => {
            "The dialog came too late: press the button again"
        }
        "msg_too_long"
        | "msg_blocks_too_long"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "no_text"
        | "invalid_arguments"
        | "metadata_too_large"
        | "invalid_metadata_format" => {
            "This is a fault in Countersign: please report it with this message"
        }
        "unknown_method" => "Check slack.api_url: it must end in /api",
        _ => "See Slack's description of this error and mend it",
    }
}
