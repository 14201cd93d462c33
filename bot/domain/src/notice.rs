//! What the incident's thread is told, and what the journal says in words: one sentence per thing that happened.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    level::Level,
    person::PersonId,
    plan::{Finding, Outcome as Answer, RollbackType},
    proposal::Outcome,
    release::ModelVersion,
    remark::Remark,
    request::Request,
    run::ProbeAnswer,
    words::Words,
};

mod disowned;
mod duration;
mod guidance;
mod hold;
mod keeping;
mod outcome;
mod schedule;
mod voice;

pub use disowned::Consequence;
pub use duration::{duration, exact_duration};
pub use guidance::{Again, Guidance, Settled};
pub use keeping::Keeping;
pub(crate) use outcome::settled;
pub use schedule::Schedule;
pub use voice::{Tone, Volume};

/// Something that happened, with all that its sentence needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the words of the sentence that each variant makes")]
pub enum Notice {
    /// The incident is here.
    IncidentOpened { title: String, service: String },
    /// A person asks for a rollback.
    Requested(Request),
    /// Somebody took it in the alerting system.
    IncidentAcknowledged,
    /// It is over.
    IncidentResolved,
    /// No rollback is proposed.
    NotProposed { why: String },
    /// A rollback is proposed.
    Proposed {
        rollback_type: RollbackType,
        models: Vec<String>,
        because: String,
        changes: Vec<String>,
        /// Models that leave the environment.
        #[serde(default)]
        without: Vec<String>,
    },
    /// People are brought in.
    Asked {
        level: Level,
        role: String,
        people: Vec<PersonId>,
        repeats: u32,
        /// The lowest level that can decide, where these people cannot.
        needs: Option<Level>,
        next: Timestamp,
    },
    /// A rung of the ladder has nobody.
    LevelSkipped { level: Level, role: String },
    /// The way back may be gone soon.
    WayBackCloses { until: Timestamp },
    /// A person brings in the next level before its time.
    EscalatedBy { by: PersonId },
    /// A person signed.
    ApprovedBy { by: PersonId, level: Level, given: usize, needed: usize },
    /// Whoever holds the identity that signed says that it was somebody else.
    Disowned {
        by: PersonId,
        /// Everybody who was asked so far, and the next level.
        people: Vec<PersonId>,
        consequence: Consequence,
        given: usize,
        needed: usize,
    },
    /// The proposal is over.
    Closed { outcome: Outcome },
    /// A rollback's environment is held.
    HoldPlaced { environment: String, bad: Vec<ModelVersion>, needs: Level },
    /// A hold still stands.
    HoldStands { environment: String, since: Timestamp, returned: Vec<ModelVersion>, needs: Level },
    /// A release brought back what was rolled back from.
    BadVersionsBack {
        environment: String,
        plan_id: String,
        versions: Vec<ModelVersion>,
        needs: Level,
    },
    /// A later release is without it.
    BadVersionsGone { environment: String, plan_id: String },
    /// A person lifted a hold.
    HoldLifted { environment: String, by: PersonId, reason: String },
    /// The run began.
    RunStarted { steps: Vec<String> },
    /// A step is done.
    StepDone {
        step: usize,
        of: usize,
        name: String,
        took_ms: u64,
        note: String,
        findings: Vec<Finding>,
    },
    /// A step failed.
    StepFailed { step: usize, of: usize, name: String, why: String, findings: Vec<Finding> },
    /// The executor died during a step.
    StepInterrupted { step: usize, of: usize, name: String },
    /// A probe answered.
    Probed { name: String, answer: ProbeAnswer, detail: String },
    /// A step is taken back.
    StepUndone { name: String },
    /// The run cannot go on without a person.
    Stuck {
        name: String,
        reason: String,
        /// Whose approval was disowned, where that is why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disowned: Option<PersonId>,
    },
    /// People steer the run.
    Steered(Guidance),
    /// It waits for its maintenance window.
    Planned(Schedule),
    /// A way back is kept from the janitor.
    Keeping(Keeping),
    /// Something was written down beside the machines.
    Remark(Remark),
}

