//! Who asks a target: an assessment, for which people wait, goes before a look, for which nobody does.
//!
//! Where DuckDB holds the state, two of our own programs would keep each other out.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard, watch};

use crate::engine::Engine;

/// How often whoever must not be in a run's way makes sure that none has begun.
const GLANCE: Duration = Duration::from_secs(1);

/// The right to ask targets, in this process.
#[derive(Debug)]
pub struct Floor {
    asking: Mutex<()>,
    waiting: watch::Sender<usize>,
}

/// Held while somebody asks who goes before others.
pub struct Asking<'f> {
    _asking: MutexGuard<'f, ()>,
    _waiting: Waiting<'f>,
}

/// Counts somebody who waits for the floor or has it, until it is dropped.
struct Waiting<'f>(&'f watch::Sender<usize>);

impl Default for Floor {
    fn default() -> Self {
        Self { asking: Mutex::default(), waiting: watch::Sender::new(0) }
    }
}

impl Floor {
    /// Takes the floor; whoever has it for a look gives it back.
    pub async fn take(&self) -> Asking<'_> {
        let waiting = Waiting::new(&self.waiting);
        Asking { _asking: self.asking.lock().await, _waiting: waiting }
    }

    /// Takes the floor for a look, if nobody else wants it.
    pub fn take_for_a_look(&self) -> Option<MutexGuard<'_, ()>> {
        if *self.waiting.borrow() > 0 {
            return None;
        }
        self.asking.try_lock().ok()
    }

    /// Ends when somebody wants the floor.
    pub async fn wanted(&self) {
        let mut waiting = self.waiting.subscribe();
        // The sender is our own, so this cannot fail while we are here.
        let _ = waiting.wait_for(|count| *count > 0).await;
    }

    /// Ends when something of ours runs on the target, or somebody wants the floor: on DuckDB whoever goes on would keep
    /// them from the file.
    pub async fn disturbed(&self, engine: &Engine, target: &str) -> anyhow::Result<()> {
        tokio::select! {
            () = self.wanted() => Ok(()),
            begun = run_has_begun(engine, target) => begun,
        }
    }
}

async fn run_has_begun(engine: &Engine, target: &str) -> anyhow::Result<()> {
    let mut ring = engine.bell.workers();
    loop {
        ring.mark_unchanged();
        if engine.store.runs_under_way_on(target).await? > 0 {
            return Ok(());
        }
        tokio::select! {
            _ = ring.changed() => {}
            () = tokio::time::sleep(GLANCE) => {}
        }
    }
}

impl<'f> Waiting<'f> {
    fn new(waiting: &'f watch::Sender<usize>) -> Self {
        waiting.send_modify(|count| *count += 1);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_look_gives_way() {
        let floor = Floor::default();
        let look = floor.take_for_a_look().expect("nobody asks");
        assert!(floor.take_for_a_look().is_none(), "two looks at once");
        let (asking, ()) = tokio::join!(floor.take(), async {
            floor.wanted().await;
            drop(look);
        });
        assert!(floor.take_for_a_look().is_none(), "somebody asks");
        drop(asking);
        assert!(floor.take_for_a_look().is_some());
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_wants_nothing_any_more() {
        let floor = Floor::default();
        let look = floor.take_for_a_look().expect("nobody asks");
        let given_up = tokio::time::timeout(std::time::Duration::ZERO, floor.take()).await;
        assert!(given_up.is_err());
        drop(look);
        assert!(floor.take_for_a_look().is_some());
    }
}
