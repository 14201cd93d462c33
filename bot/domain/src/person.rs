//! Who somebody is: one human, whatever chat they use.
//!
//! A chat identity is only ever (chat, workspace, user id). Names and e-mail addresses never identify.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::level::Level;

/// The id of a person in the people file, such as `ana`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(String);

impl PersonId {
    /// Takes the id as the people file writes it.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PersonId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A place where people decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatName {
    /// A Slack workspace.
    Slack,
    /// A Discord guild.
    Discord,
    /// The web page.
    Web,
    /// The command line.
    Cli,
}

impl ChatName {
    /// The name as it is stored and configured.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
            Self::Web => "web",
            Self::Cli => "cli",
        }
    }

    /// The name as people write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Slack => "Slack",
            Self::Discord => "Discord",
            Self::Web => "the web page",
            Self::Cli => "the command line",
        }
    }
}

/// A name that no chat has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no chat")]
pub struct ChatNameError(String);

impl TryFrom<String> for ChatName {
    type Error = ChatNameError;
    fn try_from(name: String) -> Result<Self, ChatNameError> {
        let all = [Self::Slack, Self::Discord, Self::Web, Self::Cli];
        all.into_iter().find(|chat| chat.as_str() == name).ok_or(ChatNameError(name))
    }
}

/// Somebody as a chat knows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The chat that vouches for it.
    pub chat: ChatName,
    /// The workspace or guild id; empty where the chat has only one.
    pub team: String,
    /// The user id within the team.
    pub user: String,
}

impl Identity {
    /// The identity as people.yaml writes it, ready to be copied.
    pub fn as_yaml(&self) -> String {
        let Self { chat, team, user } = self;
        let chat = chat.as_str();
        if team.is_empty() {
            format!("{{ chat: {chat}, user: {user} }}")
        } else {
            format!("{{ chat: {chat}, team: {team}, user: {user} }}")
        }
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.chat.as_str(), self.team, self.user)
    }
}

/// One person of the people file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The id, unique in the file.
    pub id: PersonId,
    /// The name that others read.
    pub name: String,
    /// The highest level they hold; `None` for people who watch.
    pub level: Option<Level>,
    /// Where they are known; each identity belongs to one person.
    pub identities: Vec<Identity>,
}

/// Everybody whom the people file names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    by_id: BTreeMap<PersonId, Person>,
}

impl People {
    /// Collects people; a later one with the same id wins (the loader refuses that case before).
    pub fn new(people: impl IntoIterator<Item = Person>) -> Self {
        Self { by_id: people.into_iter().map(|person| (person.id.clone(), person)).collect() }
    }

    /// The person with this id.
    pub fn get(&self, id: &PersonId) -> Option<&Person> {
        self.by_id.get(id)
    }

    /// The person whom a chat knows by this identity.
    pub fn known_as(&self, identity: &Identity) -> Option<&Person> {
        self.by_id.values().find(|person| person.identities.contains(identity))
    }

    /// A person's name for readers; the id where the file no longer names them.
    pub fn name<'a>(&'a self, id: &'a PersonId) -> &'a str {
        self.get(id).map_or(id.as_str(), |person| person.name.as_str())
    }

    /// How a chat addresses a person.
    pub fn identity_in(&self, id: &PersonId, chat: ChatName) -> Option<&Identity> {
        self.get(id)?.identities.iter().find(|identity| identity.chat == chat)
    }

    /// All people, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.by_id.values()
    }
}
