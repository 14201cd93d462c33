//! Carries out single actions of a plan. Never decides.
//!
//! Each kind of action has a file of its own, with two sides: how it is done, and how it answers as a probe.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use ::sqlmesh::{Behalf, Sqlmesh};
use domain::{
    plan::{Action, Finding, Plan, Step},
    run::{ProbeAnswer, Run, Stage},
};
use outbound::Outbound;
use policies::Policies;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::live::{Live, Said};

mod check;
mod command;
mod dns;
mod http;
mod look;
mod pin;
mod rehearsed;
mod secret;
mod sql;
mod sqlmesh;
mod wait;
mod watched;

pub use self::{
    rehearsed::{Tried, nobodys_run},
    sqlmesh::python,
};

/// How long a probe may take, in milliseconds.
const PROBE_MS: u64 = 120_000;
/// Names the run to every process of its steps, so that leftovers of a crash are found again.
pub const MARK: &str = "COUNTERSIGN_RUN";
/// What is said of a question that somebody wants to carry out; the run's machine stops in front of it.
const ASKED: &str = "this is a question, which people answer and nobody carries out";
/// How long leftovers may take to end before they are killed.
const GRACE: std::time::Duration = std::time::Duration::from_secs(5);

/// The fingerprint of a target whose state or warehouse is broken or gone.
pub const UNREADABLE: &str = "unreadable";

/// Carries out actions.
pub struct Steps {
    /// The SQLMesh helper.
    pub sqlmesh: Arc<Sqlmesh>,
    /// Sends requests and asks Prometheus.
    pub outbound: Outbound,
    /// Names each target's Python.
    pub policies: Arc<Policies>,
    /// What every process inherits, such as `PATH`; also what `env:NAME` in a plan stands for.
    pub environment: BTreeMap<String, String>,
    /// Texts that must not be kept or shown.
    pub secrets: Vec<String>,
    /// Where the programs of steps get their folders.
    pub work: PathBuf,
    /// The program that confines itself before it becomes a step's.
    pub launcher: PathBuf,
    /// No wait goes on after this.
    pub closing: CancellationToken,
    /// Shows what a step says while it runs.
    pub live: Live,
}

/// How an action ended.
#[derive(Debug)]
pub enum End {
    /// It says that it did what it should.
    Did {
        /// What came out, a sentence.
        note: String,
        /// What it found, where it is a check.
        findings: Vec<Finding>,
    },
    /// It did not, or nobody knows.
    Failed {
        /// Why.
        why: String,
        /// What it found, where it is a check.
        findings: Vec<Finding>,
    },
    /// It did not, for certain: nothing was started or sent.
    NotDone {
        /// Why.
        why: String,
    },
    /// We ended it ourselves; a later life finds out what it did.
    CutShort,
}

/// An action that is over.
#[derive(Debug)]
pub struct Performed {
    /// How it ended.
    pub end: End,
    /// What was printed, capped, with secrets taken out.
    pub output: String,
}

/// What an action is done under.
struct Under<'a> {
    run: &'a Run,
    plan: &'a Plan,
    timeout_ms: u64,
    cancel: &'a CancellationToken,
    say: &'a watch::Sender<Said>,
}

