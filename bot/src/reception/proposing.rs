//! The form by which a person proposes: opened by the command, shown anew at each choice, taken in when it is sent.
//!
//! Everything that it needs stands in the view, so that a restart between two choices does not matter. What is sent is
//! judged by the engine as if nobody had seen the form: the form only says beforehand what will be asked of people.

mod form;
mod models;
mod preview;

use domain::{id::IncidentId, notice::Tone, person::Identity, words::Words};
use policies::{Declined, Part, Wanted, When};
use slack::{Answer, Chosen, Command, Field, Kept};

use super::{Ack, Budget, Reception, commands::Filled};

impl Reception {
    /// Opens the form with what was typed in it.
    pub(super) async fn propose(
        &self,
        command: &Command,
        filled: &Filled,
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        if let Err(declined) = self.engine.policies.asking(&command.identity) {
            return Ok(self.say(&refused(&declined)));
        }
        let chosen = match self.chosen(filled) {
            Ok(chosen) => chosen,
            Err(answer) => return Ok(self.say(&answer)),
        };
        let response_url = command.response_url.clone();
        let kept = Kept { response_url, previewed: String::new() };
        let form = self.form(chosen, kept, None).await?;
        let people = self.engine.policies.people();
        let opening = self.slack.open_propose(&command.trigger_id, &form, people);
        let is_open = self.opened(opening, budget).await;
        Ok(self.with_dialog(is_open))
    }

    /// Shows the form with what follows from a choice.
    pub(super) async fn choosing(
        &self,
        (view, hash): (&str, &str),
        (chosen, kept): (Chosen, Kept),
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        self.metrics.click("form");
        let form = self.form(chosen, kept, None).await?;
        let people = self.engine.policies.people();
        let updating = self.slack.update_propose(view, hash, &form, people);
        // Whoever chose twice in a moment sees what follows from one of them; what is sent is compared with that.
        self.opened(updating, budget).await;
        Ok(Ack::Taken)
    }

    /// Takes the form in as it was sent.
    pub(super) async fn proposed(
        &self,
        (identity, view): (&Identity, &str),
        (chosen, kept): (Chosen, Kept),
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        self.metrics.click("form");
        let (Some(rollback_type), Some(target), Some(trigger)) =
            (chosen.rollback_type, chosen.target.clone(), chosen.trigger.clone())
        else {
            // Slack asks for all of them before it sends the form.
            let field = match (&chosen.rollback_type, &chosen.target) {
                (None, _) => Field::Type,
                (_, None) => Field::Target,
                _ => Field::Trigger,
            };
            return Ok(self.wrong(field, &chosen, "choose one"));
        };
        if kept.previewed != form::choices(&chosen) {
            let words = Words::plain(
                "What you chose asks something else of people than what you were shown. Read it below, then send it again. Nothing was proposed yet.",
            );
            return self.shown_again(chosen, kept, words).await;
        }
        let wanted = Wanted {
            rollback_type,
            target,
            models: chosen.models.clone(),
            trigger,
            reason: chosen.reason.clone(),
            when: if chosen.is_planned { When::NextWindow } else { When::AtOnce },
        };
        match self.engine.request_once(identity, &wanted, Some(view)).await? {
            Ok(incident) => {
                tracing::info!(incident.id = %incident, "{identity} proposed by the form, in {incident}");
                self.say_where(&kept, &wanted, &incident, budget).await;
                Ok(Ack::Taken)
            }
            Err(Declined::Unclear { part, why }) => {
                Ok(self.wrong(field(part), &chosen, &sentence(&why)))
            }
            Err(Declined::Refused(why)) => {
                self.shown_again(chosen, kept, Words::marked(&sentence(&why))).await
            }
        }
    }

    async fn shown_again(&self, chosen: Chosen, kept: Kept, words: Words) -> anyhow::Result<Ack> {
        let form = self.form(chosen, kept, Some(words)).await?;
        Ok(Ack::Saying(self.slack.shown_again(&form, self.engine.policies.people())))
    }

    fn wrong(&self, field: Field, chosen: &Chosen, why: &str) -> Ack {
        // Where all of it goes back there is no input for the models.
        let has_models = chosen.rollback_type.is_some_and(|chosen| !policies::takes_all(chosen));
        let field = if field == Field::Models && !has_models { Field::Type } else { field };
        Ack::Saying(self.slack.wrong_at(field, chosen.target.as_deref(), why))
    }

    /// Says where it goes on. Where that cannot be said, the thread mentions whoever proposed.
    async fn say_where(&self, kept: &Kept, wanted: &Wanted, incident: &IncidentId, budget: Budget) {
        if kept.response_url.is_empty() {
            return;
        }
        let words = Words::plain("Asked for: a ")
            .text(wanted.rollback_type.to_string())
            .text(" in ")
            .code(&wanted.target)
            .text(", incident ")
            .code(incident.short())
            .text(
                ". Whether it is possible is found out now; it goes on in the incident’s thread.",
            );
        let answer = Answer::saying(words).with_tone(Tone::Good).with_hint(
            Words::new()
                .code(format!("{} show {}", self.command, incident.short()))
                .text(" shows how far it is."),
        );
        let people = self.engine.policies.people();
        let telling = self.slack.follow_up(&kept.response_url, &answer, people);
        budget.tell(&format!("where {incident} goes on"), telling).await;
    }
}

fn field(part: Part) -> Field {
    match part {
        Part::Target => Field::Target,
        Part::Models => Field::Models,
        Part::Trigger => Field::Trigger,
        Part::Reason => Field::Reason,
        Part::When => Field::When,
    }
}

fn refused(declined: &Declined) -> Answer {
    let answer = Answer::saying(Words::marked(&sentence(&declined.to_string())));
    match declined {
        Declined::Unclear { .. } => answer.with_hint(Words::plain("Nothing was proposed.")),
        // It says so itself.
        Declined::Refused(_) => answer,
    }
}

/// What the policies say, as a sentence of its own.
fn sentence(why: &str) -> String {
    let mut letters = why.chars();
    let sentence: String = match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    };
    if sentence.ends_with(['.', '?', '!', '`']) { sentence } else { format!("{sentence}.") }
}
