//! What the card says of the hold that its rollback left.

use super::{Button, Card, Fact, State};
use crate::{
    hold::{Hold, Stage},
    notice::Tone,
    release::ModelVersion,
    words::Words,
};

impl Card {
    /// The same card with the hold of its proposal, where it has one.
    #[must_use]
    pub fn with_hold(mut self, hold: Option<&Hold>) -> Self {
        let Some(hold) = hold else { return self };
        self.facts.push(Fact { label: "Hold", value: words(hold) });
        if hold.is_held() {
            self.buttons.push(Button::LiftHold);
            if hold.returned().is_some() {
                self.state =
                    State { mark: "🔴", word: "What was rolled back is back", tone: Tone::Bad };
            }
        }
        self
    }
}

fn words(hold: &Hold) -> Words {
    match (&hold.stage, hold.returned()) {
        (Stage::Lifted { by, reason, at, .. }, _) => {
            Words::plain("Lifted by ").person(by).text(" at ").time(*at).text(": ").text(reason)
        }
        (Stage::Held { .. }, Some(found)) => {
            let words = versions(Words::new(), &found.versions)
                .text(if found.versions.len() == 1 { " is" } else { " are" });
            words.text(" live again, by the SQLMesh plan ").code(&found.plan_id)
        }
        (Stage::Held { .. }, None) if hold.opening.bad.is_empty() => {
            Words::plain("It stands since ").time(hold.since)
        }
        (Stage::Held { .. }, None) => {
            versions(Words::plain("A deploy must not bring back "), &hold.opening.bad)
        }
    }
}

fn versions(words: Words, versions: &[ModelVersion]) -> Words {
    let texts: Vec<String> = versions.iter().map(ToString::to_string).collect();
    words.codes(texts.iter().map(String::as_str))
}
