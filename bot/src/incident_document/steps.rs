//! What a run did, read from the journal's notices: each step with its time and its answer, and what went wrong.

use domain::{
    Timestamp,
    id::RunId,
    journal::{Entry, Record},
    notice::{Notice, duration},
    person::People,
    plan::Finding,
    proposal::Proposal,
    run::{Event, Steer, Steered},
};
use serde::Serialize;

use super::Said;

/// What was done for one proposal.
#[derive(Debug, Serialize)]
pub struct Work {
    /// The run.
    pub run: RunId,
    /// When it began.
    pub began_at: Timestamp,
    /// All steps of the plan, in order.
    pub steps: Vec<StepRow>,
    /// When the last step was over: from there a question waits for its answer.
    #[serde(skip)]
    idle_since: Timestamp,
    /// What did not go as it should, and what was done about it.
    pub difficulties: Vec<Said>,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct StepRow {
    /// What people read.
    pub name: String,
    /// When it was first begun.
    pub began_at: Option<Timestamp>,
    /// From there to its end, in milliseconds.
    pub took_ms: Option<u64>,
    /// What became of it.
    pub result: String,
    /// What it found, where it is a check.
    pub findings: Vec<Finding>,
}

impl Work {
    /// `None` where nothing was begun.
    pub(super) fn of(proposal: &Proposal, entries: &[Entry], people: &People) -> Option<Self> {
        let mut work: Option<Self> = None;
        for entry in entries {
            let Record::Run { id, event } = &entry.record else { continue };
            match (&mut work, event) {
                (None, Event::Created { proposal: of, steps, .. }) if *of == proposal.id => {
                    let row = |name: &String| StepRow {
                        name: name.clone(),
                        began_at: None,
                        took_ms: None,
                        result: "not begun".to_owned(),
                        findings: vec![],
                    };
                    let steps = steps.iter().map(|rule| row(&rule.name)).collect();
                    let (run, difficulties, idle_since) = (id.clone(), vec![], entry.at);
                    work = Some(Self { run, began_at: entry.at, steps, idle_since, difficulties });
                }
                (Some(work), event) if work.run == *id => work.add(entry, event, people),
                (None | Some(_), _) => {}
            }
        }
        work
    }

    fn add(&mut self, entry: &Entry, event: &Event, people: &People) {
        match event {
            Event::Intended { step, .. } => {
                if let Some(row) = self.steps.get_mut(*step) {
                    row.began_at.get_or_insert(entry.at);
                    "begun, and not ended".clone_into(&mut row.result);
                }
            }
            Event::Steered(steered) => self.steered(entry.at, steered, people),
            _ => {}
        }
        for notice in &entry.notices {
            self.told(entry.at, notice, people);
        }
    }

    fn steered(&mut self, at: Timestamp, steered: &Steered, people: &People) {
        let by = people.name(&steered.by);
        let (stop, result) = match steered.steer {
            Steer::Confirm { stop } => (stop, format!("answered with yes by {by}")),
            Steer::Skip { stop } => {
                let reason = steered.reason.as_deref().unwrap_or_default();
                (stop, format!("signed off by {by}: {reason}"))
            }
            Steer::Pause | Steer::Resume | Steer::Cancel | Steer::Retry { .. } => return,
        };
        if let Some(row) = self.steps.get_mut(stop.step) {
            let since = *row.began_at.get_or_insert(self.idle_since);
            row.took_ms = u64::try_from((at - since).num_milliseconds()).ok();
            row.result = result;
        }
        self.idle_since = at;
    }

    fn told(&mut self, at: Timestamp, notice: &Notice, people: &People) {
        match notice {
            Notice::StepDone { step, took_ms, note, findings, .. } => {
                if let Some(row) = self.steps.get_mut(*step) {
                    row.took_ms = Some(*took_ms);
                    row.findings.clone_from(findings);
                    row.result =
                        if note.is_empty() { "done".to_owned() } else { format!("done. {note}") };
                }
                self.idle_since = at;
            }
            Notice::StepFailed { step, findings, .. } => {
                if let Some(row) = self.steps.get_mut(*step) {
                    row.findings.clone_from(findings);
                    "failed".clone_into(&mut row.result);
                }
                self.difficult(at, notice, people);
            }
            Notice::StepUndone { name } => {
                // The steps below have their own; the last one of this name is meant.
                if let Some(row) = self.steps.iter_mut().rfind(|row| row.name == *name) {
                    "taken back".clone_into(&mut row.result);
                }
                self.difficult(at, notice, people);
            }
            Notice::StepInterrupted { .. } | Notice::Probed { .. } | Notice::Stuck { .. } => {
                self.difficult(at, notice, people);
            }
            _ => {}
        }
    }

    fn difficult(&mut self, at: Timestamp, notice: &Notice, people: &People) {
        self.difficulties.push(Said { at, text: notice.words().to_plain(people) });
    }
}

impl StepRow {
    /// How long it took, in words.
    pub(super) fn took(&self) -> String {
        self.took_ms.map_or_else(|| "–".to_owned(), duration)
    }
}
