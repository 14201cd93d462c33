//! What one person sees: the places they can go to, the one they are at, a thread, the modal on top.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::slack::{
    BOT_USER, FakeSlack, Message, membership,
    picture::{Names, escaped},
};

/// Who looks, and where.
pub(super) type Look = BTreeMap<String, String>;

pub(super) fn look(slack: &FakeSlack, look: &Look) -> Value {
    let field = |name: &str| look.get(name).map_or("", String::as_str);
    let (user, place, thread) = (field("as"), field("at"), field("thread"));
    let names = slack.names();
    let main = if place == "home" {
        slack.home(user).map_or_else(
            || "<p class=meta>The app has not shown a home yet.</p>".to_owned(),
            |home| home.picture(&names),
        )
    } else {
        channel(slack, user, place, None, &names)
    };
    let thread = if thread.is_empty() {
        String::new()
    } else {
        channel(slack, user, place, Some(thread), &names)
    };
    let modal = slack.views(user).last().map(|view| view.picture(&names)).unwrap_or_default();
    json!({
        "people": people(slack), "places": places(slack, user), "main": main, "thread": thread,
        "modal": modal,
    })
}

fn people(slack: &FakeSlack) -> Value {
    let state = slack.lock();
    let people = state.users.values().filter(|user| user.id != BOT_USER);
    people.map(|user| json!({"id": user.id, "name": user.name})).collect()
}

/// The channels that the person is in, and the conversation with the bot; each with what it holds.
fn places(slack: &FakeSlack, user: &str) -> Value {
    let direct = membership::direct(user);
    let mut state = slack.lock();
    let letters = state.find_channel(&direct).map_or(0, |channel| channel.messages.len());
    let mut places: Vec<Value> = state
        .channels
        .iter()
        .filter(|channel| !channel.id.starts_with('D') && !channel.left.contains(user))
        .map(|channel| {
            json!({
                "id": channel.id, "name": channel.name, "count": channel.messages.len(),
                "is_closed": channel.is_archived,
            })
        })
        .collect();
    places.push(json!({"id": direct, "name": "Countersign", "count": letters}));
    places.push(json!({"id": "home", "name": "App Home", "count": 0}));
    Value::Array(places)
}

/// A channel's messages, or a thread's, with what only this person sees in between.
fn channel(
    slack: &FakeSlack,
    user: &str,
    place: &str,
    thread: Option<&str>,
    names: &Names,
) -> String {
    let messages = {
        let mut state = slack.lock();
        let Some(channel) = state.find_channel(place) else {
            return "<p class=meta>Nothing has been said here yet.</p>".to_owned();
        };
        channel.messages.clone()
    };
    let is_shown = |message: &&Message| match thread {
        Some(thread) => message.ts == thread || message.thread_ts.as_deref() == Some(thread),
        None => message.thread_ts.is_none() || message.is_broadcast,
    };
    let mut shown: Vec<(String, String)> = messages
        .iter()
        .filter(is_shown)
        .map(|message| {
            let mut picture = message.picture(names);
            picture += &reactions(slack, message);
            if thread.is_none() {
                picture += &more(message, &messages);
            }
            (message.ts.clone(), picture)
        })
        .collect();
    let whispers = slack.ephemerals(user);
    let here = whispers
        .iter()
        .filter(|whisper| whisper.channel == place && whisper.thread_ts.as_deref() == thread);
    shown.extend(here.map(|whisper| (whisper.ts.clone(), whisper.picture(names))));
    shown.sort();
    shown.into_iter().map(|(_, picture)| picture).collect()
}

fn more(message: &Message, all: &[Message]) -> String {
    let root = message.thread_ts.as_deref().unwrap_or(&message.ts);
    let replies = all.iter().filter(|reply| reply.thread_ts.as_deref() == Some(root)).count();
    let words = match replies {
        0 => "Reply in thread".to_owned(),
        1 => "1 reply".to_owned(),
        replies => format!("{replies} replies"),
    };
    format!("<button class=more data-thread=\"{}\">{words}</button>", escaped(root))
}

fn reactions(slack: &FakeSlack, message: &Message) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, emoji) in slack.reactions(message) {
        *counts.entry(emoji).or_default() += 1;
    }
    let chips = counts
        .iter()
        .map(|(emoji, count)| format!("<span class=reaction>:{}: {count}</span>", escaped(emoji)));
    chips.collect()
}
