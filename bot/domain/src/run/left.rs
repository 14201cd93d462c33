//! How long a run still takes: what its steps usually took here, and what the step under way says of itself.
//!
//! Steps are told apart by their names. Where one has no history, nothing is said of the whole: half a sum misleads.

use std::collections::BTreeMap;

use super::{Run, Stage};
use crate::Timestamp;

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;

/// How long steps usually took, in milliseconds by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usual(BTreeMap<String, u64>);

/// What a step says of its own rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How long it takes from then on, in milliseconds.
    pub left_ms: u64,
    /// When it said so.
    pub at: Timestamp,
}

impl Usual {
    /// The median of each step in those of these runs that succeeded. A step that a person signed off was not carried
    /// out, and how long somebody thought about a question says nothing of the next time.
    pub fn of<'r>(runs: impl IntoIterator<Item = &'r Run>) -> Self {
        let mut took: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for run in runs.into_iter().filter(|run| matches!(run.stage, Stage::Succeeded { .. })) {
            let signed_off =
                |step| run.steering.signed_off.iter().any(|signed| signed.step == step);
            for (index, (rule, record)) in run.steps.iter().zip(&run.done).enumerate() {
                if rule.confirm.is_none() && !signed_off(index) {
                    took.entry(&rule.name).or_default().push(record.took_ms);
                }
            }
        }
        let medians =
            took.into_iter().filter_map(|(name, all)| Some((name.to_owned(), median(all)?)));
        Self(medians.collect())
    }

    /// What can be said at `now` of the time that is left while a step is under way; a person reads it.
    pub fn left(&self, run: &Run, forecast: Option<Forecast>, now: Timestamp) -> Option<String> {
        let Stage::Doing { step, .. } = run.stage else { return None };
        let since = run.step_since?;
        let usual = self.0.get(&run.steps.get(step)?.name).copied();
        let passed = between(since, now);
        let rest =
            forecast.map(|forecast| forecast.left_ms.saturating_sub(between(forecast.at, now)));
        if let (Some(usual), None) = (usual, rest)
            && is_unusual(passed, usual)
        {
            let (passed, usual) = (rounded_down(passed), rounded(usual));
            return Some(format!("longer than usual: {passed} instead of {usual}"));
        }
        let rest = rest.or_else(|| usual.map(|usual| usual.saturating_sub(passed)))?;
        let is_question = |index: &usize| run.steps[*index].confirm.is_some();
        let question = (step + 1..run.steps.len()).find(is_question);
        let end = question.unwrap_or(run.steps.len());
        let steps = &run.steps[step + 1..end];
        let to_come: Option<u64> = steps.iter().map(|rule| self.0.get(&rule.name).copied()).sum();
        Some(match (to_come, question) {
            (Some(to_come), None) => about_left(rest + to_come),
            (Some(to_come), Some(_)) => {
                format!("{} until somebody is asked", about_left(rest + to_come))
            }
            (None, _) if forecast.is_some() => format!("{} in this step", about_left(rest)),
            (None, _) => return None,
        })
    }
}

/// A rest in words, no finer than an estimate deserves.
pub fn about_left(milliseconds: u64) -> String {
    format!("about {} left", rounded(milliseconds))
}

/// The middle of these, or what lies between the two in the middle.
pub fn median(mut all: Vec<u64>) -> Option<u64> {
    all.sort_unstable();
    let (half, count) = (all.len() / 2, all.len());
    match count {
        0 => None,
        _ if count.is_multiple_of(2) => Some(all[half - 1].midpoint(all[half])),
        _ => Some(all[half]),
    }
}

fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from((to - from).num_milliseconds()).unwrap_or(0)
}

/// A step is told to be late only when half as much again has passed, and when the rounded numbers show it.
fn is_unusual(passed: u64, usual: u64) -> bool {
    passed >= usual + (usual / 2).max(10 * SECOND) && rounded_down(passed) != rounded(usual)
}

/// Whole minutes from one on, tens of seconds below: what is finer jumps about.
fn rounded(milliseconds: u64) -> String {
    match milliseconds.div_ceil(10 * SECOND) * 10 {
        0 => "10 s".to_owned(),
        seconds @ ..60 => format!("{seconds} s"),
        _ => minutes((milliseconds + MINUTE / 2) / MINUTE),
    }
}

/// What has certainly passed.
fn rounded_down(milliseconds: u64) -> String {
    match milliseconds / MINUTE {
        0 => format!("{} s", milliseconds / (10 * SECOND) * 10),
        whole => minutes(whole),
    }
}

fn minutes(count: u64) -> String {
    format!("{} min", count.max(1))
}
