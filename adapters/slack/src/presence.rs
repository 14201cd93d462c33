//! Whether somebody is in the incidents' channel, and bringing them in where they are not.

use domain::port::{ChatError, Concern, Presence};
use serde_json::json;

use crate::{api::Api, refusal};

const PAGE_SIZE: &str = "999";
const MOST_PAGES: usize = 10;

/// Sees to it that `user` is in `channel`. What the app may not do is no fault: the answer says how far it came.
pub(crate) async fn bring_in(api: &Api, channel: &str, user: &str) -> Result<Presence, ChatError> {
    match is_member(api, channel, user).await {
        Ok(Some(true)) => return Ok(Presence::There),
        Ok(Some(false)) => {}
        Ok(None) => return Ok(Presence::Unknown),
        Err(ChatError::Permanent { concerns, .. }) if concerns != Concern::Chat => {
            return Ok(Presence::Unknown);
        }
        Err(error) => return Err(error),
    }
    let invitation = json!({"channel": channel, "users": user});
    match api.write("conversations.invite", &invitation).await {
        Ok(_) => Ok(Presence::BroughtIn),
        Err(ChatError::Permanent { problem, concerns, .. }) if concerns != Concern::Chat => {
            tracing::info!("Slack does not let the bot invite people into its channel: {problem}");
            Ok(Presence::Absent)
        }
        Err(error) => Err(error),
    }
}

/// `None`: the channel is larger than anybody looks through.
async fn is_member(api: &Api, channel: &str, user: &str) -> Result<Option<bool>, ChatError> {
    const METHOD: &str = "conversations.members";
    let mut cursor = String::new();
    for _ in 0..MOST_PAGES {
        let mut form = vec![("channel", channel), ("limit", PAGE_SIZE)];
        form.extend((!cursor.is_empty()).then_some(("cursor", cursor.as_str())));
        let answer = api.read(METHOD, &form).await?;
        let Some(members) = answer["members"].as_array() else {
            return Err(refusal::unknown(METHOD, "the answer has no members"));
        };
        if members.iter().any(|member| member == user) {
            return Ok(Some(true));
        }
        match answer["response_metadata"]["next_cursor"].as_str() {
            Some(next) if !next.is_empty() => next.clone_into(&mut cursor),
            _ => return Ok(Some(false)),
        }
    }
    Ok(None)
}
