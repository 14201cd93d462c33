//! `doctor`: a line for each thing, and the fix beside it.

use countersign::clock::SystemClock;
use domain::port::Clock as _;
use fakes::slack::{APP_TOKEN, BOT_TOKEN, FakeSlack, SIGNING_SECRET, TEAM};
use insta::assert_snapshot;
use serde_json::Value;

use crate::installation::{Ended, Installation, policies::edit};

const CHANNEL: &str = "C0INCIDENTS";

/// An installation that talks to Slack, over Socket Mode and HTTP.
async fn with_slack(installation: &Installation) -> FakeSlack {
    let slack = FakeSlack::start(|| SystemClock.now()).await;
    slack.add_channel(CHANNEL, "#data-incidents");
    let section = format!(
        "slack:\n  api_url: {}\n  bot_token: {BOT_TOKEN}\n  signing_secret: {SIGNING_SECRET}\n  app_token: {APP_TOKEN}\n  team: {TEAM}\n  channel: {CHANNEL}\nweb:",
        slack.api_url()
    );
    edit(&installation.path("countersign.yaml"), "web:", &section);
    slack
}

/// Without what differs from machine to machine: room, versions, folders, and the names of keys.
fn shown(installation: &Installation, ended: &Ended) -> String {
    let folder = installation.path("").display().to_string();
    let text = ended.to_string().replace(folder.trim_end_matches('/'), "[folder]");
    let lines = text.lines().map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let mut line = line.to_owned();
        for pair in words.windows(2) {
            match pair {
                [size, unit @ ("GiB" | "MiB")] => {
                    line = line.replace(&format!("{size} {unit}"), "[size]");
                }
                ["SQLite", version] => line = line.replace(version, "[version],"),
                [id, "signs,"] => line = line.replace(id, "[key]"),
                ["digest", digest] => line = line.replace(digest, "[digest]"),
                _ => {}
            }
        }
        line + "\n"
    });
    lines.collect()
}

#[tokio::test]
async fn all_is_well() {
    let installation = Installation::fresh().await;
    let _slack = with_slack(&installation).await;
    let ended = installation.run(&["doctor"]).await.expect_code(0);
    assert_snapshot!(shown(&installation, &ended), @"
    ok       policies       in order, digest [digest]
    ok       database       SQLite [version], migrated
    ok       keys           [key] signs, 1 key known
    ok       disk           [size] free for the database (store.db)
    ok       disk           [size] free for the rollback points (points)
    ok       disk           [size] free for the programs of steps (work)
    ok       slack          the token is countersign's in Fake (T0FAKE)
    ok       slack          the token has every scope that is needed
    ok       slack          the bot is in the channel #data-incidents (C0INCIDENTS)
    ok       clock          the clock agrees with Slack's
    ok       slack          requests come over Socket Mode: the app token opens connections
    ok       pagerduty      there is a secret to verify webhooks with
    ok       pagerduty      the API token reads incidents
    ok       sqlmesh        target warehouse: the project opens
    All is well.
    [exit 0]
    ");
}

/// As it is on the first day: files alone.
#[tokio::test]
async fn nothing_is_there_yet() {
    let installation = Installation::bare().await;
    edit(
        &installation.path("countersign.yaml"),
        "web:",
        "slack: { bot_token: xoxp-1, app_token: xoxb-1, channel: '#data' }\nweb:",
    );
    std::fs::write(installation.path("rules/people.yaml"), "people: nobody\n").expect("writes");
    let ended = installation.run(&["doctor"]).await.expect_code(1);
    assert_snapshot!(shown(&installation, &ended), @r##"
    problem  policies       there is a mistake in the policies
                            fix: `countersign check` shows it with line and caret
    problem  database       there is no database at store.db
                            fix: `countersign migrate` makes it
    problem  keys           no key signs yet in keys: make one with `countersign keys new`
                            fix: `countersign keys new` makes one; an executor alone needs the public keys only
    ok       disk           [size] free for the database (store.db)
    ok       disk           [size] free for the rollback points (points)
    ok       disk           [size] free for the programs of steps (work)
    problem  slack          cannot post to "#data", which is not a channel id such as C0123456789
                            fix: Mend the section `slack` of the configuration
    ok       pagerduty      there is a secret to verify webhooks with
    ok       pagerduty      the API token reads incidents
    4 problems.
    [exit 1]
    "##);
}

#[tokio::test]
async fn each_thing_is_named_with_its_fix() {
    let installation = Installation::fresh().await;
    let slack = with_slack(&installation).await;
    let configuration = installation.path("countersign.yaml");
    edit(&configuration, &format!("team: {TEAM}"), "team: T0OTHER");
    edit(&configuration, "api_token: ", "api_token: wrong-");
    slack.leave(CHANNEL, fakes::slack::BOT_USER);
    slack.take_scope("im:write");
    slack.take_scope("connections:write");
    installation.warehouse.fault("inspect", &["fail"]);
    let ended = installation.run(&["doctor"]).await.expect_code(1);
    assert_snapshot!(shown(&installation, &ended), @"
    ok       policies       in order, digest [digest]
    ok       database       SQLite [version], migrated
    ok       keys           [key] signs, 1 key known
    ok       disk           [size] free for the database (store.db)
    ok       disk           [size] free for the rollback points (points)
    ok       disk           [size] free for the programs of steps (work)
    problem  slack          the token is for the workspace Fake (T0FAKE), not for T0OTHER
                            fix: Set `slack.team` to T0FAKE, or use the other workspace's token
    problem  slack          the token lacks im:write
                            fix: Give the app the scopes that `countersign manifest slack` lists, and reinstall it
    problem  slack          the bot is not in the channel #data-incidents (C0INCIDENTS)
                            fix: Type /invite @countersign there
    ok       clock          the clock agrees with Slack's
    problem  slack          Socket Mode: apps.connections.open: missing_scope (connections:write)
                            fix: Make an app-level token with the scope connections:write and set slack.app_token to it
    ok       pagerduty      there is a secret to verify webhooks with
    problem  pagerduty      could not try the token: PagerDuty answered 401, Unauthorized
                            fix: Check `pagerduty.api_token` and `pagerduty.api_url`; an account in the EU has another address
    problem  sqlmesh        target warehouse: the warehouse said no
                            fix: Run `sqlmesh info` in the project with the target's Python, as the bot's user and with its variables (`inherit`)
    6 problems.
    [exit 1]
    ");
    slack.revoke_token();
    let ended = installation.run(&["doctor", "--json"]).await.expect_code(1);
    let found: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let found = found.as_array().expect("a list");
    let slacks = found.iter().filter(|finding| finding["check"] == "slack");
    insta::assert_json_snapshot!(slacks.collect::<Vec<_>>(), @r#"
    [
      {
        "check": "slack",
        "state": "problem",
        "what": "auth.test: token_revoked",
        "fix": "Reinstall the app and set slack.bot_token to the new bot token"
      },
      {
        "check": "slack",
        "state": "problem",
        "what": "Socket Mode: apps.connections.open: missing_scope (connections:write)",
        "fix": "Make an app-level token with the scope connections:write and set slack.app_token to it"
      }
    ]
    "#);
}
