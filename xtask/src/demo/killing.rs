//! Kills the bot while a rollback runs, again and again, and lets it start anew: what it says and does must come out
//! the same, and each step must have been done once.
//!
//! A kill comes when the journal or the card shows that its place is reached, never by the clock. The last try of a step
//! is left in peace: a step that is interrupted in all of its tries has failed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use reqwest::Client;
use serde_json::Value;

use super::{alert::client, report::Report};

/// How often the incident is looked at. A step takes longer.
const LOOK: Duration = Duration::from_millis(20);

/// Where the bot is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Killing {
    /// At every boundary between two steps: as soon as the journal has the first intent of one, and after the last.
    AtIntents,
    /// In the middle of steps: as soon as one says something of its progress that it has not said before.
    AtProgress,
}

/// Looks at the incident until the bot has to be killed.
#[derive(Debug)]
pub(super) struct Killer {
    client: Client,
    address: String,
    places: Places,
    kills: usize,
}

/// Knows where the bot was killed already, and where it is to be killed next.
#[derive(Debug)]
struct Places {
    killing: Killing,
    /// Steps, and what they said.
    killed: BTreeSet<(usize, String)>,
}

/// A place at which the bot is to be killed.
#[derive(Debug)]
pub(super) struct Due {
    /// The place, in words.
    pub(super) place: String,
    /// The run that is under way.
    pub(super) run: String,
}

impl Killer {
    /// One that has killed nobody, for the incident at the server's `url`.
    pub(super) fn new(killing: Killing, url: &str, incident: &str) -> Result<Self> {
        let address = format!("{url}/api/incidents/{incident}");
        let places = Places { killing, killed: BTreeSet::new() };
        Ok(Self { client: client()?, address, places, kills: 0 })
    }

    /// Completes when the bot has to be killed.
    pub(super) async fn next(&mut self) -> Due {
        loop {
            // The server may be on its way up or down.
            if let Ok(report) = self.look().await
                && let Some(due) = self.places.due(&report)
            {
                self.kills += 1;
                return due;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Where it is to be killed once more when everything is done.
    pub(super) fn last(&mut self) -> Option<Due> {
        if self.places.killing != Killing::AtIntents {
            return None;
        }
        self.kills += 1;
        Some(Due { place: "after its last step".to_owned(), run: String::new() })
    }

    /// How often the bot was killed.
    pub(super) fn kills(&self) -> usize {
        self.kills
    }

    /// Whether what was started by the server is killed with it. Every second time it is left, so that the next life has
    /// to end it.
    pub(super) fn kills_all(&self) -> bool {
        self.kills.is_multiple_of(2)
    }

    async fn look(&self) -> Result<Report> {
        let answer = self.client.get(&self.address).send().await?.error_for_status()?;
        Ok(answer.json().await?)
    }
}

impl Places {
    fn due(&mut self, report: &Report) -> Option<Due> {
        let run = report.runs.last().filter(|run| run.stage.stage == "doing")?;
        let (step, attempt) = (run.stage.step?, run.stage.attempt?);
        let rule = run.steps.get(step)?;
        if attempt >= rule.attempts {
            return None;
        }
        let said = match self.killing {
            Killing::AtIntents if attempt > 1 => return None,
            Killing::AtIntents => String::new(),
            Killing::AtProgress => report.card.live.clone()?,
        };
        let what =
            if said.is_empty() { "at its intent".to_owned() } else { format!("at “{said}”") };
        self.killed.insert((step, said)).then(|| Due {
            place: format!("in step {}, {}, {what}", step + 1, rule.name),
            run: run.id.clone(),
        })
    }
}

/// Reads from the exported record that every step was done once, and how often one was found interrupted.
pub(super) fn proved(folder: &Path) -> Result<String> {
    let file = folder.join("log.jsonl");
    let log = fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
    let (mut done, mut interrupted) = (BTreeMap::<u64, usize>::new(), 0);
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).context("understand the record")?;
        let Some(body) = line["body"].as_str() else { continue };
        let body: Value = serde_json::from_str(body).context("understand the record")?;
        let event = &body["record"]["run"]["event"];
        let Some(step) = event["step"].as_u64() else { continue };
        match event["event"].as_str() {
            Some("did") => *done.entry(step).or_default() += 1,
            Some("probed") if event["answer"] == "done" => *done.entry(step).or_default() += 1,
            Some("interrupted") => interrupted += 1,
            Some("undo_did" | "undo_failed") => anyhow::bail!("step {} was taken back", step + 1),
            _ => {}
        }
    }
    ensure!(!done.is_empty(), "the record has no step that was done");
    for (step, times) in &done {
        ensure!(*times == 1, "step {} was done {times} times", step + 1);
    }
    Ok(format!("{} steps were done once each, {interrupted} times one was interrupted", done.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: usize, attempt: u32, live: Option<&str>) -> Report {
        let text = serde_json::json!({
            "card": {"state": {"word": "Running"}, "live": live, "buttons": []},
            "thread": [],
            "proposals": [],
            "runs": [{
                "id": "run_1",
                "stage": {"stage": "doing", "step": step, "attempt": attempt},
                "steps": [{"name": "check", "attempts": 2}, {"name": "promote", "attempts": 3}],
            }],
        });
        serde_json::from_value(text).expect("a report")
    }

    fn places(killing: Killing, reports: &[(usize, u32, Option<&str>)]) -> Vec<String> {
        let mut places = Places { killing, killed: BTreeSet::new() };
        let due = |&(step, attempt, live): &_| places.due(&report(step, attempt, live));
        reports.iter().filter_map(due).map(|due| due.place).collect()
    }

    #[test]
    fn each_step_is_hit_once_at_its_intent() {
        let shown = [(0, 1, None), (0, 1, None), (0, 2, None), (1, 1, Some("x")), (1, 2, None)];
        let expected = ["in step 1, check, at its intent", "in step 2, promote, at its intent"];
        assert_eq!(places(Killing::AtIntents, &shown), expected);
    }

    #[test]
    fn what_was_said_before_kills_nobody_and_the_last_try_is_left_in_peace() {
        let shown = [
            (0, 1, None),
            (0, 2, Some("a")),
            (1, 1, Some("a")),
            (1, 2, Some("a")),
            (1, 2, Some("b")),
            (1, 3, Some("c")),
        ];
        let expected = ["in step 2, promote, at “a”", "in step 2, promote, at “b”"];
        assert_eq!(places(Killing::AtProgress, &shown), expected);
    }
}
