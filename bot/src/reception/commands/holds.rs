//! `hold`: what must not come back after a rollback, and who lets it.

use domain::{card::Button, hold::Hold, words::Words};
use slack::{Answer, Command};

use super::super::{
    Ack, Budget, Reception,
    clicks::{On, Pressed},
};
use crate::{gate, lookup};

/// So many holds are read, newest first.
const READ: u32 = 200;
/// So many are listed.
const MOST: usize = 12;
/// So many versions are named.
const VERSIONS: usize = 6;

impl Reception {
    pub(super) async fn holds(&self) -> anyhow::Result<Answer> {
        let holds = self.standing_holds().await?;
        let words = match holds.len() {
            0 => Words::plain("Nothing is held: every environment may be deployed to."),
            1 => {
                Words::plain("One hold stands. CI is told not to bring back what was rolled back:")
            }
            many => Words::plain(format!(
                "{many} holds stand. CI is told not to bring back what was rolled back:"
            )),
        };
        let mut answer = Answer::saying(words);
        for hold in holds.iter().take(MOST) {
            answer = answer.line(line(hold));
        }
        if holds.is_empty() {
            return Ok(answer);
        }
        let hint = Words::new()
            .code(self.typed("hold lift ENV"))
            .text(" lets it come again; it asks for the reason.");
        Ok(answer.with_hint(hint))
    }

    /// The holds that stand, newest first.
    pub(super) async fn standing_holds(&self) -> anyhow::Result<Vec<Hold>> {
        let holds = self.engine.store.holds(READ).await?.into_iter().map(|found| found.value);
        Ok(holds.filter(Hold::is_held).collect())
    }

    /// Asks for the reason, as the card's button does.
    pub(super) async fn lift_hold(
        &self,
        command: &Command,
        of: Option<&str>,
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        let standing = self.standing_holds().await?;
        let meant: Vec<&Hold> = match of {
            None => standing.iter().collect(),
            Some(text) => {
                let targets = gate::targets(&self.engine.policies, text);
                let by_id = lookup::hold(&self.engine.store, text).await?.ok();
                let is_meant = |hold: &&Hold| {
                    targets.iter().any(|target| target.id == hold.opening.target.id)
                        || by_id.as_ref() == Some(&hold.id)
                };
                standing.iter().filter(is_meant).collect()
            }
        };
        let answer = match (&meant[..], of) {
            ([hold], _) => {
                let place = self.answered_at(command, &hold.opening.incident).await?;
                let (identity, trigger_id) = (command.identity.clone(), command.trigger_id.clone());
                let (proposal, plan) = (hold.opening.proposal.clone(), hold.opening.plan.clone());
                let on = On { identity, proposal, plan, place };
                let button = Button::LiftHold;
                let pressed = Pressed { button, stop: None, trigger_id };
                let came = self.pressed(on, pressed, budget).await?;
                return Ok(self.with_what_came(came));
            }
            ([], None) => {
                Answer::saying(Words::plain("Nothing is held, so there is nothing to lift."))
            }
            ([], Some(text)) => Answer::saying(
                Words::plain("No hold stands on ")
                    .code(text)
                    .text("; ")
                    .code(self.typed("hold"))
                    .text(" shows those that do. Nothing was done."),
            ),
            (several, _) => several.iter().take(MOST).fold(
                Answer::saying(
                    Words::plain(format!(
                        "{} holds stand: say which one, for example ",
                        several.len()
                    ))
                    .code(self.typed(&format!("hold lift {}", several[0].id.short())))
                    .text(". Nothing was done."),
                ),
                |answer, hold| answer.line(line(hold)),
            ),
        };
        Ok(self.say(&answer))
    }
}

fn line(hold: &Hold) -> Words {
    let opening = &hold.opening;
    let mark = if hold.returned().is_some() { "🔴 " } else { "🔒 " };
    let words = Words::plain(mark)
        .code(&opening.target.environment)
        .text(" of ")
        .code(&opening.target.id)
        .text(" · ")
        .code(hold.id.short())
        .text(" · since ")
        .time(hold.since)
        .text(" · incident ")
        .code(opening.incident.short());
    let words = match hold.returned() {
        Some(_) => words.text(" · what was rolled back is live again"),
        None => words,
    };
    let bad: Vec<String> = opening.bad.iter().take(VERSIONS).map(ToString::to_string).collect();
    let words = if bad.is_empty() {
        words
    } else {
        words.text(" · must not come back: ").codes(bad.iter().map(String::as_str))
    };
    let rest = opening.bad.len().saturating_sub(VERSIONS);
    let words = if rest > 0 { words.text(format!(" and {rest} more")) } else { words };
    words
        .text(" · can lift it: ")
        .people(&opening.who)
        .text(format!(" ({} or higher)", opening.needs))
}
