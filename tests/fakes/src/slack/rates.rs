//! Slack's limits on calls, by the fake's clock: so many of a method in a minute, and a post a second in one channel.

use std::collections::{BTreeMap, VecDeque};

use super::{FakeSlack, web_api::Refused};

const MINUTE_MS: i64 = 60_000;
const SECOND_MS: i64 = 1000;
/// So many posts may come in one breath.
const BURST: i64 = 3;
/// All channels together.
const POSTS_PER_MINUTE: usize = 300;

/// When calls were made lately.
#[derive(Debug, Default)]
pub(super) struct Rates {
    is_kept: bool,
    called_ms: BTreeMap<String, VecDeque<i64>>,
    /// When a channel will have made up for its posts.
    even_ms: BTreeMap<String, i64>,
    refused: u32,
}

impl FakeSlack {
    /// Switches Slack's limits on.
    pub fn keep_rates(&self) {
        self.lock().rates.is_kept = true;
    }

    /// How many calls were refused for coming too fast since the limits were switched on.
    pub fn refused_for_pace(&self) -> u32 {
        self.lock().rates.refused
    }
}

impl Rates {
    /// A call is made now; a refused one counts for nothing.
    pub(super) fn take(&mut self, method: &str, channel: &str, now_ms: i64) -> Result<(), Refused> {
        if !self.is_kept {
            return Ok(());
        }
        let wait_ms = self.wait_ms(method, channel, now_ms);
        if wait_ms > 0 {
            self.refused += 1;
            let seconds = u32::try_from((wait_ms + SECOND_MS - 1) / SECOND_MS).unwrap_or(u32::MAX);
            return Err(Refused::rate_limited(seconds));
        }
        self.called_ms.entry(method.to_owned()).or_default().push_back(now_ms);
        if method == "chat.postMessage" {
            let even_ms = self.even_ms.entry(channel.to_owned()).or_default();
            *even_ms = now_ms.max(*even_ms) + SECOND_MS;
        }
        Ok(())
    }

    fn wait_ms(&mut self, method: &str, channel: &str, now_ms: i64) -> i64 {
        let Some(most) = per_minute(method) else { return 0 };
        let called_ms = self.called_ms.entry(method.to_owned()).or_default();
        while called_ms.front().is_some_and(|called| now_ms - called >= MINUTE_MS) {
            called_ms.pop_front();
        }
        let minute = match called_ms.front() {
            Some(first) if called_ms.len() >= most => first + MINUTE_MS - now_ms,
            _ => 0,
        };
        let second = if method == "chat.postMessage" {
            let even_ms = self.even_ms.get(channel).copied().unwrap_or_default();
            even_ms - now_ms - (BURST - 1) * SECOND_MS
        } else {
            0
        };
        minute.max(second)
    }
}

/// The tier of a method.
fn per_minute(method: &str) -> Option<usize> {
    Some(match method {
        "apps.connections.open" => 1,
        "usergroups.list" | "usergroups.users.list" => 20,
        "chat.update"
        | "conversations.history"
        | "conversations.replies"
        | "conversations.info"
        | "conversations.open"
        | "conversations.invite"
        | "reactions.add" => 50,
        "chat.postEphemeral"
        | "conversations.members"
        | "users.info"
        | "views.open"
        | "views.push"
        | "views.update"
        | "views.publish" => 100,
        "chat.postMessage" => POSTS_PER_MINUTE,
        "auth.test" | "chat.getPermalink" => 600,
        _ => return None,
    })
}
