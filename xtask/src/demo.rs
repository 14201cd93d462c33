//! `cargo xtask demo`: a whole rollback on this machine, from the alert to the verified journal.
//!
//! Everything is real but PagerDuty, the people and the data. What is done is written into the demo's folder as it is
//! done, so that a demo that was ended at any moment goes on where it was when the command is given again.

mod folder;
mod record;

mod databases;
mod fault;
mod point;
mod policies;
mod project;

mod alert;
mod server;

mod form;
mod visitor;

mod killing;
mod outcome;
mod report;
mod thread;

mod bench;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{
    packages::{self, Package},
    paint::Paint,
    program::{self, Unusable},
    stage::Stages,
    venv,
};

pub(crate) use self::bench::bench;
use self::{
    alert::Pager,
    databases::{Cluster, Databases, Warehouse},
    fault::{Break, Scene},
    folder::Folder,
    killing::{Due, Killer, Killing},
    outcome::Outcome,
    project::Project,
    server::{Countersign, Server},
    thread::{Ended, Thread},
    visitor::Personas,
};

/// How long a demo that clicks by itself may take once everything is built; three times as long where the bot is killed
/// on the way.
const AUTO: Duration = Duration::from_mins(10);

/// How to show it.
#[derive(Args)]
pub(crate) struct Options {
    /// Clicks by itself; the exit code says whether all went well.
    #[arg(long)]
    auto: bool,
    /// The rollback type: 1 blue-green, 2 model-level (the default), 3 schema, 4 full environment
    #[arg(long = "type", value_parser = clap::value_parser!(u8).range(1..=4))]
    rollback_type: Option<u8>,
    /// What is broken; left out, it is what the rollback type usually answers.
    #[arg(long = "break", value_enum)]
    broken: Option<Break>,
    /// What the data are kept in; left out, it is DuckDB.
    #[arg(long, value_enum)]
    warehouse: Option<Warehouse>,
    /// How many times faster people are asked; 60 makes seconds of minutes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    speed: u32,
    /// Where the web page is; 0 is any free port.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Where demos are kept; `target/demo` by default.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Kills the bot while the rollback runs, again and again, and lets it start anew.
    #[arg(long, value_enum, requires = "auto")]
    killing: Option<Killing>,
    /// Keeps the folders of earlier demos that have ended.
    #[arg(long)]
    keep: bool,
    /// Starts anew even if there is a demo that has not ended.
    #[arg(long)]
    fresh: bool,
}

/// A demo that is ready to be looked at.
struct Demo {
    folder: Folder,
    project: Project,
    countersign: Countersign,
    server: Server,
    incident: String,
    // They exist for as long as the demo is shown.
    cluster: Cluster,
    _pager: Pager,
}

/// Shows it; an error is what did not go as it should.
pub(crate) async fn run(options: &Options) -> Result<()> {
    options.scene()?;
    let mut stages = Stages::new();
    let (binary, python) = tools(&mut stages).await?;
    if options.auto {
        let limit = AUTO * if options.killing.is_some() { 3 } else { 1 };
        let shown = tokio::time::timeout(limit, show_alone(options, stages, binary, python)).await;
        return shown.with_context(|| format!("the demo did not end within {limit:?}"))?;
    }
    show(options, stages, binary, python).await
}

/// What every demo needs: the bot, and a Python with SQLMesh.
async fn tools(stages: &mut Stages) -> Result<(PathBuf, PathBuf)> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("choose the cryptography for HTTP"))?;
    packages::install(&[Package::PythonVenv], stages).await?;
    let binary = server::build(stages).await?;
    Ok((binary, venv::install(venv::Venv::Sqlmesh, stages).await?))
}

