//! What somebody reads who may not do it: why, who could, and when they are asked.

use crate::{Timestamp, level::Level, person::PersonId, standing::Standing, words::Words};

pub(super) fn not_a_member(standing: Standing) -> Words {
    Words::plain(format!(
        "Your click changed nothing: {}. Ask somebody of the level that is asked now, or the operator.",
        standing.objection().unwrap_or("Slack does not count you as a member"),
    ))
}

pub(super) fn standing_unknown() -> Words {
    Words::plain(
        "Your click changed nothing: Slack does not tell me right now whether your account is in order, and without that nobody decides. Please press again in a minute. If it stays like this, tell the operator: the bot needs the scope ",
    )
    .code("users:read")
    .text(".")
}

pub(super) fn unknown(identity: &str) -> Words {
    let mut parts = identity.splitn(3, ':');
    let yaml = match (parts.next(), parts.next(), parts.next()) {
        (Some(chat), Some(team), Some(user)) if !team.is_empty() => {
            format!("{{ chat: {chat}, team: {team}, user: {user} }}")
        }
        _ => identity.to_owned(),
    };
    Words::plain("I do not know you yet, so your click changed nothing. Ask the operator to add ")
        .code(yaml)
        .text(" to people.yaml.")
}

pub(super) fn needs_level(
    needed: Level,
    held: Level,
    who: &[PersonId],
    due: Option<Timestamp>,
) -> Words {
    let words = Words::plain(format!("This needs {needed}, and you hold {held}. "));
    if who.is_empty() {
        return words.text(
            "The escalation names nobody of that level: tell the operator. Nothing was changed.",
        );
    }
    let words = words.people(who).text(" can decide");
    match due {
        Some(at) => words
            .text("; that level is asked at ")
            .time(at)
            .text(", or sooner if you press “Ask the next level now”. Nothing was changed."),
        None => words.text(": please ask in the thread. Nothing was changed."),
    }
}

pub(super) fn forbidden(reason: &str, who: &[PersonId], due: Option<Timestamp>) -> Words {
    let words = Words::plain(reason);
    let words = match (who, due) {
        ([], _) => words,
        (who, Some(at)) => words
            .text(" ")
            .people(who)
            .text(" can decide; they are asked from ")
            .time(at)
            .text(" on."),
        (who, None) => {
            let asked = if who.len() == 1 { "is asked already." } else { "are asked already." };
            words.text(" ").people(who).text(" can decide, and ").text(asked)
        }
    };
    words.text(" Nothing was changed.")
}
