//! Wakes workers and watchers after a commit. A lost ring costs a poll's time, never an event.

use domain::id::IncidentId;
use tokio::sync::{broadcast, watch};

/// How many changes a slow watcher may lag behind before it is told to look anew.
const WATCHERS_LAG: usize = 256;

/// Rings after each commit.
#[derive(Clone, Debug)]
pub struct Bell {
    work: watch::Sender<u64>,
    changed: broadcast::Sender<IncidentId>,
}

impl Default for Bell {
    fn default() -> Self {
        Self { work: watch::Sender::new(0), changed: broadcast::Sender::new(WATCHERS_LAG) }
    }
}

impl Bell {
    /// Something was committed for this incident.
    pub fn ring(&self, incident: &IncidentId) {
        self.work.send_modify(|count| *count = count.wrapping_add(1));
        // Nobody watching is fine.
        let _ = self.changed.send(incident.clone());
    }

    /// Something was committed that no incident shows.
    pub fn wake(&self) {
        self.work.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Waits for work. Take it before looking into the store, so that no ring falls between.
    pub fn workers(&self) -> watch::Receiver<u64> {
        self.work.subscribe()
    }

    /// Which incidents change, for live pages.
    pub fn watchers(&self) -> broadcast::Receiver<IncidentId> {
        self.changed.subscribe()
    }
}
