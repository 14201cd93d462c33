//! The tally: nested levels, one vote per person, and nothing that could be counted better.

use domain::requirement::{Approval, Requirement};
use proptest::prelude::*;

use crate::world::{level, levels, matrix, minute, person, requirement, rung};

fn approvals(held: &[(&str, u8)]) -> Vec<Approval> {
    let approval = |(id, number): &(&str, u8)| Approval {
        person: person(id),
        level: level(*number),
        at: minute(0),
    };
    held.iter().map(approval).collect()
}

#[track_caller]
fn counts(needs: &[u8], held: &[(&str, u8)], missing: &[u8]) {
    let tally = requirement(needs, matrix()).tally(&approvals(held));
    assert_eq!(tally.missing, levels(missing), "{held:?} for {needs:?}");
    assert_eq!((tally.given, tally.needed), (needs.len() - missing.len(), needs.len()));
    assert_eq!(tally.is_complete(), missing.is_empty());
}

#[test]
fn higher_approvals_fill_lower_needs_and_never_the_other_way() {
    counts(&[1], &[], &[1]);
    counts(&[1], &[("ana", 1)], &[]);
    counts(&[1], &[("dora", 4)], &[]);
    counts(&[2], &[("ana", 1)], &[2]);
    counts(&[2, 2], &[("ben", 2)], &[2]);
    counts(&[2, 2], &[("ben", 2), ("dora", 4)], &[]);
    counts(&[3, 2], &[("ben", 2), ("bea", 2)], &[3]);
    counts(&[3, 2], &[("dora", 4), ("ben", 2)], &[]);
    counts(&[3, 2], &[("ben", 2), ("dora", 4)], &[]);
    counts(&[2, 3], &[("cleo", 3)], &[2]);
    counts(&[4, 3, 2], &[("cleo", 3), ("ben", 2)], &[4]);
    counts(&[1], &[("ana", 1), ("ben", 2)], &[]);
}

#[test]
fn one_person_counts_once_with_the_first_level() {
    counts(&[2, 2], &[("ben", 2), ("ben", 2)], &[2]);
    counts(&[3], &[("ben", 2), ("ben", 4)], &[3]);
}

#[test]
fn the_proposer_counts_only_alone() {
    for (needs, expected) in [(&[4][..], true), (&[1, 1], false), (&[3, 2, 2], false)] {
        assert_eq!(requirement(needs, matrix()).proposer_counts(), expected, "{needs:?}");
    }
}

#[test]
fn people_from_a_level_are_named_once_from_the_lowest_rung_up() {
    let mut ladder = matrix();
    ladder.push(rung(4, 90, &["cleo", "dora"]));
    let requirement = requirement(&[1], ladder);
    assert_eq!(requirement.people_from(level(3)), [person("cleo"), person("dora")]);
    assert_eq!(requirement.people_from(level(9)), []);
}

/// The most needs that any assignment of approvals to needs can fill, by trying them all.
pub(crate) fn most_filled(needs: &[u8], held: &[u8]) -> usize {
    let Some((need, rest)) = needs.split_first() else { return 0 };
    let skip = most_filled(rest, held);
    let take = |place: usize| {
        let mut left = held.to_vec();
        left.remove(place);
        1 + most_filled(rest, &left)
    };
    (0..held.len()).filter(|place| held[*place] >= *need).map(take).fold(skip, usize::max)
}

/// Needs, and the levels of different people.
fn any_votes() -> impl Strategy<Value = (Requirement, Vec<u8>, Vec<u8>)> {
    let numbers = |sizes| prop::collection::vec(1..=4_u8, sizes);
    (numbers(1..5), numbers(0..6))
        .prop_map(|(needs, held)| (requirement(&needs, matrix()), needs, held))
}

fn by_different_people(held: &[u8]) -> Vec<Approval> {
    let approval = |(place, number): (usize, &u8)| Approval {
        person: person(&format!("p{place}")),
        level: level(*number),
        at: minute(0),
    };
    held.iter().enumerate().map(approval).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_tally_is_the_best_assignment_there_is((requirement, needs, held) in any_votes()) {
        let tally = requirement.tally(&by_different_people(&held));
        prop_assert_eq!(tally.given, most_filled(&needs, &held));
    }

    /// The levels named as missing are no guess: one more approval helps if and only if it reaches the lowest.
    #[test]
    fn one_more_helps_exactly_from_the_lowest_missing_level(
        (requirement, _, held) in any_votes(), number in 1..=4_u8,
    ) {
        let held = by_different_people(&held);
        let helps = requirement.is_helped_by(&held, &person("one more"), level(number), minute(0));
        let lowest = requirement.tally(&held).missing.into_iter().min();
        prop_assert_eq!(helps, lowest.is_some_and(|lowest| level(number) >= lowest));
    }
}
