//! `serve` and `executor`: the bot until it is asked to stop, or until nothing is left to run.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use domain::port::Clock;
use listener::{Limits, Listener};
use store::Store;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::{Done, check};
use crate::{
    bot::{Bot, Role},
    config::Config,
};

pub(super) async fn serve(
    config: &Config,
    clock: Arc<dyn Clock>,
    roles: &[Role],
) -> anyhow::Result<Done> {
    check::refuse(config)?;
    log();
    Store::open(&config.database_url).await?.migrate().await?;
    let bot = Bot::build(config, clock, roles).await?;
    let shutdown = CancellationToken::new();
    let grace = Duration::from_secs(config.shutdown_grace_s);
    let listener = if roles.contains(&Role::Http) { Some(bind(config).await?) } else { None };
    if config.web.demo_personas {
        tracing::warn!(
            "demo_personas is on: whoever opens the page may act as anybody. For demonstrations only"
        );
    }
    if !config.listen.ip().is_loopback() {
        tracing::warn!(
            "listening on {} without web.auth: only the webhook and chat endpoints are offered, not the page, /api or /metrics",
            config.listen
        );
    }
    let serving = async {
        match listener {
            Some(listener) => {
                let router = bot.router(config, &shutdown);
                listener.serve(router, shutdown.clone()).await;
            }
            None => shutdown.cancelled().await,
        }
    };
    let (served, ()) = tokio::join!(stop_signal(&shutdown), async {
        let sockets = async {
            if let Some(sockets) = bot.sockets(config) {
                sockets.keep(shutdown.clone()).await;
            }
        };
        tokio::join!(serving, sockets, bot.turn(&shutdown, grace));
    });
    served?;
    tracing::info!("stopped");
    Ok(Done::Well)
}

/// Runs every approved plan that nobody else has, then ends.
pub(super) async fn execute_once(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<Done> {
    check::refuse(config)?;
    log();
    let bot = Bot::build(config, clock, &[Role::Executor]).await?;
    bot.drain().await?;
    Ok(Done::Well)
}

async fn bind(config: &Config) -> anyhow::Result<Listener> {
    let listener = Listener::bind(config.listen, Limits::default()).await?;
    tracing::info!("listening on http://{}", listener.local_addr());
    Ok(listener)
}

async fn stop_signal(shutdown: &CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: no new work is begun, the step under way may end");
    shutdown.cancel();
    Ok(())
}

/// Lines for a terminal, JSON when piped.
fn log() {
    use std::io::IsTerminal as _;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let writer = std::io::stderr;
    if writer().is_terminal() {
        registry
            .with(tracing_subscriber::fmt::layer().with_writer(writer).with_target(false))
            .init();
    } else {
        registry
            .with(tracing_subscriber::fmt::layer().with_writer(writer).json().flatten_event(true))
            .init();
    }
}
