//! Who is asked when: a pure walk up the frozen ladder.
//!
//! A position is the last rung that was brought in. Timers name the rung that they are for, so one that
//! fires twice or late does no harm; a sleeping process catches up rung by rung.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    level::Level,
    requirement::{Requirement, Rung},
};

/// How far the walk has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The last rung of the ladder that was brought in.
    pub rung: usize,
    /// How often the last rung was asked again after everybody had been asked.
    pub repeats: u32,
    /// When that rung was brought in or asked again.
    pub asked_at: Timestamp,
}

/// The next thing the clock will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next<'a> {
    /// Who is brought in (or asked again).
    pub rung: &'a Rung,
    /// The position that this leads to; `asked_at` is when it is due.
    pub position: Position,
}

/// Adds milliseconds to a moment; a moment beyond the calendar's end is the calendar's end, so that "never"
/// does not come at once.
pub fn later(at: Timestamp, milliseconds: u64) -> Timestamp {
    let milliseconds = i64::try_from(milliseconds).unwrap_or(i64::MAX);
    TimeDelta::try_milliseconds(milliseconds)
        .and_then(|delta| at.checked_add_signed(delta))
        .unwrap_or(Timestamp::MAX_UTC)
}

/// The first rung that has people, or `None` where nobody can be asked at all.
pub fn first(requirement: &Requirement, asked_from: Timestamp) -> Option<Position> {
    let rung = requirement.ladder.iter().position(|rung| !rung.people.is_empty())?;
    Some(Position { rung, repeats: 0, asked_at: asked_from })
}

/// Begins the walk at the lowest rung that has people of at least `level`: where the ladder's times count from, so that
/// this rung is due at `now`, and the position there. `None` where there is no such rung.
pub fn from_level(
    requirement: &Requirement,
    level: Level,
    now: Timestamp,
) -> Option<(Timestamp, Position)> {
    let mut ladder = requirement.ladder.iter();
    let rung = ladder.position(|rung| rung.level >= level && !rung.people.is_empty())?;
    let after = i64::try_from(requirement.ladder[rung].after_ms).ok();
    let after = after.and_then(TimeDelta::try_milliseconds);
    let asked_from = after.and_then(|after| now.checked_sub_signed(after)).unwrap_or(now);
    Some((asked_from, Position { rung, repeats: 0, asked_at: now }))
}

/// What comes after `position` when the ladder is walked from `asked_from`. A rung without people is passed
/// over at once: the one above it comes in its place. After the last rung that has people, the same people
/// are asked again every `repeat_ms`.
pub fn next<'a>(
    requirement: &'a Requirement,
    asked_from: Timestamp,
    position: &Position,
) -> Next<'a> {
    let above = position.rung + 1;
    match peopled_from(requirement, above) {
        Some((index, rung)) => {
            let due = later(asked_from, requirement.ladder[above].after_ms).max(position.asked_at);
            Next { rung, position: Position { rung: index, repeats: 0, asked_at: due } }
        }
        None => Next {
            rung: &requirement.ladder[position.rung],
            position: Position {
                rung: position.rung,
                repeats: position.repeats + 1,
                // At least a millisecond: an interval of nothing would be due again for ever.
                asked_at: later(position.asked_at, requirement.repeat_ms.max(1)),
            },
        },
    }
}

/// The rungs right above `position` that are passed over because they have nobody; those above the last rung
/// that has people are named once, when that rung is asked again for the first time.
pub fn skipped<'a>(
    requirement: &'a Requirement,
    position: &Position,
) -> impl Iterator<Item = &'a Rung> {
    let above = position.rung + 1;
    let end = match peopled_from(requirement, above) {
        Some((index, _)) => index,
        None if position.repeats == 0 => requirement.ladder.len(),
        None => above,
    };
    requirement.ladder[above..end].iter()
}

/// When somebody of at least `level` is brought in, if that is still ahead; `None` where such a person is asked
/// already, or never will be.
pub fn level_due(
    requirement: &Requirement,
    asked_from: Timestamp,
    position: &Position,
    level: Level,
) -> Option<Timestamp> {
    let asked = requirement.ladder.iter().take(position.rung + 1);
    if asked.into_iter().any(|rung| rung.level >= level && !rung.people.is_empty()) {
        return None;
    }
    due_when(requirement, asked_from, position, |rung| rung.level >= level)
}

/// When the first rung above `position` of which this is true is brought in; `None` where there is none.
pub fn due_when(
    requirement: &Requirement,
    asked_from: Timestamp,
    position: &Position,
    is_it: impl Fn(&Rung) -> bool,
) -> Option<Timestamp> {
    let mut position = position.clone();
    loop {
        let next = next(requirement, asked_from, &position);
        if next.position.repeats > 0 {
            return None;
        }
        if is_it(next.rung) {
            return Some(next.position.asked_at);
        }
        position = next.position;
    }
}

fn peopled_from(requirement: &Requirement, index: usize) -> Option<(usize, &Rung)> {
    requirement.ladder.iter().enumerate().skip(index).find(|(_, rung)| !rung.people.is_empty())
}
