//! What the thread is told of a hold.

use super::Notice;
use crate::{release::ModelVersion, words::Words};

impl Notice {
    /// The sentence of a notice that speaks of a hold; nothing for any other.
    pub(super) fn of_a_hold(&self) -> Words {
        match self {
            // Nobody is mentioned by name: a thread that wakes everybody who could lift it would wake them for nothing.
            Self::HoldPlaced { environment, bad, needs } => {
                let words = Words::new().code(environment).text(" is held");
                let words = if bad.is_empty() {
                    words.text(": look at what the next deploy brings. ")
                } else {
                    versions(words.text(": the next deploy must not bring back "), bad).text(". ")
                };
                words.code("countersign gate check").text(format!(
                    " tells CI so. Whoever holds {needs} or higher can lift the hold, with a reason."
                ))
            }
            Self::HoldStands { environment, since, returned, needs } => {
                let words =
                    Words::new().code(environment).text(" is still held, since ").day(*since);
                if returned.is_empty() {
                    return words.text(format!(
                        ". Once a deploy without the fault is out, whoever holds {needs} or higher can lift the hold."
                    ));
                }
                let verb = if returned.len() == 1 { "is" } else { "are" };
                versions(words.text(", and "), returned).text(format!(
                    " {verb} live again. Roll back once more; or, if this is meant, somebody of {needs} or higher lifts the hold."
                ))
            }
            Self::BadVersionsBack { environment, plan_id, versions: back, needs } => {
                let words = Words::new()
                    .strong("What was rolled back is back")
                    .text(": the SQLMesh plan ")
                    .code(plan_id)
                    .text(" brought ");
                versions(words, back).text(" into ").code(environment).text(format!(
                    " again, although it is held. Nothing runs by itself: roll back once more; or, if this is meant, somebody of {needs} or higher lifts the hold."
                ))
            }
            Self::BadVersionsGone { environment, plan_id } => Words::new()
                .code(environment)
                .text(" no longer holds what was rolled back, since the SQLMesh plan ")
                .code(plan_id)
                .text(". The hold stands."),
            Self::HoldLifted { environment, by, reason } => Words::new()
                .person(by)
                .text(" lifted the hold of ")
                .code(environment)
                .text(": ")
                .text(reason),
            _ => Words::new(),
        }
    }
}

fn versions(words: Words, versions: &[ModelVersion]) -> Words {
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    words.codes(texts.iter().map(String::as_str))
}
