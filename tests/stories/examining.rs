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
    /// What a chat has not taken is kept, counted, and named with its reason.
    what_a_chat_has_refused_is_named,
    async |w| {
        assert_eq!(findings(w).await, "");
        w.alert().await;
        w.read_on();
        w.slack.fail_next("chat.postMessage", "msg_too_long");
        w.advance(TimeDelta::minutes(16)).await;
        w.expect_error("a message of inc_");
        w.read_on();
        insta::assert_snapshot!(findings(w).await, @"
        problem messages: 1 message is kept back for slack since 2026-11-23 03:16 UTC: slack refuses: chat.postMessage: msg_too_long. This is a fault in Countersign: please report it with this message
          Mend what it says: what waits is tried again by itself, what was given up when `serve` starts
        ");
    }
);
