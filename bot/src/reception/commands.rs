//! The slash command: reads answer at once, acts go the way of their buttons.
//!
//! Answers are seen by whoever typed the command alone, and where they typed it. Nothing is remembered between two
//! commands: an answer's buttons carry the command that shows the other page.

mod acting;
mod glances;
mod help;
mod holds;
mod incident;
mod ladder;
mod status;
mod subject;
mod typed;
mod understand;
mod who;

use std::time::Duration;

use domain::{notice::Tone, person::Identity, words::Words};
use slack::{Answer, Command};

use self::typed::Typed;
pub(super) use self::typed::{Filled, Part};
use super::{Ack, Budget, Reception, budget::slow_database, clicks::Came};
use crate::directory;

/// What is kept of Slack's three seconds to put an answer together, and to show another page of one.
const ANSWERING: Duration = Duration::from_millis(200);
const TURNING: Duration = Duration::from_millis(700);

impl Reception {
    pub(super) async fn command(&self, command: &Command, budget: Budget) -> anyhow::Result<Ack> {
        tracing::debug!("{} typed {} {}", command.identity, command.name, command.text);
        if command.name != self.command {
            return Ok(self.say(&self.named_otherwise(&command.name)));
        }
        if let Some(refused) = self.may_not_read(&command.identity, budget).await? {
            return Ok(self.say(&refused));
        }
        match understand::understand(&command.text) {
            Err(mistyped) => Ok(self.say(&help::mistyped(&self.command, &mistyped))),
            Ok(Typed::Act(act, of)) => self.act(command, act, of.as_deref(), budget).await,
            Ok(Typed::LiftHold(of)) => self.lift_hold(command, of.as_deref(), budget).await,
            Ok(Typed::Propose(parts)) => self.propose(command, &parts, budget).await,
            Ok(typed) => {
                let budget = budget.but(ANSWERING);
                let answer = self.read_in_time(&command.identity, &typed, budget).await?;
                Ok(self.say(&answer))
            }
        }
    }

    /// Shows the page that a button of an answer leads to, in its place.
    pub(super) async fn turn(
        &self,
        identity: &Identity,
        text: &str,
        response_url: &str,
        budget: Budget,
    ) -> anyhow::Result<Ack> {
        let reading = budget.but(TURNING);
        let refused = self.may_not_read(identity, reading).await?;
        let answer = match (refused, understand::understand(text)) {
            (Some(refused), _) => refused,
            (None, Ok(typed)) => self.read_in_time(identity, &typed, reading).await?,
            (None, Err(mistyped)) => help::mistyped(&self.command, &mistyped),
        };
        let people = self.engine.policies.people();
        // Where it fails, the person sees that the page stays, and presses again or types the command.
        let turning = self.slack.turn_to(response_url, &answer, people);
        budget.tell("another page of an answer", turning).await;
        Ok(Ack::Taken)
    }

    pub(super) fn say(&self, answer: &Answer) -> Ack {
        Ack::Saying(self.slack.answer(answer, self.engine.policies.people()))
    }

    /// The answer to a command that does what a button does: none where the person sees what came of it.
    fn with_what_came(&self, came: Came) -> Ack {
        match came {
            Came::Through => self.with_dialog(true),
            Came::Unopened => self.with_dialog(false),
            Came::Unjudged => {
                self.metrics.click("unopened");
                self.say(&slow_database())
            }
        }
    }

    /// The answer to a command that opens a dialog: none where it is there.
    pub(super) fn with_dialog(&self, is_open: bool) -> Ack {
        if is_open {
            return Ack::Taken;
        }
        self.metrics.click("unopened");
        self.say(
            &Answer::saying(Words::plain(
                "The dialog did not open: Slack was too slow, or refused. Nothing was done; type it again.",
            ))
            .with_tone(Tone::Attention),
        )
    }

    /// Reads, and gives up before Slack does: nothing was changed, so that is all there is to say.
    async fn read_in_time(
        &self,
        identity: &Identity,
        typed: &Typed,
        budget: Budget,
    ) -> anyhow::Result<Answer> {
        if let Some(answer) = budget.within(self.read(identity, typed)).await {
            return answer;
        }
        tracing::warn!("the database took too long for a command that only reads");
        Ok(slow_database())
    }

    async fn read(&self, identity: &Identity, typed: &Typed) -> anyhow::Result<Answer> {
        match typed {
            Typed::Help(verb) => Ok(help::help(&self.command, *verb)),
            Typed::Status => self.status(identity).await,
            Typed::List { all: true, page } => self.list_all(*page).await,
            Typed::List { all: false, page } => self.list_open(*page).await,
            Typed::Show(of) => self.show(of.as_deref()).await,
            Typed::Timeline { of, page } => self.timeline(of.as_deref(), *page).await,
            Typed::Why { of, person } => self.why(identity, of.as_deref(), person.as_deref()).await,
            Typed::Oncall => self.oncall().await,
            Typed::Holds => self.holds().await,
            Typed::Drill => Ok(Answer::saying(Words::plain(
                "Drills are not there yet: Countersign can neither run one nor plan one. Nothing was done.",
            ))),
            // These change something, or open a modal: no page of an answer leads there.
            Typed::LiftHold(_) | Typed::Act(..) | Typed::Propose(_) => {
                Ok(Answer::saying(Words::plain("Type the command for that. Nothing was done.")))
            }
        }
    }

    /// Why somebody may not read what is going on; `None` where they may. Every member of the workspace may who can type the
    /// command: incidents are shown in a channel, and whoever watches one should be able to ask. Guests see single channels,
    /// and the command would show them all.
    async fn may_not_read(
        &self,
        identity: &Identity,
        budget: Budget,
    ) -> anyhow::Result<Option<Answer>> {
        if !self.slack.is_home_of(identity) {
            return Ok(Some(Answer::saying(Words::plain(
                "Countersign answers people of its own workspace alone. Nothing was done: ask somebody there.",
            ))));
        }
        let standing =
            directory::reads_nothing(&self.engine, &self.slack, identity, budget).await?;
        Ok(standing.map(|_| {
            Answer::saying(Words::plain(
                "Countersign answers members of this workspace alone, and Slack says that you are a guest here or belong to another one. Nothing was done: ask a member, please.",
            ))
        }))
    }

    /// The app has a command that the configuration does not know.
    fn named_otherwise(&self, name: &str) -> Answer {
        Answer::saying(
            Words::plain("You typed ")
                .code(name)
                .text(", and this Countersign listens to ")
                .code(&self.command)
                .text(". Nothing was done: type that one instead."),
        )
        .with_hint(
            Words::plain("For the operator: the app’s slash command and ")
                .code("slack.command")
                .text(" in countersign.yaml must have the same name."),
        )
    }
}
