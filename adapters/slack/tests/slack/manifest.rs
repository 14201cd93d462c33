//! The manifest that an administrator gives to Slack.

use std::collections::BTreeSet;

use serde_json::Value;
use slack::{EVENTS, Manifest, SCOPES, Way};

const HTTP: Way<'_> = Way::Http { public_url: "https://countersign.example.com" };

fn manifest(way: Way<'_>) -> Value {
    Manifest { command: "/countersign", way }.to_json()
}

#[test]
fn over_http() {
    insta::assert_json_snapshot!(manifest(HTTP), @r##"
    {
      "_metadata": {
        "major_version": 1,
        "minor_version": 1
      },
      "display_information": {
        "name": "Countersign",
        "description": "Asks the right people before a data platform is rolled back",
        "long_description": "Countersign takes an alert about a data pipeline, finds the rollback that would help, and asks people by an escalation matrix until enough of them have signed. It runs the rollback step by step, checks the data afterwards, and keeps a record that an auditor verifies without trusting it. Buttons and commands act for the person who uses them; nothing runs without a decision.",
        "background_color": "#1f2937"
      },
      "features": {
        "app_home": {
          "home_tab_enabled": true,
          "messages_tab_enabled": true,
          "messages_tab_read_only_enabled": true
        },
        "bot_user": {
          "display_name": "countersign",
          "always_online": true
        },
        "slash_commands": [
          {
            "command": "/countersign",
            "description": "Rollbacks that wait for a decision, and everything about them",
            "usage_hint": "help | status | list | show INC | propose | approve INC | reject INC",
            "should_escape": true,
            "url": "https://countersign.example.com/slack/commands"
          }
        ]
      },
      "oauth_config": {
        "scopes": {
          "bot": [
            "chat:write",
            "commands",
            "channels:history",
            "groups:history",
            "im:write",
            "im:history",
            "users:read",
            "channels:read",
            "groups:read",
            "channels:write.invites",
            "groups:write.invites",
            "reactions:read"
          ]
        }
      },
      "settings": {
        "event_subscriptions": {
          "bot_events": [
            "app_home_opened",
            "reaction_added",
            "user_change"
          ],
          "request_url": "https://countersign.example.com/slack/events"
        },
        "interactivity": {
          "is_enabled": true,
          "request_url": "https://countersign.example.com/slack/interactions",
          "message_menu_options_url": "https://countersign.example.com/slack/interactions"
        },
        "org_deploy_enabled": false,
        "socket_mode_enabled": false,
        "token_rotation_enabled": false
      }
    }
    "##);
}

/// Without addresses there is nothing that Slack could not reach.
#[test]
fn over_socket_mode_there_are_no_addresses() {
    let manifest = manifest(Way::SocketMode);
    assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
    assert!(!manifest.to_string().contains("http"), "{manifest:#}");
    insta::assert_json_snapshot!(manifest["settings"], @r#"
    {
      "event_subscriptions": {
        "bot_events": [
          "app_home_opened",
          "reaction_added",
          "user_change"
        ]
      },
      "interactivity": {
        "is_enabled": true
      },
      "org_deploy_enabled": false,
      "socket_mode_enabled": true,
      "token_rotation_enabled": false
    }
    "#);
    insta::assert_json_snapshot!(manifest["features"]["slash_commands"], @r#"
    [
      {
        "command": "/countersign",
        "description": "Rollbacks that wait for a decision, and everything about them",
        "usage_hint": "help | status | list | show INC | propose | approve INC | reject INC",
        "should_escape": true
      }
    ]
    "#);
}

/// What Slack's description of manifests asks for, as far as it can be broken here.
#[test]
fn it_keeps_slacks_rules() {
    for way in [HTTP, Way::SocketMode] {
        let manifest = manifest(way);
        let no_longer = |path: &str, most: usize| {
            let text = manifest.pointer(path).and_then(Value::as_str).expect(path);
            assert!((1..=most).contains(&text.chars().count()), "{path}: {text}");
            text.to_owned()
        };
        no_longer("/display_information/name", 35);
        no_longer("/display_information/description", 140);
        let long = no_longer("/display_information/long_description", 4000);
        assert!(long.chars().count() >= 174, "Slack wants more than {long}");
        let colour = no_longer("/display_information/background_color", 7);
        assert!(colour.len() == 7 && colour.starts_with('#'), "{colour}");
        no_longer("/features/bot_user/display_name", 80);
        let command = no_longer("/features/slash_commands/0/command", 32);
        assert!(command.starts_with('/') && !command.contains(' '), "{command}");
        no_longer("/features/slash_commands/0/description", 2000);
        no_longer("/features/slash_commands/0/usage_hint", 1000);
    }
}

#[test]
fn every_scope_has_a_reason_and_every_event_its_scope() {
    let names: BTreeSet<_> = SCOPES.iter().map(|scope| scope.name).collect();
    assert_eq!(names.len(), SCOPES.len(), "a scope is listed twice");
    for scope in SCOPES {
        assert!(!scope.why.is_empty() && !scope.serves.is_empty(), "{} has no reason", scope.name);
    }
    for event in EVENTS {
        let is_served = SCOPES.iter().any(|scope| scope.serves.contains(&event));
        // The one that needs none: it tells only of the app's own page.
        assert!(is_served || event == "app_home_opened", "no scope for {event}");
    }
}

/// Whoever calls another method has to say what it needs.
#[test]
fn every_method_that_the_adapter_calls_is_in_the_table() {
    /// These need no scope of the bot's.
    const FREE: [&str; 7] = [
        "apps.connections.open",
        "auth.test",
        "chat.getPermalink",
        "views.open",
        "views.publish",
        "views.push",
        "views.update",
    ];
    let served: BTreeSet<_> =
        SCOPES.iter().flat_map(|scope| scope.serves).copied().chain(FREE).collect();
    let mut called = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources") {
            let path = entry.expect("a source").path();
            if path.is_dir() {
                folders.push(path);
            } else if !["scope.rs", "manifest.rs", "refusal.rs"]
                .iter()
                .any(|name| path.ends_with(name))
            {
                let text = std::fs::read_to_string(&path).expect("a source");
                called.extend(methods(&text));
            }
        }
    }
    assert!(called.contains("chat.postMessage"), "the sources are not read: {called:?}");
    let unknown: Vec<_> = called.iter().filter(|name| !served.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "no scope for {unknown:?}");
}

/// The texts in quotation marks that look like a method's name.
fn methods(source: &str) -> Vec<String> {
    const FAMILIES: [&str; 9] = [
        "apps.",
        "auth.",
        "bots.",
        "chat.",
        "conversations.",
        "reactions.",
        "usergroups.",
        "users.",
        "views.",
    ];
    let is_method = |text: &&str| {
        FAMILIES.iter().any(|family| text.starts_with(family))
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '.')
            && !text.ends_with('.')
    };
    source.split('"').filter(is_method).map(str::to_owned).collect()
}
