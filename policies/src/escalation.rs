//! `escalation.yaml`: the levels there are, and who is asked when.
//!
//! The file is the matrix for everybody; what one proposal asks is frozen into its requirement.

use chrono_tz::Tz;
use domain::{
    Timestamp,
    escalation::{first, later, next},
    level::Level,
    person::PersonId,
    requirement::{Pace, Requirement, Rung},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{duration::DurationText, people::PeopleBook, place::At, problem::Examined, suggest};

/// The escalation matrix: which levels there are, and who is brought in when a decision is missing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EscalationFile {
    /// The IANA time zone in which the operator reads times, such as `Europe/Berlin`.
    time_zone: At<String>,
    /// The levels of authority, lowest first. A higher level may do all that a lower one may.
    levels: At<Vec<LevelLayout>>,
    /// Who is asked when, counted from the moment the proposal was posted; in rising order of `after`.
    ladder: At<Vec<RungLayout>>,
    /// How often the last rung is asked again once everybody was asked.
    repeat: At<DurationText>,
    /// `repeat` for a proposal that is planned for a maintenance window; the same when left out.
    repeat_planned: Option<At<DurationText>>,
}

/// One level of authority.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LevelLayout {
    /// Its number, 1 to 9.
    level: At<u8>,
    /// Its name, such as `management`.
    name: String,
    /// What it may decide, in one word, such as `business_impact_decisions`.
    authority: String,
}

/// A group of people who are brought in together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RungLayout {
    /// The level they hold.
    level: At<u8>,
    /// Their role in words.
    role: String,
    /// How long after the proposal was posted they are brought in.
    after: At<DurationText>,
    /// `after` for a proposal that is planned for a maintenance window; the same when left out.
    after_planned: Option<At<DurationText>>,
    /// Who they are; everybody who holds exactly this level when left out.
    people: Option<At<Vec<At<String>>>>,
}

/// One level of the matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelRule {
    /// The level.
    pub level: Level,
    /// Its name.
    pub name: String,
    /// What it may decide, in one word.
    pub authority: String,
}

/// The matrix, checked.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) time_zone: Tz,
    pub(crate) levels: Vec<LevelRule>,
    pub(crate) ladder: Vec<Rung>,
    pub(crate) repeat_ms: u64,
    /// The ladder's times for a planned proposal.
    pub(crate) planned: Pace,
}

impl EscalationFile {
    /// The levels, checked; mistakes are noted.
    pub(crate) fn levels(&self, file: &mut Examined<'_>) -> Vec<LevelRule> {
        let mut rules: Vec<LevelRule> = Vec::new();
        for layout in &self.levels.value {
            let Ok(level) = Level::try_from(layout.level.value) else {
                let message = format!("{} is not a level", layout.level.value);
                file.note(layout.level.place, message, "levels go from 1 to 9");
                continue;
            };
            if rules.last().is_some_and(|before| before.level >= level) {
                let message = format!("{level} does not rise above the level before it");
                file.note(layout.level.place, message, "list every level once, lowest first");
            }
            let (name, authority) = (layout.name.clone(), layout.authority.clone());
            rules.push(LevelRule { level, name, authority });
        }
        if rules.is_empty() {
            file.note(
                self.levels.place,
                "there are no levels, so nobody could decide",
                "list at least one level",
            );
        }
        rules
    }

    /// The whole matrix, checked against the people; mistakes are noted.
    pub(crate) fn matrix(
        &self,
        levels: &[LevelRule],
        people: Option<&PeopleBook>,
        file: &mut Examined<'_>,
    ) -> Matrix {
        let time_zone = self.time_zone(file);
        let (ladder, after_ms) = self.ladder(levels, people, file);
        let repeat_ms = repeat(&self.repeat, file);
        let planned = self.repeat_planned.as_ref().map_or(repeat_ms, |at| repeat(at, file));
        let planned = Pace { after_ms, repeat_ms: planned };
        Matrix { time_zone, levels: levels.to_vec(), ladder, repeat_ms, planned }
    }

