//! `cargo xtask fakes`: a Slack workspace and a PagerDuty account on this machine, and a page to act in them.
//!
//! The bot is whatever is started beside it with the configuration that this command writes. What people do on the
//! page reaches it as signed requests, or by Socket Mode; nothing leaves 127.0.0.1.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ::fakes::{
    SignedRequest,
    pagerduty::{API_TOKEN, FakePagerDuty, Happening, Incident, WEBHOOK_SECRET},
    slack::{
        APP_TOKEN, BOT_TOKEN, FakeSlack, SIGNING_SECRET, TEAM,
        desk::{Alarm, Desk, Outgoing},
    },
};
use anyhow::{Context as _, Result};
use chrono::{SecondsFormat, Utc};
use clap::Args;
use serde_json::{Value, json};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};

use crate::{
    cargo::cargo,
    program::{self, Unusable},
    repository,
    stage::Stages,
    stand_in::{self, BROKEN_MODEL, HEADLINE},
};

/// The id of the channel for incidents.
const CHANNEL: &str = "C0INCIDENTS";
/// The people of the shipped policies, by the last part of their ids.
const PEOPLE: [&str; 8] = ["ana", "bo", "ben", "tess", "mia", "cleo", "vic", "sam"];
/// How long a person at the page waits for the bot; Slack gives up after three seconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often Slack asks whether a connection is alive.
const PING: Duration = Duration::from_secs(10);

/// How to start them.
#[derive(Args)]
pub(crate) struct Options {
    /// Where the page is; Slack's API is on the next port and PagerDuty's on the one after it. 0: any free ports.
    #[arg(long, default_value_t = 4600, value_parser = clap::value_parser!(u16).range(..65_534))]
    port: u16,
    /// Where the bot is to take requests, on this machine.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    bot: String,
    /// Sends what people do by Socket Mode instead.
    #[arg(long)]
    socket: bool,
    /// Where the bot's configuration is written; `target/fakes` by default.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Runs until somebody ends it.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let stage = Stages::new().begin("Build the bot and a stand-in for its warehouse");
    program::watch(cargo(["build", "--locked", "--workspace", "--bins"]), &stage).await?;
    stage.done("");
    let _already = rustls::crypto::ring::default_provider().install_default();
    let beside = |distance| if options.port == 0 { 0 } else { options.port + distance };
    let slack = FakeSlack::start_on(beside(1), now).await;
    let slack = Arc::new(slack.map_err(|error| taken("Slack's API", beside(1), &error))?);
    let pagerduty = FakePagerDuty::start_on(beside(2)).await;
    let pagerduty =
        Arc::new(pagerduty.map_err(|error| taken("PagerDuty's API", beside(2), &error))?);
    people(&slack);
    let (outbox, mut outgoing) = mpsc::channel(16);
    let desk = Desk::start(Arc::clone(&slack), beside(0), outbox, alarm(&pagerduty)).await;
    let desk = desk.map_err(|error| taken("the page", beside(0), &error))?;
    let folder = options.dir.clone().unwrap_or_else(|| repository::target().join("fakes"));
    let file = configure(&folder, options, &slack, &pagerduty)?;
    introduce(&desk, &slack, &pagerduty, &file);
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build();
    let client = client.context("prepare HTTP")?;
    let mut pings = interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(outgoing) = outgoing.recv() => carry(options, &slack, &client, outgoing).await,
            _ = pings.tick() => slack.ping(),
            interruption = program::interruption() => return interruption,
        }
    }
}

fn taken(what: &str, port: u16, error: &std::io::Error) -> Unusable {
    Unusable(format!("port {port} cannot be used for {what}: {error}; choose another with --port"))
}

fn people(slack: &FakeSlack) {
    slack.add_channel(CHANNEL, "#data-incidents");
    for person in PEOPLE {
        let id = format!("U0{}", person.to_uppercase());
        slack.add_user(&id);
        slack.rename(&id, person);
    }
    slack.add_user("U0STRANGER");
    slack.rename("U0STRANGER", "stranger");
}

/// Hands a request to the bot, and its answer back.
async fn carry(options: &Options, slack: &FakeSlack, client: &reqwest::Client, outgoing: Outgoing) {
    let Outgoing { path, request, answer } = outgoing;
    let by_socket = options.socket && path.starts_with("/slack/");
    let answered = if by_socket {
        let acknowledged = slack.deliver(&request).await;
        let nobody = || "no connection by Socket Mode acknowledged it".to_owned();
        acknowledged.map(|acknowledged| acknowledged.payload.unwrap_or_default()).ok_or_else(nobody)
    } else {
        post(&options.bot, client, path, &request).await.map_err(|error| format!("{error:#}"))
    };
    // A page that was closed meanwhile wants no answer.
    let _closed = answer.send(answered);
}

