//! The wiring: one configuration becomes one bot. The stories of the tests run this very wiring, with other
//! addresses, secrets and another clock.

mod slack_wiring;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, atomic::AtomicI64},
    time::Duration,
};

use ::pagerduty::{PagerDutyApi, WebhookSecrets};
use ::slack::Slack;
use ::web::Pages;
use anyhow::Context as _;
use axum::Router;
use domain::{
    effect::Lane,
    port::{Chat, Clock},
};
use outbound::Outbound;
use policies::Policies;
use secrecy::ExposeSecret as _;
use signer::KeyDirectory;
use sqlmesh::Sqlmesh;
use store::Store;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    bell::Bell,
    config::{self, Config},
    engine::Engine,
    http::{
        Routes, health::HealthRoutes, page::PageRoutes, pagerduty::PagerdutyRoutes,
        sqlmesh::SqlmeshRoutes,
    },
    ids,
    live::Live,
    metrics::Metrics,
    policy_files,
    socket::Lines,
    steps::Steps,
    worker::{
        Desk, Pulse, Worker,
        assess::Assessor,
        chat::{Chatter, Line},
        executor::Executor,
        floor::Floor,
        keeper::Keeper,
        prune::Pruner,
        reconcile::Reconciler,
        timers::Timers,
        turn,
        watch::Watcher,
    },
};

pub(crate) use slack_wiring::{chats, slack};

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Takes webhooks and clicks, shows the page.
    Http,
    /// Assesses, talks to chats, watches the clock.
    Workers,
    /// Runs approved plans.
    Executor,
}

/// A bot that is ready to turn.
pub struct Bot {
    /// Decides.
    pub engine: Engine,
    /// Counts.
    pub metrics: Arc<Metrics>,
    workers: Vec<Arc<dyn Worker>>,
    pulses: Arc<[Arc<Pulse>]>,
    chat_lines: Arc<[Arc<Line>]>,
    slack: Option<Arc<Slack>>,
    lines: Option<Arc<Lines>>,
    executor_closing: CancellationToken,
    executor_cancel: CancellationToken,
    secrets: Arc<WebhookSecrets>,
    pages: Arc<Pages>,
}

impl Bot {
    /// Wires a bot from its configuration. The database must be there; it is not migrated here.
    pub async fn build(
        config: &Config,
        clock: Arc<dyn Clock>,
        roles: &[Role],
    ) -> anyhow::Result<Self> {
        let store = Store::open(&config.database_url).await?;
        store.ping().await.context("the database is not ready")?;
        let policies = Arc::new(Policies::load(&policy_files::read(&config.policies)?)?);
        let directory = KeyDirectory::new(&config.keys);
        let slack = config.slack.as_ref().map(slack).transpose()?;
        let slack = slack.map(|slack| Arc::new(slack.with_clock(clock.clone())));
        let chats = chats(config);
        let engine = Engine {
            store: store.clone(),
            policies: policies.clone(),
            // An executor of its own verifies with the public keys and has no use for the private one.
            key: if roles.contains(&Role::Http) {
                Some(Arc::new(directory.open_signer()?))
            } else {
                None
            },
            keys: Arc::new(directory.public_keys()?),
            clock: clock.clone(),
            bell: Bell::default(),
            chats: chats.clone(),
            flood: Arc::default(),
        };
        let (pen, bell) = (Arc::default(), engine.bell.clone());
        let live = Live { store: store.clone(), clock: clock.clone(), bell, pen };
        let executor_closing = CancellationToken::new();
        let steps = Arc::new(steps(config, policies, live, executor_closing.clone())?);
        let metrics = Arc::<Metrics>::default();
        // Whoever takes clicks takes them over Socket Mode too.
        let listens = slack.as_ref().filter(|_| roles.contains(&Role::Http));
        let lines = listens.and_then(|slack| Lines::of(slack, clock.clone(), metrics.clone()));
        let desk = Desk { store, clock, owner: ids::owner() };
        let executor_cancel = CancellationToken::new();
        let mut workers: Vec<Arc<dyn Worker>> = Vec::new();
        let mut chat_lines = Vec::new();
        if roles.contains(&Role::Workers) {
            workers.push(Arc::new(Timers { engine: engine.clone() }));
            let pagerduty = pagerduty(config)?;
            if let Some(pagerduty) = &pagerduty {
                let (engine, pagerduty) = (engine.clone(), pagerduty.clone());
                workers.push(Arc::new(Reconciler {
                    engine,
                    pagerduty,
                    next_ms: AtomicI64::new(0),
                }));
            }
            let points = std::path::absolute(&config.points)?;
            workers.extend(askers(&engine, &desk, (&steps, points), pagerduty, &executor_closing));
            if let Some(slack) = &slack {
                let chat: Arc<dyn Chat> = slack.clone();
                let line = Arc::new(Line::new(chat.name()));
                chat_lines.push(line.clone());
                workers.push(Arc::new(Chatter {
                    chat,
                    line,
                    engine: engine.clone(),
                    desk: desk.clone(),
                    too_much: Mutex::default(),
                }));
            }
        }
        if roles.contains(&Role::Executor) {
            if !runner::can_confine_files() {
                tracing::warn!(
                    "this kernel has no Landlock: the programs of steps may write wherever this user may"
                );
            }
            let ending = (&executor_closing, &executor_cancel);
            workers.extend(doers(&engine, desk, &steps, ending));
        }
        let pulses = workers.iter().map(|worker| Arc::new(Pulse::of(worker.as_ref()))).collect();
        Ok(Self {
            engine,
            metrics,
            workers,
            pulses,
            chat_lines: chat_lines.into(),
            slack,
            lines,
            executor_closing,
            executor_cancel,
            secrets: Arc::new(WebhookSecrets::new(
                config.pagerduty.webhook_secrets.iter().cloned(),
            )),
            pages: Arc::new(Pages::new(&config.public_url)?),
        })
    }

