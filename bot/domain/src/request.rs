//! What a person asks for: a rollback that no alert suggests. It opens an incident of its own.
//!
//! Asking gives no power: what comes of it is a proposal like any other, and where two people are needed, whoever
//! asked is not one of them.

use serde::{Deserialize, Serialize};

use crate::{
    person::PersonId,
    plan::{RollbackType, Workflow},
    proposal::{Opening, Proposer},
    window::Window,
    words::{Words, sentence},
};

/// What one person asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who asks.
    pub by: PersonId,
    /// For which of the four; no other one is proposed.
    pub rollback_type: RollbackType,
    /// The id of the target.
    pub target: String,
    /// The models that shall go back, and no others; empty for all that the type takes.
    pub models: Vec<String>,
    /// The trigger that they judge to be there.
    pub trigger: String,
    /// What they say of it.
    pub reason: String,
    /// When it shall begin; at once when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}

impl Request {
    /// Whether a model is one of those that were named; without any, each is.
    pub fn names(&self, model: &str) -> bool {
        let is_named = |named: &String| model == named || model.ends_with(&format!(".{named}"));
        self.models.is_empty() || self.models.iter().any(is_named)
    }

    /// How it shall be carried out.
    pub fn workflow(&self) -> Workflow {
        if self.window.is_some() { Workflow::Planned } else { Workflow::Emergency }
    }

    /// Whether a proposal is what was asked for, and says who asked.
    pub fn is_answered_by(&self, opening: &Opening) -> bool {
        opening.proposer == Proposer::Person(self.by.clone())
            && opening.rollback_type == self.rollback_type
            && opening.target.id == self.target
            && opening.outlook.window == self.window
            && opening.models.iter().all(|model| self.names(model))
    }

    /// The person's words with a full stop, so that others can follow.
    pub fn sentence(&self) -> String {
        sentence(&self.reason)
    }

    /// The sentence that the thread begins with.
    pub(crate) fn words(&self) -> Words {
        let words =
            Words::new().person(&self.by).text(format!(" proposed a {}", self.rollback_type));
        let words = if self.models.is_empty() {
            words
        } else {
            words.text(" of ").codes(self.models.iter().map(String::as_str))
        };
        words
            .text(" in ")
            .code(&self.target)
            .text(" (")
            .code(&self.trigger)
            .text("): ")
            .text(self.sentence())
            .text(" Whether it is possible is found out now, and nothing runs before people approve it.")
    }
}
