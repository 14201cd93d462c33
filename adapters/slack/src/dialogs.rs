//! Opens the modals that people fill in or read, and says what is wrong with what they filled in.

use domain::{
    details::Details, notice::Tone, person::People, place::Place, port::ChatError, words::Words,
};
use serde_json::{Value, json};

use crate::{AskWhy, Input, Opens, Slack, details, modal, thread_reply::paragraph};

impl Slack {
    /// Asks the person who pressed a button for the reason; `words` say what the button does. The answer comes as
    /// [`Interaction::Submitted`]. `trigger_id` is good once and for 3 seconds.
    pub async fn open_reason_modal(
        &self,
        trigger_id: &str,
        ask: AskWhy<'_>,
        words: &Words,
        people: &People,
    ) -> Result<(), ChatError> {
        let text = paragraph(words, Tone::Neutral, self.readers(people)).text;
        let view = modal::why(ask, &text);
        self.api.write("views.open", &json!({"trigger_id": trigger_id, "view": view})).await?;
        Ok(())
    }

    /// Asks the person who approves for the name of what they replace; `words` say what that is and what is lost. The
    /// answer comes as [`Interaction::Submitted`]. `trigger_id` is good once and for 3 seconds.
    pub async fn open_name_modal(
        &self,
        trigger_id: &str,
        (ask, name): (AskWhy<'_>, &str),
        words: &Words,
        people: &People,
    ) -> Result<(), ChatError> {
        let text = paragraph(words, Tone::Neutral, self.readers(people)).text;
        let view = modal::name(ask, name, &text);
        self.api.write("views.open", &json!({"trigger_id": trigger_id, "view": view})).await?;
        Ok(())
    }

    /// Keeps the modal open that somebody sent, with what is wrong beside the input.
    pub fn objection(&self, input: Input, text: &str) -> Value {
        modal::objection(input, text)
    }

    /// Shows a page of what is known of a proposal; the last one where it has not as many.
    pub async fn show_details(
        &self,
        opens: &Opens,
        (details, page): (&Details, usize),
        place: &Place,
        people: &People,
    ) -> Result<(), ChatError> {
        let view = details::view((details, page), place, self.readers(people));
        match opens {
            Opens::Trigger(trigger) => {
                self.api.write("views.open", &json!({"trigger_id": trigger, "view": view})).await?
            }
            Opens::View(id) => {
                self.api.write("views.update", &json!({"view_id": id, "view": view})).await?
            }
        };
        Ok(())
    }
}
