//! What happens in the workspace. Each event is kept before it is answered, once; what takes longer than that is an
//! errand for a worker.

use serde_json::json;
use slack::Event;

use super::{Ack, Reception};
use crate::engine::Heard;

impl Reception {
    pub(super) async fn event(&self, event: Event) -> anyhow::Result<Ack> {
        let (id, heard) = match event {
            Event::Challenge(challenge) => return Ok(Ack::Saying(json!({"challenge": challenge}))),
            Event::HomeOpened { id, identity } => (id, Heard::HomeOpened { identity }),
            Event::Reacted { id, identity, emoji, at } if emoji == self.timeline_emoji => {
                (id, Heard::Marked { identity, at })
            }
            Event::UserChanged { id, identity, standing } => {
                (id, Heard::Standing { identity, standing })
            }
            Event::Reacted { id, emoji, .. } => return Ok(self.passed_over(&id, &emoji)),
            Event::Other { id, kind } => return Ok(self.passed_over(&id, &kind)),
        };
        if self.engine.hear(&id, &heard).await? {
            self.metrics.click("event");
        } else {
            self.metrics.click("repeated");
        }
        Ok(Ack::Taken)
    }

    fn passed_over(&self, id: &str, kind: &str) -> Ack {
        self.metrics.click("other");
        tracing::debug!("the event {id} of kind {kind} changes nothing");
        Ack::Taken
    }
}
