//! What the adapter does for people who type commands: answers that they alone see, and the modals of commands.

use domain::{
    person::{Identity, People},
    port::{ChatError, MessageRef},
};
use serde_json::{Value, json};

use crate::{Answer, AskWhy, Choice, Field, ProposeForm, Slack, answer, approval, propose};

impl Slack {
    /// What one person alone is shown as the answer to a command.
    pub fn answer(&self, answer: &Answer, people: &People) -> Value {
        answer::body(answer, self.readers(people))
    }

    /// Shows an answer in place of the one that somebody pressed a button of.
    pub async fn turn_to(
        &self,
        response_url: &str,
        answer: &Answer,
        people: &People,
    ) -> Result<(), ChatError> {
        let mut body = self.answer(answer, people);
        body["replace_original"] = json!(true);
        self.responses.send(response_url, &body).await
    }

    /// Tells somebody later what became of their command.
    pub async fn follow_up(
        &self,
        response_url: &str,
        answer: &Answer,
        people: &People,
    ) -> Result<(), ChatError> {
        let mut body = self.answer(answer, people);
        body["replace_original"] = json!(false);
        self.responses.send(response_url, &body).await
    }

    /// Whether somebody belongs to the workspace that this bot is configured for; where none is, everybody does.
    pub fn is_home_of(&self, identity: &Identity) -> bool {
        self.team.as_deref().is_none_or(|team| identity.team == team)
    }

    /// The address of a message, for people to follow.
    pub async fn permalink(&self, at: &MessageRef) -> Result<String, ChatError> {
        self.permalinks.of(&self.api, at).await
    }

    /// Asks somebody to sign what the summary says. The answer comes as
    /// [`Interaction::Submitted`](crate::Interaction). `trigger_id` is good once and for 3 seconds.
    pub async fn open_approval(
        &self,
        trigger_id: &str,
        ask: AskWhy<'_>,
        summary: &Answer,
        people: &People,
    ) -> Result<(), ChatError> {
        let view = approval::view(ask, summary, self.readers(people));
        self.api.write("views.open", &json!({"trigger_id": trigger_id, "view": view})).await?;
        Ok(())
    }

    /// Opens the form to propose with. `trigger_id` is good once and for 3 seconds.
    pub async fn open_propose(
        &self,
        trigger_id: &str,
        form: &ProposeForm,
        people: &People,
    ) -> Result<(), ChatError> {
        let view = propose::view(form, self.readers(people));
        self.api.write("views.open", &json!({"trigger_id": trigger_id, "view": view})).await?;
        Ok(())
    }

    /// Shows the form as it is now. Refused where somebody else was faster: `hash` is the state that was seen.
    pub async fn update_propose(
        &self,
        view_id: &str,
        hash: &str,
        form: &ProposeForm,
        people: &People,
    ) -> Result<(), ChatError> {
        let view = propose::view(form, self.readers(people));
        let update = json!({"view_id": view_id, "hash": hash, "view": view});
        self.api.write("views.update", &update).await?;
        Ok(())
    }

    /// The answer to the form that shows it once more.
    pub fn shown_again(&self, form: &ProposeForm, people: &People) -> Value {
        json!({"response_action": "update", "view": propose::view(form, self.readers(people))})
    }

    /// The answer to the form that says at an input what is wrong with it; `target` is the one that was chosen.
    pub fn wrong_at(&self, field: Field, target: Option<&str>, why: &str) -> Value {
        propose::error(field, target, why)
    }

    /// The answer to a select that asks what there is to choose from.
    pub fn options(&self, choices: &[Choice]) -> Value {
        propose::options(choices)
    }
}