/// Clicks by itself.
async fn show_alone(
    options: &Options,
    mut stages: Stages,
    binary: PathBuf,
    python: PathBuf,
) -> Result<()> {
    let mut demo = Demo::start(options, &mut stages, binary, python).await?;
    let mut visitor = Personas::of(demo.server.url(), &demo.incident)?;
    let mut thread = Thread::new(demo.server.url(), &demo.incident)?;
    let killer = |killing| Killer::new(killing, demo.server.url(), &demo.incident);
    let mut killer = options.killing.map(killer).transpose()?;
    let ended = loop {
        tokio::select! {
            ended = thread.follow(Some(&mut visitor)) => break ended?,
            due = next(&mut killer) => demo.kill(due, killer.as_ref(), &mut stages).await?,
            died = demo.server.died() => bail!(died?),
            interruption = program::interruption() => return demo.interrupted(interruption).await,
        }
    };
    drop(thread);
    if let Some(due) = killer.as_mut().and_then(Killer::last) {
        demo.kill(due, killer.as_ref(), &mut stages).await?;
    }
    let judged = demo.judge(&mut stages, ended).await;
    let outcome = match (killer, judged) {
        (Some(killer), Ok(outcome)) => {
            demo.count_steps(&mut stages).map(|()| outcome.after(killer.kills()))
        }
        (_, judged) => judged,
    };
    let place = demo.folder.path().display().to_string();
    demo.stop().await?;
    let outcome =
        outcome.with_context(|| format!("see {place}/serve.log; `--fresh` starts anew"))?;
    println!("{}", outcome.line()?);
    Ok(())
}

/// The next place at which the bot is to be killed; never, where nobody kills it.
async fn next(killer: &mut Option<Killer>) -> Due {
    match killer {
        Some(killer) => killer.next().await,
        None => std::future::pending().await,
    }
}

/// Lets a person click.
async fn show(
    options: &Options,
    mut stages: Stages,
    binary: PathBuf,
    python: PathBuf,
) -> Result<()> {
    let mut demo = Demo::start(options, &mut stages, binary, python).await?;
    let paint = Paint::new();
    println!("   Open it, choose as whom you act, and decide. Ctrl-C ends the demo.\n");
    let mut thread = Thread::new(demo.server.url(), &demo.incident)?;
    let ended = tokio::select! {
        ended = thread.follow(None) => ended?,
        died = demo.server.died() => bail!(died?),
        interruption = program::interruption() => return demo.interrupted(interruption).await,
    };
    drop(thread);
    let line = match &ended {
        Ended::RolledBack(_) => Some(demo.judge(&mut stages, ended).await?.line()?),
        Ended::Otherwise(how) => {
            println!("\n{}", paint.attention(&format!("No rollback this time: {how}.")));
            demo.folder.finish()?;
            None
        }
    };
    println!("\nThe page stays open until you press Ctrl-C: {}", paint.strong(&demo.address()));
    tokio::select! {
        died = demo.server.died() => bail!(died?),
        interruption = program::interruption() => interruption?,
    }
    demo.stop().await?;
    if let Some(line) = line {
        // Below the terminal's `^C`.
        println!("\n{line}");
    }
    Ok(())
}

/// Makes the data and the releases of a demo.
async fn prepare(
    folder: &mut Folder,
    (project, countersign): (&Project, &Countersign),
    scene: Scene,
    speed: u32,
    stages: &mut Stages,
) -> Result<()> {
    policies::install(folder.path(), speed, project)?;
    let prepared = project.prepare(scene, countersign, stages).await?;
    folder.prepared(scene, prepared)
}

impl Demo {
    /// Goes on with a demo that has not ended, or prepares a new one; returns when its incident is on the page.
    async fn start(
        options: &Options,
        stages: &mut Stages,
        binary: PathBuf,
        python: PathBuf,
    ) -> Result<Self> {
        let mut folder = Folder::open(options.dir.as_deref(), options.keep, options.fresh)?;
        let place = folder.path().to_owned();
        let scene = match folder.record() {
            Some(record) => options.go_on_with(record.scene)?,
            None => options.scene()?,
        };
        if let Some(record) = folder.record() {
            println!("\nGoing on with the demo in {} (`--fresh` starts anew).", place.display());
            server::end_earlier(record).await?;
        }
        let (databases, cluster) = Databases::open(scene.warehouse, &place, stages).await?;
        let project = Project::new(&place, python, databases);
        let countersign = Countersign::new(binary, &place);
        if folder.record().is_none() {
            prepare(&mut folder, (&project, &countersign), scene, options.speed, stages).await?;
        }
        let stage = stages.begin("Start Countersign");
        let pager = Pager::start(folder.needed_record()?).await;
        let port =
            server::choose_port(folder.needed_record()?.port.unwrap_or(options.port), &stage)?;
        let known = (folder.needed_record()?, project.databases());
        server::configure(&place, port, &pager, known)?;
        if !countersign.is_set_up() {
            countersign.set_up(&stage).await?;
        }
        let server = Server::start(&countersign, port, &stage).await?;
        folder.serving(port, server.identity())?;
        stage.done(server.url());

        let stage = stages.begin("Fire the alert");
        let incident = match folder.needed_record()?.incident.clone() {
            Some(known) => known,
            None => pager.fire(server.url()).await?,
        };
        folder.fired(&incident)?;
        stage.done("PagerDuty's signed webhook was accepted");
        let demo = Self { folder, project, countersign, server, incident, cluster, _pager: pager };
        println!("\n   {}\n", Paint::new().strong(&demo.address()));
        Ok(demo)
    }

