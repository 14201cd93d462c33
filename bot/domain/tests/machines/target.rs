//! Invariants I4 and I5: an executor that fails and dies at every point works on a target that remembers what was
//! really done to it, and people pause, cancel, retry, skip and confirm whenever they like. Nothing is done twice that
//! must not be, nothing is skipped that nobody signed off, nothing begins in a pause or behind an open question, and no
//! end is a false one.

use domain::run::{Event, ProbeAnswer, Run, Stage, Steer, Steered, StepRule, Stop};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use crate::{
    run::run_of,
    world::{
        events::{any_steer, any_step_or_question},
        millisecond, steered,
    },
};

/// How much of a step has taken effect on the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Nothing,
    Part,
    Whole,
}

/// What befalls the executor's next move.
#[derive(Clone, Copy, Debug)]
enum Luck {
    /// It goes well.
    Good,
    /// The action fails after this much of it, and says so.
    Fails(Done),
    /// The executor dies after this much of the action.
    Dies(Done),
    /// Nothing is sent at all, and the executor knows it.
    Refused,
    /// A probe cannot tell.
    Blind,
    /// An earlier report is delivered once more.
    Echo(usize),
    /// Somebody steers the run before it goes on.
    Person(fn(Stop) -> Steer),
}

fn any_luck() -> impl Strategy<Value = Luck> {
    let done = || prop::sample::select(vec![Done::Nothing, Done::Part, Done::Whole]);
    prop_oneof![
        12 => Just(Luck::Good),
        3 => done().prop_map(Luck::Fails),
        3 => done().prop_map(Luck::Dies),
        2 => Just(Luck::Refused),
        1 => Just(Luck::Blind),
        1 => any::<usize>().prop_map(Luck::Echo),
        6 => any_steer().prop_map(Luck::Person),
    ]
}

/// The steps' rules never change: what happens to them is left to chance.
struct Weather;

impl ReferenceStateMachine for Weather {
    type State = Vec<StepRule>;
    type Transition = Luck;

    fn init_state() -> BoxedStrategy<Self::State> {
        prop::collection::vec(any_step_or_question(), 1..5).boxed()
    }

    fn transitions(_: &Self::State) -> BoxedStrategy<Luck> {
        any_luck().boxed()
    }

    fn apply(rules: Self::State, _: &Luck) -> Self::State {
        rules
    }
}

/// A run, and the target that it works on.
struct Executor {
    run: Run,
    target: Vec<Done>,
    reported: Vec<Event>,
    clock: i64,
}

impl Executor {
    /// Reports an event that the machine must take.
    fn report(&mut self, event: Event) {
        self.clock += 1;
        let taken = self.run.clone().step(&event, millisecond(self.clock));
        self.run = taken.unwrap_or_else(|_| panic!("{event:?} in {:?}", self.run.stage)).0;
        self.reported.push(event);
    }

    /// Does something to the target.
    fn act(&mut self, step: usize, much: Done) {
        if much == Done::Nothing {
            return;
        }
        let rule = &self.run.steps[step];
        assert!(
            rule.idempotent || self.target[step] == Done::Nothing,
            "step {step} is done on top of itself: {:?}",
            self.reported
        );
        if self.target[step] != Done::Whole {
            self.target[step] = much;
        }
    }

    /// Somebody steers it, and does by hand what they sign for.
    fn steer(&mut self, steer: fn(Stop) -> Steer) {
        let before = self.run.clone();
        let stop = before.stop().unwrap_or(Stop { step: 0, count: 0 });
        let event = Event::Steered(steered("dora", steer(stop), Some("because")));
        self.clock += 1;
        let Ok((run, _)) = before.clone().step(&event, millisecond(self.clock)) else { return };
        match steer(stop) {
            // Nobody signs that a step may be done again on top of itself: they look, and mend it first.
            Steer::Retry { stop } if before.retry_is_blind() => {
                self.target[stop.step] = Done::Nothing;
            }
            Steer::Confirm { stop } => self.target[stop.step] = Done::Whole,
            _ => {}
        }
        self.run = run;
        self.reported.push(event);
    }

    fn is_settled(&self, step: usize) -> bool {
        self.run.steering.signed_off.iter().any(|signed| signed.step == step)
    }

