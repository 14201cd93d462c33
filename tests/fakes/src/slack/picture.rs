//! What people see, as HTML: messages, modals and homes. Everything in them is a stranger's text and is escaped.
//!
//! The same drawing serves the workspace's page and the pictures in the documents. What can be pressed carries its
//! place among all that can be pressed on the same message.

mod blocks;
mod mrkdwn;

use std::collections::BTreeMap;

use chrono::DateTime;

use super::{Ephemeral, FakeSlack, Message, View};

pub(super) use mrkdwn::escaped;

pub(super) const STYLE: &str = include_str!("picture/style.css");

/// How ids read: people, groups and channels by their names.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: BTreeMap<String, String>,
}

impl Names {
    pub(super) fn of(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}

impl FakeSlack {
    /// The names of everybody and everything as they are now.
    pub fn names(&self) -> Names {
        let state = self.lock();
        let people = state.users.values().map(|user| (user.id.clone(), user.name.clone()));
        let channels =
            state.channels.iter().map(|channel| (channel.id.clone(), channel.name.clone()));
        let groups =
            state.groups.values().map(|group| (group.id().to_owned(), group.handle().to_owned()));
        Names { names: people.chain(channels).chain(groups).collect() }
    }
}

impl Message {
    /// The message as people see it.
    pub fn picture(&self, names: &Names) -> String {
        let broadcast =
            if self.is_broadcast { "<p class=meta>also sent to the channel</p>" } else { "" };
        let edited = if self.edits > 0 { " <span class=meta>(edited)</span>" } else { "" };
        let body = blocks::body(&self.text, &self.blocks, &self.attachments, names);
        framed(
            &format!(
                "class=message data-message=\"{}:{}\"",
                escaped(&self.channel),
                escaped(&self.ts)
            ),
            &self.user,
            &self.ts,
            &format!("{broadcast}{body}{edited}"),
            names,
        )
    }
}

impl Ephemeral {
    /// The answer as the one person sees it.
    pub fn picture(&self, names: &Names) -> String {
        let body = blocks::body(&self.text, &self.blocks, &self.attachments, names);
        framed(
            &format!("class=\"message ephemeral\" data-ephemeral=\"{}\"", escaped(&self.ts)),
            super::BOT_USER,
            &self.ts,
            &format!("<p class=meta>Only visible to you</p>{body}"),
            names,
        )
    }
}

impl View {
    /// The modal, or the home, as the person sees it.
    pub fn picture(&self, names: &Names) -> String {
        let body = blocks::view(self, names);
        if self.view["type"] == "home" {
            return format!("<div class=home data-home=\"{}\">{body}</div>", escaped(&self.id));
        }
        let text = |part: &str, otherwise: &str| {
            let text = self.view[part]["text"].as_str().unwrap_or(otherwise);
            escaped(text)
        };
        let submit = if self.view["submit"].is_null() {
            String::new()
        } else {
            format!("<button class=\"b primary\" data-submit>{}</button>", text("submit", "Submit"))
        };
        format!(
            "<form class=modal data-view=\"{}\"><h2>{}</h2><div class=content>{body}</div><footer><button \
             class=b type=button data-close>{}</button>{submit}</footer></form>",
            escaped(&self.id),
            text("title", ""),
            text("close", "Cancel"),
        )
    }
}

/// A page that shows pictures below each other and needs nothing else. It notes how high it is for whoever
/// photographs it.
pub fn page(title: &str, pictures: &[String]) -> String {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{}</title><style>{STYLE}</style><body \
         class=still>{}<script>document.body.dataset.height = document.body.offsetHeight\
         </script></body></html>",
        escaped(title),
        pictures.concat()
    )
}

fn framed(attributes: &str, user: &str, ts: &str, body: &str, names: &Names) -> String {
    let name = names.of(user);
    let is_bot = user == super::BOT_USER;
    let shown_name = if is_bot { "Countersign" } else { &name };
    let letter: String = shown_name.chars().take(1).flat_map(char::to_uppercase).collect();
    let app = if is_bot { " <span class=app>APP</span>" } else { "" };
    let face = if is_bot { "face bot" } else { "face" };
    format!(
        "<article {attributes}><div class=\"{face}\">{}</div><div class=said><header><b>{}</b>{app} {}\
         </header>{body}</div></article>",
        escaped(&letter),
        escaped(shown_name),
        time(ts),
    )
}

/// The time of a message's id.
fn time(ts: &str) -> String {
    let seconds = ts.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or_default();
    mrkdwn::date(seconds, "{time}", &clock(seconds))
}

fn clock(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0)
        .map_or(String::new(), |moment| moment.format("%H:%M").to_string())
}