async fn post(
    bot: &str,
    client: &reqwest::Client,
    path: &str,
    request: &SignedRequest,
) -> Result<Value> {
    let mut post = client.post(format!("{bot}{path}")).body(request.body.clone());
    for (name, value) in &request.headers {
        post = post.header(*name, value);
    }
    let answer = post.send().await.with_context(|| format!("reach the bot at {bot}"))?;
    anyhow::ensure!(answer.status().is_success(), "the bot answered {}", answer.status());
    let text = answer.text().await.context("read what the bot answered")?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// A model with duplicate rows, as PagerDuty tells of it; each time another incident.
fn alarm(pagerduty: &Arc<FakePagerDuty>) -> Alarm {
    let pagerduty = Arc::clone(pagerduty);
    Box::new(move || {
        let moment = now();
        let number = moment.timestamp_millis();
        let incident = Incident {
            id: format!("PFAKE{number}"),
            title: HEADLINE.to_owned(),
            status: "triggered".to_owned(),
            service_id: "PDATAWH".to_owned(),
            service_name: "Data warehouse".to_owned(),
            urgency: "high".to_owned(),
            created_at: moment.to_rfc3339_opts(SecondsFormat::Millis, true),
        };
        pagerduty.put_incident(incident.clone());
        let details = json!({"environment": "prod", "models": BROKEN_MODEL});
        pagerduty.add_alert(&incident.id, &incident.title, &details);
        let event_id = format!("fake-{number}");
        let happening = Happening {
            event_type: "incident.triggered",
            event_id: &event_id,
            occurred_at: &incident.created_at,
        };
        pagerduty.webhook(happening, &incident)
    })
}

/// The folder with the programs of this build.
fn built() -> PathBuf {
    repository::target().join("debug")
}

/// Writes what the bot needs to work with the fakes: its configuration, and policies that know the fake's people.
fn configure(
    folder: &Path,
    options: &Options,
    slack: &FakeSlack,
    pagerduty: &FakePagerDuty,
) -> Result<PathBuf> {
    let rules = folder.join("policies/rules");
    // What somebody changed in them, and what a rollback did to the warehouse, is kept.
    if !rules.exists() {
        stand_in::write(&rules, &folder.join("warehouse"), &built().join("fake-sqlmesh"), now())?;
    }
    let socket = if options.socket { format!("  app_token: {APP_TOKEN}\n") } else { String::new() };
    let bot = options.bot.trim_end_matches('/');
    let listen = bot.trim_start_matches("http://");
    let (slack_url, pagerduty_url) = (slack.api_url(), pagerduty.api_url());
    let text = format!(
        "# Written by `cargo xtask fakes`.\n\
         listen: {listen}\n\
         public_url: {bot}\n\
         slack:\n\
         \x20 api_url: {slack_url}\n\
         \x20 bot_token: {BOT_TOKEN}\n\
         \x20 signing_secret: {SIGNING_SECRET}\n\
         {socket}\
         \x20 team: {TEAM}\n\
         \x20 channel: {CHANNEL}\n\
         pagerduty:\n\
         \x20 webhook_secrets: [{WEBHOOK_SECRET}]\n\
         \x20 api_url: {pagerduty_url}\n\
         \x20 api_token: {API_TOKEN}\n"
    );
    let file = folder.join("countersign.yaml");
    fs::write(&file, text)
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o600)))
        .with_context(|| format!("write {}", file.display()))?;
    Ok(file)
}

fn introduce(desk: &Desk, slack: &FakeSlack, pagerduty: &FakePagerDuty, file: &Path) {
    let folder = file.parent().unwrap_or(file).display();
    println!("The workspace     {}", desk.url());
    println!("Slack's API       {}", slack.api_url());
    println!("PagerDuty's API   {}", pagerduty.api_url());
    println!("bot token         {BOT_TOKEN}");
    println!("app token         {APP_TOKEN}");
    println!("signing secret    {SIGNING_SECRET}");
    println!("configuration     {}", file.display());
    println!();
    println!("Start the bot beside it, in another terminal:");
    println!("  cd {folder}");
    println!("  PATH={}:$PATH", built().display());
    println!("  countersign keys new && countersign migrate && countersign serve");
    println!();
    println!("Ctrl-C ends it.");
}

#[expect(clippy::disallowed_methods, reason = "people at the page live in real time")]
fn now() -> chrono::DateTime<Utc> {
    Utc::now()
}