    /// The HTTP routes. Beyond loopback nobody has proved who they are, so the page, `/api` and `/metrics` stay away.
    pub fn router(&self, config: &Config, shutdown: &CancellationToken) -> Router {
        let page = PageRoutes {
            engine: self.engine.clone(),
            pages: self.pages.clone(),
            demo_personas: config.web.demo_personas,
            shutdown: shutdown.clone(),
        };
        let routes = Routes {
            pagerduty: PagerdutyRoutes {
                engine: self.engine.clone(),
                secrets: self.secrets.clone(),
                metrics: self.metrics.clone(),
            },
            sqlmesh: SqlmeshRoutes {
                engine: self.engine.clone(),
                secrets: config.sqlmesh.webhook_secrets.clone().into(),
                metrics: self.metrics.clone(),
            },
            slack: self.reception(config).filter(|reception| reception.slack.verifies()),
            page: config.listen.ip().is_loopback().then_some(page),
            health: HealthRoutes {
                store: self.engine.store.clone(),
                clock: self.engine.clock.clone(),
                pulses: self.pulses.clone(),
                lines: self.lines.clone(),
                chats: self.chat_lines.clone(),
                metrics: self.metrics.clone(),
            },
        };
        routes.into_router()
    }

    /// What was given up is tried once more: somebody may have mended it before this start.
    async fn unpark(&self) {
        for chat in self.engine.chats.iter() {
            let jobs = self.engine.store.unpark_jobs(&Lane::Chat(*chat)).await;
            let cards = self.engine.store.unpark_cards(*chat).await;
            let letters = self.engine.store.unpark_handovers(*chat).await;
            match jobs.and_then(|jobs| Ok(jobs + cards? + letters?)) {
                Ok(0) => {}
                Ok(many) => tracing::info!(
                    "{many} messages that {} had not taken are tried again",
                    chat.as_str()
                ),
                Err(error) => tracing::warn!(
                    "messages that {} had not taken stay parked: {error}",
                    chat.as_str()
                ),
            }
        }
    }

    /// Works off everything that is due, and what follows from it, until nothing is.
    pub async fn drain(&self) -> anyhow::Result<usize> {
        let mut total = 0;
        loop {
            let mut done = 0;
            for worker in &self.workers {
                done += worker
                    .drain()
                    .await
                    .with_context(|| format!("the {} worker", worker.name()))?;
            }
            if done == 0 {
                return Ok(total);
            }
            total += done;
        }
    }

    /// Turns all workers until `shutdown`; then the step under way gets `grace` to end by itself.
    pub async fn turn(&self, shutdown: &CancellationToken, grace: Duration) {
        self.unpark().await;
        let tasks = TaskTracker::new();
        for (worker, pulse) in self.workers.iter().zip(self.pulses.iter()) {
            let (bell, clock) = (self.engine.bell.clone(), self.engine.clock.clone());
            tasks.spawn(turn(worker.clone(), bell, clock, pulse.clone(), shutdown.clone()));
        }
        tasks.close();
        shutdown.cancelled().await;
        self.executor_closing.cancel();
        if tokio::time::timeout(grace, tasks.wait()).await.is_err() {
            tracing::warn!(
                "the step under way did not end in {} s and is ended; the next start finds out what it did",
                grace.as_secs()
            );
            self.executor_cancel.cancel();
            tasks.wait().await;
        }
    }
}

