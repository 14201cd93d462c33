//! The modals that ask for a reason or a name, and what stands in them.

use std::time::Duration;

use domain::{
    card::Button, digest::Digest, id::ProposalId, person::Identity, place::Place, plan::Outcome,
    port::ChatError, proposal::Proposal, run::Stop, words::Words,
};
use slack::AskWhy;

use super::On;
use crate::{
    directory,
    engine::{Decide, Wish},
    reception::{Budget, Reception, budget::slow_database},
};

/// What is kept of Slack's three seconds to say that a dialog did not open.
const TELLING: Duration = Duration::from_millis(500);
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

/// What came of a press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reception) enum Came {
    /// It was taken or refused, or a dialog stands open; the person sees which.
    Through,
    /// A dialog should have opened and did not: Slack was too slow, or refused. The person does not know it yet.
    Unopened,
    /// The database was too slow to say whether one may open. The person does not know it yet.
    Unjudged,
}

/// Whether somebody is to be asked for the rest.
enum May {
    /// They may; this is what it was asked for.
    Ask(On),
    /// They may not, and have been told why.
    Not,
    /// Nobody found out in time.
    Unknown,
}

impl Reception {
    pub(super) async fn ask_why(
        &self,
        on: On,
        pressed: Pressed,
        budget: Budget,
    ) -> anyhow::Result<Came> {
        let Pressed { button, stop, trigger_id } = pressed;
        let wish = Wish::of(button, stop, NOT_SAID_YET.to_owned());
        let On { proposal, plan, place, .. } = match self.may(on, wish, budget).await? {
            May::Ask(on) => on,
            May::Not => return Ok(Came::Through),
            May::Unknown => return Ok(Came::Unjudged),
        };
        let people = self.engine.policies.people();
        let ask = AskWhy { button, proposal: &proposal, plan: &plan, stop, place: &place };
        let words = about_to(button, &plan);
        let opening = self.slack.open_reason_modal(&trigger_id, ask, &words, people);
        Ok(Came::of(self.opened(opening, budget).await))
    }

    pub(super) async fn ask_for_the_name(
        &self,
        on: On,
        pressed: Pressed,
        shown: &Proposal,
        budget: Budget,
    ) -> anyhow::Result<Came> {
        let Some(name) = shown.name_to_type() else { return Ok(Came::Through) };
        let Pressed { button, stop, trigger_id } = pressed;
        let wish = Wish::of(button, stop, String::new()).map(|wish| wish.typing(name.to_owned()));
        let On { proposal, plan, place, .. } = match self.may(on, wish, budget).await? {
            May::Ask(on) => on,
            May::Not => return Ok(Came::Through),
            May::Unknown => return Ok(Came::Unjudged),
        };
        let people = self.engine.policies.people();
        let ask = AskWhy { button, proposal: &proposal, plan: &plan, stop, place: &place };
        let words = replaces(shown);
        let opening = self.slack.open_name_modal(&trigger_id, (ask, name), &words, people);
        Ok(Came::of(self.opened(opening, budget).await))
    }

    /// Whether the person may. It is given up when a dialog could not open any more: what they send is judged again.
    async fn may(&self, on: On, wish: Option<Wish>, budget: Budget) -> anyhow::Result<May> {
        let Some(wish) = wish else {
            self.metrics.click("other");
            tracing::warn!(
                "a click on {} does not say which stop of its run it answers",
                on.proposal
            );
            return Ok(May::Not);
        };
        let On { identity, proposal, plan, place } = on;
        let decide = Decide { identity, proposal, plan, wish, place };
        let judging = async {
            let (engine, slack) = (&self.engine, &self.slack);
            directory::look_up_before_asking(engine, slack, &decide.identity, budget).await?;
            anyhow::Ok(engine.consider(&decide).await?)
        };
        let Some(judged) = budget.but(TELLING).within(judging).await else {
            tracing::warn!("the database took too long to say whether a dialog may open");
            return Ok(May::Unknown);
        };
        if judged?.is_some() {
            self.metrics.click("decided");
            return Ok(May::Not);
        }
        let Decide { identity, proposal, plan, place, .. } = decide;
        Ok(May::Ask(On { identity, proposal, plan, place }))
    }

    /// Waits for a dialog to open, no longer than its trigger lives. Whether it did.
    pub(in crate::reception) async fn opened(
        &self,
        opening: impl Future<Output = Result<(), ChatError>>,
        budget: Budget,
    ) -> bool {
        match budget.but(TELLING).within(opening).await {
            Some(Ok(())) => {
                self.metrics.click("modal");
                return true;
            }
            Some(Err(error)) => tracing::warn!("a dialog did not open: {error}"),
            None => tracing::warn!("a dialog did not open in time"),
        }
        false
    }

    /// Says to whoever pressed a button that the database is slow, without asking the database.
    pub(super) async fn say_unjudged(
        &self,
        identity: &Identity,
        response_url: &str,
        budget: Budget,
    ) {
        self.metrics.click("unopened");
        if response_url.is_empty() {
            tracing::warn!("{identity} sees nothing open, and there is no way to say why");
            return;
        }
        let people = self.engine.policies.people();
        let answer = slow_database();
        let telling = self.slack.follow_up(response_url, &answer, people);
        budget.tell(&format!("that {identity} waits for a slow database"), telling).await;
    }

    /// Says to whoever pressed a button that nothing came of it. Slack may be slow for longer: so it says when that was.
    pub(super) async fn say_unopened(
        &self,
        (identity, place): (&Identity, &Place),
        proposal: &ProposalId,
        budget: Budget,
    ) {
        self.metrics.click("unopened");
        let words = Words::plain("What you pressed at ").time(self.engine.clock.now()).text(
            " did not open: Slack was too slow, or refused. Nothing was done: press it again, please.",
        );
        let telling = self.engine.tell(identity, proposal, place, &words);
        budget.tell(&format!("that nothing opened for {identity}"), telling).await;
    }
}

impl Came {
    fn of(is_open: bool) -> Self {
        if is_open { Self::Through } else { Self::Unopened }
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