    fn time_zone(&self, file: &mut Examined<'_>) -> Tz {
        self.time_zone.value.parse().unwrap_or_else(|_| {
            let name = &self.time_zone.value;
            let zones: Vec<&str> = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
            let advice = suggest::nearest(name, &zones).map_or_else(
                || "use a name of the IANA list, such as `Europe/Berlin` or `UTC`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            file.note(self.time_zone.place, format!("there is no time zone `{name}`"), advice);
            Tz::UTC
        })
    }

    /// The rungs, and the times at which a planned proposal brings them in.
    fn ladder(
        &self,
        levels: &[LevelRule],
        people: Option<&PeopleBook>,
        file: &mut Examined<'_>,
    ) -> (Vec<Rung>, Vec<u64>) {
        if self.ladder.value.is_empty() {
            file.note(
                self.ladder.place,
                "nobody is ever asked",
                "give the ladder at least one rung",
            );
        }
        let mut ladder: Vec<Rung> = Vec::new();
        let mut planned: Vec<u64> = Vec::new();
        for layout in &self.ladder.value {
            let after_ms = DurationText::read(&layout.after, file);
            if ladder.last().is_some_and(|before| before.after_ms > after_ms) {
                let advice = "list the rungs in rising order of `after`";
                file.note(layout.after.place, "this rung comes before the one above it", advice);
            }
            let planned_ms = layout.after_planned(after_ms, planned.last().copied(), file);
            let Some(level) = known_level(&layout.level, levels, file) else { continue };
            let people = people.map_or_else(Vec::new, |book| layout.people(level, book, file));
            ladder.push(Rung { level, role: layout.role.clone(), after_ms, people });
            planned.push(planned_ms);
        }
        (ladder, planned)
    }
}

/// How often somebody is asked again; without pause is noted.
fn repeat(at: &At<DurationText>, file: &mut Examined<'_>) -> u64 {
    let repeat_ms = DurationText::read(at, file);
    if repeat_ms == 0 && file.problems.is_empty() {
        let advice = "give an interval, such as `15 min`";
        file.note(at.place, "the last level would be asked again without pause", advice);
    }
    repeat_ms
}

impl RungLayout {
    /// When a planned proposal brings them in, in the ladder's order too.
    fn after_planned(&self, after_ms: u64, before: Option<u64>, file: &mut Examined<'_>) -> u64 {
        let planned = self.after_planned.as_ref();
        let planned_ms = planned.map_or(after_ms, |at| DurationText::read(at, file));
        let place = planned.unwrap_or(&self.after).place;
        if before.is_some_and(|before| before > planned_ms) {
            let advice = "give it an `after_planned` that is not below that of the rung before";
            let message = "a planned proposal would reach this rung before the one above it";
            file.note(place, message, advice);
        }
        planned_ms
    }

    fn people(&self, level: Level, book: &PeopleBook, file: &mut Examined<'_>) -> Vec<PersonId> {
        let Some(listed) = &self.people else {
            let people = book.deciders().filter(|person| person.level == Some(level));
            let people: Vec<PersonId> = people.map(|person| person.id.clone()).collect();
            if people.is_empty() {
                file.note(
                    self.level.place,
                    format!("nobody in people.yaml holds {level}"),
                    format!(
                        "give somebody in people.yaml `level: {}`, or remove this rung",
                        level.number()
                    ),
                );
            }
            return people;
        };
        if listed.value.is_empty() {
            let advice =
                "name somebody, or leave `people` out to ask everybody who holds the level";
            file.note(listed.place, "an empty list means nobody", advice);
        }
        let mut people = Vec::new();
        for name in &listed.value {
            let id = PersonId::new(name.value.clone());
            let Some(person) = book.people.get(&id) else {
                file.unknown(name.place, "person", &name.value, &book.ids());
                continue;
            };
            if !book.may_decide(&id) || person.level.is_none_or(|held| held < level) {
                let held =
                    person.level.map_or_else(|| "no level".to_owned(), |held| held.to_string());
                file.note(
                    name.place,
                    format!("`{id}` cannot decide at {level}: they hold {held}, or are not an active person"),
                    format!("name somebody who holds {level} or higher"),
                );
            }
            people.push(id);
        }
        people
    }
}

/// A level that the matrix has; any other is noted.
pub(crate) fn known_level(
    at: &At<u8>,
    levels: &[LevelRule],
    file: &mut Examined<'_>,
) -> Option<Level> {
    let found = levels.iter().map(|rule| rule.level).find(|level| level.number() == at.value);
    if found.is_none() && !levels.is_empty() {
        let known: Vec<String> =
            levels.iter().map(|rule| rule.level.number().to_string()).collect();
        file.note(
            at.place,
            format!("there is no level {}", at.value),
            format!("escalation.yaml has the levels {}", known.join(", ")),
        );
    }
    found
}

/// One moment at which the clock asks people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnOfClock {
    /// How long after the proposal was posted, in milliseconds.
    pub after_ms: u64,
    /// The level that is asked.
    pub level: Level,
    /// Their role in words.
    pub role: String,
    /// Who they are.
    pub people: Vec<PersonId>,
    /// Whether they were asked before and nobody has answered.
    pub again: bool,
}

/// Who is asked when, up to the first time that the last rung is asked again, if nobody answers a proposal that was
/// posted at `from`. Empty where nobody can be asked at all.
pub fn timeline(requirement: &Requirement, from: Timestamp) -> Vec<TurnOfClock> {
    let Some(mut position) = first(requirement, from) else { return Vec::new() };
    let mut turns = Vec::new();
    loop {
        let rung = &requirement.ladder[position.rung];
        let after_ms =
            u64::try_from((position.asked_at - from).num_milliseconds()).unwrap_or_default();
        let (role, people) = (rung.role.clone(), rung.people.clone());
        let again = position.repeats > 0;
        turns.push(TurnOfClock { after_ms, level: rung.level, role, people, again });
        if again {
            return turns;
        }
        position = next(requirement, from, &position).position;
        // A clock that cannot move on (the end of the calendar) must not loop.
        if position.asked_at < later(from, after_ms) {
            return turns;
        }
    }
}