    /// Where a person looks at it.
    fn address(&self) -> String {
        format!("{}/incidents/{}", self.server.url(), self.incident)
    }

    /// Whether what the thread says is true of the data and of the journal.
    async fn judge(&mut self, stages: &mut Stages, ended: Ended) -> Result<Outcome> {
        let rolled_back = match ended {
            Ended::RolledBack(rolled_back) => rolled_back,
            Ended::Otherwise(how) => {
                self.folder.finish()?;
                bail!("there was no rollback: {how}");
            }
        };
        let record = self.folder.needed_record()?;
        let scene = record.scene;
        println!();
        let stage = stages.begin("Compare the data with what it should be");
        let found = outcome::compare(&self.project, record, &stage).await?;
        stage.done(&found);
        let stage = stages.begin("Verify the journal offline");
        let proof = outcome::verify(&self.countersign, self.folder.path(), &self.incident).await?;
        stage.done(&proof);
        self.folder.finish()?;
        Outcome::of(scene, &self.incident, rolled_back)
    }

    /// Kills the bot, and starts it again once what it held is free.
    async fn kill(&mut self, due: Due, killer: Option<&Killer>, stages: &mut Stages) -> Result<()> {
        let stage = stages.begin(&format!("Kill Countersign {}", due.place));
        let kills_all = killer.is_some_and(Killer::kills_all);
        self.server.kill(kills_all.then_some(&*due.run)).await?;
        self.project.free_lease().await?;
        let port = self.folder.needed_record()?.port.context("find the page's port")?;
        self.server = Server::start(&self.countersign, port, &stage).await?;
        self.folder.serving(port, self.server.identity())?;
        stage.done("its next life begins");
        Ok(())
    }

    /// Whether each step was done once although the bot was killed.
    fn count_steps(&self, stages: &mut Stages) -> Result<()> {
        let stage = stages.begin("Count the steps in the journal");
        stage.done(&killing::proved(self.folder.path())?);
        Ok(())
    }

    async fn interrupted(self, interruption: Result<()>) -> Result<()> {
        interruption?;
        println!("\nEnding the demo. The same command goes on with it; `--fresh` starts anew.");
        self.stop().await?;
        Err(program::Interrupted.into())
    }

    async fn stop(self) -> Result<()> {
        self.server.stop().await?;
        if self.folder.needed_record()?.finished {
            self.cluster.leave_nothing()?;
        }
        Ok(())
    }
}

impl Options {
    fn scene(&self) -> Result<Scene, Unusable> {
        Scene::of(self.rollback_type, self.broken, self.warehouse)
    }

    /// The scene of the demo that has not ended, unless another one was asked for.
    fn go_on_with(&self, begun: Scene) -> Result<Scene, Unusable> {
        let is_given = self.rollback_type.is_some() || self.broken.is_some();
        let wanted = self.scene()?;
        if (is_given
            && (wanted.rollback_type, wanted.broken) != (begun.rollback_type, begun.broken))
            || self.warehouse.is_some_and(|warehouse| warehouse != begun.warehouse)
        {
            return Err(Unusable(another_scene(begun)));
        }
        Ok(begun)
    }
}

fn another_scene(scene: Scene) -> String {
    let Scene { rollback_type, broken, warehouse } = scene;
    format!(
        "a demo of type {rollback_type} (`--break {}`) on `--warehouse {}` has not ended: leave these options out to \
         go on with it, or give `--fresh` to start anew",
        broken.name(),
        warehouse.name()
    )
}
