//! The line to one chat: whether it takes messages, and when to try again where it takes none.
//!
//! ```text
//! up ── it refuses all, or two calls in a row have no answer ──▶ down ── the one errand of a try gets an answer ──▶ up
//! ```
//! While it is down nothing is lost and nothing is tried but one errand at a time, however many wait. The trouble is
//! logged when it begins, when it changes, and when it is over.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{Timestamp, person::ChatName};

use super::{after, back_off};

/// How many errands are claimed at once.
const BATCH: u32 = 8;
/// A chat that is out of order may be back at any moment.
const LONGEST_OUTAGE: Duration = Duration::from_mins(1);

/// The line to a chat; shared with whoever tells how the bot is.
#[derive(Debug)]
pub struct Line {
    chat: ChatName,
    state: Mutex<State>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// It takes messages; so many calls in a row had no answer.
    Up {
        unanswered: u32,
    },
    Down(Trouble),
}

/// Why a chat takes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Whether somebody has to mend something, or it is out of order.
    pub kind: Kind,
    /// What it says, and what to do where somebody knows.
    pub problem: String,
    /// Since when.
    pub since: Timestamp,
    tries: u32,
    next: Timestamp,
}

/// What kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It does not answer, or says that it is out of order.
    Outage,
    /// It answers, and refuses everything until somebody mends something.
    Refusal,
}

impl Line {
    /// A line that is taken to be up.
    pub fn new(chat: ChatName) -> Self {
        Self { chat, state: Mutex::new(State::Up { unanswered: 0 }) }
    }

    /// Which chat it leads to.
    pub fn chat(&self) -> ChatName {
        self.chat
    }

    /// Why it takes nothing at this moment.
    pub fn trouble(&self) -> Option<Trouble> {
        match &*self.state() {
            State::Up { .. } => None,
            State::Down(trouble) => Some(trouble.clone()),
        }
    }

    /// How many errands may be claimed now.
    pub(super) fn room(&self, now: Timestamp) -> u32 {
        match &*self.state() {
            State::Up { .. } => BATCH,
            State::Down(trouble) if trouble.next <= now => 1,
            State::Down(_) => 0,
        }
    }

    /// Before this moment nothing is tried.
    pub(super) fn next_try(&self) -> Option<Timestamp> {
        self.trouble().map(|trouble| trouble.next)
    }

    /// The chat has answered.
    pub(super) fn answered(&self, now: Timestamp) {
        let before = std::mem::replace(&mut *self.state(), State::Up { unanswered: 0 });
        if let State::Down(trouble) = before {
            let minutes = (now - trouble.since).num_minutes();
            tracing::info!("{} takes messages again, after {minutes} min", self.chat.as_str());
        }
    }

    /// A call had no answer. One may be chance.
    pub(super) fn unanswered(&self, now: Timestamp, problem: &str) {
        let mut state = self.state();
        if let State::Up { unanswered: 0 } = *state {
            *state = State::Up { unanswered: 1 };
            return;
        }
        drop(state);
        self.failed(now, Kind::Outage, problem);
    }

    /// It takes nothing at all.
    pub(super) fn failed(&self, now: Timestamp, kind: Kind, problem: &str) {
        let mut state = self.state();
        let known = match &*state {
            State::Down(trouble) => Some(trouble.clone()),
            State::Up { .. } => None,
        };
        let tries = known.as_ref().map_or(0, |trouble| trouble.tries);
        let wait = match kind {
            Kind::Outage => back_off(tries).min(LONGEST_OUTAGE),
            Kind::Refusal => patience(tries),
        };
        let since = known.as_ref().map_or(now, |trouble| trouble.since);
        let (problem, next) = (problem.to_owned(), after(now, wait));
        let is_new = known.is_none_or(|known| (known.kind, &known.problem) != (kind, &problem));
        *state =
            State::Down(Trouble { kind, problem: problem.clone(), since, tries: tries + 1, next });
        drop(state);
        match kind {
            _ if !is_new => {}
            Kind::Outage => tracing::warn!("{problem}; everything waits until it is back"),
            Kind::Refusal => {
                tracing::error!("{problem}; everything waits, and is said once that is mended");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long to wait where somebody has to mend something: every minute at first, then every five.
pub(super) fn patience(tries: u32) -> Duration {
    Duration::from_mins(if tries < 5 { 1 } else { 5 })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        DateTime::from_timestamp(1_795_412_780, 0).expect("a moment") + TimeDelta::seconds(seconds)
    }

    /// The seconds at which it is tried within an hour while every try fails.
    fn tries(kind: Kind) -> Vec<i64> {
        let line = Line::new(ChatName::Slack);
        line.failed(at(0), kind, "no");
        let mut tried = vec![];
        for second in 0..3600 {
            if line.room(at(second)) > 0 {
                assert_eq!(line.room(at(second)), 1, "one errand at a time");
                tried.push(second);
                line.failed(at(second), kind, "no");
            }
        }
        assert_eq!(line.trouble().expect("it is down").since, at(0));
        line.answered(at(3600));
        assert_eq!((line.room(at(3600)), line.trouble()), (BATCH, None));
        tried
    }

    #[test]
    fn an_outage_is_tried_more_often_than_a_refusal() {
        let outage = tries(Kind::Outage);
        assert_eq!(outage[..8], [1, 3, 7, 15, 31, 63, 123, 183]);
        let refusal = tries(Kind::Refusal);
        assert_eq!(refusal[..8], [60, 120, 180, 240, 300, 600, 900, 1200]);
    }

    #[test]
    fn one_lost_answer_is_chance_and_two_are_an_outage() {
        let line = Line::new(ChatName::Slack);
        line.unanswered(at(0), "lost");
        assert_eq!(line.trouble(), None);
        line.answered(at(1));
        line.unanswered(at(2), "lost");
        assert_eq!(line.trouble(), None);
        line.unanswered(at(3), "lost");
        assert_eq!(line.trouble().map(|trouble| trouble.kind), Some(Kind::Outage));
        assert_eq!((line.room(at(3)), line.next_try()), (0, Some(at(4))));
    }
}
