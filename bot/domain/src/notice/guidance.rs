//! What the thread is told when people steer a run.

use serde::{Deserialize, Serialize};

use super::{Tone, Volume, duration};
use crate::{
    Timestamp,
    level::Level,
    person::PersonId,
    words::{Words, sentence},
};

/// A person steers a run, or is asked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "guidance", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the words of the sentence that each variant makes")]
pub enum Guidance {
    /// Nothing further begins.
    Paused { by: PersonId, under_way: Option<String> },
    /// It goes on.
    Resumed { by: PersonId, paused_ms: u64 },
    /// It is taken back.
    Cancelled { by: PersonId, reason: String, under_way: Option<String> },
    /// The step under way was ended for it.
    StepEnded { step: usize, of: usize, name: String },
    /// A stuck step is tried again.
    Retried { by: PersonId, name: String, how: Again, reason: Option<String> },
    /// A stuck step is settled.
    Skipped { by: PersonId, name: String, as_what: Settled, reason: String },
    /// A question waits for an answer.
    Asks {
        name: String,
        question: String,
        level: Level,
        people: Vec<PersonId>,
        #[serde(default)]
        next: Option<Timestamp>,
    },
    /// People are asked for an answer, or for help where there is no question.
    Wanted {
        question: Option<String>,
        level: Level,
        role: String,
        people: Vec<PersonId>,
        waited_ms: u64,
        /// Who has paused it, where that is why it waits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paused: Option<PersonId>,
        /// Whether it needs the approvals anew.
        #[serde(default)]
        lapsed: bool,
        /// Whose approval was disowned, where the run met that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disowned: Option<PersonId>,
        next: Timestamp,
    },
    /// The approvals that had run out are there again.
    Renewed,
    /// It was answered with yes.
    Confirmed { by: PersonId, level: Level, question: String },
}

/// What trying again begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// The step itself.
    Begin,
    /// The question what it has done.
    Look,
    /// Taking it back.
    TakeBack,
}

/// What a skipped step counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// As done, or not needed.
    Done,
    /// As taken back, or nothing to take back.
    TakenBack,
}

impl Guidance {
    /// The sentence that people read.
    pub fn words(&self) -> Words {
        match self {
            Self::Paused { by, under_way: Some(name) } => {
                Words::new().person(by).text(" paused the rollback. ").strong(name).text(
                    " comes to its end; nothing further begins before somebody presses Resume.",
                )
            }
            Self::Paused { by, under_way: None } => Words::new().person(by).text(
                " paused the rollback: nothing further begins before somebody presses Resume.",
            ),
            Self::Resumed { by, paused_ms } => Words::new().person(by).text(format!(
                " let the rollback go on, after a pause of {}.",
                duration(*paused_ms)
            )),
            Self::Cancelled { by, reason, under_way } => {
                let words = Words::new()
                    .person(by)
                    .text(" cancelled the rollback: ")
                    .text(sentence(reason));
                let words = match under_way {
                    Some(name) => words
                        .text(" ")
                        .strong(name)
                        .text(" is ended, and what it did is found out first."),
                    None => words,
                };
                words.text(" What was done is taken back in reverse.")
            }
            Self::StepEnded { step, of, name } => {
                Words::plain(format!("Step {} of {of}: ", step + 1)).strong(name).text(
                    " – ended, because the rollback is cancelled; what it did is found out now.",
                )
            }
            Self::Retried { by, name, how, reason } => {
                let words = Words::new().person(by).text(" tries ").strong(name).text(" again: ");
                let words = words.text(match how {
                    Again::Begin => "it is done once more, if the approvals still allow it.",
                    Again::Look => "the target is asked first what the step has done.",
                    Again::TakeBack => "it is taken back once more.",
                });
                match reason {
                    Some(reason) => words.text(" Why: ").text(sentence(reason)),
                    None => words,
                }
            }
            Self::Skipped { by, name, as_what, reason } => {
                let words = Words::new().person(by).text(" signed off ").strong(name);
                let words = words.text(match as_what {
                    Settled::Done => ", which counts as done or not needed: ",
                    Settled::TakenBack => ", which counts as taken back or not needed: ",
                });
                words.text(sentence(reason))
            }
            Self::Asks { name, question, level, people, next } => {
                let words = Words::plain("The rollback waits at ").strong(name).text(": ");
                let words = words.strong(question).text(" ");
                let words = if people.is_empty() {
                    words.text(format!(
                        "The escalation names nobody of {level} who could answer: tell the operator."
                    ))
                } else {
                    words.people(people).text(format!(", please answer ({level} or higher can)."))
                };
                let words = words.text(" Confirm lets it go on, Cancel takes back what was done. Nothing runs before that.");
                match next {
                    Some(next) => goes_on_at(words, *next),
                    None => words,
                }
            }
            Self::Wanted {
                question,
                level,
                role,
                people,
                waited_ms,
                paused,
                lapsed,
                disowned,
                next,
            } => {
                let because = (paused.as_ref(), disowned.as_ref().filter(|_| *lapsed));
                let please = wanted(question.as_deref(), *waited_ms, *lapsed, because);
                let words = Words::new().people(people).text(format!(", {role} ({level}): "));
                goes_on_at(words.words(please), *next)
            }
            Self::Renewed => Words::plain(
                "The approvals are good again. Resume, or Try again where it is stuck, lets the rollback go on.",
            ),
            Self::Confirmed { by, level, question } => Words::new()
                .person(by)
                .text(format!(" confirmed at {level}: "))
                .strong(question)
                .text(" The rollback goes on."),
        }
    }