    fn intend(&mut self, step: usize, attempt: u32) {
        assert!(self.run.steering.paused.is_none(), "step {step} begins in a pause");
        assert!(self.run.steering.cancelled.is_none(), "step {step} begins in a cancelled run");
        for question in (0..step).filter(|before| self.run.steps[*before].confirm.is_some()) {
            let is_yes = |event: &Event| matches!(event, Event::Steered(Steered { steer: Steer::Confirm { stop }, .. }) if stop.step == question);
            assert!(self.reported.iter().any(is_yes), "step {step} begins behind an open question");
        }
        assert!(self.run.steps[step].confirm.is_none(), "a question is carried out");
        let is_intent = |event: &&Event| matches!(event, Event::Intended { step: earlier, .. } if *earlier == step);
        let is_retry = |event: &Event| {
            matches!(event, Event::Steered(Steered { steer: Steer::Retry { .. }, .. }))
        };
        let asked = self.reported.iter().rposition(is_retry).map_or(0, |place| place + 1);
        let fresh = self.reported[asked..].iter().filter(is_intent).count();
        let earlier = self.reported.iter().filter(is_intent).count();
        let is_refusal = |event: &&Event| matches!(event, Event::NotDone { step: earlier, .. } if *earlier == step);
        let refused = self.reported[asked..].iter().filter(is_refusal).count();
        let rule = &self.run.steps[step];
        let is_signed_for = self.reported.last().is_some_and(is_retry);
        // Whoever retries signs for what the tries before have left; after that, only what surely was not done is
        // tried again by itself.
        assert!(
            fresh == refused || rule.idempotent || rule.has_probe,
            "step {step} is repeated blindly"
        );
        assert!(u32::try_from(fresh).unwrap() < rule.attempts, "step {step} is tried too often");
        let is_pause = |event: &Event| {
            matches!(event, Event::Steered(Steered { steer: Steer::Pause | Steer::Resume, .. }))
        };
        let reported = self.reported.iter().rev().find(|event| !is_pause(event));
        let is_after_trouble = is_signed_for
            || matches!(
                reported,
                Some(
                    Event::Failed { .. }
                        | Event::NotDone { .. }
                        | Event::Interrupted { .. }
                        | Event::Probed { .. }
                        | Event::Steered(_)
                )
            );
        assert!(earlier == 0 || is_after_trouble, "step {step} is repeated without a reason");
        self.report(Event::Intended { step, attempt });
    }

    fn work(&mut self, step: usize, luck: Luck) {
        let why = "it broke".to_owned();
        match luck {
            Luck::Fails(much) => {
                self.act(step, much);
                self.report(Event::Failed { step, why, findings: vec![] });
            }
            Luck::Dies(much) => {
                self.act(step, much);
                self.report(Event::Interrupted { step });
            }
            Luck::Refused => self.report(Event::NotDone { step, why }),
            Luck::Good | Luck::Blind | Luck::Echo(_) | Luck::Person(_) => {
                self.act(step, Done::Whole);
                self.report(Event::Did { step, note: String::new(), findings: vec![] });
            }
        }
    }

    fn probe(&mut self, step: usize, luck: Luck) {
        assert!(self.run.steps[step].has_probe, "there is nothing to ask");
        let answer = match (luck, self.target[step]) {
            (Luck::Blind, _) => ProbeAnswer::Unknown,
            (_, Done::Nothing) => ProbeAnswer::NotDone,
            (_, Done::Part) => ProbeAnswer::Partial,
            (_, Done::Whole) => ProbeAnswer::Done,
        };
        self.report(Event::Probed { step, answer, detail: String::new() });
    }

    fn take_back(&mut self, step: usize, luck: Luck) {
        assert!(self.run.steps[step].has_undo, "there is no way to take step {step} back");
        match luck {
            // Whoever takes over begins this undo anew: nothing was reported.
            Luck::Dies(_) => self.target[step] = Done::Part,
            Luck::Fails(_) => {
                let why = "no way".to_owned();
                self.report(Event::UndoFailed { step, why });
            }
            Luck::Good | Luck::Refused | Luck::Blind | Luck::Echo(_) | Luck::Person(_) => {
                self.target[step] = Done::Nothing;
                self.report(Event::UndoDid { step });
            }
        }
    }