impl Notice {
    /// The sentence that people read.
    pub fn words(&self) -> Words {
        match self {
            Self::IncidentOpened { title, service } => {
                Words::plain("Alert from ").strong(service).text(": ").text(title)
            }
            Self::Requested(request) => request.words(),
            Self::IncidentAcknowledged => Words::plain("Acknowledged in PagerDuty."),
            Self::IncidentResolved => Words::plain("Resolved in PagerDuty."),
            Self::NotProposed { why } => {
                Words::plain("No rollback is proposed: ").words(Words::marked(why))
            }
            Self::Proposed { rollback_type, models, because, changes, without } => {
                proposed(*rollback_type, (models, without), because, changes)
            }
            Self::Asked { level, role, people, needs: Some(needs), next, .. } => {
                told_only((*level, role), people, *needs, *next)
            }
            Self::Asked { level, role, people, repeats, needs: None, next } => {
                asked((*level, role), people, *repeats, *next)
            }
            Self::LevelSkipped { level, role } => Words::plain(format!(
                "Nobody can be reached for {level}, {role}: the escalation passes over it."
            )),
            Self::WayBackCloses { until } => Words::plain("This rollback is possible until ")
                .day(*until)
                .text(". After that, SQLMesh's janitor may remove the versions that it goes back to. Decide before, or press “Keep the way back”: then it stays until this is closed."),
            Self::EscalatedBy { by } => {
                Words::new().person(by).text(" asks for the next level now.")
            }
            Self::ApprovedBy { by, level, given, needed } => Words::new().person(by).text(format!(
                " approved at {level}: {given} of {needed} {}.",
                if *needed == 1 { "approval" } else { "approvals" }
            )),
            Self::Disowned { by, people, consequence, given, needed } => {
                consequence.words(by, people, (*given, *needed))
            }
            Self::Closed { outcome } => outcome.words(),
            Self::HoldPlaced { .. }
            | Self::HoldStands { .. }
            | Self::BadVersionsBack { .. }
            | Self::BadVersionsGone { .. }
            | Self::HoldLifted { .. } => self.of_a_hold(),
            Self::RunStarted { steps } => {
                Words::plain(format!("The rollback starts: {}.", steps.join(" → ")))
            }
            Self::StepDone { step, of, name, took_ms, note, findings } => {
                let words = Words::plain(format!("Step {} of {of}: ", step + 1))
                    .strong(name)
                    .text(format!(" – done in {}.", duration(*took_ms)));
                told(with_note(words, note), findings)
            }
            Self::StepFailed { step, of, name, why, findings } => told(
                Words::plain(format!("Step {} of {of}: ", step + 1))
                    .strong(name)
                    .text(format!(" – failed: {why}")),
                findings,
            ),
            Self::StepInterrupted { step, of, name } => {
                Words::plain(format!("Step {} of {of}: ", step + 1)).strong(name).text(
                    " – the executor was interrupted; what became of the step is not known yet.",
                )
            }
            Self::Probed { name, answer, detail } => {
                let words = Words::plain("Asked the target about ")
                    .strong(name)
                    .text(format!(": {}.", answer.name()));
                with_note(words, detail)
            }
            Self::StepUndone { name } => Words::plain("Taken back: ").strong(name).text("."),
            Self::Stuck { name, disowned: Some(by), .. } => disowned::stands_still(name, by),
            Self::Stuck { name, reason, disowned: None } => Words::plain("The rollback is stuck at ")
                .strong(name)
                .text(format!(": {reason}. A person has to look at it; nothing runs by itself.")),
            Self::Steered(guidance) => guidance.words(),
            Self::Planned(schedule) => schedule.words(),
            Self::Keeping(keeping) => keeping.words(),
            Self::Remark(remark) => remark.words(),
        }
    }

    /// Whether the channel hears it or the thread alone.
    pub fn volume(&self) -> Volume {
        match self {
            Self::Asked { .. }
            | Self::RunStarted { .. }
            | Self::Closed { .. }
            | Self::Disowned { .. }
            | Self::BadVersionsBack { .. }
            | Self::Stuck { .. } => Volume::Channel,
            Self::IncidentOpened { .. }
            | Self::Requested(_)
            | Self::IncidentAcknowledged
            | Self::IncidentResolved
            | Self::NotProposed { .. }
            | Self::Proposed { .. }
            | Self::LevelSkipped { .. }
            | Self::WayBackCloses { .. }
            // Whom it brings in is told to the channel in the same breath.
            | Self::EscalatedBy { .. }
            | Self::ApprovedBy { .. }
            | Self::HoldPlaced { .. }
            | Self::HoldStands { .. }
            | Self::BadVersionsGone { .. }
            | Self::HoldLifted { .. }
            | Self::StepDone { .. }
            | Self::StepFailed { .. }
            | Self::StepInterrupted { .. }
            | Self::Probed { .. }
            | Self::StepUndone { .. } => Volume::Thread,
            Self::Steered(guidance) => guidance.volume(),
            Self::Planned(schedule) => schedule.volume(),
            Self::Keeping(keeping) => keeping.volume(),
            Self::Remark(_) => Volume::Thread,
        }
    }

