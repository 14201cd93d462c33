//! How fast the adapter speaks, so that Slack need not say "too fast" in the middle of an incident.
//!
//! Slack allows about one post a second in a channel and about fifty edits a minute, and bears short bursts. A
//! call that would be too early waits here; nothing is dropped.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

/// How many calls are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Posts a second in one channel, in the long run.
    pub posts_per_second: NonZeroU32,
    /// Posts in one channel that may go at once.
    pub post_burst: NonZeroU32,
    /// Edits a minute, in the long run.
    pub edits_per_minute: NonZeroU32,
    /// Edits that may go at once.
    pub edit_burst: NonZeroU32,
}

impl Pace {
    /// What a Slack workspace bears.
    pub const SLACK: Self = Self {
        posts_per_second: NonZeroU32::MIN,
        post_burst: NonZeroU32::new(4).expect("four is not zero"),
        edits_per_minute: NonZeroU32::new(50).expect("fifty is not zero"),
        edit_burst: NonZeroU32::new(8).expect("eight is not zero"),
    };

    /// As many times as fast.
    #[must_use]
    pub fn times(self, factor: NonZeroU32) -> Self {
        Self {
            posts_per_second: self.posts_per_second.saturating_mul(factor),
            post_burst: self.post_burst.saturating_mul(factor),
            edits_per_minute: self.edits_per_minute.saturating_mul(factor),
            edit_burst: self.edit_burst.saturating_mul(factor),
        }
    }

    /// As fast as it goes: for servers that do not count.
    pub const UNBOUND: Self = Self {
        posts_per_second: NonZeroU32::MAX,
        post_burst: NonZeroU32::MAX,
        edits_per_minute: NonZeroU32::MAX,
        edit_burst: NonZeroU32::MAX,
    };
}

impl Default for Pace {
    fn default() -> Self {
        Self::SLACK
    }
}

/// Lets calls through at a pace.
#[derive(Debug)]
pub(crate) struct Pacer {
    posts: DefaultKeyedRateLimiter<String>,
    edits: DefaultDirectRateLimiter,
}

impl Pacer {
    pub(crate) fn new(pace: Pace) -> Self {
        let posts = Quota::per_second(pace.posts_per_second).allow_burst(pace.post_burst);
        let edits = Quota::per_minute(pace.edits_per_minute).allow_burst(pace.edit_burst);
        Self { posts: RateLimiter::keyed(posts), edits: RateLimiter::direct(edits) }
    }

    /// Returns when a post to `channel` may go.
    pub(crate) async fn post(&self, channel: &str) {
        self.posts.until_key_ready(&channel.to_owned()).await;
    }

    /// Returns when an edit may go.
    pub(crate) async fn edit(&self) {
        self.edits.until_ready().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_have_their_own_bursts_and_then_wait() {
        let pacer = Pacer::new(Pace::SLACK);
        let [one, other] = ["C1".to_owned(), "C2".to_owned()];
        for post in 1..=4 {
            assert!(pacer.posts.check_key(&one).is_ok(), "post {post} of the burst");
        }
        assert!(pacer.posts.check_key(&one).is_err(), "the burst is over");
        assert!(pacer.posts.check_key(&other).is_ok(), "another channel is free");
    }

    #[test]
    fn an_unbound_pace_never_waits() {
        let pacer = Pacer::new(Pace::UNBOUND);
        for _ in 0..10_000 {
            assert!(pacer.posts.check_key(&"C1".to_owned()).is_ok());
            assert!(pacer.edits.check().is_ok());
        }
    }
}
