//! Questions of an operator who wonders whether the bot can work: whose token is it, what may it do, is the channel there?

use chrono::DateTime;
use domain::{Timestamp, port::ChatError};
use reqwest::header::{DATE, HeaderMap};
use serde_json::Value;

use crate::{Slack, refusal};

/// Slack lists a token's scopes in this header of every answer.
const SCOPES: &str = "x-oauth-scopes";

/// What Slack says of the bot's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorised {
    /// The workspace's id.
    pub team: String,
    /// Its name.
    pub team_name: String,
    /// The name of the user that the token acts as.
    pub user: String,
    /// Whether that is a bot.
    pub is_bot: bool,
    /// What it may do; `None` where Slack does not say.
    pub scopes: Option<Vec<String>>,
    /// Slack's time; `None` where the answer does not tell it.
    pub now: Option<Timestamp>,
}

/// What Slack says of the channel for incidents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Its name, with its `#`.
    pub name: String,
    /// Whether nobody can post there any more.
    pub is_archived: bool,
    /// Whether the bot is in it.
    pub is_member: bool,
    /// Whether only its members see it.
    pub is_private: bool,
}

impl Slack {
    /// Asks whose token the bot has.
    pub async fn authorised(&self) -> Result<Authorised, ChatError> {
        let (answer, headers) = self.api.read_with_headers("auth.test", &[]).await?;
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Ok(Authorised {
            team: text("team_id"),
            team_name: text("team"),
            user: text("user"),
            is_bot: answer["bot_id"].is_string(),
            scopes: header(&headers, SCOPES).map(listed),
            now: header(&headers, DATE.as_str())
                .and_then(|date| DateTime::parse_from_rfc2822(date).ok())
                .map(|date| date.to_utc()),
        })
    }

    /// Asks how the channel for incidents stands.
    pub async fn channel(&self) -> Result<Channel, ChatError> {
        const METHOD: &str = "conversations.info";
        let answer = self.api.read(METHOD, &[("channel", &self.channel)]).await?;
        let channel = &answer["channel"];
        let name = channel["name"].as_str();
        let name = name.ok_or_else(|| refusal::unknown(METHOD, "the answer names no channel"))?;
        let is = |name: &str| channel[name] == Value::Bool(true);
        Ok(Channel {
            name: format!("#{}", name.trim_start_matches('#')),
            is_archived: is("is_archived"),
            is_member: is("is_member"),
            is_private: is("is_private"),
        })
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn listed(scopes: &str) -> Vec<String> {
    let scopes = scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty());
    scopes.map(str::to_owned).collect()
}
