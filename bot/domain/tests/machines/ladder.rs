//! The walk up the ladder: who is asked when, over rungs without people, and again when nobody answers.

use domain::{
    Timestamp,
    escalation::{self, Position, later, level_due, next, skipped},
    requirement::Rung,
};

use crate::world::{MINUTE_MS, level, matrix, minute, requirement, rung};

/// Walks `turns` turns of the clock, each in time, and writes down minute, rung and repeats.
fn walk(ladder: &[Rung], turns: usize) -> Vec<(i64, usize, u32)> {
    let requirement = requirement(&[1], ladder.to_vec());
    let first = escalation::first(&requirement, minute(0));
    std::iter::successors(first, |position| Some(next(&requirement, minute(0), position).position))
        .take(turns)
        .map(|position| {
            ((position.asked_at - minute(0)).num_minutes(), position.rung, position.repeats)
        })
        .collect()
}

#[track_caller]
fn asks(ladder: &[Rung], expected: &[(i64, usize, u32)]) {
    assert_eq!(walk(ladder, expected.len().max(1)), expected);
}

fn without(emptied: &[usize]) -> Vec<Rung> {
    let mut ladder = matrix();
    for index in emptied {
        ladder[*index].people.clear();
    }
    ladder
}

#[test]
fn each_rung_is_asked_at_its_minute_and_the_last_one_again() {
    asks(
        &matrix(),
        &[(0, 0, 0), (15, 1, 0), (30, 2, 0), (45, 3, 0), (60, 4, 0), (70, 4, 1), (80, 4, 2)],
    );
}

#[test]
fn a_rung_without_people_is_passed_over_at_its_own_minute() {
    asks(&without(&[0]), &[(0, 1, 0), (30, 2, 0)]);
    asks(&without(&[0, 1]), &[(0, 2, 0), (45, 3, 0)]);
    asks(&without(&[1]), &[(0, 0, 0), (15, 2, 0), (45, 3, 0)]);
    asks(&without(&[2, 3]), &[(0, 0, 0), (15, 1, 0), (30, 4, 0), (40, 4, 1)]);
    asks(&without(&[4]), &[(0, 0, 0), (15, 1, 0), (30, 2, 0), (45, 3, 0), (55, 3, 1)]);
    asks(&without(&[1, 2, 3, 4]), &[(0, 0, 0), (10, 0, 1), (20, 0, 2)]);
    asks(&without(&[0, 1, 2, 3, 4]), &[]);
    asks(&[], &[]);
}

#[track_caller]
fn passes_over(emptied: &[usize], at: (usize, u32), expected: &[u64]) {
    let requirement = requirement(&[1], without(emptied));
    let position = Position { rung: at.0, repeats: at.1, asked_at: minute(0) };
    let passed: Vec<u64> =
        skipped(&requirement, &position).map(|rung| rung.after_ms / MINUTE_MS).collect();
    assert_eq!(passed, expected);
}

#[test]
fn what_is_passed_over_is_named_once() {
    passes_over(&[], (0, 0), &[]);
    passes_over(&[1, 2], (0, 0), &[15, 30]);
    passes_over(&[3, 4], (2, 0), &[45, 60]);
    passes_over(&[3, 4], (2, 1), &[]);
    passes_over(&[], (4, 0), &[]);
}

#[track_caller]
fn comes_in(emptied: &[usize], reached: usize, number: u8, expected: Option<i64>) {
    let requirement = requirement(&[1], without(emptied));
    let position = Position { rung: reached, repeats: 0, asked_at: minute(0) };
    let due = level_due(&requirement, minute(0), &position, level(number));
    assert_eq!(due, expected.map(minute), "level {number} from rung {reached}");
}

#[test]
fn when_a_level_comes_in_is_known_unless_it_is_asked_already_or_never() {
    comes_in(&[], 0, 2, Some(30));
    comes_in(&[], 1, 4, Some(60));
    comes_in(&[2], 0, 2, Some(30));
    comes_in(&[], 0, 1, None);
    comes_in(&[], 2, 2, None);
    comes_in(&[], 3, 2, None);
    comes_in(&[4], 0, 4, None);
}

#[test]
fn a_walk_that_is_late_goes_on_at_once_and_one_that_is_early_keeps_the_matrix() {
    let requirement = requirement(&[1], matrix());
    let due = |rung, asked_at| {
        let position = Position { rung, repeats: 0, asked_at };
        next(&requirement, minute(0), &position).position.asked_at
    };
    assert_eq!(due(1, minute(500)), minute(500), "a sleeper catches up");
    assert_eq!(due(2, minute(1)), minute(45), "a rung that came early changes nothing above it");
}

#[test]
fn an_interval_of_nothing_or_of_for_ever_does_not_come_at_once() {
    let mut hasty = requirement(&[1], vec![rung(1, 0, &["ana"])]);
    hasty.repeat_ms = 0;
    let position = escalation::first(&hasty, minute(0)).unwrap();
    assert!(next(&hasty, minute(0), &position).position.asked_at > minute(0));
    assert_eq!(later(minute(0), u64::MAX), Timestamp::MAX_UTC);
    let text = serde_json::to_string(&Timestamp::MAX_UTC).unwrap();
    assert_eq!(serde_json::from_str::<Timestamp>(&text).unwrap(), Timestamp::MAX_UTC);
}
