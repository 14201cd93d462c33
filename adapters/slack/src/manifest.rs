//! The app as Slack is told of it: a manifest from which an administrator makes it in one step.

use serde_json::{Value, json};

use crate::scope::{EVENTS, SCOPES};

/// What the manifest depends on.
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'a> {
    /// The slash command with its slash.
    pub command: &'a str,
    /// How Slack's requests come.
    pub way: Way<'a>,
}

/// How Slack's requests come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// Slack posts them to addresses below this one.
    Http {
        /// How Slack reaches the bot, without a slash at its end.
        public_url: &'a str,
    },
    /// Over connections that the bot opens.
    SocketMode,
}

impl Manifest<'_> {
    /// The manifest.
    pub fn to_json(self) -> Value {
        let scopes: Vec<_> = SCOPES.iter().map(|scope| scope.name).collect();
        let mut command = json!({
            "command": self.command,
            "description": "Rollbacks that wait for a decision, and everything about them",
            "usage_hint": "help | status | list | show INC | propose | approve INC | reject INC",
            // A person or a channel in the text comes as an id, never as a name that somebody else may take.
            "should_escape": true,
        });
        let mut events = json!({"bot_events": EVENTS});
        let mut interactivity = json!({"is_enabled": true});
        if let Way::Http { public_url } = self.way {
            let at = |place: &str| json!(format!("{public_url}/slack/{place}"));
            command["url"] = at("commands");
            events["request_url"] = at("events");
            interactivity["request_url"] = at("interactions");
            interactivity["message_menu_options_url"] = at("interactions");
        }
        json!({
            "_metadata": {"major_version": 1, "minor_version": 1},
            "display_information": {
                "name": "Countersign",
                "description": "Asks the right people before a data platform is rolled back",
                "long_description": "Countersign takes an alert about a data pipeline, finds the rollback that would help, and asks people by an escalation matrix until enough of them have signed. It runs the rollback step by step, checks the data afterwards, and keeps a record that an auditor verifies without trusting it. Buttons and commands act for the person who uses them; nothing runs without a decision.",
                "background_color": "#1f2937",
            },
            "features": {
                "app_home": {
                    "home_tab_enabled": true,
                    "messages_tab_enabled": true,
                    // The bot reads nothing that people write to it.
                    "messages_tab_read_only_enabled": true,
                },
                "bot_user": {"display_name": "countersign", "always_online": true},
                "slash_commands": [command],
            },
            "oauth_config": {"scopes": {"bot": scopes}},
            "settings": {
                "event_subscriptions": events,
                "interactivity": interactivity,
                "org_deploy_enabled": false,
                "socket_mode_enabled": self.way == Way::SocketMode,
                "token_rotation_enabled": false,
            },
        })
    }
}
