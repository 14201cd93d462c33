//! What may stand in `countersign.yaml`.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf};

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use slack::Pace;

use super::secret::{one, optional, several};

/// The whole file. Every key has a default but the chats, which are off when left out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the HTTP server listens.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// How people reach it.
    pub public_url: String,
    /// `sqlite://file` or `postgres://user@host1,host2/database`.
    pub database_url: String,
    /// The folder of the policies.
    pub policies: PathBuf,
    /// The folder of the signing keys.
    pub keys: PathBuf,
    /// Where the SQLMesh helper is unpacked.
    pub work: PathBuf,
    /// The folder of the rollback points.
    pub points: PathBuf,
    /// The program that confines itself before it becomes a step's program; whoever runs the bot within another
    /// program than `countersign` sets it.
    #[serde(skip)]
    pub launcher: PathBuf,
    /// Names of variables that steps inherit besides the usual ones, such as `WAREHOUSE_PASSWORD`.
    pub inherit: Vec<String>,
    /// PagerDuty.
    pub pagerduty: Pagerduty,
    /// SQLMesh's own notifications.
    pub sqlmesh: SqlmeshSection,
    /// Slack; left out: off.
    pub slack: Option<Slack>,
    /// Discord; left out: off.
    pub discord: Option<Discord>,
    /// The web page.
    pub web: Web,
    /// How long a step under way may go on at shutdown, in seconds.
    pub shutdown_grace_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: "http://127.0.0.1:8080".to_owned(),
            database_url: "sqlite://countersign.db".to_owned(),
            policies: PathBuf::from("policies/rules"),
            keys: PathBuf::from("keys"),
            work: PathBuf::from("work"),
            points: PathBuf::from("points"),
            // Leads to the running program even after its file was replaced.
            launcher: PathBuf::from("/proc/self/exe"),
            inherit: Vec::new(),
            pagerduty: Pagerduty::default(),
            sqlmesh: SqlmeshSection::default(),
            slack: None,
            discord: None,
            web: Web::default(),
            shutdown_grace_s: 30,
        }
    }
}

/// How PagerDuty and Countersign know each other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pagerduty {
    /// The secrets of the webhook subscription; several while one is replaced.
    #[serde(deserialize_with = "several")]
    #[schemars(with = "Vec<String>")]
    pub webhook_secrets: Vec<SecretString>,
    /// The REST API.
    pub api_url: String,
    /// Its token; without one the alert's details are not read.
    #[serde(deserialize_with = "optional")]
    #[schemars(with = "Option<String>")]
    pub api_token: Option<SecretString>,
    /// The e-mail address of the user on whose behalf the bot writes.
    pub from: Option<String>,
}

impl Default for Pagerduty {
    fn default() -> Self {
        Self {
            webhook_secrets: Vec::new(),
            api_url: "https://api.pagerduty.com".to_owned(),
            api_token: None,
            from: None,
        }
    }
}

/// How SQLMesh tells that it deploys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SqlmeshSection {
    /// The last part of the address that SQLMesh's notification target calls; several while one is replaced.
    #[serde(deserialize_with = "several")]
    #[schemars(with = "Vec<String>")]
    pub webhook_secrets: Vec<SecretString>,
}

/// A Slack workspace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slack {
    /// The Web API; another one for `GovSlack` and tests.
    #[serde(default = "slack_api")]
    pub api_url: String,
    /// `xoxb-..`.
    #[serde(deserialize_with = "one")]
    #[schemars(with = "String")]
    pub bot_token: SecretString,
    /// Signs what Slack sends over HTTP; without it the endpoints for Slack are not offered, and `app_token` is needed.
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<String>")]
    pub signing_secret: Option<SecretString>,
    /// `xapp-..`: what Slack sends comes over Socket Mode.
    #[serde(default, deserialize_with = "optional")]
    #[schemars(with = "Option<String>")]
    pub app_token: Option<SecretString>,
    /// How many connections of Socket Mode are kept, so that one is open while another is renewed; ten at most.
    #[serde(default = "slack_socket_connections")]
    pub socket_connections: NonZeroU32,
    /// The workspace's id: only people of this workspace are mentioned by name.
    #[serde(default)]
    pub team: Option<String>,
    /// The id of the channel for incidents.
    pub channel: String,
    /// The slash command's name, with its slash.
    #[serde(default = "slack_command")]
    pub command: String,
    /// The reaction that puts a message of an incident's thread into its timeline.
    #[serde(default = "slack_timeline_emoji")]
    pub timeline_emoji: String,
    /// How many messages a second the workspace bears in one channel; edits follow in proportion.
    #[serde(default = "slack_posts_per_second")]
    pub posts_per_second: NonZeroU32,
}

fn slack_posts_per_second() -> NonZeroU32 {
    Pace::SLACK.posts_per_second
}

fn slack_socket_connections() -> NonZeroU32 {
    NonZeroU32::new(2).expect("two is not zero")
}

fn slack_command() -> String {
    "/countersign".to_owned()
}

fn slack_timeline_emoji() -> String {
    "pushpin".to_owned()
}

fn slack_api() -> String {
    "https://slack.com/api".to_owned()
}

/// A Discord guild.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Discord {
    /// The API.
    pub api_url: Option<String>,
    /// The bot's token.
    #[serde(deserialize_with = "one")]
    #[schemars(with = "String")]
    pub bot_token: SecretString,
    /// The application's id.
    pub application_id: String,
    /// Verifies what Discord sends.
    pub public_key: String,
    /// The id of the channel for incidents.
    pub channel: String,
}

/// The web page.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Whether anybody may act as anybody: for demonstrations on one's own machine alone.
    pub demo_personas: bool,
}
