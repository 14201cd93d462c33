//! Interpreters that are started ahead of somebody's calls, and wait with SQLMesh imported.
//!
//! Python and SQLMesh take longer to start than most calls take to be answered. One process still serves one call: it
//! only began to import before the call was made. Which project it is for, it learns with its arguments.
//!
//! ```text
//! expect(3) ─▶ two wait ── call ─▶ one is used, a third is started ── call ── call ─▶ none is left
//!                 └── end(), or dropped: they are ended
//! ```

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::plan::Target;
use runner::{Given, Waiting};
use tempfile::TempDir;

use crate::helper::{Call, Sqlmesh};

/// How many wait at once. Most calls take a fraction of what the start takes, so that one could not keep up; each takes
/// about 150 MB of memory.
const AHEAD: usize = 2;

/// Starts interpreters ahead of the calls of one caller. When it is dropped they are killed.
#[derive(Debug)]
pub struct Standby<'s> {
    sqlmesh: &'s Sqlmesh,
    caller: Caller,
}

/// What the calls of one caller have in common: an interpreter that waits serves no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) python: String,
    pub(crate) target: Target,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) connections: String,
}

/// An interpreter that waits, and the cache folder that nobody else ever had.
#[derive(Debug)]
pub(crate) struct Ready {
    process: Waiting,
    cache: TempDir,
}

/// What has got its call.
pub(crate) struct Taken {
    pub(crate) process: Given,
    pub(crate) cache: TempDir,
}

/// Whoever waits for whose calls.
#[derive(Debug, Default)]
pub(crate) struct Places(Mutex<Vec<Place>>);

#[derive(Debug)]
struct Place {
    caller: Caller,
    calls: usize,
    waiting: VecDeque<Ready>,
}

impl Places {
    fn lock(&self) -> MutexGuard<'_, Vec<Place>> {
        // What a panic interrupted leaves at worst one process too few.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that has waited longest for a call of this caller.
    fn pop(&self, caller: &Caller) -> Option<Ready> {
        self.lock().iter_mut().find(|place| place.caller == *caller)?.waiting.pop_front()
    }

    /// A caller makes the next of the calls that were expected.
    fn count(&self, caller: &Caller) {
        if let Some(place) = self.lock().iter_mut().find(|place| place.caller == *caller) {
            place.calls = place.calls.saturating_sub(1);
        }
    }

    /// Nobody waits for this caller; gives who did.
    fn empty(&self, caller: &Caller) -> VecDeque<Ready> {
        let mut places = self.lock();
        let place = places.iter_mut().find(|place| place.caller == *caller);
        place.map(|place| std::mem::take(&mut place.waiting)).unwrap_or_default()
    }

    /// Nothing is started for this caller from now on; gives who waits.
    fn close(&self, caller: &Caller) -> VecDeque<Ready> {
        let mut places = self.lock();
        let index = places.iter().position(|place| place.caller == *caller);
        index.map(|index| places.swap_remove(index).waiting).unwrap_or_default()
    }
}

impl Caller {
    pub(crate) fn of(call: &Call<'_>) -> Self {
        Self {
            python: call.python.to_owned(),
            target: call.target.clone(),
            variables: call.variables.clone(),
            connections: call.behalf.name(),
        }
    }
}

impl Sqlmesh {
    /// Prepares for the calls that are like this one in all but their arguments and their time. Nothing is started yet.
    pub fn stand_by(&self, like: &Call<'_>) -> Standby<'_> {
        let caller = Caller::of(like);
        let place = Place { caller: caller.clone(), calls: 0, waiting: VecDeque::new() };
        self.places.lock().push(place);
        Standby { sqlmesh: self, caller }
    }

    /// Gives a call to an interpreter that waits for it. `None` where none does, or none is alive any more.
    pub(crate) async fn taken(&self, caller: &Caller, arguments: &[String]) -> Option<Taken> {
        let line = serde_json::json!(arguments).to_string();
        self.places.count(caller);
        let mut taken = None;
        while taken.is_none()
            && let Some(Ready { process, cache }) = self.places.pop(caller)
        {
            match process.give(&line).await {
                Ok(Some(process)) => taken = Some(Taken { process, cache }),
                Ok(None) => tracing::debug!("an interpreter had died before its call"),
                Err(error) => {
                    tracing::warn!("an interpreter had not ended before its call: {error}");
                }
            }
        }
        self.top_up(caller);
        taken
    }

    /// Ends those who wait for calls like this one, and returns when they are gone. Others may be started again later.
    pub async fn end_waiting(&self, like: &Call<'_>) {
        end_all(self.places.empty(&Caller::of(like))).await;
    }

    /// Starts as many as there are calls to come, within bounds.
    fn top_up(&self, caller: &Caller) {
        let mut places = self.places.lock();
        let Some(place) = places.iter_mut().find(|place| place.caller == *caller) else { return };
        while place.waiting.len() < place.calls.min(AHEAD) {
            match self.started_ahead(caller) {
                Ok(ready) => place.waiting.push_back(ready),
                // The call itself is started anew, and says what is wrong.
                Err(error) => {
                    tracing::debug!("no interpreter could be started ahead: {error}");
                    return;
                }
            }
        }
    }

    fn started_ahead(&self, caller: &Caller) -> Result<Ready, crate::Error> {
        let cache = Self::cache()?;
        let command = self.ahead(caller, cache.path());
        let process = Waiting::start(&command).map_err(crate::Error::Run)?;
        Ok(Ready { process, cache })
    }
}

impl Standby<'_> {
    /// Says how many calls are to come from now on, as far as can be foreseen.
    pub fn expect(&self, calls: usize) {
        if let Some(place) =
            self.sqlmesh.places.lock().iter_mut().find(|place| place.caller == self.caller)
        {
            place.calls = calls;
        }
        self.sqlmesh.top_up(&self.caller);
    }

    /// Ends who waits, and returns when they are gone. Calls are started anew from now on.
    pub async fn end(self) {
        end_all(self.sqlmesh.places.close(&self.caller)).await;
    }
}

async fn end_all(waiting: VecDeque<Ready>) {
    for Ready { process, .. } in waiting {
        if let Err(error) = process.end().await {
            tracing::warn!("an interpreter that waited could not be ended: {error}");
        }
    }
}

impl Drop for Standby<'_> {
    fn drop(&mut self) {
        drop(self.sqlmesh.places.close(&self.caller));
    }
}
