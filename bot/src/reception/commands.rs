//! The slash command.

use domain::words::Words;
use slack::Command;

use super::{Ack, Reception};

impl Reception {
    pub(super) fn command(&self, command: &Command) -> Ack {
        let words =
            Words::plain("This is Countersign. ").code(&self.command).text(" can do nothing yet.");
        tracing::debug!("{} typed {}", command.identity, command.text);
        Ack::Saying(self.slack.answer(&words, self.engine.policies.people()))
    }
}
