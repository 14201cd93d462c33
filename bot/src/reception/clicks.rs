//! Buttons, and the modals that ask why.

use std::time::Duration;

use domain::{
    card::Button, digest::Digest, id::ProposalId, person::Identity, port::MessageRef, words::Words,
};
use slack::{AskWhy, Interaction};

use super::{Ack, Reception};
use crate::{
    directory,
    engine::{Decide, Place, Wish},
};

/// Slack wants its answer within three seconds, and a trigger lives no longer.
const MODAL: Duration = Duration::from_millis(2500);

impl Reception {
    pub(super) async fn interaction(&self, interaction: Interaction) -> anyhow::Result<Ack> {
        match interaction {
            Interaction::Click { button, proposal, plan, stop, trigger_id, .. }
                if button.asks_why() =>
            {
                let ask = AskWhy { button, proposal: &proposal, plan: &plan, stop };
                self.ask_why(&trigger_id, ask).await;
            }
            Interaction::Click { identity, button, proposal, plan, stop, thread, .. } => {
                let wish = Wish::of(button, stop, String::new());
                self.decide(identity, (proposal, plan), wish, place(thread.as_ref())).await?;
            }
            Interaction::AsksToBeKnown { identity, incident } => {
                self.engine.introduce(&identity, &incident).await?;
                self.metrics.click("introduced");
            }
            Interaction::Submitted { identity, button, proposal, plan, stop, reason } => {
                let wish = Wish::of(button, stop, reason);
                self.decide(identity, (proposal, plan), wish, Place::Channel).await?;
            }
            Interaction::Other(kind) => {
                self.metrics.click("other");
                tracing::debug!("an interaction of kind {kind} changes nothing");
            }
        }
        Ok(Ack::Taken)
    }

    async fn ask_why(&self, trigger_id: &str, ask: AskWhy<'_>) {
        let people = self.engine.policies.people();
        let words = about_to(ask.button, ask.plan);
        let opening = self.slack.open_reason_modal(trigger_id, ask, &words, people);
        match tokio::time::timeout(MODAL, opening).await {
            Ok(Ok(())) => self.metrics.click("modal"),
            // The person sees that nothing opens, and presses again.
            Ok(Err(error)) => tracing::warn!("the dialog for a reason did not open: {error}"),
            Err(_) => tracing::warn!("the dialog for a reason did not open in time"),
        }
    }

    async fn decide(
        &self,
        identity: Identity,
        (proposal, plan): (ProposalId, Digest),
        wish: Option<Wish>,
        place: Place,
    ) -> anyhow::Result<()> {
        let Some(wish) = wish else {
            self.metrics.click("other");
            tracing::warn!("a click on {proposal} does not say which stop of its run it answers");
            return Ok(());
        };
        directory::look_up(&self.engine, &self.slack, &identity).await?;
        let decide = Decide { identity, proposal, plan, wish };
        self.engine.decide_at(&decide, place).await?;
        self.metrics.click("decided");
        Ok(())
    }
}

/// Where a click was made: home pages and letters are between the bot and one person.
fn place(thread: Option<&MessageRef>) -> Place {
    match thread {
        Some(thread) if !thread.channel.starts_with('D') => Place::Channel,
        Some(_) | None => Place::Private,
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
        | Button::Keep => ("This is about plan ", "."),
    };
    Words::plain(begin).code(plan.short()).text(end)
}
