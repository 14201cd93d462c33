//! The world of a story: one bot, one PagerDuty, one Slack, one warehouse, and a clock that the story moves.

mod clock;
mod commands;
#[path = "../../adapters/store/tests/contract/databases.rs"]
mod database;
mod ending;
mod errors;
mod pagerduty;
mod policies;
mod route53;
mod slack;
mod tool;
mod warehouse;

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use chrono::TimeDelta;
use countersign::{
    bot::{Bot, Role},
    config::{self, Config},
};
use domain::{id::IncidentId, port::Clock as _};
use fakes::{SignedRequest, pagerduty::FakePagerDuty, slack::FakeSlack};
use listener::{Limits, Listener};
use signer::KeyDirectory;
use store::Tx;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt as _;

pub(crate) use self::{
    clock::StoryClock,
    database::{Database, run as behind_its_back},
    route53::Route53,
    slack::Card,
    tool::tool,
    warehouse::{CUSTOMERS, EXTRA, ORDERS, SUMMARY, Warehouse},
};

/// The id of the Slack channel.
pub(crate) const CHANNEL: &str = "C0INCIDENTS";

/// The secret part of the address that SQLMesh notifies.
pub(crate) const SQLMESH_SECRET: &str = "s3cret-path";

/// Everything that a story touches.
pub(crate) struct World {
    pub(crate) bot: Bot,
    pub(crate) config: Config,
    pub(crate) clock: StoryClock,
    pub(crate) slack: FakeSlack,
    pub(crate) pagerduty: FakePagerDuty,
    pub(crate) warehouse: Warehouse,
    pub(crate) errors: errors::Errors,
    pub(crate) database_url: String,
    http: reqwest::Client,
    address: String,
    /// Replies that the story has read, by their ids.
    read: BTreeSet<String>,
    events: u32,
    shutdown: CancellationToken,
    server: JoinSet<()>,
    _folder: TempDir,
}

/// Tells a story in a fresh world, and asks the questions of its end. `None`: this half is left out.
pub(crate) async fn tell(database: Option<Database>, story: impl AsyncFnOnce(&mut World)) {
    let Some(database) = database else { return };
    let errors = errors::Errors::default();
    let _guard =
        tracing::subscriber::set_default(tracing_subscriber::registry().with(errors.clone()));
    let mut world = World::begin(&database, errors).await;
    story(&mut world).await;
    world.end().await;
    database.remove().await;
}

impl World {
    async fn begin(database: &Database, errors: errors::Errors) -> Self {
        // Another story of this process may have been faster.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().expect("a folder");
        let clock = StoryClock::at_three();
        let seen = clock.clone();
        let slack = FakeSlack::start(move || seen.now()).await;
        let pagerduty = FakePagerDuty::start().await;
        let warehouse = Warehouse::broken(&folder.path().join("project"));
        let policies = policies::write(folder.path(), warehouse.folder());
        let config = configuration(folder.path(), database, &slack, &pagerduty, policies);
        slack::people(&slack);
        KeyDirectory::new(&config.keys).create("2026-11-23").expect("makes a key");
        let store = database.store().await;
        store.migrate().await.expect("prepares the database");
        store.close().await;
        let bot = build(&config, &clock).await;
        let shutdown = CancellationToken::new();
        let (server, address) = serve(&bot, &config, &shutdown).await;
        Self {
            bot,
            config,
            clock,
            slack,
            pagerduty,
            warehouse,
            errors,
            database_url: database.url.clone(),
            http: reqwest::Client::builder().build().expect("a client"),
            address,
            read: BTreeSet::new(),
            events: 0,
            shutdown,
            server,
            _folder: folder,
        }
    }

    /// Works off everything that is due.
    pub(crate) async fn drain(&self) {
        self.bot.drain().await.expect("the workers do their work");
    }

    /// Time passes, and what becomes due is done.
    pub(crate) async fn advance(&self, delta: TimeDelta) {
        self.clock.advance(delta);
        self.drain().await;
    }

    /// The process ends and starts again on the same database.
    pub(crate) async fn restart(&mut self) {
        self.shutdown.cancel();
        self.bot = build(&self.config, &self.clock).await;
        self.shutdown = CancellationToken::new();
        (self.server, self.address) = serve(&self.bot, &self.config, &self.shutdown).await;
    }

    /// The bot is asked to stop.
    pub(crate) fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Sends a signed request to the bot; gives the status.
    pub(crate) async fn send(&self, path: &str, request: &SignedRequest) -> u16 {
        self.ask(path, request).await.0
    }