/// The workers that ask targets without changing what anybody reads, and that keep out of each other's way.
fn askers(
    engine: &Engine,
    desk: &Desk,
    (steps, points): (&Arc<Steps>, PathBuf),
    pagerduty: Option<Arc<PagerDutyApi>>,
    closing: &CancellationToken,
) -> [Arc<dyn Worker>; 3] {
    let floor = Arc::new(Floor::default());
    let assessor = Assessor {
        engine: engine.clone(),
        desk: desk.clone(),
        sqlmesh: steps.sqlmesh.clone(),
        steps: steps.clone(),
        floor: floor.clone(),
        pagerduty,
        points: points.clone(),
    };
    let watcher = Watcher {
        engine: engine.clone(),
        desk: desk.clone(),
        sqlmesh: steps.sqlmesh.clone(),
        floor: floor.clone(),
        closing: closing.clone(),
        measured: Mutex::default(),
    };
    let pruner = Pruner {
        engine: engine.clone(),
        sqlmesh: steps.sqlmesh.clone(),
        floor,
        closing: closing.clone(),
        points,
        next: Mutex::default(),
    };
    [Arc::new(assessor), Arc::new(watcher), Arc::new(pruner)]
}

/// What carries out steps on this machine.
pub(crate) fn steps(
    config: &Config,
    policies: Arc<Policies>,
    live: Live,
    closing: CancellationToken,
) -> anyhow::Result<Steps> {
    let environment = config::inherited(&config.inherit);
    let secrets = secrets(config, &environment);
    let work = std::path::absolute(&config.work)?;
    Ok(Steps {
        sqlmesh: Arc::new(Sqlmesh::install(&work, environment.clone(), secrets.clone())?),
        outbound: Outbound::new()?,
        policies,
        environment,
        secrets,
        work,
        launcher: config.launcher.clone(),
        closing,
        live,
    })
}

/// The workers that change targets: nothing of theirs begins after the first token, and the second ends what is under way.
fn doers(
    engine: &Engine,
    desk: Desk,
    steps: &Arc<Steps>,
    (closing, cancel): (&CancellationToken, &CancellationToken),
) -> [Arc<dyn Worker>; 2] {
    let keeper = Keeper {
        engine: engine.clone(),
        desk: desk.clone(),
        steps: steps.clone(),
        closing: closing.clone(),
        cancel: cancel.clone(),
    };
    let executor = Executor {
        engine: engine.clone(),
        desk,
        steps: steps.clone(),
        closing: closing.clone(),
        cancel: cancel.clone(),
        floor: Floor::default(),
    };
    [Arc::new(keeper), Arc::new(executor)]
}

fn pagerduty(config: &Config) -> anyhow::Result<Option<Arc<PagerDutyApi>>> {
    let Some(token) = &config.pagerduty.api_token else { return Ok(None) };
    let api =
        PagerDutyApi::new(&config.pagerduty.api_url, token, config.pagerduty.from.as_deref())?;
    Ok(Some(Arc::new(api)))
}

/// Everything that must never be shown, whatever a step prints: our own secrets, and inherited variables whose names
/// say that they are some.
fn secrets(config: &Config, environment: &BTreeMap<String, String>) -> Vec<String> {
    let slack = config.slack.iter().flat_map(|slack| {
        [Some(&slack.bot_token), slack.signing_secret.as_ref(), slack.app_token.as_ref()]
    });
    let pagerduty = config
        .pagerduty
        .webhook_secrets
        .iter()
        .chain(&config.sqlmesh.webhook_secrets)
        .map(Some)
        .chain([config.pagerduty.api_token.as_ref()]);
    let own = slack.chain(pagerduty).flatten().map(|secret| secret.expose_secret().to_owned());
    let is_secret =
        |name: &str| ["PASSWORD", "TOKEN", "SECRET", "KEY"].iter().any(|part| name.contains(part));
    let inherited =
        environment.iter().filter(|(name, _)| is_secret(name)).map(|(_, value)| value.clone());
    own.chain(inherited).collect()
}
