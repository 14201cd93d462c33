//! `dry-run`: what a proposal would do, tried as far as that changes nothing.

use std::sync::Arc;

use clap::Args;
use domain::{
    plan::{Finding, Outcome, Plan, Rehearsal, Step, Untried, rehearse},
    port::Clock,
    proposal::{Proposal, Stage},
    run::{ProbeAnswer, Run},
};
use serde_json::{Value, json};
use store::Store;
use tokio_util::sync::CancellationToken;

use super::{Done, Usage, counted, why::find};
use crate::{
    bell::Bell,
    bot,
    config::Config,
    live::Live,
    steps::{Steps, Tried, nobodys_run},
};

/// Which proposal.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The proposal's id, or the end of it.
    proposal: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(
    config: &Config,
    store: Store,
    policies: policies::Policies,
    clock: Arc<dyn Clock>,
    options: Options,
) -> anyhow::Result<Done> {
    let id = find(&store, &options.proposal).await?;
    let Some(proposal) = store.proposal(&id).await?.map(|found| found.value) else {
        return Err(Usage(format!("there is no proposal {id}")).into());
    };
    if let Some(why) = too_late(&proposal) {
        eprintln!("refused: {why}");
        return Ok(Done::Refused);
    }
    let Some(sealed) = store.plan(&proposal.opening.plan).await? else {
        anyhow::bail!("the plan of proposal {id} is not in the database");
    };
    let cancel = CancellationToken::new();
    let live = Live { store, clock, bell: Bell::default(), pen: Arc::default() };
    let steps = bot::steps(config, Arc::new(policies), live, cancel.clone())?;
    let mut script = Script { as_json: options.json, rows: vec![], would_stop: false, tried: 0 };
    script.heading(sealed.plan(), sealed.digest().short());
    {
        let trying = script.play(&steps, sealed.plan(), &cancel);
        tokio::pin!(trying);
        tokio::select! {
            played = &mut trying => played?,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                // What was started is ended and awaited.
                cancel.cancel();
                trying.await?;
            }
        }
    }
    Ok(script.end(sealed.plan(), id.as_str()))
}

/// Why there is nothing to try any more.
fn too_late(proposal: &Proposal) -> Option<&'static str> {
    match proposal.stage {
        Stage::Open { .. } | Stage::Approved { .. } => None,
        Stage::Running { .. } | Stage::Stuck { .. } => {
            Some("its run has begun already; `countersign show` says how far it is")
        }
        Stage::Closed { .. } => Some("this proposal is closed: nothing of it will run any more"),
    }
}

/// What is said, line by line or as JSON at the end.
struct Script {
    as_json: bool,
    rows: Vec<Value>,
    would_stop: bool,
    tried: u64,
}

impl Script {
    fn heading(&self, plan: &Plan, digest: &str) {
        let (kind, place) = (plan.rollback_type, &plan.target.environment);
        self.say(&format!("Dry run of the {kind} on {place}, plan {digest}. Nothing is changed."));
    }

    async fn play(
        &mut self,
        steps: &Steps,
        plan: &Plan,
        cancel: &CancellationToken,
    ) -> anyhow::Result<()> {
        let run = nobodys_run(plan);
        self.target(steps, &run, plan).await;
        for (number, (step, rehearsal)) in (1..).zip(rehearse(&plan.steps)) {
            let tried = steps.rehearse((&run, plan), step, rehearsal, cancel).await;
            anyhow::ensure!(
                !matches!(tried, Some(Tried::CutShort)),
                "the dry run was interrupted; it changed nothing"
            );
            self.step(number, step, rehearsal, tried);
        }
        Ok(())
    }

    async fn target(&mut self, steps: &Steps, run: &Run, plan: &Plan) {
        let place = &plan.target.environment;
        let (outcome, detail) = match steps.fingerprint(run, plan).await {
            Ok(fingerprint) if fingerprint == plan.target_fingerprint => {
                ("pass", format!("{place} is as it was when this plan was made."))
            }
            Ok(_) => (
                "fail",
                format!(
                    "{place} was deployed since this plan was made: the plan is void, and approving it starts nothing."
                ),
            ),
            Err(error) => ("fail", format!("{place} cannot be looked at: {error:#}")),
        };
        self.row("", outcome, &detail, &[]);
    }

    fn step(&mut self, number: usize, step: &Step, rehearsal: Rehearsal<'_>, tried: Option<Tried>) {
        self.tried += u64::from(matches!(rehearsal, Rehearsal::Try(_)));
        let name = format!("{number}. {}", step.name);
        let (outcome, detail, findings) = match (tried, rehearsal) {
            (Some(Tried::Well { note, findings }), _) => ("pass", note, findings),
            (Some(Tried::Badly { why, findings }), _) => ("fail", format!("{why}."), findings),
            (Some(Tried::Probed(answer, detail)), _) => {
                let (outcome, sentence) = probed(answer);
                (outcome, format!("{sentence} {detail}"), vec![])
            }
            (None | Some(Tried::CutShort), Rehearsal::Leave(why)) => {
                ("untried", untried(why).to_owned(), vec![])
            }
            (None | Some(Tried::CutShort), _) => ("untried", String::new(), vec![]),
        };
        self.row(&name, outcome, &detail, &findings);
    }

    fn row(&mut self, name: &str, outcome: &str, detail: &str, findings: &[Finding]) {
        self.would_stop |= outcome == "fail";
        let mark = match outcome {
            "pass" => '✓',
            "fail" => '✗',
            "unknown" => '?',
            _ => '–',
        };
        let between = if name.is_empty() || detail.is_empty() { "" } else { ": " };
        self.say(&format!("{mark} {name}{between}{}", detail.trim_end()));
        for finding in findings.iter().filter(|finding| finding.outcome != Outcome::Pass) {
            let word = match finding.outcome {
                Outcome::Fail => "fail",
                Outcome::Pass | Outcome::Inconclusive => "inconclusive",
            };
            self.say(&format!("    {word}  {}: {}", finding.check, finding.detail));
        }
        self.rows.push(json!({
            "step": name,
            "outcome": outcome,
            "detail": detail.trim_end(),
            "findings": findings,
        }));
    }

    fn end(self, plan: &Plan, proposal: &str) -> Done {
        let all = counted(u64::try_from(plan.steps.len()).unwrap_or(u64::MAX), "step");
        let tried = format!("{} of {all} tried", self.tried);
        if self.as_json {
            println!(
                "{}",
                json!({"proposal": proposal, "possible": !self.would_stop, "rows": self.rows})
            );
        } else if self.would_stop {
            println!("It would not go through ({tried}).");
        } else {
            println!("It would go through, as far as that can be told ({tried}).");
        }
        if self.would_stop { Done::Refused } else { Done::Well }
    }

    fn say(&self, line: &str) {
        if !self.as_json {
            println!("{line}");
        }
    }
}

/// What a probe's answer means before anything was done, with its outcome.
fn probed(answer: ProbeAnswer) -> (&'static str, &'static str) {
    match answer {
        ProbeAnswer::NotDone => ("untried", "It would be done; it was not done yet."),
        ProbeAnswer::Done => ("pass", "It was done already."),
        ProbeAnswer::Partial => ("unknown", "A part of it was done already."),
        ProbeAnswer::Unknown => ("unknown", "Nobody can tell whether it was done already."),
    }
}

fn untried(why: Untried) -> &'static str {
    match why {
        Untried::Changes => "It would be done; it has no dry run.",
        Untried::Follows => "Not tried: it looks at what the steps before it did.",
        Untried::Waits => "Not tried: it only waits.",
        Untried::Asks => "Not tried: it asks people.",
    }
}