    /// Sends a signed request to the bot; gives the status and the answer, null where it is empty.
    pub(crate) async fn ask(
        &self,
        path: &str,
        request: &SignedRequest,
    ) -> (u16, serde_json::Value) {
        let mut post = self.http.post(format!("{}{path}", self.address)).body(request.body.clone());
        for (name, value) in &request.headers {
            post = post.header(*name, value);
        }
        let answer = post.send().await.expect("the bot answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("text");
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Somebody deploys a release at the story's time; nobody has looked at it yet.
    pub(crate) fn deploy(&self, plan_id: &str, versions: &[(&str, &str)]) {
        self.warehouse.release(plan_id, self.clock.now(), versions);
    }

    /// Posts what SQLMesh posts at the end of a plan to an address below `/webhooks/sqlmesh/`; gives the status.
    pub(crate) async fn sqlmesh_says(&self, rest: &str, text: &str) -> u16 {
        let body = serde_json::json!({"text": text, "blocks": [], "attachments": []}).to_string();
        let post = self.http.post(format!("{}/webhooks/sqlmesh/{rest}", self.address)).body(body);
        post.send().await.expect("the bot answers").status().as_u16()
    }

    /// Reads a page or an API answer; gives status and text.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let answer =
            self.http.get(format!("{}{path}", self.address)).send().await.expect("the bot answers");
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// What `/readyz` warns of; a story's workers do not turn by themselves, which it says besides.
    pub(crate) async fn warnings(&self) -> String {
        let (_, text) = self.get("/readyz").await;
        let warnings = text.lines().filter(|line| line.starts_with("warning: "));
        warnings.collect::<Vec<_>>().join("\n")
    }

    /// Somebody edits a policy file, and the bot is restarted.
    pub(crate) async fn edit_policy(&mut self, file: &str, old: &str, new: &str) {
        policies::edit(&self.config.policies.join(file), old, new);
        self.restart().await;
    }

    /// Starts an executor as a process of its own, on the same database.
    pub(crate) fn start_executor(&self) -> std::process::Child {
        let file = self.config.work.with_file_name("countersign.yaml");
        let text = format!(
            "database_url: '{}'\npolicies: '{}'\nkeys: '{}'\nwork: '{}'\npoints: '{}'\n",
            self.database_url,
            self.config.policies.display(),
            self.config.keys.display(),
            self.config.work.display(),
            self.config.points.display(),
        );
        std::fs::write(&file, text).expect("writes the configuration");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_bot-under-test"));
        command.arg("--config").arg(file).arg("executor").stderr(std::process::Stdio::null());
        command.spawn().expect("the executor starts")
    }

    /// The one incident of this story.
    pub(crate) async fn incident(&self) -> IncidentId {
        let found = self.bot.engine.store.incidents(10, None).await.expect("reads the incidents");
        assert_eq!(found.len(), 1, "there is one incident");
        found[0].value.id.clone()
    }

    /// Somebody else has the incident: whoever needs it waits until what this gives is dropped.
    pub(crate) async fn keep_the_incident_busy(&self) -> Tx {
        let mut tx = self.bot.engine.store.begin().await.expect("a transaction");
        tx.lock_incident(&self.incident().await).await.expect("the incident's turn");
        tx
    }
}

async fn build(config: &Config, clock: &StoryClock) -> Bot {
    let roles = [Role::Http, Role::Workers, Role::Executor];
    Bot::build(config, Arc::new(clock.clone()), &roles).await.expect("the bot is wired")
}

async fn serve(bot: &Bot, config: &Config, shutdown: &CancellationToken) -> (JoinSet<()>, String) {
    let listener =
        Listener::bind(config.listen, Limits::default()).await.expect("binds a free port");
    let address = format!("http://{}", listener.local_addr());
    let (router, shutdown) = (bot.router(config, shutdown), shutdown.clone());
    let mut server = JoinSet::new();
    if let Some(sockets) = bot.sockets(config) {
        server.spawn(sockets.keep(shutdown.clone()));
    }
    server.spawn(async move {
        listener.serve(router, shutdown).await;
    });
    (server, address)
}

fn configuration(
    folder: &std::path::Path,
    database: &Database,
    slack: &FakeSlack,
    pagerduty: &FakePagerDuty,
    policies: PathBuf,
) -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        database_url: database.url.clone(),
        policies,
        keys: folder.join("keys"),
        work: folder.join("work"),
        points: folder.join("points"),
        launcher: env!("CARGO_BIN_EXE_bot-under-test").into(),
        pagerduty: config::Pagerduty {
            webhook_secrets: vec![fakes::pagerduty::WEBHOOK_SECRET.into()],
            api_url: pagerduty.api_url(),
            api_token: Some(fakes::pagerduty::API_TOKEN.into()),
            from: None,
        },
        sqlmesh: config::SqlmeshSection { webhook_secrets: vec![SQLMESH_SECRET.into()] },
        slack: Some(config::Slack {
            api_url: slack.api_url(),
            bot_token: fakes::slack::BOT_TOKEN.into(),
            signing_secret: Some(fakes::slack::SIGNING_SECRET.into()),
            app_token: None,
            socket_connections: 2.try_into().expect("not zero"),
            team: Some(fakes::slack::TEAM.to_owned()),
            channel: CHANNEL.to_owned(),
            command: "/countersign".to_owned(),
            timeline_emoji: "pushpin".to_owned(),
            posts_per_second: 1_000_000.try_into().expect("not zero"),
        }),
        ..Config::default()
    }
}
