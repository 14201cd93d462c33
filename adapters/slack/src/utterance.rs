//! What somebody wrote in a channel, read with `conversations.replies`: the text as they see it, without Slack's markup.

use chrono::DateTime;
use domain::{
    person::{ChatName, Identity},
    port::{ChatError, MessageRef, Utterance},
};
use serde_json::Value;

use crate::{api::Api, refusal};

const METHOD: &str = "conversations.replies";

/// Reads one message; `None` where it is gone. `team` is whose the author is where Slack does not say.
pub(crate) async fn read(
    api: &Api,
    at: &MessageRef,
    team: Option<&str>,
) -> Result<Option<Utterance>, ChatError> {
    let form = [
        ("channel", at.channel.as_str()),
        ("ts", at.message.as_str()),
        ("oldest", at.message.as_str()),
        ("latest", at.message.as_str()),
        ("inclusive", "true"),
        ("limit", "10"),
    ];
    let answer = api.read(METHOD, &form).await?;
    let Some(messages) = answer["messages"].as_array() else {
        return Err(refusal::unknown(METHOD, "the answer has no messages"));
    };
    let found = messages.iter().find(|message| message["ts"] == at.message.as_str());
    Ok(found.map(|message| utterance(message, at, team)))
}

fn utterance(message: &Value, at: &MessageRef, team: Option<&str>) -> Utterance {
    let thread = message["thread_ts"].as_str();
    let author = message["user"].as_str().filter(|_| is_by_a_person(message));
    let team = message["team"].as_str().or(team);
    let seconds = at.message.split_once('.').map_or(at.message.as_str(), |(seconds, _)| seconds);
    let written = seconds.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Utterance {
        thread: thread
            .map(|thread| MessageRef { channel: at.channel.clone(), message: thread.to_owned() }),
        author: author.zip(team).map(|(user, team)| Identity {
            chat: ChatName::Slack,
            team: team.to_owned(),
            user: user.to_owned(),
        }),
        text: plain(message["text"].as_str().unwrap_or_default()),
        at: written.unwrap_or_default(),
    }
}

fn is_by_a_person(message: &Value) -> bool {
    message["bot_id"].is_null()
        && message["bot_profile"].is_null()
        && message["app_id"].is_null()
        && message["user"] != "USLACKBOT"
}

/// A message's text without what Slack puts between angle brackets: mentions as `@id` or their name, links as their
/// words or their address.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, inside, after)) = token(rest) {
        plain.push_str(before);
        let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
        match target.chars().next() {
            Some(mark @ ('@' | '#')) => {
                plain.push(mark);
                plain.push_str(if label.is_empty() { &target[1..] } else { label });
            }
            Some('!') => {
                plain.push('@');
                plain.push_str(if label.is_empty() { &target[1..] } else { label });
            }
            _ if label.is_empty() => plain.push_str(target),
            _ => plain.extend([label, " (", target, ")"]),
        }
        rest = after;
    }
    plain.push_str(rest);
    plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn token(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('<')?;
    let (inside, after) = rest.split_once('>')?;
    Some((before, inside, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_letters() {
        let table = [
            ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
            ("ask <@U0BEN> or <@U0ANA|ana>", "ask @U0BEN or @ana"),
            ("see <#C1|general>", "see #general"),
            ("<!channel> look", "@channel look"),
            ("<https://a.b/c> and <https://a.b|here>", "https://a.b/c and here (https://a.b)"),
            ("lost < alone", "lost < alone"),
        ];
        for (markup, expected) in table {
            assert_eq!(plain(markup), expected);
        }
    }
}
