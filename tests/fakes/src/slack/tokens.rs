//! Which token may call which method: the kind of token, whether it still lives, and its scopes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    APP_TOKEN, BOT_TOKEN, FakeSlack,
    state::State,
    web_api::{Refused, text},
};

/// Scopes of which one is enough.
type Scopes = &'static [&'static str];

/// What the bot's token may do unless a scope is taken from it.
const BOT_SCOPES: [&str; 16] = [
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "channels:write.invites",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "groups:write.invites",
    "im:history",
    "im:read",
    "im:write",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
];
const APP_SCOPE: &str = "connections:write";

/// The app's two tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    bot: BTreeSet<String>,
    app: BTreeSet<String>,
    is_revoked: bool,
}

impl Default for Tokens {
    fn default() -> Self {
        let bot = BOT_SCOPES.into_iter().map(str::to_owned).collect();
        Self { bot, app: BTreeSet::from([APP_SCOPE.to_owned()]), is_revoked: false }
    }
}

impl FakeSlack {
    /// Takes a scope from the token that has it.
    pub fn take_scope(&self, scope: &str) {
        let tokens = &mut self.lock().tokens;
        let had = tokens.bot.remove(scope) | tokens.app.remove(scope);
        assert!(had, "no token has the scope {scope}");
    }

    /// Gives the bot's token a scope, or the app's token its own.
    pub fn give_scope(&self, scope: &str) {
        let tokens = &mut self.lock().tokens;
        let scopes = if scope == APP_SCOPE { &mut tokens.app } else { &mut tokens.bot };
        scopes.insert(scope.to_owned());
    }

    /// The bot's token is good no more.
    pub fn revoke_token(&self) {
        self.lock().tokens.is_revoked = true;
    }

    /// The bot's token is good again.
    pub fn restore_token(&self) {
        self.lock().tokens.is_revoked = false;
    }
}

impl State {
    /// Whether `token` may call `method` with these arguments.
    pub(super) fn admit(
        &mut self,
        token: Option<&str>,
        method: &str,
        arguments: &Value,
    ) -> Result<(), Refused> {
        let token = token.ok_or("not_authed")?;
        let scopes = match token {
            BOT_TOKEN if self.tokens.is_revoked => return Err("token_revoked".into()),
            BOT_TOKEN => self.tokens.bot.clone(),
            APP_TOKEN => self.tokens.app.clone(),
            _ => return Err("invalid_auth".into()),
        };
        // Both kinds may ask who they are.
        let wants_app = method == "apps.connections.open";
        if method != "auth.test" && wants_app != (token == APP_TOKEN) {
            return Err("not_allowed_token_type".into());
        }
        let needed = self.needed(method, arguments);
        if needed.is_empty() || needed.iter().any(|scope| scopes.contains(*scope)) {
            return Ok(());
        }
        let provided: Vec<&str> = scopes.iter().map(String::as_str).collect();
        Err(Refused::missing_scope(needed[0], &provided.join(",")))
    }

    /// The scopes of the bot's token, as the header of each answer says them.
    pub(super) fn scopes(&self) -> String {
        self.tokens.bot.iter().map(String::as_str).collect::<Vec<_>>().join(",")
    }

    /// The scopes of which a method needs one.
    fn needed(&mut self, method: &str, arguments: &Value) -> Scopes {
        let channel = text(arguments, "channel");
        let is_direct = channel.starts_with('D');
        let is_private = self.find_channel(channel).is_some_and(|channel| channel.is_private);
        let by_kind =
            |public: Scopes, private: Scopes, direct: Scopes| match (is_direct, is_private) {
                (true, _) => direct,
                (false, true) => private,
                (false, false) => public,
            };
        match method {
            "chat.postMessage" | "chat.update" | "chat.postEphemeral" => &["chat:write"],
            "conversations.history" | "conversations.replies" => {
                by_kind(&["channels:history"], &["groups:history"], &["im:history"])
            }
            "conversations.info" | "conversations.members" => {
                by_kind(&["channels:read"], &["groups:read"], &["im:read"])
            }
            "conversations.invite" => by_kind(
                &["channels:write.invites", "channels:manage"],
                &["groups:write.invites", "groups:write"],
                &[],
            ),
            "conversations.open" => &["im:write"],
            "users.info" => &["users:read"],
            "usergroups.list" | "usergroups.users.list" => &["usergroups:read"],
            "reactions.add" => &["reactions:write"],
            "apps.connections.open" => &[APP_SCOPE],
            _ => &[],
        }
    }
}
