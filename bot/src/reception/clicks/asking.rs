//! The modals that ask for a reason or a name, and what stands in them.

use std::time::Duration;

use domain::{
    card::Button, digest::Digest, plan::Outcome, port::ChatError, proposal::Proposal, run::Stop,
    words::Words,
};
use slack::AskWhy;

use super::On;
use crate::{
    directory,
    engine::{Decide, Wish},
    reception::Reception,
};

/// Slack wants its answer within three seconds, and a trigger lives no longer.
const MODAL: Duration = Duration::from_millis(2500);
/// So many checks that did not pass are named before an approval of a whole environment.
const CONCERNS: usize = 5;
/// What a reason is before anybody has given one.
const NOT_SAID_YET: &str = "not said yet";

/// A button, as it was pressed.
pub(in crate::reception) struct Pressed {
    pub(in crate::reception) button: Button,
    pub(in crate::reception) stop: Option<Stop>,
    pub(in crate::reception) trigger_id: String,
}

impl Reception {
    pub(super) async fn ask_why(&self, on: On, pressed: Pressed) -> anyhow::Result<()> {
        let Pressed { button, stop, trigger_id } = pressed;
        let wish = Wish::of(button, stop, NOT_SAID_YET.to_owned());
        let Some(On { proposal, plan, place, .. }) = self.may(on, wish).await? else {
            return Ok(());
        };
        let people = self.engine.policies.people();
        let ask = AskWhy { button, proposal: &proposal, plan: &plan, stop, place: &place };
        let words = about_to(button, &plan);
        self.opened(self.slack.open_reason_modal(&trigger_id, ask, &words, people)).await;
        Ok(())
    }

    pub(super) async fn ask_for_the_name(
        &self,
        on: On,
        pressed: Pressed,
        shown: &Proposal,
    ) -> anyhow::Result<()> {
        let Some(name) = shown.name_to_type() else { return Ok(()) };
        let Pressed { button, stop, trigger_id } = pressed;
        let wish = Wish::of(button, stop, String::new()).map(|wish| wish.typing(name.to_owned()));
        let Some(On { proposal, plan, place, .. }) = self.may(on, wish).await? else {
            return Ok(());
        };
        let people = self.engine.policies.people();
        let ask = AskWhy { button, proposal: &proposal, plan: &plan, stop, place: &place };
        let words = replaces(shown);
        self.opened(self.slack.open_name_modal(&trigger_id, (ask, name), &words, people)).await;
        Ok(())
    }

    /// Gives back what it was asked for, where the person may; otherwise they have been told why not.
    async fn may(&self, on: On, wish: Option<Wish>) -> anyhow::Result<Option<On>> {
        let Some(wish) = wish else {
            self.metrics.click("other");
            tracing::warn!(
                "a click on {} does not say which stop of its run it answers",
                on.proposal
            );
            return Ok(None);
        };
        let On { identity, proposal, plan, place } = on;
        directory::look_up(&self.engine, &self.slack, &identity).await?;
        let decide = Decide { identity, proposal, plan, wish, place };
        if self.engine.consider(&decide).await?.is_some() {
            self.metrics.click("decided");
            return Ok(None);
        }
        let Decide { identity, proposal, plan, place, .. } = decide;
        Ok(Some(On { identity, proposal, plan, place }))
    }

    /// Waits for a dialog to open, no longer than its trigger lives. Whether it did; where it did not, the person sees
    /// that nothing opens, and presses again.
    pub(in crate::reception) async fn opened(
        &self,
        opening: impl Future<Output = Result<(), ChatError>>,
    ) -> bool {
        match tokio::time::timeout(MODAL, opening).await {
            Ok(Ok(())) => {
                self.metrics.click("modal");
                return true;
            }
            Ok(Err(error)) => tracing::warn!("a dialog did not open: {error}"),
            Err(_) => tracing::warn!("a dialog did not open in time"),
        }
        false
    }
}

/// What a button with a reason is about to do.
fn about_to(button: Button, plan: &Digest) -> Words {
    let (begin, end) = match button {
        Button::GiveUp => (
            "You are about to end the stuck rollback of plan ",
            ". Everything stays as it stands now.",
        ),
        Button::Cancel => (
            "You are about to cancel the rollback of plan ",
            ". A step under way is ended, what it did is found out, and what was done is taken back in reverse.",
        ),
        Button::Skip => (
            "You are about to sign off a step of plan ",
            ". It counts as settled (done, taken back, or not needed), the rollback goes on behind it, and the card says that you signed it off.",
        ),
        Button::Retry | Button::RetryBlind => (
            "You are about to repeat a step of plan ",
            ". Nothing can tell what it has done so far: you sign that it may be done again.",
        ),
        Button::LiftHold => (
            "After this, what the rollback of plan ",
            " went back from may come again, and CI is let through.",
        ),
        Button::Reject => ("You are about to reject plan ", "."),
        // None of these asks why today; whichever will must not be told that it rejects.
        Button::Approve
        | Button::Escalate
        | Button::Pause
        | Button::Resume
        | Button::Confirm
        | Button::Keep
        | Button::NotMe => ("This is about plan ", "."),
    };
    Words::plain(begin).code(plan.short()).text(end)
}

/// What an approval replaces, and what is lost by it.
fn replaces(proposal: &Proposal) -> Words {
    let opening = &proposal.opening;
    let words = Words::plain("You sign plan ").code(opening.plan.short());
    let words = words.text(": everything in ").code(&opening.target.environment).text(" of ");
    let words =
        words.code(&opening.target.id).text(" is replaced, state and data and configuration");
    let words = match opening.models.len() {
        0 => words.text("."),
        1 => words.text(", one model with it."),
        count => words.text(format!(", {count} models with it.")),
    };
    let is_loss = |check: &str| ["data_loss", "rows_after_point"].contains(&check);
    let (lost, others): (Vec<_>, Vec<_>) =
        opening.findings.iter().partition(|finding| is_loss(&finding.check));
    let words = if lost.is_empty() {
        words.text("\n\nWhat was written since then is lost; no check could say how much.")
    } else {
        lost.iter().fold(words.text("\n\nWhat is lost:"), |words, finding| {
            words.text("\n• ").text(&finding.detail)
        })
    };
    let concerns: Vec<_> =
        others.into_iter().filter(|finding| finding.outcome != Outcome::Pass).collect();
    if concerns.is_empty() {
        return words;
    }
    let shown = concerns.iter().take(CONCERNS);
    let words = shown.fold(words.text("\n\nWhat the checks found:"), |words, finding| {
        words
            .text(format!("\n• {} ", finding.label()))
            .code(&finding.subject)
            .text(format!(": {}", finding.detail))
    });
    match concerns.len().saturating_sub(CONCERNS) {
        0 => words,
        more => words.text(format!("\n… and {more} more, under Details")),
    }
}
