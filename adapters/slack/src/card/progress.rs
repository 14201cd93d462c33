//! How far the run is: a bar, the steps, what the one under way says, and the metrics that are watched.

use domain::{
    card::{Card, StepLine, StepState},
    notice::duration,
    plan::Outcome,
};
use serde_json::Value;

use super::listed;
use crate::{
    block, letters,
    mrkdwn::{Moment, Mrkdwn},
};

const STEPS: usize = 900;
const ONE_STEP: usize = 170;
const ONE_NAME: usize = 60;
const LIVE: usize = 200;
const WATCHED: usize = 400;
const ONE_WATCHED: usize = 200;
/// How many cells the bar has at most.
const CELLS: usize = 12;
/// So many steps of one kind in a row are shown; more are told in one line.
const MOST_ALIKE: usize = 4;

/// All of it in one paragraph; nothing while there is no run.
pub(super) fn progress(card: &Card) -> Option<Value> {
    let parts = [steps(&card.steps, card.live.as_deref()), watched(card)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| block::section(&parts.join("\n")))
}

fn steps(steps: &[StepLine], live: Option<&str>) -> Option<String> {
    let mut lines = Vec::new();
    let mut place = 0;
    while place < steps.len() {
        let state = steps[place].state;
        // Of the others nobody asks how many follow, and there may be thousands.
        let is_quiet = matches!(state, StepState::Done | StepState::Waiting);
        let alike =
            steps[place..].iter().take_while(|step| is_quiet && step.state == state).count();
        if alike > MOST_ALIKE {
            // The one that was done last and the one that comes next are what people look for.
            let (from, to) = (place + 1, place + alike - 1);
            if state == StepState::Done {
                lines.push(folded(&steps[place..place + alike - 1], (from, to)));
                lines.push(step(&steps[place + alike - 1], place + alike));
            } else {
                lines.push(step(&steps[place], from));
                lines.push(format!("▫️ … and {} more", alike - 1));
            }
            place += alike;
            continue;
        }
        lines.push(step(&steps[place], place + 1));
        if let Some(live) = live.filter(|_| state == StepState::Doing) {
            lines.push(
                Mrkdwn::within(LIVE).markup("      ").text(&letters::line(live, LIVE)).finish(),
            );
        }
        place += 1;
    }
    let text = listed(&label(steps), lines.into_iter(), STEPS)?;
    Some(text)
}

/// The heading: the bar where it goes ahead, a word where steps are taken back.
fn label(steps: &[StepLine]) -> String {
    let is = |wanted: StepState| steps.iter().filter(|step| step.state == wanted).count();
    if is(StepState::Undoing) > 0 {
        return "Taking back".to_owned();
    }
    let (done, all) = (is(StepState::Done) + is(StepState::SignedOff), steps.len());
    let cells = all.clamp(1, CELLS);
    let full = done * cells / all.max(1);
    let bar = "▰".repeat(full) + &"▱".repeat(cells - full);
    let word = if all == 1 { "step" } else { "steps" };
    format!("{bar}  {done} of {all} {word}")
}

fn folded(steps: &[StepLine], (from, to): (usize, usize)) -> String {
    let took = steps.iter().filter_map(|step| step.took_ms).fold(0, u64::saturating_add);
    format!("✅ {from}–{to}. done – {}", duration(took))
}

fn step(step: &StepLine, number: usize) -> String {
    let (mark, word) = match step.state {
        StepState::Waiting => ("▫️", ""),
        StepState::Doing => ("▶️", " – under way"),
        StepState::InDoubt => ("❔", " – finding out"),
        StepState::Done => ("✅", ""),
        StepState::Asking => ("❓", " – waits for an answer"),
        StepState::SignedOff => ("✍️", " – signed off by a person"),
        StepState::Stuck => ("🛑", " – stuck"),
        StepState::Undoing => ("↩️", " – taken back"),
    };
    let took = step.took_ms.map(|took| format!(" – {}", duration(took))).unwrap_or_default();
    let text = Mrkdwn::within(ONE_STEP)
        .markup(&format!("{mark} {number}. "))
        .text(&letters::line(&step.name, ONE_NAME))
        .markup(&took)
        .markup(word);
    let text = match step.since {
        Some(since) => text.markup(" since ").time(since, Moment::Clock),
        None => text,
    };
    text.finish()
}

fn watched(card: &Card) -> Option<String> {
    let lines = card.watched.iter().map(|watched| {
        let mark = match watched.outcome() {
            Outcome::Pass => "🟢",
            Outcome::Fail => "🔴",
            Outcome::Inconclusive => "❔",
        };
        Mrkdwn::within(ONE_WATCHED).markup(&format!("{mark} ")).text(&watched.line()).finish()
    });
    listed("Watched", lines, WATCHED)
}
