//! The address that comes with what a person does: it takes later answers, five at most, within half an hour.

use std::sync::{Arc, Mutex};

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State as Shared},
    http::StatusCode,
    response::{IntoResponse, Response as HttpResponse},
};
use serde_json::{Value, json};

use super::{
    BOT_USER, FakeSlack,
    chat::{self, Content},
    hanging, lock,
    message::{Ephemeral, Message, Response},
    state::State,
    web_api::{Refused, flag, text},
};
use crate::{
    SignedRequest,
    faults::Fault,
    server::{bare, hang, lost},
};

const USES: u32 = 5;
const LIFE_MS: i64 = 30 * 60 * 1000;

/// One address.
#[derive(Clone, Debug)]
pub(super) struct Address {
    pub(super) user: String,
    pub(super) channel: String,
    pub(super) thread_ts: Option<String>,
    pub(super) origin: Option<Origin>,
    pub(super) issued_ms: i64,
    pub(super) uses: u32,
}

/// What the person acted on.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    Message(String),
    Ephemeral(String),
}

impl FakeSlack {
    /// What was said to this person by response addresses, oldest first.
    pub fn responses(&self, user: &str) -> Vec<Response> {
        self.lock().responses.iter().filter(|said| said.user == user).cloned().collect()
    }

    /// Shows what the bot answered to a command in the answer of the request itself, as Slack does. An answer without
    /// a text and blocks shows nothing.
    #[track_caller]
    pub fn told(&self, command: &SignedRequest, answer: &Value) -> Option<Ephemeral> {
        if answer.is_null() {
            return None;
        }
        let fields = super::signing::form(&command.body).expect("a command's body is a form");
        let field = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        let content = chat::content(answer)
            .unwrap_or_else(|refused| panic!("Slack does not show {answer}: {refused:?}"));
        let mut state = self.lock();
        let (channel, ts) = (field("channel_id"), state.next_ts());
        let said = content.whispered(channel, ts, field("user_id"), None);
        if text(answer, "response_type") == "in_channel" {
            state.post_as_bot(&said);
        } else {
            state.ephemerals.push(said.clone());
        }
        Some(said)
    }
}

impl State {
    /// An address for what `user` just did.
    pub(super) fn issue_address(
        &mut self,
        user: &str,
        channel: &str,
        thread_ts: Option<String>,
        origin: Option<Origin>,
    ) -> String {
        let id = self.next_number();
        let issued_ms = self.now().timestamp_millis();
        let (user, channel) = (user.to_owned(), channel.to_owned());
        let address = Address { user, channel, thread_ts, origin, issued_ms, uses: 0 };
        self.addresses.insert(id, address);
        format!("{}/response/{id}", self.base_url)
    }

    fn post_as_bot(&mut self, said: &Ephemeral) {
        let message = Message {
            channel: said.channel.clone(),
            ts: said.ts.clone(),
            thread_ts: said.thread_ts.clone(),
            is_broadcast: false,
            user: BOT_USER.to_owned(),
            text: said.text.clone(),
            blocks: said.blocks.clone(),
            attachments: said.attachments.clone(),
            metadata: None,
            edits: 0,
        };
        self.channel_mut(&said.channel).messages.push(message);
    }
}

pub(super) async fn answer(
    Shared(shared): Shared<Arc<Mutex<State>>>,
    Path(id): Path<u32>,
    body: Bytes,
) -> HttpResponse {
    if hanging::held(&shared, "response_url").await {
        return lost();
    }
    let (is_down, fault) = {
        let mut state = lock(&shared);
        (state.faults.is_down, state.faults.take("response_url"))
    };
    if is_down {
        return bare(503);
    }
    match fault {
        Some(Fault::Hang) => hang().await,
        Some(Fault::Status(status)) => bare(status),
        Some(Fault::RateLimited(seconds)) => Refused::rate_limited(seconds).into_response(),
        Some(Fault::Error(error)) => refusal(&error),
        Some(Fault::LoseReply) => {
            let _unheard = take(&mut lock(&shared), id, &body);
            lost()
        }
        None => match take(&mut lock(&shared), id, &body) {
            Ok(()) => Json(json!({"ok": true})).into_response(),
            Err(refused) => refusal(refused.error()),
        },
    }
}

