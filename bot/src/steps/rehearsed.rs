//! A dry run: what of a plan can be tried without changing anything, done outside any run.

use domain::{
    plan::{Action, Finding, Plan, Rehearsal, Step},
    run::{ProbeAnswer, Run, StepRule},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{End, Steps, Under};
use crate::{ids, live::Said};

/// What came of trying one step.
#[derive(Debug)]
pub enum Tried {
    /// It would go through, as far as that can be told.
    Well {
        /// What was found, a sentence; empty where there is nothing to say.
        note: String,
        /// What it found, where it is a check.
        findings: Vec<Finding>,
    },
    /// It would not.
    Badly {
        /// Why.
        why: String,
        /// What it found, where it is a check.
        findings: Vec<Finding>,
    },
    /// Only its probe was asked.
    Probed(ProbeAnswer, String),
    /// It was ended before it said anything.
    CutShort,
}

impl Steps {
    /// Tries one step as `rehearsal` says; nothing is stored and nothing is shown. `None` where there is nothing to try.
    pub async fn rehearse(
        &self,
        (run, plan): (&Run, &Plan),
        step: &Step,
        rehearsal: Rehearsal<'_>,
        cancel: &CancellationToken,
    ) -> Option<Tried> {
        let action = match rehearsal {
            Rehearsal::Leave(_) => return None,
            Rehearsal::Probe(probe) => {
                let (answer, detail) = self.probe(run, plan, probe, cancel).await;
                return Some(if cancel.is_cancelled() {
                    Tried::CutShort
                } else {
                    Tried::Probed(answer, detail)
                });
            }
            Rehearsal::Try(action) => action,
        };
        Some(match self.try_out((run, plan), action, step.timeout_ms, cancel).await {
            _ if cancel.is_cancelled() => Tried::CutShort,
            End::Did { note, findings } => Tried::Well { note, findings },
            End::Failed { why, findings } => Tried::Badly { why, findings },
            End::NotDone { why } => Tried::Badly { why, findings: vec![] },
            End::CutShort => Tried::CutShort,
        })
    }

    async fn try_out(
        &self,
        (run, plan): (&Run, &Plan),
        action: &Action,
        timeout_ms: u64,
        cancel: &CancellationToken,
    ) -> End {
        let (say, _said) = watch::channel(Said::default());
        let under = Under { run, plan, timeout_ms, cancel, say: &say };
        self.work(action, &under).await.end
    }
}

/// A run that exists only to name the processes of a dry run: it is stored nowhere.
pub fn nobodys_run(plan: &Plan) -> Run {
    let steps = plan.steps.iter().map(StepRule::from).collect();
    let (incident, target) = (plan.incident.clone(), plan.target.id.clone());
    let plan = domain::digest::Digest::of("dry run");
    Run::create(ids::run(), incident, ids::proposal(), plan, target, steps).0
}
