//! Slack: whose token is it, what may it do, is the channel there, does the clock agree, and can Slack be heard?

use std::sync::Arc;

use domain::{
    Timestamp,
    port::{ChatError, Clock},
};
use slack::{Authorised, Channel, Need, Place, SCOPES, Slack};

use super::Finding;
use crate::{
    bot,
    config::{self, Config},
};

const CHECK: &str = "slack";
/// Slack's requests are refused when the clocks are further apart.
const BREAKS_SECONDS: i64 = 300;
const WARNS_SECONDS: i64 = 60;

pub(super) async fn examine(config: &Config, clock: Arc<dyn Clock>) -> Vec<Finding> {
    let Some(section) = &config.slack else {
        let off = "off: proposals are shown on the web page alone";
        return vec![Finding::ok(CHECK, off)];
    };
    let slack = match bot::slack(section) {
        Ok(slack) => slack,
        Err(error) => {
            let fix = "Mend the section `slack` of the configuration";
            return vec![Finding::problem(CHECK, format!("cannot {error:#}")).fix(fix)];
        }
    };
    let (token, heard) = tokio::join!(slack.authorised(), hearing(section, &slack));
    let asked_at = clock.now();
    let mut found = Vec::new();
    match token {
        Err(error) => found.push(refused(&error)),
        Ok(authorised) => {
            found.push(whose(section, &authorised));
            let channel = slack.channel().await;
            let is_private = channel.as_ref().ok().map(|channel| channel.is_private);
            found.push(allowed(&authorised, is_private));
            found.push(match channel {
                Ok(channel) => stands(section, &channel, &authorised.user),
                Err(error) => refused(&error),
            });
            found.extend(authorised.now.map(|theirs| agreement(asked_at, theirs)));
        }
    }
    found.push(heard);
    found
}

/// Whether what people do reaches the bot.
async fn hearing(section: &config::Slack, slack: &Slack) -> Finding {
    match slack.socket_mode() {
        None if section.signing_secret.is_some() => {
            Finding::ok(CHECK, "requests come over HTTP and are verified with the signing secret")
        }
        None => {
            Finding::problem(CHECK, "no click can come: neither `signing_secret` nor `app_token`")
                .fix("Write `slack.signing_secret` for HTTP, or `slack.app_token` for Socket Mode")
        }
        Some(mode) => match mode.ask().await {
            Ok(()) => Finding::ok(
                CHECK,
                "requests come over Socket Mode: the app token opens connections",
            ),
            Err(error) => {
                let finding = refused(&error);
                let what = format!("Socket Mode: {}", finding.what);
                Finding { what, ..finding }
            }
        },
    }
}

fn whose(section: &config::Slack, authorised: &Authorised) -> Finding {
    let Authorised { team, team_name, user, is_bot, .. } = authorised;
    if !is_bot {
        return Finding::problem(
            CHECK,
            format!("the token is {user}'s, a person's, in {team_name}"),
        )
        .fix("Set `slack.bot_token` to the bot user's token, which begins with xoxb-");
    }
    match &section.team {
        Some(wanted) if wanted != team => Finding::problem(
            CHECK,
            format!("the token is for the workspace {team_name} ({team}), not for {wanted}"),
        )
        .fix(format!("Set `slack.team` to {team}, or use the other workspace's token")),
        None => Finding::warning(
            CHECK,
            format!("the token is {user}'s in {team_name} ({team}), and people of any workspace are mentioned"),
        )
        .fix(format!("Set `slack.team` to {team}")),
        Some(_) => Finding::ok(CHECK, format!("the token is {user}'s in {team_name} ({team})")),
    }
}

