//! Whoever may decide nothing and presses again and again is answered from memory: their clicks cost no transaction, and
//! slow nobody down who may decide.
//!
//! It concerns people alone whom the people file does not know, or gives no level. It is read at the start, so no answer that
//! is kept here can turn out otherwise while it is kept.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::TimeDelta;
use domain::{Timestamp, person::Identity, refusal::Refusal};

/// So many refusals of one person are written down in a [`WINDOW`].
const MOST: u32 = 5;
const WINDOW: TimeDelta = TimeDelta::seconds(30);
/// More people than this are not remembered at once.
const PEOPLE: usize = 10_000;

/// The refusals that were written down lately.
#[derive(Debug, Default)]
pub struct Flood {
    refused: Mutex<HashMap<Identity, Lately>>,
}

#[derive(Debug)]
struct Lately {
    since: Timestamp,
    many: u32,
    last: Refusal,
}

impl Flood {
    /// What this person was told lately, if that was often enough.
    pub(super) fn answer(&self, identity: &Identity, now: Timestamp) -> Option<Refusal> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let lately = refused.get(identity)?;
        let is_enough = lately.many >= MOST && now < lately.since + WINDOW;
        is_enough.then(|| lately.last.clone())
    }

    /// This person's refusal was written down.
    pub(super) fn refused(&self, identity: &Identity, refusal: &Refusal, now: Timestamp) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= PEOPLE {
            refused.retain(|_, lately| now < lately.since + WINDOW);
        }
        if refused.len() >= PEOPLE {
            return;
        }
        let fresh = || Lately { since: now, many: 0, last: refusal.clone() };
        let lately = refused.entry(identity.clone()).or_insert_with(fresh);
        if now >= lately.since + WINDOW {
            *lately = fresh();
        }
        lately.many += 1;
        lately.last = refusal.clone();
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::person::ChatName;

    use super::*;

    #[test]
    fn only_who_presses_again_and_again_is_answered_from_memory() {
        let at =
            |seconds: i64| DateTime::from_timestamp(1_795_412_780 + seconds, 0).expect("a moment");
        let who = |user: &str| Identity {
            chat: ChatName::Slack,
            team: "T".to_owned(),
            user: user.to_owned(),
        };
        let (flood, refusal) = (Flood::default(), Refusal::Outdated);
        for second in 0..5 {
            assert_eq!(flood.answer(&who("U1"), at(second)), None, "click {second}");
            flood.refused(&who("U1"), &refusal, at(second));
        }
        assert_eq!(flood.answer(&who("U1"), at(5)), Some(refusal.clone()));
        assert_eq!(flood.answer(&who("U2"), at(5)), None, "somebody else");
        assert_eq!(flood.answer(&who("U1"), at(30)), None, "half a minute later");
        flood.refused(&who("U1"), &refusal, at(30));
        assert_eq!(flood.answer(&who("U1"), at(31)), None, "it is counted anew");
    }
}