fn refusal(error: &str) -> HttpResponse {
    let is_gone = matches!(error, "used_url" | "expired_url" | "no_active_hooks");
    let status = if is_gone { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
    (status, Json(json!({"ok": false, "error": error}))).into_response()
}

fn take(state: &mut State, id: u32, body: &[u8]) -> Result<(), Refused> {
    let said: Value = serde_json::from_slice(body).map_err(|_| "invalid_payload")?;
    let now_ms = state.now().timestamp_millis();
    let address = state.addresses.get_mut(&id).ok_or("no_active_hooks")?;
    if now_ms - address.issued_ms > LIFE_MS {
        return Err("expired_url".into());
    }
    if address.uses >= USES {
        return Err("used_url".into());
    }
    address.uses += 1;
    let address = address.clone();
    let deletes = flag(&said, "delete_original");
    let replaces = flag(&said, "replace_original");
    let content = match chat::content(&said) {
        Ok(content) => Some(content),
        Err(_) if deletes => None,
        Err(refused) => return Err(refused),
    };
    let in_channel = text(&said, "response_type") == "in_channel";
    let ts = state.next_ts();
    let heard = content.as_ref().map(|content| {
        let (channel, user) = (address.channel.clone(), address.user.clone());
        let thread_ts = match text(&said, "thread_ts") {
            "" => address.thread_ts.clone(),
            thread_ts => Some(thread_ts.to_owned()),
        };
        content.clone().whispered(channel, ts, user, thread_ts)
    });
    match (&address.origin, content) {
        (Some(origin), None) => remove(state, &address.channel, origin),
        (Some(origin), Some(content)) if replaces => {
            replace(state, &address.channel, origin, content)?;
        }
        (None, _) if replaces || deletes => return Err("no_original".into()),
        _ => {
            let heard = heard.clone().expect("what is not a deletion says something");
            if in_channel { state.post_as_bot(&heard) } else { state.ephemerals.push(heard) }
        }
    }
    let heard = heard.unwrap_or_else(|| Ephemeral {
        channel: address.channel.clone(),
        ts: String::new(),
        user: address.user.clone(),
        thread_ts: None,
        text: String::new(),
        blocks: Vec::new(),
        attachments: Vec::new(),
    });
    let Ephemeral { channel, user, text, blocks, attachments, .. } = heard;
    state.responses.push(Response {
        channel,
        user,
        text,
        blocks,
        attachments,
        is_in_channel: in_channel,
        replaces_original: replaces,
        deletes_original: deletes,
    });
    Ok(())
}

fn remove(state: &mut State, channel: &str, origin: &Origin) {
    match origin {
        Origin::Message(ts) => {
            state.channel_mut(channel).messages.retain(|message| message.ts != *ts);
        }
        Origin::Ephemeral(ts) => state.ephemerals.retain(|shown| shown.ts != *ts),
    }
}

fn replace(
    state: &mut State,
    channel: &str,
    origin: &Origin,
    content: Content,
) -> Result<(), Refused> {
    match origin {
        Origin::Message(ts) => {
            let messages = &mut state.channel_mut(channel).messages;
            let found = messages.iter_mut().find(|message| message.ts == *ts);
            content.replace(found.ok_or("message_not_found")?);
        }
        Origin::Ephemeral(ts) => {
            // Somebody who has looked away has it no more, and Slack does not say so.
            if let Some(shown) = state.ephemerals.iter_mut().find(|shown| shown.ts == *ts) {
                shown.text = content.text;
                shown.blocks = content.blocks;
                shown.attachments = content.attachments;
            }
        }
    }
    Ok(())
}
