//! Invariant I6: whatever timers do, the level that was reached is at least what the matrix prescribes.

use std::collections::BTreeSet;

use domain::{
    Timestamp,
    escalation::later,
    proposal::{Event, Proposal, Stage},
    requirement::Requirement,
};
use proptest::prelude::*;

use crate::world::{
    MINUTE_MS, approved, millisecond, opening, person, proposal_id, requirement, rung, timer,
};

/// The rung that the matrix prescribes once `asked_from` lies `now - asked_from` back.
fn prescribed(requirement: &Requirement, asked_from: Timestamp, now: Timestamp) -> usize {
    let ladder = &requirement.ladder;
    let is_due = |index: &usize| *index == 0 || later(asked_from, ladder[*index].after_ms) <= now;
    let due = (0..ladder.len()).rev().find(is_due).unwrap();
    let has_people = |index: &usize| !ladder[*index].people.is_empty();
    // A rung without people is passed over at once: the next one above comes in its place.
    (due..ladder.len()).find(has_people).or_else(|| (0..due).rev().find(has_people)).unwrap()
}

/// A proposal, its one timer, and every timer that was ever set: those may fire again at any time.
#[derive(Debug)]
struct Night {
    proposal: Proposal,
    timer: (Timestamp, usize, u32),
    old_timers: BTreeSet<(Timestamp, usize, u32)>,
    asked: u32,
}

impl Night {
    fn begin(requirement: Requirement) -> Self {
        let (proposal, effects) =
            Proposal::open(proposal_id(1), opening(requirement), millisecond(0)).unwrap();
        let timer = timer(&effects).unwrap();
        Self { proposal, timer, old_timers: [timer].into(), asked: 1 }
    }

    /// Takes an event; gives whether it was accepted.
    fn take(&mut self, event: &Event, now: Timestamp) -> bool {
        let Ok((proposal, effects)) = self.proposal.clone().step(event, now) else { return false };
        self.proposal = proposal;
        if let Some(set) = timer(&effects) {
            self.timer = set;
            self.old_timers.insert(set);
        }
        self.asked += 1;
        true
    }

    fn fire(&mut self, (_, rung, repeats): (Timestamp, usize, u32), now: Timestamp) -> bool {
        self.take(&Event::DeadlinePassed { rung, repeats }, now)
    }

    /// What the timer worker does when it wakes: it fires until nothing is due.
    fn catch_up(&mut self, now: Timestamp) {
        let mut turns = 0;
        while self.is_open() && self.timer.0 <= now {
            assert!(self.fire(self.timer, now), "a due timer is refused: {self:?}");
            turns += 1;
            assert!(turns <= 16, "the timers never come to rest: {self:?}");
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.proposal.stage, Stage::Open { .. })
    }

    #[track_caller]
    fn check(&self, now: Timestamp) {
        let Stage::Open { position } = &self.proposal.stage else { return };
        let requirement = self.proposal.requirement();
        let prescribed = prescribed(requirement, self.proposal.asked_from, now);
        assert!(position.rung >= prescribed, "rung {prescribed} is due at {now}: {self:?}");
        assert!(self.timer.0 > now, "the timer is still ahead");
        let ladder = &requirement.ladder;
        let is_last = ladder[position.rung + 1..].iter().all(|rung| rung.people.is_empty());
        if is_last {
            let silence = later(position.asked_at, requirement.repeat_ms.max(1));
            assert!(self.timer.0 <= silence, "the last rung is asked again in time");
        }
    }
}

/// What the night brings, each after some milliseconds.
#[derive(Clone, Debug)]
enum Turn {
    /// The timer worker wakes.
    Wake,
    /// A timer of any age fires, once more or too early.
    Stray(prop::sample::Index),
    /// A timer that was never set fires.
    Forged(usize, u32),
    Posted,
    Escalated,
    /// An approval that is not yet enough.
    Approved(&'static str),
}

fn any_turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => Just(Turn::Wake),
        4 => any::<prop::sample::Index>().prop_map(Turn::Stray),
        2 => (0..6_usize, 0..3_u32).prop_map(|(rung, repeats)| Turn::Forged(rung, repeats)),
        1 => Just(Turn::Posted),
        1 => Just(Turn::Escalated),
        1 => prop::sample::select(vec!["ana", "ben", "cleo", "dora"]).prop_map(Turn::Approved),
    ]
}

/// Ladders of one to five rungs, some without people, never all.
fn any_requirement() -> impl Strategy<Value = Requirement> {
    let rungs = prop::collection::vec((0..40_u64, any::<bool>(), 1..=4_u8), 1..=5);
    (rungs, any::<prop::sample::Index>(), 0..30_u64).prop_map(|(rungs, peopled, repeat)| {
        let peopled = peopled.index(rungs.len());
        let mut after = 0;
        let ladder = rungs.iter().enumerate().map(|(index, (gap, has_people, number))| {
            after += if index == 0 { 0 } else { *gap };
            let ids: &[&str] = if *has_people || index == peopled { &["ana"] } else { &[] };
            rung(*number, after, ids)
        });
        let mut requirement = requirement(&[4, 3, 2, 2, 2], ladder.collect());
        requirement.repeat_ms = repeat * MINUTE_MS;
        requirement
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_level_reached_is_at_least_what_the_matrix_prescribes(
        requirement in any_requirement(),
        turns in prop::collection::vec((0..3_000_000_i64, any_turn()), 0..20),
    ) {
        let mut night = Night::begin(requirement);
        let mut clock = 0;
        night.catch_up(millisecond(0));
        night.check(millisecond(0));
        for (wait, turn) in turns {
            clock += wait;
            let now = millisecond(clock);
            match turn {
                Turn::Wake => {}
                Turn::Stray(index) => {
                    let old: Vec<_> = night.old_timers.iter().copied().collect();
                    let (due, ..) = old[index.index(old.len())];
                    let accepted = night.fire(old[index.index(old.len())], now);
                    prop_assert!(!accepted || due <= now, "a timer was taken before its time");
                }
                Turn::Forged(rung, repeats) => {
                    let is_the_one = (rung, repeats) == (night.timer.1, night.timer.2);
                    let is_due = is_the_one && night.timer.0 <= now;
                    prop_assert_eq!(night.fire((now, rung, repeats), now), is_due);
                }
                Turn::Posted => { night.take(&Event::Posted, now); }
                Turn::Escalated => { night.take(&Event::Escalated { by: person("ana") }, now); }
                Turn::Approved(id) => { night.take(&approved(id), now); }
            }
            night.catch_up(now);
            night.check(now);
        }
    }

    /// After any sleep one awakening brings in everybody who should have been asked, each rung once.
    #[test]
    fn one_awakening_after_a_long_sleep_catches_up(
        requirement in any_requirement(), slept_ms in 0..100_000_000_i64,
    ) {
        let mut night = Night::begin(requirement);
        let peopled = night.proposal.requirement().ladder.iter().filter(|rung| !rung.people.is_empty());
        let most = u32::try_from(peopled.count()).unwrap() + 1;
        night.catch_up(millisecond(slept_ms));
        night.check(millisecond(slept_ms));
        prop_assert!(night.asked <= most, "nobody is asked twice for one sleep");
    }
}
