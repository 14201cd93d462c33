//! Follows an incident: prints every new line of its thread, and lets the demo's people click where nobody else does.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, FixedOffset};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::Client;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{
    alert::client,
    report::{Ending, Line, Report, Stage, Tone},
    visitor::{Ask, Personas, Verdict},
};
use crate::paint::Paint;

/// How often the thread is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// How long a proposal may take to come.
const PROPOSED: Duration = Duration::from_mins(2);

/// How it ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// As it should.
    RolledBack(RolledBack),
    /// In another way, in words.
    Otherwise(String),
}

/// A rollback that ran to its end.
#[derive(Debug)]
pub(super) struct RolledBack {
    pub(super) proposal: String,
    pub(super) rollback_type: u8,
    pub(super) approvals: usize,
    /// The stage of its run, by name.
    pub(super) run: String,
    pub(super) recovery_ms: u64,
}

/// The thread of one incident.
#[derive(Debug)]
pub(super) struct Thread {
    client: Client,
    address: String,
    shown: usize,
    bar: ProgressBar,
}

impl Thread {
    /// The thread of `incident` on the server at `url`; nothing of it has been printed.
    pub(super) fn new(url: &str, incident: &str) -> Result<Self> {
        let style = ProgressStyle::with_template("{spinner} {wide_msg:.dim}")
            .expect("the template is well-formed");
        let bar =
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout()).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(120));
        let address = format!("{url}/api/incidents/{incident}");
        Ok(Self { client: client()?, address, shown: 0, bar })
    }

    /// Follows until the last proposal has ended. `people` click where they can; without them, a person does.
    pub(super) async fn follow(&mut self, mut people: Option<&mut Personas>) -> Result<Ended> {
        let began = Instant::now();
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let report = self.look().await?;
            self.print(&report);
            if let Some(ended) = ended(&report) {
                return Ok(ended);
            }
            if people.is_some()
                && let Some(why) = stands_still(&report, began.elapsed())
            {
                return Ok(Ended::Otherwise(why));
            }
            if let (Some(people), Some(ask)) = (people.as_deref_mut(), asked(&report)) {
                self.click(people, ask).await?;
            }
        }
    }

    /// From the last approval to the rollback's end, both as the thread dates them.
    pub(super) async fn since_the_click(&self) -> Result<Duration> {
        let report = self.look().await?;
        let at = |is_it: fn(&str) -> bool| -> Result<DateTime<FixedOffset>> {
            let line = report.thread.iter().rev().find(|line| is_it(&line.text));
            let line = line.context("find the line in the thread")?;
            DateTime::parse_from_rfc3339(&line.at).context("understand the thread's times")
        };
        let click = at(|text| text.contains(" approved at "))?;
        let end = at(|text| text.starts_with("Rolled back: "))?;
        (end - click).to_std().context("the rollback ended before its approval")
    }

    async fn look(&self) -> Result<Report> {
        let answer = self.client.get(&self.address).send().await.context("ask for the incident")?;
        let answer = answer.error_for_status().context("ask for the incident")?;
        answer.json().await.context("understand the incident")
    }

    fn print(&mut self, report: &Report) {
        let paint = Paint::new();
        self.bar.suspend(|| {
            for line in report.thread.iter().skip(self.shown) {
                println!("   {}", told(line, paint));
            }
        });
        self.shown = self.shown.max(report.thread.len());
        let live = report.card.live.as_ref().map(|live| format!(": {live}")).unwrap_or_default();
        self.bar.set_message(one_line(&format!("{}{live}", report.card.state.word)));
    }

    async fn click(&self, people: &mut Personas, ask: Ask) -> Result<()> {
        let button = ask.verdict.label();
        let Some(click) = people.press(ask).await? else { return Ok(()) };
        let said = format!("{} presses {button}. The page answers: {}", click.person, click.answer);
        self.bar.suspend(|| println!("   {}", Paint::new().strong(&one_line(&said))));
        Ok(())
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// What people are asked just now.
fn asked(report: &Report) -> Option<Ask> {
    let offers = |verdict: &Verdict| report.card.buttons.iter().any(|is| is == verdict.name());
    let verdict = [Verdict::Approve, Verdict::Confirm].into_iter().find(offers)?;
    let proposal = report.proposals.last()?;
    Some(Ask {
        verdict,
        proposal: proposal.id.clone(),
        stop: report.card.stop.clone(),
        levels: proposal.opening.requirement.approvals.clone(),
    })
}

/// How it ended; `None` while it goes on.
fn ended(report: &Report) -> Option<Ended> {
    let proposal = report.proposals.last()?;
    let Stage::Closed { outcome } = &proposal.stage else { return None };
    match outcome {
        Ending::RolledBack { recovery_ms } => Some(Ended::RolledBack(RolledBack {
            proposal: proposal.id.clone(),
            rollback_type: proposal.opening.rollback_type.number(),
            approvals: proposal.approvals.len(),
            run: report
                .runs
                .last()
                .map_or_else(|| "none".to_owned(), |run| run.stage.stage.clone()),
            recovery_ms: *recovery_ms,
        })),
        Ending::Voided => None,
        Ending::Other => Some(Ended::Otherwise(report.card.state.word.clone())),
    }
}

/// Why it does not go on without a person who thinks; `None` while it does.
fn stands_still(report: &Report, waited: Duration) -> Option<String> {
    let last = report.thread.last().map_or("nothing", |line| line.text.as_str());
    match report.proposals.last().map(|proposal| &proposal.stage) {
        Some(Stage::Stuck) => Some(format!("the rollback is stuck; the thread says: {last}")),
        None if waited > PROPOSED => Some(format!("no proposal came; the thread says: {last}")),
        _ => None,
    }
}

fn told(line: &Line, paint: Paint) -> String {
    let clock = line.at.get(11..19).unwrap_or(&line.at);
    let text = one_line(&line.text);
    let text = match line.tone {
        Tone::Neutral => text,
        Tone::Good => paint.good(&text),
        Tone::Attention => paint.attention(&text),
        Tone::Bad => paint.bad(&text),
    };
    format!("{}  {:<11}  {text}", paint.faint(clock), one_line(&line.who))
}

/// A text from outside, on a terminal: no control characters.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
