//! What the doctor finds in a bot that has been at work.

use std::sync::Arc;

use countersign::doctor::{self, State};
use futures_util::StreamExt as _;

use crate::{
    story,
    world::{CHANNEL, World},
};

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
        w.slack.archive(CHANNEL);
        w.alert().await;
        w.expect_error("is_archived");
        insta::assert_snapshot!(findings(w).await, @"");
    }
);