    /// The mood it is shown in.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Asked { .. }
            | Self::EscalatedBy { .. }
            | Self::StepInterrupted { .. }
            | Self::HoldStands { .. }
            | Self::WayBackCloses { .. }
            | Self::LevelSkipped { .. } => Tone::Attention,
            Self::StepDone { findings, .. }
                if findings.iter().any(|finding| finding.outcome != Answer::Pass) =>
            {
                Tone::Attention
            }
            Self::ApprovedBy { .. }
            | Self::StepDone { .. }
            | Self::BadVersionsGone { .. }
            | Self::IncidentResolved => Tone::Good,
            Self::Closed { outcome } => outcome.tone(),
            Self::Steered(guidance) => guidance.tone(),
            Self::Planned(schedule) => schedule.tone(),
            Self::Keeping(keeping) => keeping.tone(),
            Self::Remark(remark) => remark.tone(),
            Self::StepFailed { .. }
            | Self::Disowned { .. }
            | Self::BadVersionsBack { .. }
            | Self::Stuck { .. } => Tone::Bad,
            Self::HoldPlaced { .. }
            | Self::HoldLifted { .. }
            | Self::IncidentOpened { .. }
            | Self::Requested(_)
            | Self::IncidentAcknowledged
            | Self::NotProposed { .. }
            // Whoever is needed is asked in the next line.
            | Self::Proposed { .. }
            | Self::RunStarted { .. }
            | Self::Probed { .. }
            | Self::StepUndone { .. } => Tone::Neutral,
        }
    }
}

impl ProbeAnswer {
    /// The answer in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "it is done",
            Self::NotDone => "it is not done",
            Self::Partial => "it is done in part",
            Self::Unknown => "it cannot be told",
        }
    }
}

fn proposed(
    rollback_type: RollbackType,
    (models, without): (&[String], &[String]),
    because: &str,
    changes: &[String],
) -> Words {
    let words = Words::plain(format!("Proposed: {rollback_type}"));
    let words = if models.is_empty() {
        words
    } else {
        words.text(" of ").codes(models.iter().map(String::as_str))
    };
    let words = if without.is_empty() {
        words
    } else {
        let (goes, it) = if without.len() == 1 { ("goes", "it") } else { ("go", "them") };
        words
            .text(". ")
            .codes(without.iter().map(String::as_str))
            .text(format!(" {goes} away, because the release added {it}"))
    };
    let words = words.text(". ").words(Words::marked(because));
    if changes.is_empty() {
        words
    } else {
        words.text(format!(" What changed since the last proposal: {}.", changes.join("; ")))
    }
}

fn asked(
    (level, role): (Level, &str),
    people: &[PersonId],
    repeats: u32,
    next: Timestamp,
) -> Words {
    let words = Words::plain("Asking ").people(people);
    if repeats == 0 {
        words
            .text(format!(
                " to decide: {role}, {level}. Without a decision, the escalation goes on at "
            ))
            .time(next)
            .text(".")
    } else {
        words
            .text(format!(" again: {role}, {level}. There is still no decision, and nothing runs by itself. They are asked once more at "))
            .time(next)
            .text(".")
    }
}

/// Those who are brought in first may see to it that somebody else decides.
fn told_only(
    (level, role): (Level, &str),
    people: &[PersonId],
    needs: Level,
    next: Timestamp,
) -> Words {
    Words::plain("Telling ")
        .people(people)
        .text(format!(": {role}, {level}. The decision needs {needs}. Unless somebody asks for the next level sooner, the escalation goes on at "))
        .time(next)
        .text(".")
}

fn with_note(words: Words, note: &str) -> Words {
    if note.is_empty() { words } else { words.text(format!(" {note}")) }
}

fn told(words: Words, findings: &[Finding]) -> Words {
    findings.iter().filter(|finding| finding.outcome != Answer::Pass).fold(
        words,
        |words, finding| {
            let mark = if finding.outcome == Answer::Fail { "failed" } else { "cannot be told" };
            words
                .text(format!("\n• {} of ", finding.label()))
                .code(&finding.subject)
                .text(format!(" {mark}: {}", finding.detail))
        },
    )
}
