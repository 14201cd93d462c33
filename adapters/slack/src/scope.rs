//! What the bot asks the workspace's administrators for, and why: one table for the manifest, for the doctor, and for
//! whoever has to justify it.

/// A permission of the bot's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Slack's name of it.
    pub name: &'static str,
    /// Where it is needed.
    pub place: Place,
    /// What goes wrong without it.
    pub need: Need,
    /// The methods and events that need it.
    pub serves: &'static [&'static str],
    /// What the bot does with it.
    pub why: &'static str,
}

/// In which conversations a scope matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Anywhere,
    /// Only where the channel for incidents is public.
    Public,
    /// Only where it is private.
    Private,
}

/// How much a scope matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Without it people are not asked, or something may be said twice.
    Must,
    /// Without it something that helps is missing.
    Helps,
}

/// All of them. There is none for reading what people write to each other beyond the channel for incidents.
pub const SCOPES: [Scope; 12] = [
    Scope {
        name: "chat:write",
        place: Place::Anywhere,
        need: Need::Must,
        serves: &["chat.postMessage", "chat.update", "chat.postEphemeral"],
        why: "posts the card and keeps it up to date, replies in its thread, answers in private",
    },
    Scope {
        name: "commands",
        place: Place::Anywhere,
        need: Need::Must,
        serves: &["slash command"],
        why: "takes the slash command",
    },
    Scope {
        name: "channels:history",
        place: Place::Public,
        need: Need::Must,
        serves: &["conversations.history", "conversations.replies"],
        why: "looks for its own message after a lost answer, so that nothing is said twice; reads a message that somebody adds to the timeline",
    },
    Scope {
        name: "groups:history",
        place: Place::Private,
        need: Need::Must,
        serves: &["conversations.history", "conversations.replies"],
        why: "the same in a private channel",
    },
    Scope {
        name: "im:write",
        place: Place::Anywhere,
        need: Need::Must,
        serves: &["conversations.open"],
        why: "writes to those who are asked to decide",
    },
    Scope {
        name: "im:history",
        place: Place::Anywhere,
        need: Need::Must,
        serves: &["conversations.history"],
        why: "looks for its own letter after a lost answer; it sees only conversations with itself",
    },
    Scope {
        name: "users:read",
        place: Place::Anywhere,
        need: Need::Must,
        serves: &["users.info", "user_change"],
        why: "sees that somebody is a guest or was deactivated, who never decide",
    },
    Scope {
        name: "channels:read",
        place: Place::Public,
        need: Need::Helps,
        serves: &["conversations.info", "conversations.members"],
        why: "sees whether the bot and those who are asked are in the channel",
    },
    Scope {
        name: "groups:read",
        place: Place::Private,
        need: Need::Helps,
        serves: &["conversations.info", "conversations.members"],
        why: "the same in a private channel",
    },
    Scope {
        name: "channels:write.invites",
        place: Place::Public,
        need: Need::Helps,
        serves: &["conversations.invite"],
        why: "brings those who are asked into the channel",
    },
    Scope {
        name: "groups:write.invites",
        place: Place::Private,
        need: Need::Helps,
        serves: &["conversations.invite"],
        why: "the same in a private channel",
    },
    Scope {
        name: "reactions:read",
        place: Place::Anywhere,
        need: Need::Helps,
        serves: &["reaction_added"],
        why: "hears of the reaction that adds a message to the timeline",
    },
];

/// What happens in the workspace that the bot hears of.
pub const EVENTS: [&str; 3] = ["app_home_opened", "reaction_added", "user_change"];
