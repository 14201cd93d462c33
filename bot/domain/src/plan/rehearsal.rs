//! What of a plan can be tried without changing anything: its dry run.

use super::{Action, Step};

/// What a dry run does about one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rehearsal<'p> {
    /// This is done, and changes nothing.
    Try(&'p Action),
    /// Only this is asked: whether the step was done already.
    Probe(&'p Action),
    /// Nothing is done.
    Leave(Untried),
}

/// Why a step is not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untried {
    /// It changes something and has no dry run.
    Changes,
    /// It looks at what the steps before it did, and they did nothing.
    Follows,
    /// It is nothing but time.
    Waits,
    /// It asks people.
    Asks,
}

/// What a dry run does, step by step. Steps that only read are done as they are until one would have changed something;
/// after that they would look at what has not happened.
pub fn rehearse(steps: &[Step]) -> impl Iterator<Item = (&Step, Rehearsal<'_>)> {
    let mut changed = false;
    steps.iter().map(move |step| {
        let rehearsal = match (&step.dry_run, &step.action) {
            (Some(dry_run), _) => Rehearsal::Try(dry_run),
            (None, Action::Wait(_)) => Rehearsal::Leave(Untried::Waits),
            (None, Action::Confirm(_)) => Rehearsal::Leave(Untried::Asks),
            (None, _) if step.only_reads && changed => Rehearsal::Leave(Untried::Follows),
            (None, action) if step.only_reads => Rehearsal::Try(action),
            (None, _) => match &step.probe {
                Some(probe) => Rehearsal::Probe(probe),
                None => Rehearsal::Leave(Untried::Changes),
            },
        };
        changed |= !step.only_reads;
        (step, rehearsal)
    })
}