/// Whether the token may do what the bot does. A scope for the other kind of channel is not missed.
fn allowed(authorised: &Authorised, is_private: Option<bool>) -> Finding {
    const FIX: &str =
        "Give the app the scopes that `countersign manifest slack` lists, and reinstall it";
    let Some(scopes) = &authorised.scopes else {
        let silent = "Slack does not say what the token may do";
        return Finding::warning(CHECK, silent)
            .fix("Check `slack.api_url` and any proxy on the way");
    };
    let matters = |place: Place| match (place, is_private) {
        (Place::Anywhere, _) | (Place::Public, Some(false)) | (Place::Private, Some(true)) => true,
        // Which kind it is cannot be seen without the scope: the warning below says so.
        (Place::Public | Place::Private, _) => false,
    };
    let missing = |need: Need| -> Vec<&str> {
        let lacks = |name: &str| !scopes.iter().any(|scope| scope == name);
        let missing = SCOPES
            .iter()
            .filter(|scope| scope.need == need && matters(scope.place) && lacks(scope.name));
        missing.map(|scope| scope.name).collect()
    };
    let (must, helps) = (missing(Need::Must), missing(Need::Helps));
    if !must.is_empty() {
        Finding::problem(CHECK, format!("the token lacks {}", must.join(", "))).fix(FIX)
    } else if !helps.is_empty() {
        Finding::warning(CHECK, format!("the token lacks {}", helps.join(", "))).fix(FIX)
    } else if is_private.is_none() {
        let unseen = "the token has the scopes that are needed everywhere; which kind of channel it is cannot be seen";
        Finding::warning(CHECK, unseen).fix(FIX)
    } else {
        Finding::ok(CHECK, "the token has every scope that is needed")
    }
}

fn stands(section: &config::Slack, channel: &Channel, user: &str) -> Finding {
    let Channel { name, is_archived, is_member, .. } = channel;
    let place = format!("the channel {name} ({})", section.channel);
    if *is_archived {
        Finding::problem(CHECK, format!("{place} is archived"))
            .fix("Unarchive it, or set another `slack.channel`")
    } else if !is_member {
        Finding::problem(CHECK, format!("the bot is not in {place}"))
            .fix(format!("Type /invite @{user} there"))
    } else {
        Finding::ok(CHECK, format!("the bot is in {place}"))
    }
}

fn agreement(ours: Timestamp, theirs: Timestamp) -> Finding {
    const CLOCK: &str = "clock";
    let apart = (ours - theirs).num_seconds().abs();
    let fix = "Let the machine's time be kept by NTP (`timedatectl` shows whether it is)";
    if apart > BREAKS_SECONDS {
        let what = format!("the clock is {apart} s away from Slack's: every click is refused");
        Finding::problem(CLOCK, what).fix(fix)
    } else if apart > WARNS_SECONDS {
        let what = format!(
            "the clock is {apart} s away from Slack's; from {BREAKS_SECONDS} s on clicks are refused"
        );
        Finding::warning(CLOCK, what).fix(fix)
    } else {
        Finding::ok(CLOCK, "the clock agrees with Slack's")
    }
}

fn refused(error: &ChatError) -> Finding {
    match error {
        ChatError::Permanent { problem, advice, .. } => {
            Finding::problem(CHECK, problem.clone()).fix(*advice)
        }
        ChatError::Transient { problem, .. } | ChatError::Unknown { problem, .. } => {
            Finding::problem(CHECK, problem.clone())
                .fix("Check `slack.api_url`, the way there (proxy, firewall), and status.slack.com")
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::doctor::State;

    fn authorised(scopes: &[&str]) -> Authorised {
        Authorised {
            team: "T1".to_owned(),
            team_name: "Acme".to_owned(),
            user: "countersign".to_owned(),
            is_bot: true,
            scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
            now: None,
        }
    }

    #[test]
    fn scopes_are_missed_where_they_matter() {
        let all: Vec<_> = SCOPES.iter().map(|scope| scope.name).collect();
        let without = |names: &[&str]| -> Vec<&str> {
            all.iter().copied().filter(|name| !names.contains(name)).collect()
        };
        let table = [
            (all.clone(), Some(false), State::Ok, "every scope"),
            (without(&["groups:history", "groups:read"]), Some(false), State::Ok, "every scope"),
            (without(&["groups:history"]), Some(true), State::Problem, "lacks groups:history"),
            (without(&["commands", "im:write"]), None, State::Problem, "lacks commands, im:write"),
            (without(&["reactions:read"]), Some(true), State::Warning, "lacks reactions:read"),
            (all.clone(), None, State::Warning, "cannot be seen"),
        ];
        for (scopes, is_private, state, said) in table {
            let finding = allowed(&authorised(&scopes), is_private);
            assert!(finding.state == state && finding.what.contains(said), "{finding:?}");
        }
    }

    #[test]
    fn a_clock_warns_before_it_breaks() {
        let now = Timestamp::from_timestamp(1_795_412_780, 0).expect("a moment");
        let table = [
            (0, State::Ok),
            (60, State::Ok),
            (-61, State::Warning),
            (300, State::Warning),
            (-301, State::Problem),
        ];
        for (seconds, state) in table {
            assert_eq!(agreement(now + TimeDelta::seconds(seconds), now).state, state, "{seconds}");
        }
    }
}
