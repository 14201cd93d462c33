//! How fast the adapter speaks, so that Slack need not say "too fast" in the middle of an incident.
//!
//! Slack allows about one post a second in a channel and about fifty edits a minute, and bears short bursts; other
//! methods have limits of their own. Nothing waits here and nothing is dropped: whoever comes too early hears how long
//! it takes, and does something else meanwhile. What Slack itself asks for (`Retry-After`) closes the method, and for
//! posts the channel, to everybody.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{Timestamp, port::Clock};
use governor::{
    Quota, RateLimiter, clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed, keyed::DashMapStateStore},
};

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
    /// Edits a minute that show nothing but progress; the others are kept for what people do.
    pub progress_per_minute: NonZeroU32,
    /// Such edits that may go at once.
    pub progress_burst: NonZeroU32,
    /// Calls a minute of each other method that the workers call.
    pub calls_per_minute: NonZeroU32,
    /// Calls of it that may go at once.
    pub call_burst: NonZeroU32,
}

const fn count(many: u32) -> NonZeroU32 {
    NonZeroU32::new(many).expect("it is written below and not zero")
}

impl Pace {
    /// What a Slack workspace bears.
    pub const SLACK: Self = Self {
        posts_per_second: count(1),
        post_burst: count(3),
        // A burst and what comes after it are together no more than Slack allows in any one minute, which is fifty.
        edits_per_minute: count(40),
        edit_burst: count(10),
        progress_per_minute: count(24),
        progress_burst: count(4),
        calls_per_minute: count(40),
        call_burst: count(10),
    };

    /// As many times as fast.
    #[must_use]
    pub fn times(self, factor: NonZeroU32) -> Self {
        let times = |many: NonZeroU32| many.saturating_mul(factor);
        Self {
            posts_per_second: times(self.posts_per_second),
            post_burst: times(self.post_burst),
            edits_per_minute: times(self.edits_per_minute),
            edit_burst: times(self.edit_burst),
            progress_per_minute: times(self.progress_per_minute),
            progress_burst: times(self.progress_burst),
            calls_per_minute: times(self.calls_per_minute),
            call_burst: times(self.call_burst),
        }
    }

    /// As fast as it goes: for servers that do not count.
    pub const UNBOUND: Self = Self {
        posts_per_second: NonZeroU32::MAX,
        post_burst: NonZeroU32::MAX,
        edits_per_minute: NonZeroU32::MAX,
        edit_burst: NonZeroU32::MAX,
        progress_per_minute: NonZeroU32::MAX,
        progress_burst: NonZeroU32::MAX,
        calls_per_minute: NonZeroU32::MAX,
        call_burst: NonZeroU32::MAX,
    };
}

impl Default for Pace {
    fn default() -> Self {
        Self::SLACK
    }
}

type Keyed<K> = RateLimiter<K, DashMapStateStore<K>, Steady, NoOpMiddleware<Duration>>;
type Direct = RateLimiter<NotKeyed, InMemoryState, Steady, NoOpMiddleware<Duration>>;
/// A method, and the channel where the method is limited by channel; else empty.
type Gate = (&'static str, String);

/// Lets calls through at a pace.
#[derive(Debug)]
pub(crate) struct Pacer {
    pace: Pace,
    time: Steady,
    posts: Keyed<String>,
    edits: Direct,
    progress: Direct,
    calls: Keyed<&'static str>,
    /// Until when Slack has closed what.
    closed: Mutex<BTreeMap<Gate, Duration>>,
}

impl Pacer {
    pub(crate) fn new(pace: Pace) -> Self {
        Self::counting(pace, Steady(Arc::new(Source::System(Instant::now()))))
    }

    /// The same pace by another clock.
    pub(crate) fn by(&self, clock: Arc<dyn Clock>) -> Self {
        let seen = Mutex::new((clock.now(), Duration::ZERO));
        Self::counting(self.pace, Steady(Arc::new(Source::Given { clock, seen })))
    }

    /// Another pace by the same clock.
    pub(crate) fn at(&self, pace: Pace) -> Self {
        Self::counting(pace, self.time.clone())
    }

    fn counting(pace: Pace, time: Steady) -> Self {
        let by_minute = |many, burst| Quota::per_minute(many).allow_burst(burst);
        let posts = Quota::per_second(pace.posts_per_second).allow_burst(pace.post_burst);
        let edits = by_minute(pace.edits_per_minute, pace.edit_burst);
        let progress = by_minute(pace.progress_per_minute, pace.progress_burst);
        let calls = by_minute(pace.calls_per_minute, pace.call_burst);
        Self {
            pace,
            posts: RateLimiter::dashmap_with_clock(posts, time.clone()),
            edits: RateLimiter::direct_with_clock(edits, time.clone()),
            progress: RateLimiter::direct_with_clock(progress, time.clone()),
            calls: RateLimiter::dashmap_with_clock(calls, time.clone()),
            closed: Mutex::default(),
            time,
        }
    }

    /// Lets a call through, or says how long it has to wait.
    pub(crate) fn admit(&self, method: &'static str, channel: &str) -> Result<(), Duration> {
        let now = clock::Clock::now(&self.time);
        let gate = gate(method, channel);
        {
            let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
            closed.retain(|_, until| *until > now);
            if let Some(until) = closed.get(&gate) {
                return Err(until.saturating_sub(now));
            }
        }
        let early = match method {
            "chat.postMessage" => self.posts.check_key(&gate.1),
            "chat.update" => self.edits.check(),
            "chat.postEphemeral"
            | "conversations.open"
            | "conversations.history"
            | "conversations.invite"
            | "conversations.members"
            | "conversations.replies" => self.calls.check_key(&method),
            // What a person waits for, such as a modal, is never held up by a guess of ours.
            _ => Ok(()),
        };
        early.map_err(|early| early.wait_time_from(now).max(Duration::from_millis(1)))
    }

    /// Slack asks everybody to wait.
    pub(crate) fn close(&self, method: &'static str, channel: &str, wait: Duration) {
        let until = clock::Clock::now(&self.time) + wait;
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let known = closed.entry(gate(method, channel)).or_default();
        *known = until.max(*known);
    }

    /// Lets an edit through that shows nothing but progress, or says how long it has to wait.
    pub(crate) fn progress(&self) -> Result<(), Duration> {
        let now = clock::Clock::now(&self.time);
        let early = self.progress.check();
        early.map_err(|early| early.wait_time_from(now).max(Duration::from_millis(1)))
    }
}

fn gate(method: &'static str, channel: &str) -> Gate {
    let channel = if method == "chat.postMessage" { channel } else { "" };
    (method, channel.to_owned())
}

/// Time that never goes back: a clock that is set back must not keep a channel closed until it has caught up.
#[derive(Clone)]
struct Steady(Arc<Source>);

enum Source {
    System(Instant),
    /// What it said last, and how much time has passed by then.
    Given {
        clock: Arc<dyn Clock>,
        seen: Mutex<(Timestamp, Duration)>,
    },
}

impl std::fmt::Debug for Steady {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Steady").field(&clock::Clock::now(self)).finish()
    }
}

