//! A Slack that takes calls and answers none, for as long as a test wants. Nothing is done of what is called meanwhile.

use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::{FakeSlack, lock, state::State};

/// Whether it hangs, and what was called meanwhile.
#[derive(Debug)]
pub(super) struct Hanging {
    is_so: watch::Sender<bool>,
    methods: Vec<String>,
}

impl Default for Hanging {
    fn default() -> Self {
        Self { is_so: watch::Sender::new(false), methods: Vec::new() }
    }
}

impl FakeSlack {
    /// From now on no call is answered; when that is over, the connections of those that still wait break.
    pub fn hang(&self, is_so: bool) {
        self.lock().hanging.is_so.send_replace(is_so);
    }

    /// How often a method was called while nothing was answered.
    pub fn hung(&self, method: &str) -> usize {
        self.lock().hanging.methods.iter().filter(|called| *called == method).count()
    }
}

/// Holds a call while Slack hangs. Whether it did: then nothing is done of it.
pub(super) async fn held(shared: &Arc<Mutex<State>>, method: &str) -> bool {
    let mut is_so = {
        let mut state = lock(shared);
        if !*state.hanging.is_so.borrow() {
            return false;
        }
        state.hanging.methods.push(method.to_owned());
        state.hanging.is_so.subscribe()
    };
    // The sender lives as long as the fake: without it nobody waits for an answer either.
    let _ = is_so.wait_for(|is_so| !is_so).await;
    true
}
