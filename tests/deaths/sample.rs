//! Which places are tried: all of them, or some that a seed chooses.
//!
//! `COUNTERSIGN_TEST_DEATHS=all` tries all, and a number there so many. `COUNTERSIGN_TEST_SEED` chooses which; without it
//! a number of this process does, and every message names it.

use std::fmt;

/// How many places are tried where not all are.
const SOME: usize = 12;

/// A choice of places.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sample {
    All,
    Some { places: usize, seed: u64 },
}

impl Sample {
    /// The choice that was asked for.
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration file")]
    pub(crate) fn asked_for() -> Self {
        let variable = |name| std::env::var(name).ok();
        let places = match variable("COUNTERSIGN_TEST_DEATHS").as_deref() {
            Some("all") => return Self::All,
            Some(places) => places.parse().expect("COUNTERSIGN_TEST_DEATHS is `all` or a number"),
            None => SOME,
        };
        let given = variable("COUNTERSIGN_TEST_SEED");
        let given = given.map(|seed| seed.parse().expect("COUNTERSIGN_TEST_SEED is a number"));
        Self::Some { places, seed: given.unwrap_or_else(|| u64::from(std::process::id())) }
    }

    /// All of `kinds` at each of `places` where everything is tried; otherwise one at each, in turn.
    pub(crate) fn with<T: Copy>(self, kinds: &[T], places: Vec<usize>) -> Vec<(usize, T)> {
        let in_turn = |(turn, place)| (place, kinds[turn % kinds.len()]);
        if matches!(self, Self::Some { .. }) {
            return places.into_iter().enumerate().map(in_turn).collect();
        }
        places.into_iter().flat_map(|place| kinds.iter().map(move |kind| (place, *kind))).collect()
    }

    /// Places among 1 to `count`, one out of each of as many equal parts.
    pub(crate) fn of(self, count: usize) -> Vec<usize> {
        let Self::Some { places, seed } = self else { return (1..=count).collect() };
        let parts = places.min(count);
        (0..parts)
            .map(|part| {
                let (from, to) = (part * count / parts, (part + 1) * count / parts);
                1 + from + scattered(seed.wrapping_add(part as u64)) % (to - from)
            })
            .collect()
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Some { seed, .. } => write!(formatter, "COUNTERSIGN_TEST_SEED={seed}"),
            Self::All => formatter.write_str("COUNTERSIGN_TEST_DEATHS=all"),
        }
    }
}

/// Neighbouring seeds lie far apart (`splitmix64`).
fn scattered(seed: u64) -> usize {
    let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((mixed ^ (mixed >> 31)) >> 32).expect("32 bits")
}

#[test]
fn every_part_has_a_place_and_a_seed_always_chooses_the_same() {
    let some = |seed| Sample::Some { places: 8, seed };
    let (one, other) = (some(1), some(2));
    assert_eq!(one.of(80), one.of(80));
    assert_ne!(one.of(80), other.of(80));
    for (part, place) in one.of(80).into_iter().enumerate() {
        assert!((part * 10 + 1..=part * 10 + 10).contains(&place), "{place}");
    }
    assert_eq!(one.of(3), [1, 2, 3]);
    let all = Sample::All;
    assert_eq!(all.of(4), [1, 2, 3, 4]);
    assert_eq!(one.with(&["a", "b"], vec![4, 5, 6]), [(4, "a"), (5, "b"), (6, "a")]);
    assert_eq!(all.with(&["a", "b"], vec![4, 5]), [(4, "a"), (4, "b"), (5, "a"), (5, "b")]);
}