impl Steps {
    /// The state that the target is in, read for a run.
    pub async fn fingerprint(&self, run: &Run, plan: &Plan) -> anyhow::Result<String> {
        match self.inspection((run, plan)).await {
            Ok(inspection) => Ok(inspection.fingerprint),
            // That it cannot be read is the very state that people approved to leave.
            Err(error) if plan.target_fingerprint == UNREADABLE && error.is_unreadable() => {
                Ok(UNREADABLE.to_owned())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Ends everything that an earlier life left behind for this run, here and in the target's database, and waits
    /// until it is gone.
    pub async fn end_leftovers(&self, run: &Run, plan: &Plan) -> anyhow::Result<()> {
        // Those who wait have left nothing behind, and carry the mark all the same.
        self.send_away(run, plan).await;
        let ended = runner::end_marked(MARK, run.id.as_str(), GRACE).await?;
        if ended > 0 {
            tracing::warn!(run.id = %run.id, "ended {ended} processes that {} had left behind", run.id);
        }
        command::remove_leftovers(&self.work, &run.id)?;
        let (Stage::Doing { step, .. } | Stage::InDoubt { step, .. } | Stage::Undoing { step, .. }) =
            run.stage
        else {
            return Ok(());
        };
        if plan.steps.get(step).is_some_and(reaches_the_database) {
            let (python, behalf) = (self.python(plan), Behalf::Run(&run.id));
            let ended = self.sqlmesh.end_backends(python, &plan.target, behalf).await?;
            if ended > 0 {
                tracing::warn!(run.id = %run.id, "ended {ended} queries that {} had left in the database", run.id);
            }
        }
        Ok(())
    }

    /// Asks whether a step has taken effect.
    pub async fn probe(
        &self,
        run: &Run,
        plan: &Plan,
        action: &Action,
        cancel: &CancellationToken,
    ) -> (ProbeAnswer, String) {
        let answer = async {
            match action {
                Action::Command(program) => self.ask_program(run, program, cancel).await,
                Action::Sqlmesh(arguments) => self.ask_helper((run, plan), arguments, cancel).await,
                Action::Sql(statement) => self.ask_database((run, plan), statement, cancel).await,
                Action::Http(request) => self.ask_server(request, PROBE_MS).await,
                Action::Prometheus(question) => self.ask_prometheus(question, PROBE_MS).await,
                Action::Dns(lookup) => self.ask_name_server(lookup).await,
                Action::Wait(_) => (ProbeAnswer::Unknown, "a wait answers nothing".to_owned()),
                Action::Confirm(_) => (ProbeAnswer::Unknown, ASKED.to_owned()),
            }
        };
        match action {
            // These see for themselves that they are ended, and wait for the end of their processes.
            Action::Command(_) | Action::Sqlmesh(_) | Action::Sql(_) => answer.await,
            Action::Http(_)
            | Action::Prometheus(_)
            | Action::Dns(_)
            | Action::Wait(_)
            | Action::Confirm(_) => {
                tokio::select! {
                    answer = answer => answer,
                    () = cancel.cancelled() => (ProbeAnswer::Unknown, "it was cut short".to_owned()),
                }
            }
        }
    }

    /// Does an action for a run; what it says on the way is shown on the card.
    pub async fn perform(
        &self,
        run: &Run,
        plan: &Plan,
        action: &Action,
        timeout_ms: u64,
        cancel: &CancellationToken,
    ) -> Performed {
        let (say, said) = watch::channel(Said::default());
        let work = async {
            let under = Under { run, plan, timeout_ms, cancel, say: &say };
            let performed = self.work(action, &under).await;
            drop(say);
            performed
        };
        let (Performed { end, output }, ()) = tokio::join!(work, self.live.follow(run, plan, said));
        match end {
            // What was ended by us has not failed; what it did is found out later.
            End::Failed { .. } | End::NotDone { .. } if cancel.is_cancelled() => {
                Performed { end: End::CutShort, output }
            }
            end => Performed { end, output },
        }
    }

    async fn work(&self, action: &Action, under: &Under<'_>) -> Performed {
        match action {
            Action::Command(program) => self.command(program, under).await,
            Action::Sqlmesh(arguments) => self.helper(arguments, under).await,
            Action::Sql(statement) => self.statement(statement, under).await,
            Action::Http(request) => self.request(request, under).await,
            Action::Prometheus(question) => self.question(question, under).await,
            Action::Dns(lookup) => self.lookup(lookup, under).await,
            Action::Wait(pause) => self.wait(*pause, under).await,
            Action::Confirm(_) => Performed { end: failed(ASKED), output: String::new() },
        }
    }
}

/// Whether a step, its probe or its undo may leave something at work in the target's database.
pub(crate) fn reaches_the_database(step: &Step) -> bool {
    [Some(&step.action), step.probe.as_ref(), step.undo.as_ref()]
        .into_iter()
        .flatten()
        .any(|action| matches!(action, Action::Sqlmesh(_) | Action::Sql(_)))
}

fn did(note: &str, findings: Vec<Finding>) -> End {
    End::Did { note: note.to_owned(), findings }
}

fn failed(why: &str) -> End {
    End::Failed { why: why.to_owned(), findings: vec![] }
}