    /// Whether the channel hears it or the thread alone.
    pub fn volume(&self) -> Volume {
        match self {
            // The channel has heard already that the run is stuck.
            Self::Wanted { waited_ms: 0, .. } => Volume::Thread,
            Self::Asks { .. }
            | Self::Wanted { .. }
            | Self::Cancelled { .. }
            | Self::Paused { .. } => Volume::Channel,
            Self::Resumed { .. }
            | Self::StepEnded { .. }
            | Self::Retried { .. }
            | Self::Skipped { .. }
            | Self::Renewed
            | Self::Confirmed { .. } => Volume::Thread,
        }
    }

    /// The mood it is shown in.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Asks { .. }
            | Self::Wanted { .. }
            | Self::Cancelled { .. }
            | Self::Paused { .. }
            | Self::StepEnded { .. }
            | Self::Skipped { .. } => Tone::Attention,
            Self::Confirmed { .. } | Self::Renewed => Tone::Good,
            Self::Resumed { .. } | Self::Retried { .. } => Tone::Neutral,
        }
    }
}

/// What the clock brings to whoever does not answer.
fn goes_on_at(words: Words, next: Timestamp) -> Words {
    words.text(" Without an answer, the escalation goes on at ").time(next).text(".")
}

/// What people are asked for. It waits because somebody paused it, or because an approval was disowned, or because it is stuck.
fn wanted(
    question: Option<&str>,
    waited_ms: u64,
    lapsed: bool,
    because: (Option<&PersonId>, Option<&PersonId>),
) -> Words {
    match because {
        (Some(by), _) => still_paused(by, waited_ms, lapsed),
        (None, Some(by)) => sign_in_place_of(by, waited_ms),
        (None, None) => please(question, waited_ms, lapsed),
    }
}

/// What people are asked for while it is paused.
fn still_paused(by: &PersonId, waited_ms: u64, lapsed: bool) -> Words {
    let ways = if lapsed {
        "It goes on when enough people have approved the same plan again and somebody presses Resume;"
    } else {
        "Resume lets it go on,"
    };
    Words::plain("the rollback is still paused, by ").person(by).text(format!(
        " for {} now. {ways} Cancel takes back what was done; nothing runs before that.",
        duration(waited_ms)
    ))
}

/// What people are asked for whose approval can stand in place of one that was disowned.
fn sign_in_place_of(by: &PersonId, waited_ms: u64) -> Words {
    let words = match waited_ms {
        0 => Words::plain("the approval of "),
        waited => {
            let waited = duration(waited);
            Words::plain(format!("the rollback has been stuck for {waited}: the approval of "))
        }
    };
    words.person(by).text(
        " was taken back, and yours can stand in its place. Please look at the rollback, then approve the same plan again, or end it.",
    )
}

/// What people are asked for.
fn please(question: Option<&str>, waited_ms: u64, lapsed: bool) -> Words {
    if let Some(question) = question {
        return Words::plain(format!(
            "the rollback has been waiting for {}: ",
            duration(waited_ms)
        ))
        .strong(question)
        .text(" Confirm lets it go on, Cancel takes back what was done.");
    }
    let please = if lapsed {
        "look at it, then approve the same plan again, or end the rollback."
    } else {
        "look at it, then try the step again, skip it, or end the rollback."
    };
    Words::plain(match waited_ms {
        0 => format!("please {please}"),
        waited => format!("the rollback has been stuck for {}. Please {please}", duration(waited)),
    })
}