impl clock::Clock for Steady {
    type Instant = Duration;

    fn now(&self) -> Duration {
        match self.0.as_ref() {
            Source::System(start) => start.elapsed(),
            Source::Given { clock, seen } => {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let now = clock.now();
                let passed = (now - seen.0).to_std().unwrap_or_default();
                *seen = (now, seen.1 + passed);
                seen.1
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    const POST: &str = "chat.postMessage";
    const EDIT: &str = "chat.update";

    #[derive(Default)]
    struct Hand(Mutex<i64>);

    impl Hand {
        fn moves(&self, milliseconds: i64) {
            *self.0.lock().expect("nobody panics") += milliseconds;
        }
    }

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            let moved = TimeDelta::milliseconds(*self.0.lock().expect("nobody panics"));
            DateTime::from_timestamp(1_795_412_780, 0).expect("a moment") + moved
        }
    }

    fn pacer() -> (Pacer, Arc<Hand>) {
        let hand = Arc::new(Hand::default());
        (Pacer::new(Pace::SLACK).by(hand.clone()), hand)
    }

    fn ms(milliseconds: u64) -> Result<(), Duration> {
        Err(Duration::from_millis(milliseconds))
    }

    #[test]
    fn channels_have_their_own_bursts_and_then_a_second_between_posts() {
        let (pacer, hand) = pacer();
        for post in 1..=3 {
            assert_eq!(pacer.admit(POST, "C1"), Ok(()), "post {post} of the burst");
        }
        assert_eq!(pacer.admit(POST, "C1"), ms(1000), "the burst is over");
        assert_eq!(pacer.admit(POST, "D1"), Ok(()), "a letter is in a channel of its own");
        hand.moves(400);
        assert_eq!(pacer.admit(POST, "C1"), ms(600), "asking costs nothing");
        hand.moves(600);
        assert_eq!(pacer.admit(POST, "C1"), Ok(()));
        assert_eq!(pacer.admit(POST, "C1"), ms(1000));
    }

    #[test]
    fn progress_leaves_room_for_what_people_do() {
        let (pacer, hand) = pacer();
        let shown = (0..100).take_while(|_| pacer.progress().is_ok()).count();
        assert_eq!((shown, pacer.progress()), (4, ms(2500)));
        for _ in 0..10 {
            assert_eq!(pacer.admit(EDIT, "C1"), Ok(()));
        }
        assert_eq!(pacer.admit(EDIT, "C2"), ms(1500), "all channels share the edits");
        hand.moves(1500);
        assert_eq!(pacer.admit(EDIT, "C1"), Ok(()));
    }

    #[test]
    fn what_slack_closes_is_closed_to_all() {
        let (pacer, hand) = pacer();
        pacer.close(POST, "C1", Duration::from_secs(17));
        pacer.close(POST, "C1", Duration::from_secs(3));
        pacer.close("views.open", "", Duration::from_secs(2));
        assert_eq!(pacer.admit(POST, "C1"), ms(17_000), "the longer wait counts");
        assert_eq!(pacer.admit(POST, "C2"), Ok(()), "another channel");
        assert_eq!(pacer.admit(EDIT, "C1"), Ok(()), "another method");
        assert_eq!(pacer.admit("views.open", ""), ms(2000));
        hand.moves(17_000);
        assert_eq!(pacer.admit(POST, "C1"), Ok(()));
        assert_eq!(pacer.admit("views.open", ""), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_back_closes_nothing() {
        let (pacer, hand) = pacer();
        while pacer.admit(POST, "C1").is_ok() {}
        hand.moves(-3_600_000);
        assert_eq!(pacer.admit(POST, "C1"), ms(1000));
        hand.moves(1000);
        assert_eq!(pacer.admit(POST, "C1"), Ok(()));
    }

    #[test]
    fn an_unbound_pace_never_waits() {
        let pacer = Pacer::new(Pace::UNBOUND);
        for _ in 0..10_000 {
            assert_eq!((pacer.admit(POST, "C1"), pacer.admit(EDIT, "C1")), (Ok(()), Ok(())));
            assert_eq!(pacer.progress(), Ok(()));
        }
    }
}