    /// While it is at rest, no step begins, whoever says so.
    fn stands_still(&self) {
        for step in 0..self.run.steps.len() {
            for attempt in 1..9 {
                let intent = Event::Intended { step, attempt };
                let answer = self.run.clone().step(&intent, millisecond(self.clock));
                assert!(answer.is_err(), "{intent:?} in {:?}", self.run.stage);
            }
        }
    }

    /// An intent or an end that is delivered once more is never taken again.
    fn echo(&self, place: usize) {
        let once = |event: &&Event| {
            matches!(event, Event::Intended { .. } | Event::Did { .. } | Event::UndoDid { .. })
        };
        let said: Vec<_> = self.reported.iter().filter(once).collect();
        if let Some(event) = said.get(place % said.len().max(1)) {
            let answer = self.run.clone().step(event, millisecond(self.clock));
            assert!(answer.is_err(), "{event:?} was taken twice");
        }
    }
}

impl StateMachineTest for Executor {
    type SystemUnderTest = Self;
    type Reference = Weather;

    fn init_test(rules: &Vec<StepRule>) -> Self {
        let target = vec![Done::Nothing; rules.len()];
        Self { run: run_of(rules.clone()), target, reported: vec![], clock: 0 }
    }

    fn apply(mut executor: Self, _: &Vec<StepRule>, luck: Luck) -> Self {
        if let Luck::Echo(place) = luck {
            executor.echo(place);
        }
        if let Luck::Person(steer) = luck {
            executor.steer(steer);
        }
        if executor.run.is_at_rest() {
            executor.stands_still();
            return executor;
        }
        match executor.run.stage.clone() {
            Stage::Pending { next, attempt } => executor.intend(next, attempt),
            Stage::Doing { step, .. } => executor.work(step, luck),
            Stage::InDoubt { step, .. } => executor.probe(step, luck),
            Stage::Undoing { step, .. } => executor.take_back(step, luck),
            Stage::Asking { .. }
            | Stage::Succeeded { .. }
            | Stage::Undone { .. }
            | Stage::Voided { .. }
            | Stage::Stuck { .. } => {}
        }
        executor
    }

    fn check_invariants(executor: &Self, rules: &Vec<StepRule>) {
        let (run, target) = (&executor.run, &executor.target);
        let begun = run.done.len();
        let is_untouched =
            |from: usize| target.iter().skip(from).all(|done| *done == Done::Nothing);
        let is_whole = |until: usize| {
            (0..until).all(|step| target[step] == Done::Whole || executor.is_settled(step))
        };
        match &run.stage {
            Stage::Pending { next, attempt } => {
                assert_eq!(*next, begun, "a step is skipped");
                assert!(is_whole(begun) && is_untouched(begun + usize::from(*attempt > 1)));
            }
            Stage::Doing { step, .. } | Stage::InDoubt { step, .. } => {
                assert_eq!(*step, begun, "a step is skipped");
                assert!(is_whole(begun) && is_untouched(begun + 1));
            }
            Stage::Undoing { step, .. } => {
                assert!(*step <= begun, "a step that was never begun is taken back");
                for above in step + 1..rules.len() {
                    let is_gone = target[above] == Done::Nothing || executor.is_settled(above);
                    assert!(!rules[above].has_undo || is_gone);
                }
                assert!(is_untouched(begun + 1));
            }
            Stage::Asking { step } => {
                assert_eq!(*step, begun, "a step is skipped");
                assert!(is_whole(begun) && is_untouched(begun));
            }
            Stage::Succeeded { .. } => assert!(is_whole(rules.len()), "a false end: {target:?}"),
            Stage::Undone { .. } => {
                let is_cancelled = run.steering.cancelled.is_some();
                for (step, (rule, done)) in rules.iter().zip(target).enumerate() {
                    let is_gone = *done == Done::Nothing || executor.is_settled(step);
                    assert!(!rule.has_undo || is_gone, "a false end: {target:?}");
                    // What must not be done twice has changed something.
                    assert!(!is_cancelled || rule.idempotent || is_gone, "a false end: {target:?}");
                }
                assert!(is_untouched(begun + 1));
            }
            Stage::Stuck { step, .. } => assert!(*step <= begun && is_untouched(begun + 1)),
            Stage::Voided { .. } => panic!("nobody said that the target changed"),
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 384, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_done_twice_or_skipped_wherever_the_executor_dies(sequential 1..48 => Executor);
}
