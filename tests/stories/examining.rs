//! What the doctor finds in a bot that has been at work.

use std::sync::Arc;

use chrono::TimeDelta;
use countersign::doctor::{self, State};
use futures_util::StreamExt as _;

use crate::{story, world::World};

/// What is not well, a line each.
async fn findings(w: &World) -> String {
    let found = doctor::examine(&w.config, Arc::new(w.clock.clone()));
    let found: Vec<_> = found.collect().await;
    let ill = found.iter().filter(|finding| finding.state != State::Ok && finding.check != "clock");
    let lines = ill.map(|finding| {
        let fix = finding.fix.as_deref().unwrap_or_default();
        format!("{} {}: {}\n  {fix}\n", finding.state, finding.check, finding.what)
    });
    lines.collect()
}

story!(
    /// What a chat has refused for good is kept, counted, and named with its reason until somebody has mended it.
    what_a_chat_has_refused_is_named,
    async |w| {
        assert_eq!(findings(w).await, "");
        w.slack.fail_next("chat.postMessage", "is_archived");
        w.alert().await;
        w.expect_error("is_archived");
        insta::assert_snapshot!(findings(w).await, @"
        problem messages: 1 card is kept back for slack since 2026-11-23 03:00 UTC: slack refuses: chat.postMessage: is_archived. The channel is archived: unarchive it or set another slack.channel
          Mend what it says, and restart `serve`: it tries them again when it starts
        ");
        // With the next change it is tried again, and there is nothing more to say.
        w.advance(TimeDelta::minutes(16)).await;
        w.read_on();
        assert_eq!(findings(w).await, "");
    }
);
