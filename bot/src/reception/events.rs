//! What happens in the workspace.

use serde_json::json;
use slack::Event;

use super::{Ack, Reception};

impl Reception {
    pub(super) fn event(&self, event: Event) -> Ack {
        match event {
            Event::Challenge(challenge) => Ack::Saying(json!({"challenge": challenge})),
            Event::Other { id, kind } => {
                self.metrics.click("other");
                tracing::debug!("the event {id} of kind {kind} changes nothing");
                Ack::Taken
            }
        }
    }
}
