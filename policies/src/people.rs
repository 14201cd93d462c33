//! `people.yaml`: who there is, which level they hold, and how each chat knows them.
//!
//! An identity belongs to one person only: whoever had two could sign twice.

use std::collections::{BTreeMap, BTreeSet};

use domain::person::{ChatName, Identity, People, Person, PersonId};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    escalation::{LevelRule, known_level},
    place::At,
    problem::Examined,
};

/// The people who can be asked, and those who watch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeopleFile {
    /// Everybody.
    people: At<Vec<PersonLayout>>,
}

/// One person.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PersonLayout {
    /// A short id, unique in this file; the journal and receipts name people by it, so never give it to somebody else.
    id: At<String>,
    /// The name that others read.
    name: String,
    /// The highest level they hold; left out for people who only watch.
    level: Option<At<u8>>,
    /// `false` for people who have left or are away for long: they stay known, but decide nothing.
    #[serde(default = "yes")]
    active: bool,
    /// Whether this is a human being or a program.
    #[serde(default)]
    kind: PersonKind,
    /// How chats know them.
    identities: At<Vec<IdentityLayout>>,
    /// How else to reach them.
    contact: Option<ContactLayout>,
    /// Public SSH keys (`ssh-ed25519 AAAA...`) with which they sign on the command line.
    #[serde(default)]
    ssh_keys: Vec<At<String>>,
}

/// What somebody is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PersonKind {
    #[default]
    Person,
    Bot,
}

/// Somebody as a chat knows them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct IdentityLayout {
    /// The chat that vouches for it.
    chat: ChatLayout,
    /// The id of the Slack workspace or Discord guild; left out for `web` and `cli`.
    team: Option<At<String>>,
    /// The user's id in it, such as `U012AB3CD`: an id, never a display name.
    user: At<String>,
}

/// A place where people decide.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ChatLayout {
    Slack,
    Discord,
    Web,
    Cli,
}

/// Ways to reach a person besides the chat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ContactLayout {
    /// An e-mail address.
    email: Option<String>,
    /// A telephone number with its country code.
    phone: Option<String>,
    /// The id of the user in PagerDuty, for a responder request.
    pagerduty: Option<String>,
}

/// Ways to reach a person besides the chat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// An e-mail address.
    pub email: Option<String>,
    /// A telephone number.
    pub phone: Option<String>,
    /// The id of the user in `PagerDuty`.
    pub pagerduty: Option<String>,
    /// Public SSH keys with which they sign on the command line.
    pub ssh_keys: Vec<String>,
}

/// The people file, checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeopleBook {
    pub(crate) people: People,
    pub(crate) inactive: BTreeSet<PersonId>,
    pub(crate) bots: BTreeSet<PersonId>,
    pub(crate) contacts: BTreeMap<PersonId, Contact>,
}

impl PeopleBook {
    /// Whether this is a human being who is there and holds a level.
    pub(crate) fn may_decide(&self, id: &PersonId) -> bool {
        self.people.get(id).is_some_and(|person| person.level.is_some())
            && !self.inactive.contains(id)
            && !self.bots.contains(id)
    }

    /// Everybody who [`may_decide`](Self::may_decide).
    pub(crate) fn deciders(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| self.may_decide(&person.id))
    }

    pub(crate) fn ids(&self) -> Vec<&str> {
        self.people.iter().map(|person| person.id.as_str()).collect()
    }
}

