//! Buttons, and the modals that people fill in before something is decided.
//!
//! Whoever may not is refused before a modal opens: nobody types a reason in vain.

mod asking;
mod reading;

use domain::{
    card::Button, digest::Digest, id::ProposalId, person::Identity, place::Place, run::Stop,
};
use slack::{Input, Interaction};

pub(super) use self::asking::{Came, Pressed};
use super::{Ack, Budget, Reception};
use crate::{
    directory,
    engine::{Decide, Wish},
};

const SAY_WHY: &str = "Please say why: the others and the auditor read it.";

/// What was decided on, by whom, and where they look.
pub(super) struct On {
    pub(super) identity: Identity,
    pub(super) proposal: ProposalId,
    pub(super) plan: Digest,
    pub(super) place: Place,
}

impl Reception {
    pub(super) async fn interaction(
        &self,
        interaction: Interaction,
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        match interaction {
            Interaction::Click {
                identity,
                button,
                proposal,
                plan,
                stop,
                trigger_id,
                response_url,
                place,
            } => {
                let on = On { identity, proposal, plan, place };
                let pressed = Pressed { button, stop, trigger_id };
                self.clicked(on, pressed, &response_url, budget).await?;
            }
            Interaction::Submitted {
                identity,
                button,
                proposal,
                plan,
                stop,
                reason,
                typed,
                place,
            } => {
                let on = On { identity, proposal, plan, place };
                return self.submitted(on, (button, stop), (reason, typed), budget).await;
            }
            Interaction::Details { proposal, page, opens, place, identity } => {
                self.read_on((&identity, &place), &proposal, (&opens, page), budget).await;
            }
            Interaction::Turned { identity, command, response_url } => {
                return self.turn(&identity, &command, &response_url, budget).await;
            }
            Interaction::Choosing { view, hash, chosen, kept, .. } => {
                return self.choosing((&view, &hash), (chosen, kept), budget).await;
            }
            Interaction::Suggest { identity, input, typed } => {
                return Ok(self.suggest(&identity, &input, &typed).await);
            }
            Interaction::Proposed { identity, view, chosen, kept } => {
                return self.proposed((&identity, &view), (chosen, kept), budget).await;
            }
            Interaction::AsksToBeKnown { identity, incident, place } => {
                self.engine.introduce(&identity, &incident, place).await?;
                self.metrics.click("introduced");
            }
            Interaction::Other(kind) => {
                self.metrics.click("other");
                tracing::debug!("an interaction of kind {kind} changes nothing");
            }
        }
        Ok(Ack::Taken)
    }

    /// Whoever was too slow is not needed to say so.
    async fn clicked(
        &self,
        on: On,
        pressed: Pressed,
        response_url: &str,
        budget: Budget,
    ) -> anyhow::Result<()> {
        let (identity, proposal, place) =
            (on.identity.clone(), on.proposal.clone(), on.place.clone());
        match self.pressed(on, pressed, budget).await? {
            Came::Through => {}
            Came::Unopened => self.say_unopened((&identity, &place), &proposal, budget).await,
            Came::Unjudged => self.say_unjudged(&identity, response_url, budget).await,
        }
        Ok(())
    }

    pub(super) async fn pressed(
        &self,
        on: On,
        pressed: Pressed,
        budget: Budget,
    ) -> anyhow::Result<Came> {
        if pressed.button.asks_why() {
            return self.ask_why(on, pressed, budget).await;
        }
        if pressed.button == Button::Approve
            && let Some(found) = self.engine.store.proposal(&on.proposal).await?
            && found.value.name_to_type().is_some()
        {
            return self.ask_for_the_name(on, pressed, &found.value, budget).await;
        }
        let wish = Wish::of(pressed.button, pressed.stop, String::new());
        self.decide(on, wish, budget).await?;
        Ok(Came::Through)
    }

    /// A reason that is missing, or a name that is another, keeps the modal open; nothing is decided.
    async fn submitted(
        &self,
        on: On,
        (button, stop): (Button, Option<Stop>),
        (reason, typed): (String, String),
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        if button.asks_why() && reason.is_empty() {
            return Ok(Ack::Saying(self.slack.objection(Input::Reason, SAY_WHY)));
        }
        if button == Button::Approve {
            let found = self.engine.store.proposal(&on.proposal).await?;
            if let Some(name) = found.as_ref().and_then(|found| found.value.name_to_type())
                && typed != name
            {
                self.metrics.click("mistyped");
                let text = format!("This is not the name. Type exactly: {name}");
                return Ok(Ack::Saying(self.slack.objection(Input::Name, &text)));
            }
        }
        let wish = Wish::of(button, stop, reason).map(|wish| wish.typing(typed));
        self.decide(on, wish, budget).await?;
        Ok(Ack::Taken)
    }

    /// What is committed too late for Slack stands: it is not given up in the middle.
    async fn decide(&self, on: On, wish: Option<Wish>, budget: Budget) -> anyhow::Result<()> {
        let On { identity, proposal, plan, place } = on;
        let Some(wish) = wish else {
            self.metrics.click("other");
            tracing::warn!("a click on {proposal} does not say which stop of its run it answers");
            return Ok(());
        };
        directory::look_up(&self.engine, &self.slack, &identity, budget).await?;
        self.engine.decide(&Decide { identity, proposal, plan, wish, place }).await?;
        self.metrics.click("decided");
        Ok(())
    }
}
