//! What people are told of a way back that is kept from the janitor.

use serde::{Deserialize, Serialize};

use super::{Tone, Volume};
use crate::{person::PersonId, release::ModelVersion, words::Words};

/// A word on a pin, with all that its sentence needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "keeping", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the words of the sentence that each variant makes")]
pub enum Keeping {
    /// A person asks for it.
    Asked { by: PersonId },
    /// It is done.
    Kept {
        by: PersonId,
        name: String,
        /// Models of which only the definition is kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        in_place: Vec<String>,
    },
    /// The janitor was faster.
    Gone { missing: Vec<ModelVersion> },
    /// It could not be done.
    NotKept { why: String },
    /// Nobody can tell whether it is done.
    Unclear { name: String, why: String },
    /// The proposal that came in its place goes back to the same.
    MovedOn { by: PersonId },
    /// It is let go.
    Released { name: String },
    /// It could not be let go.
    NotReleased { name: String, why: String },
}

impl Keeping {
    /// The sentence that people read.
    pub fn words(&self) -> Words {
        match self {
            Self::Asked { by } => Words::new().person(by).text(
                " wants to keep the way back: SQLMesh is told to hold what this rollback goes back to.",
            ),
            Self::Kept { by, name, in_place } => {
                let words = Words::plain("The way back is kept, for ")
                    .person(by)
                    .text(": the environment ")
                    .code(name)
                    .text(" in SQLMesh's state holds it until this is closed, and the janitor leaves it alone. Nobody has to hurry because of it.");
                if in_place.is_empty() {
                    return words;
                }
                words
                    .text(" But ")
                    .codes(in_place.iter().map(String::as_str))
                    .text(" changed in place: the definition is kept, and the old rows are in a rollback point or nowhere.")
            }
            Self::Gone { missing } => {
                let texts: Vec<String> = missing.iter().map(ToString::to_string).collect();
                Words::plain("The way back could not be kept, because SQLMesh's janitor was faster: ")
                    .codes(texts.iter().map(String::as_str))
                    .text(if missing.len() == 1 { " is gone." } else { " are gone." })
            }
            Self::NotKept { why } => Words::plain(format!(
                "The way back could not be kept: {why}. What limits it still does; to try once more, press “Keep the way back” again."
            )),
            Self::Unclear { name, why } => {
                Words::plain("Nobody can tell yet whether the way back is kept: ")
                    .text(format!("{why}. It is asked again by itself; to look yourself, see whether "))
                    .code("sqlmesh environments")
                    .text(" names ")
                    .code(name)
                    .text(".")
            }
            Self::MovedOn { by } => Words::plain(
                "The way back of this proposal is the one that is kept already, for ",
            )
            .person(by)
            .text("."),
            Self::Released { name } => {
                Words::plain("The way back is no longer kept: the environment ")
                    .code(name)
                    .text(" is gone from SQLMesh's state, and what nothing else holds is the janitor's again.")
            }
            Self::NotReleased { name, why } => {
                Words::plain("The environment ")
                    .code(name)
                    .text(format!(" is not needed any more, and could not be taken out of SQLMesh's state: {why}. It does no harm but keeps old tables; the operator can take it away with "))
                    .code(format!("sqlmesh invalidate {name}"))
                    .text(".")
            }
        }
    }

    /// Whether the channel hears it or the thread alone.
    pub fn volume(&self) -> Volume {
        match self {
            Self::Gone { .. } => Volume::Channel,
            Self::Asked { .. }
            | Self::Kept { .. }
            | Self::NotKept { .. }
            | Self::Unclear { .. }
            | Self::MovedOn { .. }
            | Self::Released { .. }
            | Self::NotReleased { .. } => Volume::Thread,
        }
    }

    /// The mood it is shown in.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Kept { in_place, .. } if in_place.is_empty() => Tone::Good,
            Self::Gone { .. } => Tone::Bad,
            Self::Kept { .. }
            | Self::NotKept { .. }
            | Self::Unclear { .. }
            | Self::NotReleased { .. } => Tone::Attention,
            Self::Asked { .. } | Self::MovedOn { .. } | Self::Released { .. } => Tone::Neutral,
        }
    }
}