impl PeopleFile {
    /// The people, checked; mistakes are noted.
    pub(crate) fn book(&self, levels: &[LevelRule], file: &mut Examined<'_>) -> PeopleBook {
        let mut book = PeopleBook::default();
        let mut people: BTreeMap<PersonId, Person> = BTreeMap::new();
        let mut owners: BTreeMap<Identity, PersonId> = BTreeMap::new();
        for layout in &self.people.value {
            let id = PersonId::new(layout.id.value.clone());
            layout.check_id(people.contains_key(&id), file);
            let level = layout.level.as_ref().and_then(|level| known_level(level, levels, file));
            let identities = layout.identities(&id, &mut owners, file);
            if !layout.active {
                book.inactive.insert(id.clone());
            }
            if layout.kind == PersonKind::Bot {
                book.bots.insert(id.clone());
            }
            book.contacts.insert(id.clone(), layout.contact(file));
            people.insert(id.clone(), Person { id, name: layout.name.clone(), level, identities });
        }
        book.people = People::new(people.into_values());
        book
    }
}

impl PersonLayout {
    fn check_id(&self, is_known: bool, file: &mut Examined<'_>) {
        let id = &self.id.value;
        if is_known {
            let advice = "give every person an id of their own";
            file.note(self.id.place, format!("there are two people `{id}`"), advice);
        }
        let is_plain =
            id.chars().all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '_' | '-' | '.'));
        if id.is_empty() || !is_plain {
            let advice = "use lower case letters, digits, `_`, `-` and `.`";
            file.note(self.id.place, format!("`{id}` is not an id"), advice);
        }
    }

    fn identities(
        &self,
        id: &PersonId,
        owners: &mut BTreeMap<Identity, PersonId>,
        file: &mut Examined<'_>,
    ) -> Vec<Identity> {
        if self.identities.value.is_empty() && self.active {
            file.note(
                self.identities.place,
                format!("no chat knows `{id}`, so they could neither be asked nor decide"),
                "add an identity, such as `{ chat: slack, team: T012AB3CD, user: U012AB3CD }`",
            );
        }
        let mut identities = Vec::new();
        for layout in &self.identities.value {
            let chat = ChatName::from(layout.chat);
            let team = layout.team.as_ref().map(|team| team.value.clone()).unwrap_or_default();
            let needs_team = matches!(chat, ChatName::Slack | ChatName::Discord);
            if needs_team == team.is_empty() {
                let place = layout.team.as_ref().map_or(layout.user.place, |team| team.place);
                let (message, advice) = if needs_team {
                    (
                        "a user id means nothing without its workspace",
                        "add `team:` with the workspace's or guild's id",
                    )
                } else {
                    ("this chat has no teams", "leave `team` out")
                };
                file.note(place, message, advice);
            }
            let identity = Identity { chat, team, user: layout.user.value.clone() };
            if identity.user.trim().is_empty() {
                file.note(
                    layout.user.place,
                    "the user id is empty",
                    "copy it from the chat's profile page",
                );
            }
            if let Some(owner) = owners.insert(identity.clone(), id.clone()) {
                file.note(
                    layout.user.place,
                    format!("`{identity}` belongs to `{owner}` already"),
                    "one identity is one person: whoever had two could sign twice",
                );
            }
            identities.push(identity);
        }
        identities
    }

    fn contact(&self, file: &mut Examined<'_>) -> Contact {
        for key in &self.ssh_keys {
            if !key.value.starts_with("ssh-ed25519 ") {
                let advice =
                    "paste a line of `ssh-keygen -t ed25519`, such as `ssh-ed25519 AAAA... name`";
                file.note(key.place, "this is not a public Ed25519 SSH key", advice);
            }
        }
        let layout = self.contact.clone().unwrap_or_default();
        Contact {
            email: layout.email,
            phone: layout.phone,
            pagerduty: layout.pagerduty,
            ssh_keys: self.ssh_keys.iter().map(|key| key.value.clone()).collect(),
        }
    }
}

impl From<ChatLayout> for ChatName {
    fn from(chat: ChatLayout) -> Self {
        match chat {
            ChatLayout::Slack => Self::Slack,
            ChatLayout::Discord => Self::Discord,
            ChatLayout::Web => Self::Web,
            ChatLayout::Cli => Self::Cli,
        }
    }
}

fn yes() -> bool {
    true
}
